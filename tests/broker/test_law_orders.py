"""Law 2: in whatever order articles arrive, the same events are there in the end, and whoever had to be told has been told."""

import random
import time
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.records import Alert, Rule
from alerts.rules.situations import GAP, when
from alerts.topics import ALERTS
from streams.records import Event
from streams.settings import Kafka
from streams.topics import EVENTS
from tests.broker.law import MANY, Bench, Row, replay
from tests.real.law import assert_law, record
from tests.real.river import River
from tests.real.world import a_world

ORDERS = 10
MAX_AGE = Rule(id="any", title="", severity="routine").max_age


def at_rest(events: Iterable[Event]) -> list[str]:
    """What the last revision of each event says: place, type, day, owners and claims."""
    return sorted(str((e.place.id, e.type, day(e), e.owners, e.claims)) for e in latest(events).values() if e.accepted)


def latest(events: Iterable[Event]) -> dict[str, Event]:
    """The last revision of each event, by id."""
    last: dict[str, Event] = {}
    for event in events:
        if event.id not in last or event.revision > last[event.id].revision:
            last[event.id] = event
    return last


def day(event: Event) -> str:
    """On which it happened, or else was told of."""
    return f"{event.occurred.start if event.occurred else event.first_reported:%Y-%m-%d}"


Told = set[tuple[str, str, str]]
"""Rule, place and day of alerts."""


def alerted(alerts: Iterable[Alert]) -> Told:
    """Of what was ever told."""
    return {(a.rule, a.event.place.id, day(a.event)) for a in alerts}


def ended_as(alerts: Iterable[Alert], events: Iterable[Event]) -> Told:
    """Rule of each alert, with place and day of its event as they are known in the end.

    That a day became known is no reason to speak again: an alert may have said "day not reported" last.
    """
    last = latest(events)
    told: Told = set()
    for alert in alerts:
        event = last[alert.event.id]
        while event.merged_into is not None:
            event = last[event.merged_into]
        told.add((alert.rule, event.place.id, day(event)))
    return told


def standing(alerts: Iterable[Alert], events: Collection[Event], until: datetime) -> Told:
    """Of what had to be told and stands in the end, with place and day as they are known then.

    What was taken back another order may never have shown; nor what became too old for its rule before *until*, when the last
    article came: in another order it may be heard of by then only. Nor what the end knows to be no news: where an attack of last week is
    told of after one of today, today's is new; the other way round it is not.
    """
    known = latest(events).values()
    last: dict[str, Alert] = {}
    for alert in alerts:
        if alert.id not in last or alert.revision > last[alert.id].revision:
            last[alert.id] = alert
    stands = (a for a in last.values() if a.change != "retraction" and not history(a, until) and not preceded(a, known))
    return ended_as(stands, events)


def preceded(alert: Alert, known: Iterable[Event]) -> bool:
    """Whether the rule asks for quiet, and in the end an event is *known* that broke it."""
    if alert.quiet_days is None:
        return False
    quiet, start = timedelta(days=alert.quiet_days), when(alert.event)[0]
    there = (e for e in known if e.accepted and e.category == alert.event.category and e.place.id == alert.event.place.id)
    return any(GAP <= start - when(e)[1] < quiet for e in there)


def history(alert: Alert, until: datetime) -> bool:
    """Whether it is of something that is too old for its rule by *until*."""
    occurred = alert.event.occurred
    return occurred is not None and occurred.end + MAX_AGE < max(alert.at, until)


@pytest.mark.parametrize(
    ("order", "count"), [(0, 500), *(pytest.param(order, MANY, marks=pytest.mark.law) for order in range(1, ORDERS + 1))]
)
def test_the_order_of_arrival_changes_the_telling_and_not_the_end(
    tmp_path: Path, kafka_settings: Kafka, law: Bench, order: int, count: int
) -> None:
    articles = list(law.articles(count))
    random.Random(order).shuffle(articles)
    with a_world() as world, River(tmp_path / "river", kafka_settings, world.port, partitions=3) as river:
        river.make_topics().start_workers(1).wait_until_governed()
        began = time.monotonic()
        river.publish(articles)
        river.wait_until_at_rest()
        seconds = time.monotonic() - began
        river.stop()
        recorded = record(kafka_settings)
        assert_law(recorded, law.reader)
        replayed = replay(law.reader, articles, river)
        events: Any = [r for r in replayed.logs[EVENTS.name] if isinstance(r, Event)]
        alerts: Any = [r for r in replayed.logs[ALERTS.name] if isinstance(r, Alert)]
        assert at_rest(recorded.all(EVENTS)) == at_rest(events)
        found: Any = recorded.all(ALERTS)
        wanted = standing(alerts, events, law.now)
        assert wanted <= alerted(found) | ended_as(found, recorded.all(EVENTS))
        told = f"the same {len(at_rest(events))} events; all {len(wanted)} (rule, place, day) alerted"
        law.told(Row(f"order {order}", count, 0, told, seconds))
