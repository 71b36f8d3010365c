"""States in memory, the order in which they want to be woken, and the rows in which a runtime keeps them."""

import heapq
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, get_args, get_type_hints

import msgspec

from streams.errors import ExplainedError
from streams.stages import Stage

Row = tuple[str, str, str]
"""Names a piece of a state: its key, the field, and the entry of that field; the field and entry of the head are ""."""

CACHED = 4096
"""States kept decoded for each stage; the others are read from their rows."""


class StateError(ExplainedError, RuntimeError):
    """A state cannot be read; nothing was changed."""


class DueIndex:
    """Who waits until when: a heap whose outdated entries are passed over."""

    def __init__(self, waiting: Iterable[tuple[datetime, str]] = ()) -> None:
        self._dues = {key: due for due, key in waiting}
        self._heap = [(due, key) for key, due in self._dues.items()]
        heapq.heapify(self._heap)

    def set(self, key: str, due: datetime | None) -> None:
        """Let *key* wait until *due*, or no more."""
        if due is None:
            self._dues.pop(key, None)
        elif self._dues.get(key) != due:
            self._dues[key] = due
            heapq.heappush(self._heap, (due, key))

    def first(self) -> tuple[datetime, str] | None:
        """The earliest, of equals the least key."""
        while self._heap:
            due, key = self._heap[0]
            if self._dues.get(key) == due:
                return due, key
            heapq.heappop(self._heap)
        return None


class MemoryStates:
    """`stages.States` in a dictionary."""

    def __init__(self) -> None:
        self._states: dict[str, Any] = {}
        self._dues = DueIndex()

    def get(self, key: str) -> Any:
        return self._states.get(key)

    def put(self, key: str, state: Any, due: datetime | None) -> None:
        if state is None:
            self._states.pop(key, None)
        else:
            self._states[key] = state
        self._dues.set(key, due)

    def next_due(self) -> tuple[datetime, str] | None:
        return self._dues.first()

    def all(self) -> list[Any]:
        """Every state that is remembered."""
        return list(self._states.values())


class RowStates:
    """`stages.States` kept in rows: the head of a state, and each entry of its large fields by itself.

    So that a state of a thousand entries costs one row when one entry changes. Each row of an entry carries its place in the
    field's order, which is part of the state.

    Args:
        stored: The rows of one key, by field and entry; empty where nothing is kept.
        waiting: Every key that waits, with its time.
    """

    def __init__(
        self, stage: Stage, stored: Callable[[str], Mapping[tuple[str, str], bytes]], waiting: Iterable[tuple[datetime, str]] = ()
    ) -> None:
        self._stage = stage
        self._stored = stored
        self._dues = DueIndex(waiting)
        self._known: OrderedDict[str, _Kept] = OrderedDict()
        self._changed: dict[str, tuple[Any, datetime | None]] = {}
        hints = get_type_hints(stage.state) if stage.rows else {}
        self._types: dict[str, Any] = {name: tuple.__class_getitem__((int, get_args(hints[name])[1])) for name in stage.rows}

    def get(self, key: str) -> Any:
        if key in self._changed:
            return self._changed[key][0]
        return self._kept(key).state

    def put(self, key: str, state: Any, due: datetime | None) -> None:
        self._kept(key)  # what it is compared with when it is written
        self._changed[key] = (state, due)
        self._dues.set(key, due)

    def next_due(self) -> tuple[datetime, str] | None:
        return self._dues.first()

    def changes(self) -> dict[Row, bytes | None]:
        """The rows to write for what was put since the last call; None deletes a row. They are taken for written."""
        rows: dict[Row, bytes | None] = {}
        for key, (state, due) in self._changed.items():
            rows |= {(key, *piece): body for piece, body in self._known[key].become(state, due, self._stage.rows).items()}
            if state is None:
                del self._known[key]
        self._changed = {}
        while len(self._known) > CACHED:
            self._known.popitem(last=False)
        return rows

    def _kept(self, key: str) -> "_Kept":
        kept = self._known.get(key)
        if kept is None:
            kept = self._known[key] = _Kept()
            if stored := self._stored(key):
                try:
                    kept.read(stored, self._stage, self._types)
                except (msgspec.MsgspecError, KeyError) as error:
                    what = f"the state of stage {self._stage.name} for {key!r} is of another version of Tocsin ({error})"
                    raise StateError(
                        f"{what}; run that version, or begin anew: TOCSIN_STATE or TOCSIN_KAFKA_PREFIX names another"
                    ) from error
        self._known.move_to_end(key)
        return kept


