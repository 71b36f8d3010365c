"""Which mentions speak of one occurrence: mentions of one key in, groups out. A function of the set, whatever the order.

The unit is ACLED's: one place, one day, one family of events; at a facility all kinetic families are one event.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from streams.records import FACILITIES, Mention

REPORTED_TOGETHER = timedelta(hours=24)
"""Two reports of one place and family, one of them without a day, are of one occurrence if made this close."""
OPEN = timedelta(hours=48)
"""An event without news for so long is over."""
ATTACHED = timedelta(hours=48)
"""A denial or a background mention belongs to an occurrence first reported this close to it."""
ONE_DAY = timedelta(hours=36)
"""A stated time longer than this ("over the past two days") names no day; a night across midnight does."""

Site = tuple[str, str]
"""Where and what: place id and family, or "kinetic" at a facility."""


def site(mention: Mention) -> Site | None:
    """The site of a mention; None without a place."""
    if mention.place is None:
        return None
    if mention.place.kind in FACILITIES and mention.category == "kinetic":
        return mention.place.id, "kinetic"
    return mention.place.id, mention.family


def day(mention: Mention) -> date | None:
    """The day it is said to have occurred; None where the text names none, or more than one."""
    when = mention.occurred
    if when is None or when.precision not in ("hour", "day") or when.end - when.start > ONE_DAY:
        return None
    return when.start.date()


def cluster(mentions: Iterable[Mention]) -> list[list[Mention]]:
    """Group current mentions of one site into occurrences, each in order of report.

    Mentions of one day belong together, as long as their news never paused for more than 48 hours. One without a day joins the
    day whose first report is nearest and within 24 hours (the later day of two as near); those that join none are cut into
    spans of 24 hours from the first.
    """
    ordered = sorted(mentions, key=report_order)
    dated = [run for group in _by_day(ordered).values() for run in _runs(group)]
    joined = [list(run) for run in dated]
    loose: list[list[Mention]] = []
    for m in ordered:
        if day(m) is not None:
            continue
        near = [
            (apart(m, run), -day_number(run), i) for i, run in enumerate(dated) if apart(m, run) <= REPORTED_TOGETHER and open_to(m, run)
        ]
        if near:
            joined[min(near)[2]].append(m)
            continue
        span = next((g for g in loose if m.published - g[0].published <= REPORTED_TOGETHER and open_to(m, g)), None)
        if span is None:
            loose.append([m])
        else:
            span.append(m)
    return [sorted(group, key=report_order) for group in (*joined, *loose)]


def open_to(mention: Mention, group: Sequence[Mention]) -> bool:
    """Whether an occurrence was still in the news when *mention* was fetched: nothing joins across more than 48 hours of silence.

    So what is forgotten after that silence and the lateness could not have been joined, and forgetting never shows.
    """
    return any(abs(mention.fetched - m.fetched) <= OPEN for m in group)


def apart(mention: Mention, group: Sequence[Mention]) -> timedelta:
    """Between a report and the first of a group."""
    return abs(mention.published - group[0].published)


def day_number(group: Sequence[Mention]) -> int:
    """The day of a dated group, counted."""
    on = day(group[0])
    return on.toordinal() if on else 0


def _by_day(ordered: Sequence[Mention]) -> dict[date, list[Mention]]:
    days: dict[date, list[Mention]] = {}
    for m in ordered:
        if (on := day(m)) is not None:
            days.setdefault(on, []).append(m)
    return days


def _runs(group: Sequence[Mention]) -> list[list[Mention]]:
    """Cut one day's mentions where none was fetched for more than 48 hours; each run in order of report."""
    runs: list[list[Mention]] = []
    for m in sorted(group, key=lambda m: (m.fetched, m.id)):
        if runs and m.fetched - runs[-1][-1].fetched <= OPEN:
            runs[-1].append(m)
        else:
            runs.append([m])
    return [sorted(run, key=report_order) for run in runs]


def nearest(mention: Mention, clusters: Sequence[Sequence[Mention]]) -> int | None:
    """Find the occurrence that a denial or a background mention is about: the one first reported nearest to it, within 48 hours.

    One that names a day is about no other day.
    """
    on = day(mention)
    near = [
        (apart(mention, group), group[0].id, i)
        for i, group in enumerate(clusters)
        if apart(mention, group) <= ATTACHED and open_to(mention, group) and _same_day(on, group)
    ]
    return min(near)[2] if near else None


def _same_day(on: date | None, group: Sequence[Mention]) -> bool:
    days = {found for m in group if (found := day(m)) is not None}
    return on is None or not days or on in days


def report_order(mention: Mention) -> tuple[object, ...]:
    """The order in which people could have read it; the id settles equals, so that no order of arrival shows."""
    return mention.published, mention.article, mention.evidence.start, mention.id
