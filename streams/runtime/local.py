"""The runtime `local`: the river on one machine, in one SQLite file, exactly once up to the wire.

Input position, states and outputs of a batch are committed in one transaction; after `kill -9` it goes on as if nothing had been.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from streams.records import Tick
from streams.runtime.states import DueIndex
from streams.runtime.store import Batch, Store, StoreError
from streams.stages import Stage, apply, read_ahead
from streams.topics import Rejected, UnreadableRecordError, copy_of

BATCH = 16
"""Entries taken at once: enough for the parser to be quick, few enough that an alert, or the end, waits for little."""
CACHED = 4096
"""States kept decoded for each stage; the others are read from the file."""
LONGEST_NAP = timedelta(seconds=1)

Clock = Callable[[], datetime]
Heard = Callable[[Stage, int, Sequence[Any], float], None]
"""Told of each committed batch: the stage, how many entries it took, what it wrote, and the seconds it took."""


def unheard(stage: Stage, taken: int, written: Sequence[Any], seconds: float) -> None:
    """For runs that nobody counts."""


BATCH_BYTES = 256 * 1024
"""Likewise in bytes; one entry is always taken."""


def fitting(entries: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    """The first of *entries* that make one batch."""
    taken, size = list[tuple[int, bytes]](), 0
    for offset, body in entries:
        size += len(body)
        if taken and size > BATCH_BYTES:
            break
        taken.append((offset, body))
    return taken


class LocalStates:
    """`stages.States` of one stage: read from the store, changes gathered for the next commit."""

    def __init__(self, stage: Stage, store: Store) -> None:
        self._stage = stage
        self._store = store
        self._dues = DueIndex(store.dues(stage.name))
        self._cache: OrderedDict[str, Any] = OrderedDict()
        self.changed: dict[str, tuple[Any, datetime | None]] = {}

    def get(self, key: str) -> Any:
        if key not in self._cache:
            body = self._store.state(self._stage.name, key)
            self._cache[key] = None if body is None else self._read(key, body)
        self._cache.move_to_end(key)
        return self._cache[key]

    def _read(self, key: str, body: bytes) -> Any:
        try:
            return msgspec.json.decode(body, type=self._stage.state)
        except msgspec.MsgspecError as error:
            what = f"the state of stage {self._stage.name} for {key!r} is of another version of Tocsin ({error})"
            raise StoreError(f"{self._store.path}: {what}; use that version, or name another file with TOCSIN_STATE") from error

    def put(self, key: str, state: Any, due: datetime | None) -> None:
        self._cache[key] = state
        self._cache.move_to_end(key)
        self._dues.set(key, due)
        self.changed[key] = (state, due)

    def next_due(self) -> tuple[datetime, str] | None:
        return self._dues.first()

    def into(self, batch: Batch) -> None:
        """Add what changed to *batch*, and start anew."""
        for key, (state, due) in self.changed.items():
            batch.states[self._stage.name, key] = (None if state is None else msgspec.json.encode(state), due)
        self.changed = {}
        while len(self._cache) > CACHED:
            self._cache.popitem(last=False)


class Line:
    """One stage at work on its input log."""

    def __init__(self, stage: Stage, store: Store, heard: Heard = unheard) -> None:
        self.stage = stage
        self._store = store
        self._heard = heard
        self._states = LocalStates(stage, store)
        self.offset, control = store.position(stage.name)
        self._control = stage.initial if control is None else msgspec.json.decode(control, type=type(stage.initial))

    def advance(self) -> int:
        """Take one batch in and commit what comes of it.

        Returns:
            How many entries were taken; 0 if there was nothing to read.

        Raises:
            StoreError: Nothing was committed, and the line is not to be used again.
        """
        entries = fitting(self._store.read(self.stage.input.name, self.offset, BATCH))
        if not entries:
            return 0
        began, written = time.perf_counter(), list[Any]()
        batch, before = Batch(), self._control
        decoded = [self._decode(offset, body) for offset, body in entries]
        for (entry, refusal), read in zip(decoded, self._read([e for e, _ in decoded]), strict=True):
            out: list[Any]
            if refusal is not None:
                out = [refusal]
            else:
                self._control, out = apply(self.stage, self._states, self._control, entry, read)
            written += out
            batch.records += [(self.stage.topic_of(r).name, r.at, self.stage.topic_of(r).encode(r)) for r in out]
        self.offset = entries[-1][0] + 1
        batch.positions[self.stage.name] = self.offset
        if self._control is not before:
            batch.controls[self.stage.name] = msgspec.json.encode(self._control)
        self._states.into(batch)
        self._store.commit(batch)
        self._heard(self.stage, len(entries), written, time.perf_counter() - began)
        return len(entries)

    def _decode(self, offset: int, body: bytes) -> tuple[Any, Rejected | None]:
        try:
            return self.stage.input.decode(body), None
        except UnreadableRecordError as error:
            at = self._store.time_of(self.stage.input.name, offset)
            refusal = Rejected(stage=self.stage.name, topic=self.stage.input.name, at=at, reason=str(error), stack="", body=body)
            return None, refusal

    def _read(self, entries: Sequence[Any]) -> list[Any]:
        """What the stage reads in each entry, all at once; None where there is nothing to read, or where reading fails."""
        places = [i for i, e in enumerate(entries) if isinstance(e, self.stage.input.records)]
        out: list[Any] = [None] * len(entries)
        for i, read in zip(places, read_ahead(self.stage, [entries[i] for i in places]), strict=True):
            out[i] = read
        return out

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


def copies(stages: Sequence[Stage], record: Any) -> list[tuple[str, datetime, bytes]]:
    """The copies of one control record: one for the input log of each stage that it governs."""
    return [(s.input.name, record.at, s.input.encode(copy_of(record))) for s in stages if s.governed_by(record)]
