"""Builders for the tests of what is said of events: a rule, an event at a time, and a log of matches. Nothing is shared."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from alerts.judge import JUDGE
from alerts.records import Alert, Confirm, Match, Rule, RulesInForce, Where
from alerts.rules.match import rule_key
from streams.records import Event, Occurred, Tick, Verdict, digest
from streams.runtime.replay import outputs_of
from streams.topics import ControlCopy, copy_of
from tests.builders import a_passage, an_event

START = datetime(2016, 12, 12, 6, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def at(days: float = 0, hours: float = 0) -> datetime:
    """So long after the start of the story."""
    return START + timedelta(days=days, hours=hours)


def a_rule(**changes: Any) -> Rule:
    """New airbase under attack, without corroboration or cooldown."""
    known = {
        "id": "new-airbase-under-attack", "title": "New airbase under attack", "severity": "urgent",
        "where": Where(place_kind=("air_base",)), "novelty": 30 * DAY,
    }  # fmt: skip
    return Rule(**{**known, **changes})


def two_owners() -> Confirm:
    """Confirmation by a second owner."""
    return Confirm(owners=2, within=6 * HOUR)


def happened(name: str, when: datetime, *, revision: int = 1, told: datetime | None = None, **changes: Any) -> Event:
    """The event *name* that began at *when* and lasted an hour, told of at once unless said."""
    told = told or when + HOUR
    known = {
        "id": digest(name), "revision": revision, "at": told, "first_reported": told, "last_reported": told,
        "occurred": Occurred(start=when, end=when + HOUR, precision="hour"), "claims": (),
    }  # fmt: skip
    return an_event(**{**known, **changes})


def withdrawn(event: Event, when: datetime, **changes: Any) -> Event:
    """The last revision of *event*: nobody says so any more."""
    return _changed(event, when, **{"evidence": (), "articles": 0, "owners": 0, **changes})


def again(event: Event, when: datetime, **changes: Any) -> Event:
    """The next revision of *event*."""
    return _changed(event, when, **{"evidence": (a_passage(),), **changes})


def _changed(event: Event, when: datetime, **changes: Any) -> Event:
    fields = {name: getattr(event, name) for name in event.__struct_fields__}
    return Event(**{**fields, "revision": event.revision + 1, "at": when, **changes})


def matched(event: Event, *, rule: str = "new-airbase-under-attack", gone: bool = False) -> Match:
    """*event* in the scope of the rule."""
    return Match(rule=rule, rule_key=rule_key(event), event=event, gone=gone)


def in_force(*rules: Rule, since: datetime = START - 365 * DAY) -> ControlCopy:
    """From now on these rules."""
    return copy_of(RulesInForce(at=since, rules=rules))


def a_verdict(event: Event, when: datetime, *, accepted: bool = False) -> ControlCopy:
    """An officer's word on *event*."""
    return copy_of(Verdict(event=event.id, accepted=accepted, by="watch", at=when))


def alerts_of(log: Iterable[Any], *rules: Rule) -> list[Alert]:
    """What is said of a log of events, matches, ticks and control copies, under *rules* (without any: the default one)."""
    entries = [matched(entry) if isinstance(entry, Event) else entry for entry in log]
    out = outputs_of(JUDGE, [in_force(*(rules or (a_rule(),))), *entries])
    broken = [record for record in out if not isinstance(record, Alert)]
    assert not broken, broken
    return [record for record in out if isinstance(record, Alert)]


def told(alerts: Iterable[Alert]) -> list[str]:
    """The changes, in order."""
    return [alert.change for alert in alerts]


def tick(when: datetime) -> Tick:
    """Time passes."""
    return Tick(at=when)
