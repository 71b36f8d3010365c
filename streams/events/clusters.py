"""Which mentions speak of one occurrence: mentions of one key in, groups out. A function of the set, whatever the order.

The unit is ACLED's: one place, one day, one family of events; at a facility all kinetic families are one event.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from streams.records import FACILITIES, Mention

REPORTED_TOGETHER = timedelta(hours=24)
"""Two reports of one place and family, one of them without a day, are of one occurrence if made this close."""
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

    Mentions of one day belong together. One without a day joins the day whose first report is nearest and within 24 hours
    (the later day of two as near); those that join none are cut into spans of 24 hours from the first.
    """
    ordered = sorted(mentions, key=report_order)
    days: dict[date, list[Mention]] = {}
    for m in ordered:
        if (on := day(m)) is not None:
            days.setdefault(on, []).append(m)
    first = {on: group[0].published for on, group in days.items()}
    joined: dict[date, list[Mention]] = {on: list(group) for on, group in days.items()}
    loose: list[list[Mention]] = []
    for m in ordered:
        if day(m) is not None:
            continue
        near = [(abs(m.published - at), -on.toordinal(), on) for on, at in first.items() if abs(m.published - at) <= REPORTED_TOGETHER]
        if near:
            joined[min(near)[2]].append(m)
        elif loose and m.published - loose[-1][0].published <= REPORTED_TOGETHER:
            loose[-1].append(m)
        else:
            loose.append([m])
    return [sorted(group, key=report_order) for group in (*joined.values(), *loose)]


def nearest(mention: Mention, clusters: Sequence[Sequence[Mention]]) -> int | None:
    """Find the occurrence that a denial or a background mention is about: the one first reported nearest to it, within 48 hours."""
    near = [
        (abs(mention.published - group[0].published), group[0].id, i)
        for i, group in enumerate(clusters)
        if abs(mention.published - group[0].published) <= ATTACHED
    ]
    return min(near)[2] if near else None


def report_order(mention: Mention) -> tuple[object, ...]:
    """The order in which people could have read it; the id settles equals, so that no order of arrival shows."""
    return mention.published, mention.article, mention.evidence.start, mention.id
