"""Whether so many events in so short a time are out of the ordinary: their times in, the odds against chance out.

Counts of news are bursty, so what is usual is a negative binomial, not a Poisson: its mean and spread are those of the windows before,
with one event halved between them, as nothing seen in a month does not mean that nothing ever happens (Gamma prior of shape 1/2).
"""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime
from math import exp, lgamma, log, log1p
from statistics import fmean, variance

from alerts.records import Spike, Surge

PRIOR = 0.5


def number_until(starts: Sequence[datetime], end: datetime, spike: Spike) -> int:
    """How many of *starts*, in order, lie in the window that ends with *end*: one exactly a window before is outside."""
    return bisect_right(starts, end) - bisect_right(starts, end - spike.within)


def usual(starts: Sequence[datetime], end: datetime, spike: Spike, surges: Sequence[Surge]) -> list[int] | None:
    """How many events each window before the one that ends with *end* had, the latest first; None if too little is known to say.

    Windows that a surge reaches into are left out: a burst does not raise what is usual.
    """
    begin = end - spike.within
    known = begin - starts[0]
    if spike.over is None or known < spike.history:
        return None
    found = []
    for number in range(min(known, spike.over) // spike.within):
        high = begin - number * spike.within
        low = high - spike.within
        if not any(s.start <= high and low < s.end for s in surges):
            found.append(bisect_right(starts, high) - bisect_right(starts, low))
    return found or None


def chance(count: int, before: Sequence[int]) -> float:
    """How likely a window has *count* events or more, if it is like those *before*."""
    mean = (sum(before) + PRIOR) / len(before)
    shape = sum(before) + PRIOR
    if len(before) > 1 and (spread := variance(before, fmean(before)) - mean) > 0:
        shape = min(shape, mean * mean / spread)
    fail = mean / (shape + mean)
    below = (exp(lgamma(i + shape) - lgamma(shape) - lgamma(i + 1) + shape * log1p(-fail) + i * log(fail)) for i in range(count))
    return max(0.0, 1.0 - sum(below))


def is_spike(count: int, before: Sequence[int] | None, spike: Spike) -> bool:
    """Whether *count* events are worth a word; where too little is known of *before*, they must be as many as `cold_start` says."""
    if count < spike.events:
        return False
    if spike.over is None:
        return True
    return count >= spike.cold_start if before is None else chance(count, before) <= spike.chance


def open_surge(surges: Sequence[Surge], end: datetime, spike: Spike) -> Surge | None:
    """The surge that a window which ends with *end* belongs to; None if it is a new one."""
    return next((s for s in surges if s.start <= end and end - spike.within < s.end), None)


def first_of(starts: Sequence[datetime], end: datetime, spike: Spike) -> datetime:
    """The first event of the window that ends with *end*."""
    return starts[bisect_right(starts, end - spike.within)] if starts else end
