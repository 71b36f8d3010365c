"""The pure steps alone, in memory: how many records a second pass, where little is remembered and where much is."""

import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from alerts.delivery.deliver import DELIVER
from alerts.delivery.messages import render
from alerts.judge import JUDGE
from alerts.records import Notification, Outcome, Route, RoutesInForce, RulesInForce
from alerts.routes import ROUTE
from alerts.rules.load import load_rules
from alerts.select import SELECT
from streams.events.fuse import FUSE
from streams.records import Record, digest
from streams.runtime.states import MemoryStates
from streams.stages import InForce, Stage, apply
from streams.topics import Topic
from tests.alerts.saying import a_rule, again, happened, matched, withdrawn
from tests.builders import a_desk, a_receiver, an_alert, an_event
from tests.streams.flow import Flow
from tests.streams.saying import NOON

RULES = Path(__file__).parent.parent / "deploy" / "rules"
WORLDS = {
    "20,000 over 5,000 places and days": (Flow(20_000, places=500, keys=50, hours=240), 0),
    "100 held at each of 100 places": (Flow(10_000, places=100, keys=20), 7_000),
    "1,000 held at one place": (Flow(1_200, places=1), 1_000),
}
"""Each flow, and how many of its mentions come before the clock starts."""


RECORDS = 1_000
"""Timed of each crowd."""


class Passing:
    """Stages one after the other on states in memory, under the rules of a new installation."""

    def __init__(self, stages: Sequence[Stage]) -> None:
        named = (*load_rules(RULES), a_rule())
        routes = RoutesInForce(at=NOON, receivers=(a_receiver(),), routes=(Route(receivers=("watch",)),), desk=a_desk())
        self._line = [(s, MemoryStates(), _under(s, RulesInForce(at=NOON, rules=named), routes)) for s in stages]

    def take(self, record: Any) -> int:
        """Let one record through as far as it goes; say how many come out at the end."""
        records = [record]
        for stage, states, control in self._line:
            records = [out for entry in records for out in apply(stage, states, control, entry)[1]]
        return len(records)


def _under(stage: Stage, *controls: Record) -> InForce:
    control = stage.initial
    for record in controls:
        control = stage.fold(control, record) if stage.governed_by(record) else control
    return InForce(control)


def figures() -> Iterator[tuple[str, str, str, str]]:
    """Each figure: what, how much, beside what, ratio."""
    for world, (flow, warm) in WORLDS.items():
        mentions = list(flow)
        for name, stages in (("fuse", (FUSE,)), ("fuse, select and judge", (FUSE, SELECT, JUDGE))):
            yield figure(f"{name}, {world}", stages, mentions[:warm], mentions[warm:])
    for what, stage, crowd in CROWDS:
        records = list(crowd())
        yield figure(what, (stage,), records[:-RECORDS], records[-RECORDS:])


def figure(what: str, stages: Sequence[Stage], before: Sequence[Record], timed: Sequence[Record]) -> tuple[str, str, str, str]:
    """How many of *timed* pass in a second, after those that came *before*."""
    ours, plain = passed(stages, before, timed), coded(stages[0].input, timed)
    return what, f"{ours:,.0f} {stages[0].input.name}/s", f"their JSON written and read: {plain:,.0f}/s", f"{ours / plain:.3f}"


def a_long_history() -> Iterator[Record]:
    """A base that is attacked twelve times a day for 40 days; each attack is told by three, and every tenth is withdrawn."""
    for i in range(480):
        when = NOON + timedelta(hours=2 * i)
        event = happened(f"attack {i}", when, told=when)
        second = again(event, when + timedelta(minutes=10), owners=2)
        yield from map(matched, (event, second, again(second, when + timedelta(minutes=20), owners=3)))
        if i % 10 == 0:
            yield matched(withdrawn(event, when + timedelta(minutes=30), revision=4))


def a_receiver_who_is_down() -> Iterator[Record]:
    """10,000 notifications at once that nobody takes, and some more."""
    note = render(an_alert(), a_receiver(), a_desk())
    fields = {name: getattr(note, name) for name in note.__struct_fields__}
    for i in range(10_000 + RECORDS // 2):
        at, name = NOON + timedelta(microseconds=100 * i), digest(str(i))
        yield Notification(**{**fields, "id": name, "at": at})
        yield Outcome(delivery=name, receiver=note.receiver.id, attempt=1, at=at, ok=False, detail="connection refused")


def many_alerts() -> Iterator[Record]:
    """5,000 alerts of one region in ten days, and some more."""
    for i in range(5_000 + RECORDS):
        yield an_alert(id=digest(str(i)), at=NOON + timedelta(seconds=150 * i), event=an_event())


CROWDS = (
    ("judge, a base with 12 events a day for 40 days", JUDGE, a_long_history),
    ("route, 5,000 alerts remembered", ROUTE, many_alerts),
    ("deliver, 10,000 pending", DELIVER, a_receiver_who_is_down),
)


def passed(stages: Sequence[Stage], before: Sequence[Record], timed: Sequence[Record]) -> float:
    """Records a second through *stages*."""
    passing = Passing(stages)
    for record in before:
        passing.take(record)
    began = time.perf_counter()
    for record in timed:
        passing.take(record)
    return len(timed) / (time.perf_counter() - began)


def coded(topic: Topic, records: Sequence[Record]) -> float:
    """Records a second whose bytes are written and read, and nothing else."""
    began = time.perf_counter()
    for record in records:
        topic.decode(topic.encode(record))
    return len(records) / (time.perf_counter() - began)
