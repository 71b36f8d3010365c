"""What lies in a state file in, the records of a river on Kafka that goes on from there out. Pure.

A stage's states belong to keys, and a key to a partition; what is of a whole log (control copies, ticks) lies in every partition. So
each partition is the log as it would have been written for its keys: what each stage gives for it is what it had written.

The same file and the same partitions give the same records in the same order. So whoever is broken off begins again behind what is there.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec

from streams.records import Tick
from streams.runtime.layout import partition_of
from streams.runtime.ledger import Ledger
from streams.runtime.rekey import Append, Rows, batches
from streams.runtime.states import Row
from streams.topics import REJECTED, ControlCopy, Rejected, Topic, UnreadableRecordError


class Place(NamedTuple):
    """Where a record lies in the cluster."""

    partition: int
    offset: int


class Dealt(NamedTuple):
    """One entry of a log on its way to a partition."""

    source: int
    """Its offset in the log."""
    place: Place
    key: bytes | None
    value: bytes


def deal(topic: Topic, entries: Iterable[tuple[int, bytes]], partitions: int, position: int) -> Iterator[Dealt]:
    """Deal the entries of a log out to partitions, each by its key, in order.

    Of ticks with nothing between them in a partition the last is enough, as their spacing never shows. What cannot be read has no key,
    and lies in the first.

    Args:
        entries: Offset and bytes of each.
        position: Of the first entry that the log's reader has not taken in: what lies before it is not mixed with what lies after.
    """
    ends, ticks = [0] * partitions, dict[int, tuple[int, bytes]]()

    def laid(partition: int, source: int, key: bytes | None, body: bytes) -> Dealt:
        ends[partition] += 1
        return Dealt(source, Place(partition, ends[partition] - 1), key, body)

    def ticked(partitions: Iterable[int]) -> Iterator[Dealt]:
        for partition in partitions:
            if tick := ticks.pop(partition, None):
                yield laid(partition, tick[0], None, tick[1])

    last = -1
    for source, body in entries:
        if last < position <= source:
            yield from ticked(range(partitions))
        last = source
        entry = _read(topic, body)
        if isinstance(entry, Tick):
            ticks = dict.fromkeys(range(partitions), (source, body))
            continue
        keyed = isinstance(entry, topic.records)
        key = topic.key(entry) if keyed else ""
        targets = range(partitions) if isinstance(entry, ControlCopy) else (partition_of(key, partitions) if keyed else 0,)
        for partition in targets:
            yield from ticked((partition,))
            yield laid(partition, source, key.encode() if keyed else None, body)
    yield from ticked(range(partitions))


def _read(topic: Topic, body: bytes) -> Any:
    try:
        return topic.decode(body)
    except UnreadableRecordError:
        return None


@dataclass
class Standing:
    """Where the reader of a log stands in its partitions.

    Attributes:
        positions: By partition: offset of the last entry taken in; -1 if none is.
        ends: By partition: how many entries it has.
        places: Where the entries lie that somebody names, by their offset in the log.
    """

    positions: list[int]
    ends: list[int]
    places: dict[int, Place] = field(default_factory=dict)

    @property
    def waiting(self) -> int:
        """How many entries were not taken in."""
        return sum(self.ends) - sum(position + 1 for position in self.positions)


def standing(dealt: Iterable[Dealt], partitions: int, position: int, named: Container[int] = ()) -> Standing:
    """Where a reader that stood at *position* of the log stands now.

    Args:
        named: Offsets of entries whose places are asked for.
    """
    found = Standing([-1] * partitions, [0] * partitions)
    for source, place, _, _ in dealt:
        found.ends[place.partition] = place.offset + 1
        if source < position:
            found.positions[place.partition] = place.offset
        if source in named:
            found.places.setdefault(source, place)
    return found


def replaced(body: bytes, places: Mapping[tuple[str, int], Place]) -> bytes:
    """An entry of `rejected` that says where what was set aside lies now.

    Args:
        places: By topic and offset there; what is not kept any more has none, and would be written again where what has no key lies.
    """
    record = _read(REJECTED, body)
    if not isinstance(record, Rejected):
        return body
    place = None if record.offset is None else places.get((record.topic, record.offset))
    partition, offset = place or (0, None)
    return REJECTED.encode(msgspec.structs.replace(record, partition=partition, offset=offset))


def by_partition(rows: Iterable[tuple[Row, bytes]], partitions: int) -> dict[int, Rows]:
    """The rows of a stage's states, by the partition in which their key belongs."""
    out: dict[int, Rows] = {p: {} for p in range(partitions)}
    for row, body in rows:
        out[partition_of(row[0], partitions)][row] = body
    return out


def changelog(rows: Mapping[int, Rows], positions: Sequence[int]) -> Iterator[Append]:
    """The records of a changelog that has *rows*, as of *positions*; of a partition with neither, nothing."""
    for partition, position in enumerate(positions):
        mine = rows.get(partition, {})
        if not mine and position < 0:
            continue
        ledger = Ledger()
        ledger.settle()
        for batch in list(batches(mine)) or [Rows()]:
            yield from (Append(partition, ledger.epoch, *write) for write in ledger.commit(batch, position))


class Seal:
    """What shows whether two runs of records are the same."""

    def __init__(self) -> None:
        self._hash = sha256()

    def add(self, key: bytes | None, value: bytes | None) -> None:
        """Take in one more record."""
        for part in (key, value):
            self._hash.update(b"-" if part is None else b"%d:" % len(part) + part)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Seal) and self._hash.digest() == other._hash.digest()

    def __hash__(self) -> int:
        return hash(self._hash.digest())


def seals(records: Iterable[Append], lengths: Mapping[int, int]) -> dict[int, Seal]:
    """The seal of so many of the first records of each partition; of one that has fewer, none."""
    left, out = dict(lengths), {partition: Seal() for partition in lengths}
    for record in records:
        if left.get(record.partition, 0) > 0:
            left[record.partition] -= 1
            out[record.partition].add(record.key, record.value)
    return {partition: seal for partition, seal in out.items() if left[partition] == 0}


def beyond(records: Iterable[Append], lengths: Mapping[int, int]) -> Iterator[Append]:
    """*records* without so many of the first of each partition."""
    left = dict(lengths)
    for record in records:
        if left.get(record.partition, 0) > 0:
            left[record.partition] -= 1
        else:
            yield record
