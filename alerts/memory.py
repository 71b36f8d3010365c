"""What the judge remembers of one rule at one place, and what follows from it."""

from bisect import bisect_left, insort
from collections.abc import Set as AbstractSet
from datetime import datetime

import msgspec

from alerts.records import Alert, Rule, Surge, What
from alerts.rules.situations import Seen, chained, in_time
from streams.beside import Beside
from streams.records import Event, Part
from streams.runtime.states import DueIndex


class Said(Part, frozen=True, kw_only=True):
    """A situation that something was said of."""

    alert: Alert
    """The last of it."""
    begun: int = 0
    """Its place in the order in which this key's alerts began."""
    what: What
    """What the rule looked for when it first spoke: a rule that is edited later makes nothing untrue that it said."""
    named_by: str
    """The event that the alert's id is made of: if it comes back, it comes back to this alert."""
    told: dict[str, Event]
    """Each event that it spoke of and still stands by, as it was then: what is news is news against this. After a
    retraction, what was taken back. An event belongs to the alerts that spoke of it, and to no other."""
    surge: Surge | None = None
    """Of a rule that counts events over time."""
    over: bool = False
    """Nothing was heard of it for so long that its rule awaits no more (`resolve`)."""
    waiting: datetime | None = None
    """When a change that the cooldown holds back may be said."""


class Known(Part, frozen=True, kw_only=True):
    """The memory of one rule at one place."""

    rule: Rule
    """As last in force."""
    now: datetime
    history: dict[str, Seen] = {}
    current: dict[str, Event] = {}
    """Events that the rule wants and that may still be spoken of, as last heard."""
    said: dict[str, Said] = {}
    """By alert id."""
    begun: int = 0
    """How many alerts have begun under this key since it was last forgotten."""


class Recall:
    """What follows from a history: its order in time, and what of it fades first. Moves on with the memory it is kept beside.

    Attributes:
        ends: When each event was last of any interest.
        fading: The same, of those that may still be spoken of.
    """

    def __init__(self, known: Known) -> None:
        self.ends = DueIndex((s.last, i) for i, s in known.history.items())
        self.fading = DueIndex((known.history[i].last, i) for i in known.current)
        self._order = sorted(in_time(s) for s in known.history.values() if s.counts)

    def remember(self, before: Seen | None, after: Seen) -> None:
        """Note what an event is now; it was *before*."""
        if before is not None:
            self._drop(before)
        if after.counts:
            insort(self._order, in_time(after))
        self.ends.set(after.id, after.last)
        self.fading.set(after.id, after.last if after.wanted else None)

    def forget(self, s: Seen) -> None:
        """Note that an event is no more in the history."""
        self._drop(s)
        self.ends.set(s.id, None)
        self.fading.set(s.id, None)

    def _drop(self, s: Seen) -> None:
        if s.counts:
            del self._order[bisect_left(self._order, in_time(s))]

    def starts(self, known: Known, dismissed: AbstractSet[str]) -> list[datetime]:
        """When each event began that the rule wants and no officer dismissed, in order."""
        return [start for start, _, i in self._order if known.history[i].wanted and i not in dismissed]

    def situations(self, known: Known, dismissed: AbstractSet[str]) -> list[tuple[Seen, ...]]:
        """As `rules.situations.situations`, of what no officer dismissed."""
        return chained(known.history[i] for _, _, i in self._order if i not in dismissed)


RECALLS = Beside(Recall)


def remember(known: Known, said: Said) -> Known:
    """The memory with what was said last of an alert."""
    return msgspec.structs.replace(known, said={**known.said, said.alert.id: said})
