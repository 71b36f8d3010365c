"""The runtime `local`: the river on one machine, in one SQLite file, exactly once up to the wire.

Input position, states and outputs of a batch are committed in one transaction; after `kill -9` it goes on as if nothing had been.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from streams.records import Tick
from streams.runtime.states import RowStates, waiting_in
from streams.runtime.store import Batch, Entry, Store
from streams.stages import Stage, decode, read_entries, take
from streams.topics import Topic, copy_of

BATCH = 16
"""Entries taken at once: enough for the parser to be quick, few enough that an alert, or the end, waits for little."""
LONGEST_NAP = timedelta(seconds=1)

Clock = Callable[[], datetime]
Heard = Callable[[Stage, Sequence[Any], Sequence[Any], float], None]
"""Told of each committed batch: the stage, what it read in each entry, what it wrote, and the seconds it took."""


def unheard(stage: Stage, reads: Sequence[Any], written: Sequence[Any], seconds: float) -> None:
    """For runs that nobody counts."""


BATCH_BYTES = 256 * 1024
"""Likewise in bytes; one entry is always taken."""


def fitting(entries: list[Entry]) -> list[Entry]:
    """The first of *entries* that make one batch."""
    taken, size = list[Entry](), 0
    for entry in entries:
        size += len(entry[2])
        if taken and size > BATCH_BYTES:
            break
        taken.append(entry)
    return taken


class Line:
    """One stage at work on its input log."""

    def __init__(self, stage: Stage, store: Store, heard: Heard = unheard) -> None:
        self.stage = stage
        self._store = store
        self._heard = heard
        self._states = RowStates(stage, self._stored, waiting_in(store.heads(stage.name)))
        self.offset, control = store.position(stage.name)
        self._control = stage.ungoverned if control is None else stage.read_control(control)

    def _stored(self, key: str) -> dict[tuple[str, str], bytes]:
        return self._store.state(self.stage.name, key)

    def advance(self) -> int:
        """Take one batch in and commit what comes of it.

        Returns:
            How many entries were taken; 0 if there was nothing to read.

        Raises:
            StoreError: Nothing was committed, and the line is not to be used again.
        """
        entries = fitting(self._store.entries(self.stage.input.name, self.offset, BATCH))
        if not entries:
            return 0
        began, batch, before, stage = time.perf_counter(), Batch(), self._control, self.stage
        decoded = [decode(stage, body, at) for _, at, body in entries]
        reads = read_entries(stage, decoded)
        offsets = [offset for offset, _, _ in entries]
        self._control, written = take(stage, self._states, before, decoded, reads, offsets)
        batch.records = [(stage.topic_of(r).name, r.at, stage.topic_of(r).encode(r)) for r in written]
        self.offset = entries[-1][0] + 1
        batch.positions[self.stage.name] = self.offset
        if self._control is not before:
            batch.controls[self.stage.name] = self.stage.control_bytes(self._control)
        batch.states |= {(self.stage.name, *row): body for row, body in self._states.changes().items()}
        self._store.commit(batch)
        self._heard(self.stage, reads, written, time.perf_counter() - began)
        return len(entries)

    @property
    def behind(self) -> bool:
        """Whether there is something to read."""
        return self.offset < self._store.end(self.stage.input.name)

    def next_due(self) -> datetime | None:
        """When this stage next wants a tick."""
        waiting = self._states.next_due()
        return waiting[0] if waiting else None


class Local:
    """The stages at work on one store.

    Args:
        clock: The time of ticks, in UTC. Nothing else here reads a clock, and nothing that decides.
    """

    def __init__(self, stages: Sequence[Stage], store: Store, clock: Clock, heard: Heard = unheard) -> None:
        self._store = store
        self._clock = clock
        self.lines = [Line(stage, store, heard) for stage in stages]

    def run(self, stop: threading.Event) -> None:
        """Work until *stop* is set; nap while there is nothing to do."""
        while not stop.is_set():
            if not self.turn(stop):
                with self._store.appended:
                    if not self._behind() and not stop.is_set():
                        self._store.appended.wait(self._nap().total_seconds())

    def wake(self) -> None:
        """End a nap."""
        with self._store.appended:
            self._store.appended.notify_all()

    def turn(self, stop: threading.Event | None = None) -> int:
        """Write the ticks that are wanted by now, and let each stage take one batch, unless *stop* is set meanwhile.

        Returns:
            How many entries were taken.
        """
        self._tick()
        return sum(line.advance() for line in self.lines if stop is None or not stop.is_set())

    def _tick(self) -> None:
        now, wanting = self._clock(), list[Stage]()
        for line in self.lines:
            if line.behind:  # what was here before now is read first, also what comes of it further down
                break
            if (due := line.next_due()) is not None and due <= now:
                wanting.append(line.stage)
        if wanting:
            self._store.commit(Batch(records=[(s.input.name, now, s.input.encode(Tick(at=now))) for s in wanting]))

    def _behind(self) -> bool:
        return any(line.behind for line in self.lines)

    def _nap(self) -> timedelta:
        dues = [due for line in self.lines if (due := line.next_due()) is not None]
        return max(timedelta(0), min([LONGEST_NAP, *(due - self._clock() for due in dues)]))


class StoreLog:
    """A topic, as a reader sees it that acts: see `alerts.delivery.dispatch.DeliveryLog`. Made in the event loop that it is used in."""

    def __init__(self, store: Store, topic: Topic, reader: str) -> None:
        self._store, self._topic, self._reader = store, topic, reader
        self._loop = asyncio.get_running_loop()
        self.position, _ = store.position(reader)
        self._next = self.position

    @property
    def done(self) -> set[int]:
        """Offsets beyond the position that are done."""
        return {int(offset) for offset in self._store.memories(self._reader)}

    def read(self, limit: int) -> list[Entry]:
        """Up to *limit* further entries."""
        entries = self._store.entries(self._topic.name, self._next, limit)
        if entries:
            self._next = entries[-1][0] + 1
        return entries

    @contextmanager
    def listening(self, listener: Callable[[], None]) -> Iterator[None]:
        """Have *listener* called when something was appended to any topic."""

        def appended() -> None:
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(listener)

        self._store.listeners.append(appended)
        try:
            yield
        finally:
            self._store.listeners.remove(appended)

    async def record(self, facts: Sequence[tuple[Topic, Any]], position: int, done: Mapping[int, bool]) -> None:
        """Write *facts*, the position and what is done beyond it in one transaction."""
        batch = Batch(records=[(topic.name, fact.at, topic.encode(fact)) for topic, fact in facts])
        batch.memory = {(self._reader, str(offset)): b"1" if is_done else None for offset, is_done in done.items()}
        batch.positions[self._reader] = self.position = position
        self._store.commit(batch)


def copies(stages: Sequence[Stage], record: Any) -> list[tuple[str, datetime, bytes]]:
    """The copies of one control record: one for the input log of each stage that it governs."""
    return [(s.input.name, record.at, s.input.encode(copy_of(record))) for s in stages if s.governed_by(record)]
