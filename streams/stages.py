"""What a stage is, and how one entry of its input log is applied: pure, and the same in every runtime."""

import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import msgspec

from streams.records import Record, Tick
from streams.topics import REJECTED, ControlCopy, Rejected, Topic, UnreadableRecordError

Step = Callable[[Any, Any, Any], tuple[Any, Sequence[Record]]]


class States(Protocol):
    """The states of one stage in one partition, by key, with what each is waiting for."""

    def get(self, key: str) -> Any: ...

    def put(self, key: str, state: Any, due: datetime | None) -> None:
        """Keep *state*, to be woken at *due*; ``state=None`` forgets the key."""

    def next_due(self) -> tuple[datetime, str] | None:
        """The earliest due time and its key (of several the least key); None when nothing waits."""


def nothing_due(state: Any) -> datetime | None:
    """For stages that never wait."""
    return None


def same(control: Any, record: Record) -> Any:
    """For stages that no control record governs."""
    return control


def as_it_is(records: Sequence[Any]) -> Sequence[Any]:
    """For stages whose step reads the record itself."""
    return records


@dataclass(frozen=True)
class InForce:
    """The control of a stage in one input log."""

    value: Any
    number: int = -1
    """Of the last numbered copy that was folded in: copies up to it are repeats."""


@dataclass(frozen=True)
class Unread:
    """Why `Stage.read` could make nothing of a record."""

    error: Exception


@dataclass(frozen=True)
class Stage:
    """One room of the river.

    Attributes:
        input: Its one input log; records, ticks and control copies lie in it in one order.
        outputs: Where its records go, each to the topic that has its kind.
        step: ``step(state | None, record, control) -> (state | None, records)``, pure; the record may be a `Tick` at the
            state's due time. ``state=None`` in the answer forgets the key.
        state: The type of the state, for its bytes.
        due: When the state wants a `Tick`; None never.
        controls: Kinds of control record that govern it.
        initial: The control before any record.
        fold: ``fold(control, control record) -> control``.
        read: The costly part that needs no state, done for a batch of records at once; its results go to `step` in their place.
        rows: Fields of the state that are dictionaries by str and grow large: a runtime keeps each entry by itself, and
            writes those that are another object than before. A step must hand on the entries that it does not change.
    """

    name: str
    input: Topic
    outputs: tuple[Topic, ...]
    step: Step
    state: Any
    due: Callable[[Any], datetime | None] = nothing_due
    controls: tuple[type[Record], ...] = ()
    initial: Any = None
    fold: Callable[[Any, Any], Any] = same
    read: Callable[[Sequence[Any]], Sequence[Any]] = as_it_is
    rows: tuple[str, ...] = ()

    @property
    def ungoverned(self) -> InForce:
        """The control of a log that no control record has reached yet."""
        return InForce(self.initial)

    def control_bytes(self, control: InForce) -> bytes:
        """The bytes of a control."""
        return msgspec.json.encode([control.number, control.value])

    def read_control(self, data: bytes) -> InForce:
        """The control back.

        Raises:
            msgspec.MsgspecError: It is of another version of Tocsin.
        """
        number, value = msgspec.json.decode(data, type=tuple[int, type(self.initial)])  # type: ignore[misc]
        return InForce(value, number)

    def topic_of(self, record: Record) -> Topic:
        """The output topic that *record* belongs to."""
        return next(t for t in (*self.outputs, REJECTED) if isinstance(record, t.records))

    def governed_by(self, record: Any) -> bool:
        """Say whether the control record *record* is one of this stage's."""
        return isinstance(record, self.controls)

    def decode_control(self, copy: ControlCopy) -> Record | None:
        """The control record that *copy* carries; None if it does not govern this stage."""
        kinds: Any = msgspec.Struct
        for kind in self.controls:
            kinds = kind if kinds is msgspec.Struct else kinds | kind
        try:
            return msgspec.json.decode(copy.body, type=kinds) if self.controls else None
        except msgspec.ValidationError:
            return None


def apply(stage: Stage, states: States, control: InForce, entry: Any, read: Any = None) -> tuple[InForce, list[Any]]:
    """Apply one entry of *stage*'s input log to its states.

    A state's "now" is the later of the record's time and its last; what is due up to then fires first, in order, each as of
    its own due time. So the spacing of ticks never shows.

    Args:
        read: What ``stage.read`` made of the entry, an `Unread` included; None to let this function call it.

    Returns:
        The control after the entry, and the records to write, in order.
    """
    match entry:
        case Tick(at=at):
            return control, list(fire(stage, states, control, until=at))
        case ControlCopy(at=at):
            fired = list(fire(stage, states, control, until=at))
            try:
                return _govern(stage, control, entry), fired
            except Exception as error:  # noqa: BLE001  as below
                return control, [*fired, rejected(stage, entry, error)]
    key = stage.input.key(entry)
    out = list(_fire_key(stage, states, control, key, until=entry.at))
    state = states.get(key)
    try:
        if read is None:
            read = stage.read([entry])[0]
        if isinstance(read, Unread):
            return control, [*out, rejected(stage, entry, read.error)]
        state, more = stage.step(state, read, control.value)
        due = None if state is None else stage.due(state)
    except Exception as error:  # noqa: BLE001  this loop owns it: one poison record must not stop the river
        return control, [*out, rejected(stage, entry, error)]
    states.put(key, state, due)
    return control, [*out, *more]


