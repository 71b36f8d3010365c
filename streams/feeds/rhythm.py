"""How often a feed has something new: the times of its entries go in, how long it is hardly ever still comes out. Pure.

A feed is quiet at night and at week-ends, each in its own way. So of each day the longest silence that ended on it is kept, for two
weeks; what is expected at most is half as much again as the second longest of these, so that one outage teaches nothing.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from streams.records import Part

DAYS = 14
"""Two week-ends."""
SLACK = 1.5
UNKNOWN_DAYS = 3
"""Until so many days are known, nothing shorter than a day is expected."""
SHORTEST = 3
"""Polls: between two polls a feed cannot be heard."""
LONGEST = timedelta(days=14)


class Rhythm(Part, frozen=True, kw_only=True):
    """What is remembered of one feed's pace.

    Attributes:
        last: When it last had a new entry.
        silences: The longest silence, in seconds, that ended on each day, by ISO date; at most `DAYS`.
    """

    last: datetime | None = None
    silences: dict[str, int] = msgspec.field(default_factory=dict)


def heard(rhythm: Rhythm, times: Iterable[datetime]) -> Rhythm:
    """*rhythm* after entries that came at *times*, in any order; what is older than the last one changes nothing."""
    last, silences = rhythm.last, dict(rhythm.silences)
    for at in sorted(times):
        if last is not None and at > last:
            day = f"{at:%Y-%m-%d}"
            silences[day] = max(silences.get(day, 0), round((at - last).total_seconds()))
        last = at if last is None else max(at, last)
    kept = sorted(silences)[-DAYS:]
    return Rhythm(last=last, silences={day: silences[day] for day in kept})


def expected_gap(rhythm: Rhythm, every: timedelta) -> timedelta:
    """How long the feed may be still before somebody should look.

    Args:
        every: How often it is polled.
    """
    longest = sorted(rhythm.silences.values(), reverse=True)
    usual = timedelta(seconds=longest[1] if len(longest) > 1 else longest[0] if longest else 0)
    least = SHORTEST * every if len(longest) >= UNKNOWN_DAYS else max(timedelta(days=1), SHORTEST * every)
    return min(max(SLACK * usual, least), LONGEST)
