"""The memory of one key of `fuse`: mentions held and events told; a change in, the next memory out, and the rest of it untouched."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from streams.beside import Beside
from streams.events.clusters import OPEN
from streams.events.grounds import Ground
from streams.records import Event, Mention, Part
from streams.runtime.states import DueIndex

LATENESS = timedelta(hours=6)
"""By how much of `fetched` a mention may come out of order and still leave the same events at rest."""
KEPT = OPEN + LATENESS


class Held(Part, frozen=True, kw_only=True):
    """A mention in memory."""

    mention: Mention
    arrival: int
    """Its place in the order of this key's log: names events, decides nothing else."""
    event: str | None = None
    """The event that it is a mention of, or that it is laid beside."""


class Told(Part, frozen=True, kw_only=True):
    """An event as last written."""

    revision: int
    first: str
    """The mention that it is named by."""
    begun: int = 0
    """Its place in the order in which this key's events began."""
    last: Event


class Fused(Part, frozen=True, kw_only=True):
    """The memory of one key: every mention and event that is open or within the lateness."""

    now: datetime
    arrivals: int = 0
    begun: int = 0
    """How many events have begun under this key since it was last forgotten."""
    held: dict[str, Held] = {}
    withdrawn: dict[str, datetime] = {}
    """When each mention was last taken back, so that an older copy of it does not return."""
    events: dict[str, Told] = {}
    unspoken: tuple[str, ...] = ()
    """Places that half an article has changed."""


class Memory:
    """A memory in the hand: written to, then frozen again. What nothing was written to stays the same object.

    Attributes:
        at: Mentions of each place.
        told_at: Events of each place that are not ended.
        units: What is forgotten together, when all of it is old: the mentions of one event, or one of none, and when each was fetched.
        grounds: Places as they were worked out last.
    """

    def __init__(self, state: Fused) -> None:
        self.held, self.events, self.withdrawn = dict[str, Held](), dict[str, Told](), dict[str, datetime]()
        self.arrivals, self.begun = state.arrivals, state.begun
        self.at: dict[str, dict[str, None]] = {}
        self.told_at: dict[str, dict[str, None]] = {}
        self.units: dict[str, dict[str, datetime]] = {}
        self.grounds: dict[str, Ground] = {}
        self._newest: dict[str, datetime] = {}
        """By unit; without those where it must be looked for."""
        self._ends = DueIndex()
        self._moved: set[str] = set()
        """Units and events that may end at another time than before."""
        self._written = {"held", "events", "withdrawn"}
        """Of the three, those that are copies already."""
        for i, held in state.held.items():
            self.hold(i, held)
        for event, told in state.events.items():
            self.tell(event, told)
        for i, at in state.withdrawn.items():
            self.take_back(i, at)
        self.held, self.events, self.withdrawn = state.held, state.events, state.withdrawn
        self._settle_ends()
        self._written = set()

    def hold(self, i: str, after: Held | None) -> None:
        """Hold a mention, hold it otherwise, or no more."""
        self._write("held")
        before = self.held.pop(i, None) if after is None else self.held.get(i)
        if before is not None:
            self._let_go(i, before)
        if after is not None:
            self.held[i] = after
            unit, fetched = after.event or i, after.mention.fetched
            self.at.setdefault(place_of(after.mention), {})[i] = None
            if unit not in self.units:
                self.units[unit] = {}
                self._newest[unit] = fetched
            self.units[unit][i] = fetched
            if unit in self._newest:
                self._newest[unit] = max(self._newest[unit], fetched)
            self._moved.add(unit)

    def _let_go(self, i: str, before: Held) -> None:
        unit = before.event or i
        place = place_of(before.mention)
        _discard(self.at, place, i)
        if place not in self.at:
            self.grounds.pop(place, None)
        _discard(self.units, unit, i)
        if unit not in self.units or self._newest.get(unit) == before.mention.fetched:
            self._newest.pop(unit, None)
        self._moved.add(unit)

    def tell(self, event: str, after: Told | None) -> None:
        """Tell an event, tell it otherwise, or no more."""
        self._write("events")
        before = self.events.pop(event, None) if after is None else self.events.get(event)
        if before is not None and before.last.accepted:
            _discard(self.told_at, before.last.place.id, event)
        if after is not None:
            self.events[event] = after
            if after.last.accepted:
                self.told_at.setdefault(after.last.place.id, {})[event] = None
        self._moved.add(event)

    def take_back(self, i: str, at: datetime | None) -> None:
        """Remember that a mention was withdrawn, or no more."""
        if at is None and i not in self.withdrawn:
            return
        self._write("withdrawn")
        if at is None:
            del self.withdrawn[i]
        else:
            self.withdrawn[i] = at
        self._ends.set(WITHDRAWAL + i, at)

    def _write(self, name: str) -> None:
        if name not in self._written:
            self._written.add(name)
            setattr(self, name, dict(getattr(self, name)))

    def _end_of(self, name: str) -> datetime | None:
        """When a unit was last in the news; of an event without mentions, when that was said; None for what is no more."""
        if name in self.units:
            if name not in self._newest:
                self._newest[name] = max(self.units[name].values())
            return self._newest[name]
        return self.events[name].last.at if name in self.events else None

    def first_end(self) -> datetime | None:
        """When the first of all that is remembered was last in the news; None if nothing is."""
        first = self._ends.first()
        return first[0] if first else None

    def spoil(self, place: str) -> None:
        """Let *place* be worked out anew when it is next spoken of."""
        if place in self.grounds:
            self.grounds[place].stale = True

    def forget(self, now: datetime) -> None:
        """Drop what is closed: events without news for 48 h and the lateness, with their mentions; then what nothing refers to."""
        self._settle_ends()
        while (first := self._ends.first()) is not None and first[0] + KEPT <= now:
            self._drop(first[1], now)
            self._settle_ends()

    def _drop(self, name: str, now: datetime) -> None:
        if name.startswith(WITHDRAWAL):
            self.take_back(name.removeprefix(WITHDRAWAL), None)
            return
        for i in list(self.units.get(name, ())):
            self.spoil(place_of(self.held[i].mention))
            self.hold(i, None)
        told = self.events.get(name)
        if told is not None and (told.last.accepted or told.last.at + KEPT <= now):
            self.tell(name, None)

    def _settle_ends(self) -> None:
        for name in self._moved:
            self._ends.set(name, self._end_of(name))
        self._moved = set()

    def frozen(self, now: datetime, unspoken: Iterable[str]) -> Fused | None:
        """The memory after what was written, with this one beside it; None if nothing is left.

        Args:
            unspoken: Places that half an article has changed.
        """
        self._settle_ends()
        self._written = set()
        if not (self.held or self.events or self.withdrawn):
            return None
        state = Fused(
            now=now, arrivals=self.arrivals, begun=self.begun, held=self.held, withdrawn=self.withdrawn, events=self.events,
            unspoken=tuple(sorted(unspoken)),
        )  # fmt: skip
        MEMORIES.lay(state, self)
        return state


MEMORIES = Beside(Memory)
WITHDRAWAL = "withdrawn:"


def place_of(mention: Mention) -> str:
    """The id of its place; only mentions with a place are held."""
    return mention.place.id if mention.place else ""


def _discard(sets: dict[str, Any], name: str, member: str) -> None:
    sets[name].pop(member)
    if not sets[name]:
        del sets[name]
