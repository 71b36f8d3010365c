"""Which mentions speak of one occurrence: mentions of one site in, groups out. A function of the set, whatever the order.

The unit is ACLED's: one place, one day, one family of events; at a facility all kinetic families are one event.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import chain
from typing import Any

from streams.records import FACILITIES, Mention

REPORTED_TOGETHER = timedelta(hours=24)
"""Two reports of one place and family, one of them without a day, are of one occurrence if made this close."""
OPEN = timedelta(hours=48)
"""An event without news for so long is over."""
ATTACHED = timedelta(hours=48)
"""A denial or a background mention belongs to an occurrence first reported this close to it."""
ONE_DAY = timedelta(hours=36)
"""A stated time longer than this ("over the past two days") names no day; a night across midnight does."""

Order = tuple[datetime, str, int, str]
"""A place in the order of report."""
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


class Group:
    """The mentions of one occurrence, with what those that may join it ask for.

    Attributes:
        site: Where, and what.
        day: When; None for a span of mentions without a day.
        lead: Where in the order of report its first dated mention stands; of a span, its first.
        first: The first mention of all.
        current: Who says that it happened, by id.
        denials: Who says that it did not.
        background: What is kept beside it and not counted.
    """

    def __init__(self, mention: Mention, order: Order, on: date | None) -> None:
        self.site = site(mention)
        self.day = on
        self.lead = self.order = order
        self.first = mention
        self.current = {mention.id: mention}
        self.denials: dict[str, Mention] = {}
        self.background: dict[str, Mention] = {}
        self.earliest = self.latest = self.run_earliest = self.run_latest = mention.fetched
        self.position = 0
        """Among the groups of its place."""
        self.event = ""
        """The event that is named so."""
        self.account: Any = None
        """What it comes to, counted on; None if that must be counted again."""
        self.told = False
        """Whether the event says what it comes to."""

    def add(self, mention: Mention, order: Order) -> None:
        """Let a current mention join."""
        self.current[mention.id] = mention
        if order < self.order:
            self.order, self.first = order, mention
        self.earliest, self.latest = min(self.earliest, mention.fetched), max(self.latest, mention.fetched)
        if self.day is None or day(mention) is not None:
            self.lead = min(self.lead, order)
            self.run_earliest, self.run_latest = min(self.run_earliest, mention.fetched), max(self.run_latest, mention.fetched)

    def run_open_to(self, mention: Mention) -> bool:
        """As `open_to`, of its dated mentions alone."""
        return self.run_earliest - OPEN <= mention.fetched <= self.run_latest + OPEN

    def open_to(self, mention: Mention) -> bool:
        """Whether an occurrence was still in the news when *mention* was fetched: nothing joins across more than 48 hours of silence.

        So what is forgotten after that silence and the lateness could not have been joined, and forgetting never shows.
        Within a group no silence is longer, so that its ends decide.
        """
        return self.earliest - OPEN <= mention.fetched <= self.latest + OPEN


class Groups:
    """The current mentions of one site in occurrences.

    Mentions of one day belong together, as long as their news never paused for more than 48 hours. One without a day joins the
    day whose first report is nearest and within 24 hours (the later day of two as near); those that join none are cut into
    spans of 24 hours from the first.
    """

    def __init__(self, mentions: Iterable[Mention]) -> None:
        ordered = sorted(((report_order(m), m) for m in mentions), key=lambda pair: pair[0])
        self.runs = [run for dated in _by_day(ordered).values() for run in _runs(dated)]
        self.spans: list[Group] = []
        self._plain = True
        """Whether spans are cut by the times of report alone: no silence kept a mention out of one."""
        self._loose: list[datetime] = []
        """When the first and the last of the mentions without a day were fetched."""
        for order, m in ordered:
            if day(m) is None:
                self._note_loose(m)
                self._join_loose(m, order)

    def __iter__(self) -> Iterator[Group]:
        """In order: days by their first report, then spans."""
        return chain(self.runs, self.spans)

    def _join_loose(self, m: Mention, order: Order) -> None:
        group = self._nearest_run(m)
        for span in self.spans if group is None else ():
            if m.published - span.lead[0] <= REPORTED_TOGETHER:
                if span.open_to(m):
                    group = span
                    break
                self._plain = False
        if group is None:
            self.spans.append(Group(m, order, None))
        else:
            group.add(m, order)

    def _nearest_run(self, m: Mention) -> Group | None:
        near = [
            (gap, -run.day.toordinal(), i)
            for i, run in enumerate(self.runs)
            if run.day is not None and (gap := abs(m.published - run.lead[0])) <= REPORTED_TOGETHER and run.run_open_to(m)
        ]
        return self.runs[min(near)[2]] if near else None

    def _note_loose(self, m: Mention) -> None:
        self._loose = [min(self._loose[0], m.fetched), max(self._loose[1], m.fetched)] if self._loose else [m.fetched, m.fetched]

    def room_for(self, m: Mention, order: Order) -> Group | None:
        """The group that a further mention joins, if no other mention changes its group for it; None if all must be grouped anew."""
        on = day(m)
        return self._room_for_loose(m, order) if on is None else self._room_for_dated(m, order, on)

    def _room_for_dated(self, m: Mention, order: Order, on: date) -> Group | None:
        runs = [run for run in self.runs if run.day == on and run.run_open_to(m)]
        if len(runs) != 1 or order < runs[0].lead or opens(runs[0].run_earliest, runs[0].run_latest, m, self._loose):
            return None
        return runs[0]

    def _room_for_loose(self, m: Mention, order: Order) -> Group | None:
        if (run := self._nearest_run(m)) is not None:
            return run
        if self._plain:
            for span in self.spans:
                if span.lead < order and m.published - span.lead[0] <= REPORTED_TOGETHER:
                    return span if abs(m.fetched - span.first.fetched) <= OPEN else None
        return None

    def add(self, m: Mention, order: Order, group: Group) -> None:
        """Let *m* join the *group* that `room_for` found."""
        if day(m) is None:
            self._note_loose(m)
        group.add(m, order)


def opens(earliest: datetime, latest: datetime, mention: Mention, others: Sequence[datetime]) -> bool:
    """Whether a group, in the news from *earliest* to *latest*, may open with *mention* to one of those that it was closed to.

    Args:
        others: When the first and the last of them were fetched; () if there are none.
    """
    if not others:
        return False
    return (mention.fetched > latest and others[-1] > latest + OPEN) or (mention.fetched < earliest and others[0] < earliest - OPEN)


def _by_day(ordered: Sequence[tuple[Order, Mention]]) -> dict[date, list[tuple[Order, Mention]]]:
    days: dict[date, list[tuple[Order, Mention]]] = {}
    for order, m in ordered:
        if (on := day(m)) is not None:
            days.setdefault(on, []).append((order, m))
    return days


def _runs(dated: Sequence[tuple[Order, Mention]]) -> list[Group]:
    """Cut one day's mentions where none was fetched for more than 48 hours."""
    runs: list[Group] = []
    for order, m in sorted(dated, key=lambda pair: (pair[1].fetched, pair[1].id)):
        if runs and m.fetched - runs[-1].latest <= OPEN:
            runs[-1].add(m, order)
        else:
            runs.append(Group(m, order, day(m)))
    return runs


def nearest(mention: Mention, groups: Iterable[Group]) -> Group | None:
    """Find the occurrence that a denial or a background mention is about: the one first reported nearest to it, within 48 hours.

    One that names a day is about no other day.
    """
    on = day(mention)
    near = [
        (gap, group.first.id, group)
        for group in groups
        if (on is None or group.day is None or on == group.day)
        and (gap := abs(mention.published - group.first.published)) <= ATTACHED
        and group.open_to(mention)
    ]
    return min(near, key=lambda found: found[:2])[2] if near else None


def report_order(mention: Mention) -> Order:
    """The order in which people could have read it; the id settles equals, so that no order of arrival shows."""
    return mention.published, mention.article, mention.evidence.start, mention.id
