"""What follows from a state, kept beside it: a state in, what was worked out for it out; made anew where it is missing. Never shows."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

S = TypeVar("S")
D = TypeVar("D")

MOST = 1024
"""States of one stage beside which something is kept; those used longest ago go first."""


class Beside(Generic[S, D]):
    """Moves what was worked out for one state on to the next, so that a step costs what it changes, not what it remembers.

    A step stays a function of state and record: what is taken belongs to the taker alone, who may change it and lay it beside
    the state that the change makes. A state that comes again, from a file or from before, finds nothing, and it is worked out.
    Nor does a step that fails half-way leave anything behind.
    """

    def __init__(self, work_out: Callable[[S], D], *, most: int = MOST) -> None:
        self._work_out = work_out
        self._most = most
        self._kept: OrderedDict[int, tuple[S, D]] = OrderedDict()
        """By identity of the state, which is held with it, so that no other object can come by its identity."""

    def take(self, state: S) -> D:
        """What follows from *state*."""
        kept = self._kept.pop(id(state), None)
        return self._work_out(state) if kept is None else kept[1]

    def lay(self, state: S, derived: D) -> None:
        """Keep *derived*, which must be what follows from *state*."""
        self._kept[id(state)] = (state, derived)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
