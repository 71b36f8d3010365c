"""What has happened at one place, as a rule sees it: events in, situations and the time of quiet before them out."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from streams.records import Event, Part

GAP = timedelta(hours=48)
"""Events at one place with less than this between them are one situation: a battle that goes on (DESIGN, fusing and counting)."""
ONE_DAY = timedelta(days=1)
"""A day that is reported while it lasts ends after its report, and clocks at the place may be ahead of ours: by no more than this."""
EXACT = ("hour", "day")
"""Precisions that name a day; "in March" does not."""


class Seen(Part, frozen=True, kw_only=True):
    """What a rule remembers of an event."""

    id: str
    number: str
    revision: int
    heard: datetime
    """When this revision was made."""
    start: datetime
    end: datetime
    """Never before ``start``, and never later than a day after the last report: nobody reports what is yet to come."""
    counts: bool
    """Accepted, not gone from here, and of a category the rule looks for."""
    wanted: bool
    """All clauses of the rule hold; only what counts can be wanted."""
    leads: bool = False
    """It is what the rule waits for before it speaks of anything (`after`)."""
    breaks: bool = False
    """It breaks what such an event began (`unless`)."""
    why: str = ""
    """Why it is not wanted, for people; "" if it is."""

    @property
    def last(self) -> datetime:
        """When it last was of any interest: from here on its memory runs out."""
        return max(self.end, self.heard)


def seen(event: Event, *, counts: bool, wanted: bool, leads: bool = False, breaks: bool = False, why: str = "") -> Seen:
    """Remember *event* and when it was."""
    start, end = when(event)
    return Seen(
        id=event.id, number=event.number, revision=event.revision, heard=event.at,
        start=start, end=end, counts=counts, wanted=wanted, leads=leads, breaks=breaks, why=why,
    )  # fmt: skip


def when(event: Event) -> tuple[datetime, datetime]:
    """Start and end of *event*: by its own time where that names a day, else the latest it can have been by its reports.

    A stated time that lies in the future of every report is a misreading, and passed over.
    """
    known, latest = event.occurred, event.last_reported + ONE_DAY
    if known is None or known.start > latest:
        return event.first_reported, event.last_reported
    end = max(known.start, min(known.end, latest))
    return (known.start if known.precision in EXACT else max(known.start, min(event.first_reported, end))), end


def situations(history: Iterable[Seen]) -> list[tuple[Seen, ...]]:
    """Cut what counts into situations, each in order of time, the earliest first."""
    return chained(sorted((s for s in history if s.counts), key=in_time))


def in_time(s: Seen) -> tuple[datetime, datetime, str]:
    """The order of time; the id settles equals."""
    return s.start, s.end, s.id


def chained(ordered: Iterable[Seen]) -> list[tuple[Seen, ...]]:
    """Cut what counts, in order of time already, into situations."""
    chains: list[list[Seen]] = []
    until: datetime | None = None
    for s in ordered:
        if until is None or s.start - until >= GAP:
            chains.append([])
        chains[-1].append(s)
        until = s.end if until is None else max(until, s.end)
    return [tuple(chain) for chain in chains]


def led_to(start: datetime, within: timedelta, history: Iterable[Seen]) -> Seen | None:
    """The last event that the rule waits for, at most *within* before *start*; None if there is none, or something in between broke it."""
    known = list(history)
    leading = [s for s in known if s.leads and s.start <= start and start - s.end <= within]
    last = max(leading, key=in_time, default=None)
    broken = last is not None and any(s.breaks and last.start <= s.start <= start for s in known)
    return None if broken else last


def last_before(start: datetime, history: Iterable[Seen]) -> Seen | None:
    """The last event that counts and began before *start*; None if there is none on record."""
    before = [s for s in history if s.counts and s.start < start]
    return max(before, key=lambda s: (s.end, s.id), default=None)