def _govern(stage: Stage, control: InForce, copy: ControlCopy) -> InForce:
    """The control after a copy of a control record."""
    if copy.number is not None and copy.number <= control.number:
        return control
    record = stage.decode_control(copy)
    value = control.value if record is None else stage.fold(control.value, record)
    return InForce(value, control.number if copy.number is None else copy.number)


def read_ahead(stage: Stage, records: Sequence[Any]) -> Sequence[Any]:
    """What *stage* reads in *records*, all at once, or one by one if one of them cannot be read: `Unread` stands for it."""
    try:
        return stage.read(records) if records else []
    except Exception as error:  # noqa: BLE001  one poison record among them
        return [Unread(error)] if len(records) == 1 else [read_ahead(stage, [record])[0] for record in records]


def read_entries(stage: Stage, entries: Sequence[Any]) -> list[Any]:
    """What *stage* reads in each of *entries*; None for ticks, control copies and what could not be decoded."""
    places = [i for i, e in enumerate(entries) if isinstance(e, stage.input.records)]
    out: list[Any] = [None] * len(entries)
    for i, read in zip(places, read_ahead(stage, [entries[i] for i in places]), strict=True):
        out[i] = read
    return out


def decode(stage: Stage, body: bytes, at: datetime) -> Any:
    """One entry of *stage*'s input log; a `Rejected` in its place if its bytes are no record.

    Args:
        at: When the log took it, for the `Rejected`.
    """
    try:
        return stage.input.decode(body)
    except UnreadableRecordError as error:
        return Rejected(stage=stage.name, topic=stage.input.name, at=at, reason=str(error), stack="", body=body)


def take(
    stage: Stage, states: States, control: InForce, entries: Sequence[Any], reads: Sequence[Any], offsets: Sequence[int] = ()
) -> tuple[InForce, list[Any]]:
    """Apply *entries* in order, each with what was read in it; a `Rejected` among them is written as it is.

    Args:
        offsets: Where each lies in its log, for what is set aside; empty where that is not known.
    """
    written: list[Any] = []
    places: Sequence[int | None] = offsets or [None] * len(entries)
    for entry, read, offset in zip(entries, reads, places, strict=True):
        if isinstance(entry, Rejected):
            out = [entry]
        else:
            control, out = apply(stage, states, control, entry, read)
        written += out if offset is None else [placed(record, offset) for record in out]
    return control, written


def placed(record: Any, offset: int) -> Any:
    """*record*; if it is one that was set aside, with where it lay."""
    return msgspec.structs.replace(record, offset=offset) if isinstance(record, Rejected) else record


def rejected(stage: Stage, entry: Any, error: Exception) -> Rejected:
    """The record of what *stage* could not take, and why."""
    return Rejected(
        stage=stage.name,
        topic=stage.input.name,
        at=entry.at,
        reason=f"{type(error).__name__}: {error}",
        stack="".join(traceback.format_exception(error)),
        body=stage.input.encode(entry),
    )


def fire(stage: Stage, states: States, control: InForce, *, until: datetime) -> Iterator[Record]:
    """Fire whatever is due up to *until*, in order of due time, then key."""
    while (waiting := states.next_due()) is not None and waiting[0] <= until:
        due, key = waiting
        yield from _tick(stage, states, control, key, due)


def _fire_key(stage: Stage, states: States, control: InForce, key: str, *, until: datetime) -> Iterator[Record]:
    fired: datetime | None = None
    while (state := states.get(key)) is not None and (due := stage.due(state)) is not None and due <= until and due != fired:
        fired = due  # a step that cannot take its tick is asked once, not for ever
        yield from _tick(stage, states, control, key, due)


def _tick(stage: Stage, states: States, control: InForce, key: str, due: datetime) -> Iterable[Record]:
    before = states.get(key)
    try:
        state, out = stage.step(before, Tick(at=due), control.value)
        later = None if state is None else stage.due(state)
        if later is not None and later <= due:
            raise RuntimeError(f"stage {stage.name}: key {key!r} is due again at {later}, which is not after {due}; its step must move on")
    except Exception as error:  # noqa: BLE001  as above; the state stays, and waits for its next record
        states.put(key, before, None)
        return [rejected(stage, Tick(at=due), error)]
    states.put(key, state, later)
    return out
