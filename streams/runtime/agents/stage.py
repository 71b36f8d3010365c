"""One stage as a Faust agent: its batches read, taken in and made to last, in the order in which nothing can be lost.

Outputs first, then the commit of the states, then their rows, then the acknowledgement of the input. Whatever goes wrong in
between ends the process; whoever starts it again finds the last whole batch and goes on from there.
"""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from streams.records import Tick
from streams.runtime.agents.app import Sent
from streams.runtime.agents.line import Line, decoded
from streams.runtime.agents.member import Member, Surroundings
from streams.runtime.ledger import Ledger
from streams.stages import Stage
from streams.topics import REJECTED, Rejected

BATCH_BYTES = 4 * 2**20
"""Of entries taken in together, as all that they change is in memory until it lasts."""

Read = Callable[[Sequence[Any]], Awaitable[Sequence[Any]]]
"""What a stage reads in each of some records; see `Stage.read`."""
Heard = Callable[[Stage, Sequence[Any], Sequence[Any], float], None]
"""Told of each batch: the stage, what it read in each entry, what it wrote, and the seconds it took."""


class StageAgent(Member):
    """A stage and the partitions of its input that are ours at the moment.

    Args:
        read: Does `Stage.read`, where that is costly; None does it here.
    """

    def __init__(self, stage: Stage, around: Surroundings, *, read: Read | None, heard: Heard) -> None:
        super().__init__(stage.name, stage.input, (*stage.outputs, REJECTED), around)
        self.stage = stage
        self._costly_read, self._heard = read, heard
        self._lines: dict[int, Line] = {}

    def opened(self, ledgers: Mapping[int, Ledger]) -> None:
        self._lines = {p: Line(self.stage, p, ledger) for p, ledger in ledgers.items()}

    async def closed(self) -> None:
        self._lines = {}

    @property
    def positions(self) -> dict[int, int]:
        return {p: line.position for p, line in self._lines.items()}

    async def tick(self, now: datetime) -> None:
        """Write a tick into each of our partitions in which something is due."""
        body = self.stage.input.encode(Tick(at=now))
        ticks = [Sent(self._source, p, None, body) for p, line in self._lines.items() if line.tick_wanted(now)]
        if ticks:
            await self.write(ticks)

    async def take(self, partition: int, messages: Sequence[Any]) -> None:
        for batch in fitting(messages):
            await self._advance(self._lines[partition], batch)

    async def _advance(self, line: Line, messages: Sequence[Any]) -> None:
        """Take in one batch of one partition, and make it last."""
        began = time.perf_counter()
        entries = [self._decode(m) for m in messages]
        reads = await self._read_in(entries)
        batch = line.advance(entries, reads, [m.offset for m in messages])
        written = [msgspec.structs.replace(r, partition=line.partition) if isinstance(r, Rejected) else r for r in batch.written]
        await self.write([self.sent(self.stage.topic_of(r), r) for r in written])
        await self.last(line.partition, line.ledger, batch.rows, batch.position)
        self._heard(self.stage, reads, batch.written, time.perf_counter() - began)

    async def _read_in(self, entries: Sequence[Any]) -> list[Any]:
        """What the stage reads in each entry; None for those in which there is nothing to read, or all if it is not costly."""
        out: list[Any] = [None] * len(entries)
        places = [i for i, e in enumerate(entries) if isinstance(e, self.stage.input.records)]
        if self._costly_read is not None and places:
            for i, read in zip(places, await self._costly_read([entries[i] for i in places]), strict=True):
                out[i] = read
        return out

    def _decode(self, message: Any) -> Any:
        at = datetime.fromtimestamp(message.timestamp, UTC)
        return decoded(self.stage, message.value or b"", at, message.partition, self._counts[self._source])


def fitting(messages: Sequence[Any]) -> list[list[Any]]:
    """Cut *messages* into batches of bounded size."""
    out: list[list[Any]] = []
    size = 0
    for message in messages:
        length = len(message.value or b"")
        size += length
        if not out or size > BATCH_BYTES:
            out.append([])
            size = length
        out[-1].append(message)
    return out