class _Kept:
    """One state as it lies in its rows."""

    def __init__(self) -> None:
        self.state: Any = None
        self._head: bytes | None = None
        self._places: dict[str, dict[str, int]] = {}
        """By field and entry: where it stands in the field's order."""

    def read(self, stored: Mapping[tuple[str, str], bytes], stage: Stage, types: Mapping[str, Any]) -> None:
        """Put the state together. A head whose fields are not empty was written before they were kept in rows."""
        found: dict[str, list[tuple[int, str, Any]]] = {}
        for (name, entry), body in stored.items():
            if name in types:
                place, value = msgspec.json.decode(body, type=types[name])
                found.setdefault(name, []).append((place, entry, value))
        self._head = stored["", ""]
        state = read_head(stage, self._head)[1]
        for name, entries in found.items():
            entries.sort(key=lambda e: e[:2])
            self._places[name] = {entry: place for place, entry, _ in entries}
            state = msgspec.structs.replace(state, **{name: getattr(state, name) | {entry: value for _, entry, value in entries}})
        self.state = state

    def become(self, state: Any, due: datetime | None, fields: tuple[str, ...]) -> dict[tuple[str, str], bytes | None]:
        """The rows that change when this becomes *state*."""
        rows: dict[tuple[str, str], bytes | None] = {}
        for name in fields:
            before = {} if self.state is None else getattr(self.state, name)
            rows |= self._field(name, before, {} if state is None else getattr(state, name))
        emptied = state if state is None or not fields else msgspec.structs.replace(state, **{name: {} for name in fields})
        head = None if state is None else head_of(emptied, due)
        if head != self._head:
            rows["", ""] = head
        self.state, self._head = state, head
        return rows

    def _field(self, name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[tuple[str, str], bytes | None]:
        places = self._places.setdefault(name, {})
        gone = [entry for entry in places if entry not in after]
        rows: dict[tuple[str, str], bytes | None] = {(name, entry): None for entry in gone}
        for entry in gone:
            del places[entry]
        last, end = -1, max(places.values(), default=-1)
        for entry, value in after.items():
            place = places.get(entry, -1)
            if place <= last:  # new, or moved
                place = end = end + 1
                places[entry] = place
            elif before.get(entry) is value:
                last = place
                continue
            rows[name, entry] = msgspec.json.encode((place, value))
            last = place
        return rows


def head_of(state: Any, due: datetime | None) -> bytes:
    """The head of a state: when it wants to be woken, and what is not in rows of its own."""
    return msgspec.json.encode((due, state))


def read_head(stage: Stage, head: bytes) -> tuple[datetime | None, Any]:
    """The head back.

    Raises:
        msgspec.MsgspecError: It is of another version of Tocsin.
    """
    due, state = msgspec.json.decode(head, type=tuple[datetime | None, stage.state])  # type: ignore[name-defined]
    return due, state


def waiting_in(rows: Iterable[tuple[Row, bytes]]) -> Iterator[tuple[datetime, str]]:
    """Every key that waits, from the heads among *rows*."""
    for (key, name, _), body in rows:
        if name == "" and (due := msgspec.json.decode(body, type=tuple[datetime | None, msgspec.Raw])[0]) is not None:
            yield due, key
