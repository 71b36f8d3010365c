"""The pure steps alone, in memory: how many mentions a second pass fuse, and fuse, select and judge together."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from alerts.judge import JUDGE
from alerts.records import RulesInForce
from alerts.rules.load import load_rules
from alerts.select import SELECT
from streams.events.fuse import FUSE
from streams.records import Mention
from streams.runtime.states import MemoryStates
from streams.stages import Stage, apply
from streams.topics import MENTIONS
from tests.streams.flow import Flow
from tests.streams.saying import NOON

RULES = Path(__file__).parent.parent / "deploy" / "rules"
WORLDS = {
    "20,000 over 5,000 places and days": (Flow(20_000, places=500, keys=50, hours=240), 0),
    "100 held at each of 100 places": (Flow(10_000, places=100, keys=20), 7_000),
    "1,000 held at one place": (Flow(1_200, places=1), 1_000),
}
"""Each flow, and how many of its mentions come before the clock starts."""


class Passing:
    """Stages one after the other on states in memory, under the rules of a new installation."""

    def __init__(self, stages: Sequence[Stage]) -> None:
        rules = RulesInForce(at=NOON, rules=load_rules(RULES))
        self._line = [(s, MemoryStates(), s.fold(s.initial, rules) if s.governed_by(rules) else s.initial) for s in stages]

    def take(self, record: Any) -> int:
        """Let one record through as far as it goes; say how many come out at the end."""
        records = [record]
        for stage, states, control in self._line:
            records = [out for entry in records for out in apply(stage, states, control, entry)[1]]
        return len(records)


def figures() -> Iterator[tuple[str, str, str, str]]:
    """Each figure: what, how much, beside what, ratio."""
    for world, (flow, warm) in WORLDS.items():
        mentions = list(flow)
        plain = coded(mentions[warm:])
        for name, stages in (("fuse", (FUSE,)), ("fuse, select and judge", (FUSE, SELECT, JUDGE))):
            ours = passed(stages, mentions[:warm], mentions[warm:])
            yield f"{name}, {world}", f"{ours:,.0f} mentions/s", f"their JSON written and read: {plain:,.0f}/s", f"{ours / plain:.3f}"


def passed(stages: Sequence[Stage], before: Sequence[Mention], timed: Sequence[Mention]) -> float:
    """Mentions a second through *stages*."""
    passing = Passing(stages)
    for mention in before:
        passing.take(mention)
    began = time.perf_counter()
    for mention in timed:
        passing.take(mention)
    return len(timed) / (time.perf_counter() - began)


def coded(mentions: Sequence[Mention]) -> float:
    """Mentions a second whose bytes are written and read, and nothing else."""
    began = time.perf_counter()
    for mention in mentions:
        MENTIONS.decode(MENTIONS.encode(mention))
    return len(mentions) / (time.perf_counter() - began)
