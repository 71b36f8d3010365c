"""What a stage is, and how one entry of its input log is applied: pure, and the same in every runtime."""

import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import msgspec

from streams.records import Record, Tick
from streams.topics import REJECTED, ControlCopy, Rejected, Topic

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


def apply(stage: Stage, states: States, control: Any, entry: Any, read: Any = None) -> tuple[Any, list[Any]]:
    """Apply one entry of *stage*'s input log to its states.

    A state's "now" is the later of the record's time and its last; what is due up to then fires first, in order, each as of
    its own due time. So the spacing of ticks never shows.

    Args:
        read: What ``stage.read`` made of the entry; None to let this function call it.

    Returns:
        The control after the entry, and the records to write, in order.
    """
    match entry:
        case Tick(at=at):
            return control, list(fire(stage, states, control, until=at))
        case ControlCopy(at=at):
            fired = list(fire(stage, states, control, until=at))
            record = stage.decode_control(entry)
            try:
                return (control if record is None else stage.fold(control, record)), fired
            except Exception as error:  # noqa: BLE001  as below
                return control, [*fired, rejected(stage, entry, error)]
    key = stage.input.key(entry)
    out = list(_fire_key(stage, states, control, key, until=entry.at))
    state = states.get(key)
    try:
        state, more = stage.step(state, stage.read([entry])[0] if read is None else read, control)
        due = None if state is None else stage.due(state)
    except Exception as error:  # noqa: BLE001  this loop owns it: one poison record must not stop the river
        return control, [*out, rejected(stage, entry, error)]
    states.put(key, state, due)
    return control, [*out, *more]


def read_ahead(stage: Stage, records: Sequence[Any]) -> Sequence[Any]:
    """What *stage* reads in *records*, all at once; None for each if one of them cannot be read: `apply` then reads each alone."""
    try:
        return stage.read(records) if records else []
    except Exception:  # noqa: BLE001  one poison record among them, which `apply` will name
        return [None] * len(records)


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


def fire(stage: Stage, states: States, control: Any, *, until: datetime) -> Iterator[Record]:
    """Fire whatever is due up to *until*, in order of due time, then key."""
    while (waiting := states.next_due()) is not None and waiting[0] <= until:
        due, key = waiting
        yield from _tick(stage, states, control, key, due)


def _fire_key(stage: Stage, states: States, control: Any, key: str, *, until: datetime) -> Iterator[Record]:
    fired: datetime | None = None
    while (state := states.get(key)) is not None and (due := stage.due(state)) is not None and due <= until and due != fired:
        fired = due  # a step that cannot take its tick is asked once, not for ever
        yield from _tick(stage, states, control, key, due)


def _tick(stage: Stage, states: States, control: Any, key: str, due: datetime) -> Iterable[Record]:
    before = states.get(key)
    try:
        state, out = stage.step(before, Tick(at=due), control)
        later = None if state is None else stage.due(state)
        if later is not None and later <= due:
            raise RuntimeError(f"stage {stage.name}: key {key!r} is due again at {later}, which is not after {due}; its step must move on")
    except Exception as error:  # noqa: BLE001  as above; the state stays, and waits for its next record
        states.put(key, before, None)
        return [rejected(stage, Tick(at=due), error)]
    states.put(key, state, later)
    return out
