"""One stage at work on one partition of its input log: entries in, what is to be written out. Neither waits nor sends."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from streams.records import Tick
from streams.runtime.layout import partition_of
from streams.runtime.ledger import CONTROL, Ledger
from streams.runtime.states import Row, RowStates, waiting_in
from streams.stages import Stage, decode, take
from streams.topics import Rejected


@dataclass(frozen=True)
class Batch:
    """What one batch of entries comes to.

    Attributes:
        written: Records to write, in order.
        rows: Rows of the states that change.
        position: Offset of the last entry that was taken in.
    """

    written: list[Any]
    rows: dict[Row, bytes | None]
    position: int


def decoded(stage: Stage, body: bytes, at: datetime, partition: int, partitions: int) -> Any:
    """One entry of one partition of *stage*'s input log; a `Rejected` where it cannot be read, or lies where its key does not belong.

    There it would make a state that no other record of its key reaches.
    """
    entry = decode(stage, body, at)
    if isinstance(entry, stage.input.records) and (belongs := partition_of(stage.input.key(entry), partitions)) != partition:
        reason = f"lies in partition {partition}, but its key belongs in {belongs}: whoever wrote it chose partitions otherwise"
        return Rejected(stage=stage.name, topic=stage.input.name, at=at, reason=f"{reason}; `tocsin rejected retry`", stack="", body=body)
    return entry


class Line:
    """The stage's states in one partition, as its ledger has them."""

    def __init__(self, stage: Stage, partition: int, ledger: Ledger) -> None:
        self.stage = stage
        self.partition = partition
        self.ledger = ledger
        self._states = RowStates(stage, ledger.of, waiting_in(ledger.heads()))
        control = ledger.control
        self._control = stage.ungoverned if control is None else stage.read_control(control)
        self._asked: datetime | None = None

    @property
    def position(self) -> int:
        """Offset of the last entry taken in; -1 if none was."""
        return self.ledger.position

    def advance(self, entries: Sequence[Any], reads: Sequence[Any], offsets: Sequence[int]) -> Batch:
        """Take in *entries*, at least one, with what was read in each and the offset at which it lies.

        What comes of it must be written before the next call: outputs, then the ledger's commit, then its rows.
        """
        before = self._control
        self._control, written = take(self.stage, self._states, before, entries, reads, offsets)
        rows = self._states.changes()
        if self._control is not before:
            rows[CONTROL] = self.stage.control_bytes(self._control)
        if any(isinstance(e, Tick) for e in entries):
            self._asked = None
        return Batch(written, rows, offsets[-1])

    def tick_wanted(self, now: datetime) -> bool:
        """Whether a tick is to be written: something is due, and the last one that was asked for has come."""
        waiting = self._states.next_due()
        if waiting is None or waiting[0] > now or self._asked is not None:
            return False
        self._asked = now
        return True
