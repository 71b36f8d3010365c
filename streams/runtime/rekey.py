"""The ledgers of one stage in, what to append so that every key lies in the partition that is named for it out. Pure.

Nothing is taken away before it lies in its new place, and whatever is done twice comes to the same: so it may be broken off
anywhere and begun again, as long as nobody works on the partitions meanwhile.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from streams.runtime.layout import partition_of
from streams.runtime.ledger import CONTROL, Ledger, Write
from streams.runtime.states import Row

BATCH_BYTES = 4 * 2**20
"""Of rows in one commit record; a larger row goes by itself."""
BATCH_ROWS = 1000
"""Likewise in rows: whoever looks for the last commit from the end finds it soon."""

Rows = dict[Row, bytes | None]


class Append(NamedTuple):
    """One record on its way to a changelog."""

    partition: int
    epoch: int
    key: bytes | None
    value: bytes | None


def misplaced(ledger: Ledger, partition: int, partitions: int) -> str | None:
    """A key that lies in *partition* and belongs into another; None if there is none."""
    return next((key for key in ledger.state_keys() if partition_of(key, partitions) != partition), None)


def steps(ledgers: Sequence[Ledger], mending: Mapping[int, Sequence[Write]]) -> Iterator[list[Append]]:
    """Move every row to where `partition_of` puts its key, and have the control of partition 0 in all.

    What is of a partition, not of a key, stays: positions, and what beyond them is done.

    Args:
        ledgers: Of all partitions, by number; settled. They change as the steps are taken.
        mending: What `Ledger.settle` asked for.

    Yields:
        What to append, in order within each partition; all of it must be acknowledged before the next is asked for.
    """
    yield [Append(p, ledgers[p].epoch, *write) for p, writes in mending.items() for write in writes]
    control = ledgers[0].control
    for p, ledger in enumerate(ledgers):
        if control is not None and ledger.control != control:
            yield committed(ledgers, p, {CONTROL: control})
    moves = {p: moves_from(ledger, p, len(ledgers)) for p, ledger in enumerate(ledgers)}
    for target, rows in chain.from_iterable(by_target.items() for by_target in moves.values()):
        for batch in batches(rows):
            yield committed(ledgers, target, batch)
    for source, by_target in moves.items():
        gone: Rows = {row: None for rows in by_target.values() for row in rows}
        for batch in batches(gone):
            yield committed(ledgers, source, batch)


def moves_from(ledger: Ledger, partition: int, partitions: int) -> dict[int, Rows]:
    """The rows that belong elsewhere, by where."""
    found: dict[int, Rows] = {}
    for key in ledger.state_keys():
        target = partition_of(key, partitions)
        if target != partition:
            found.setdefault(target, {}).update({(key, *piece): body for piece, body in ledger.of(key).items()})
    return found


def batches(rows: Rows) -> Iterator[Rows]:
    """Cut *rows* into batches that fit a commit record."""
    batch, size = Rows(), 0
    for row, body in rows.items():
        length = len(body or b"") + sum(map(len, row))
        if batch and (size + length > BATCH_BYTES or len(batch) == BATCH_ROWS):
            yield batch
            batch, size = {}, 0
        batch[row] = body
        size += length
    if batch:
        yield batch


def committed(ledgers: Sequence[Ledger], partition: int, rows: Rows) -> list[Append]:
    """Change *rows* of a ledger, whose position stays."""
    ledger = ledgers[partition]
    return [Append(partition, ledger.epoch, *write) for write in ledger.commit(rows, ledger.position)]
