"""What has happened at one place, as a rule sees it: events in, situations and the time of quiet before them out."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from streams.records import Event, Part

GAP = timedelta(hours=48)
"""Events at one place with less than this between them are one situation: a battle that goes on (DESIGN, fusing and counting)."""


class Seen(Part, frozen=True, kw_only=True):
    """What a rule remembers of an event."""

    id: str
    number: str
    revision: int
    start: datetime
    end: datetime
    counts: bool
    """Accepted, not gone from here, and of the category the rule looks for."""
    wanted: bool
    """All clauses of the rule hold."""


def seen(event: Event, *, counts: bool, wanted: bool) -> Seen:
    """Remember *event*: when it was, by its own time where it is known, else by its reports."""
    start = event.occurred.start if event.occurred else event.first_reported
    end = event.occurred.end if event.occurred else event.last_reported
    return Seen(id=event.id, number=event.number, revision=event.revision, start=start, end=max(start, end), counts=counts, wanted=wanted)


def situation_of(event: str, history: Iterable[Seen]) -> tuple[Seen, ...]:
    """The situation that *event* is part of: it and all that count and hang together with it, in order of time; () if it does not count."""
    for chain in situations(history):
        if any(s.id == event for s in chain):
            return chain
    return ()


def situations(history: Iterable[Seen]) -> list[tuple[Seen, ...]]:
    """Cut what counts into situations, in order of time."""
    chains: list[list[Seen]] = []
    until: datetime | None = None
    for s in sorted((s for s in history if s.counts), key=lambda s: (s.start, s.end, s.id)):
        if until is None or s.start - until >= GAP:
            chains.append([])
        chains[-1].append(s)
        until = s.end if until is None else max(until, s.end)
    return [tuple(chain) for chain in chains]


def last_before(start: datetime, history: Iterable[Seen]) -> Seen | None:
    """The last event that counts and began before *start*; None if there is none on record."""
    before = [s for s in history if s.counts and s.start < start]
    return max(before, key=lambda s: (s.end, s.id), default=None)
