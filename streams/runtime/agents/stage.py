"""One stage as a Faust agent: its batches read, taken in and made to last, in the order in which nothing can be lost.

Outputs first, then the commit of the states, then their rows, then the acknowledgement of the input. Whatever goes wrong in
between ends the process; whoever starts it again finds the last whole batch and goes on from there.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from streams.records import Tick
from streams.runtime.agents.app import BrokerError, Sent, make_app, partitions_of, producer_of, raw_topic, write
from streams.runtime.agents.line import Line
from streams.runtime.agents.pulse import Pulse
from streams.runtime.agents.table import LedgerTable
from streams.runtime.layout import group_name, partition_of, state_name, topic_name
from streams.runtime.ledger import Ledger, Write
from streams.settings import Kafka
from streams.stages import Stage, decode
from streams.topics import REJECTED, Rejected

BATCH = 256
"""Messages taken at once."""
BATCH_BYTES = 4 * 2**20
"""Likewise in bytes: what a batch changes must fit one commit record."""
WITHIN = 0.02
"""Seconds that a message waits for others."""

Read = Callable[[Stage, Sequence[Any]], Awaitable[Sequence[Any]]]
"""Does `Stage.read` for a batch of entries; see `stages.read_entries`."""
Heard = Callable[[Stage, int, Sequence[Any], float], None]
"""Told of each batch: the stage, how many entries it took, what it wrote, and the seconds it took."""


class StageAgent:
    """A stage, its Faust app and the partitions that are ours at the moment.

    Args:
        read: The costly part.
        fail: Told what makes it impossible to go on.
    """

    def __init__(
        self, stage: Stage, kafka: Kafka, *, read: Read, heard: Heard, pulse: Pulse, fail: Callable[[Exception], None], credentials: Any
    ) -> None:
        self.stage = stage
        self.app = make_app(kafka, group_name(kafka.prefix, stage), credentials)
        self.lines: dict[int, Line] = {}
        self.ready = False
        """Whether partitions were assigned and recovered, if only none."""
        self.worked_at = time.monotonic()
        self._read, self._heard, self._pulse, self._fail = read, heard, pulse, fail
        self._prefix = kafka.prefix
        self._input = topic_name(kafka.prefix, stage.input)
        self._changelog = state_name(kafka.prefix, stage)
        self._counts: dict[str, int] = {}
        self._working = asyncio.Lock()
        self._mending: dict[int, list[Write]] = {}
        self.app.tables.add(LedgerTable(self.app, self._changelog, self._recovered))
        self.app.agent(raw_topic(self.app, self._input), name=stage.name)(self._work)
        self.app.on_partitions_revoked.connect(self._revoked)

    async def check(self) -> None:
        """See that the cluster has every topic that is needed.

        Raises:
            BrokerError: It has not, or a changelog has not as many partitions as the input.
        """
        producer = producer_of(self.app)
        for topic in {self._input, self._changelog, *(topic_name(self._prefix, t) for t in (*self.stage.outputs, REJECTED))}:
            self._counts[topic] = await partitions_of(producer, topic)
        if self._counts[self._input] != self._counts[self._changelog]:
            raise BrokerError(
                f"{self._input} has {self._counts[self._input]} partitions, but {self._changelog} has {self._counts[self._changelog]}; "
                "`tocsin topics check` says more"
            )

    async def tick(self, now: datetime) -> None:
        """Write a tick into each of our partitions in which something is due."""
        wanting = [p for p, line in self.lines.items() if line.tick_wanted(now)]
        body = self.stage.input.encode(Tick(at=now))
        await write(producer_of(self.app), [Sent(self._input, p, None, body) for p in wanting])

    def _recovered(self, ledgers: dict[int, Ledger], mending: dict[int, list[Write]]) -> None:
        self.lines = {p: Line(self.stage, p, ledger) for p, ledger in ledgers.items()}
        self._mending = {p: writes for p, writes in mending.items() if writes}
        self.ready = True

    async def _revoked(self, _app: Any, _revoked: Any, **_: Any) -> None:
        """Let the batch under way be finished, and touch none of the partitions any more."""
        self.ready = False
        async with self._working:
            self.lines = {}

    async def _work(self, stream: Any) -> None:
        async for events in stream.noack_take(BATCH, within=WITHIN):
            try:
                async with self._working:
                    await self._take(events)
            except Exception as error:  # noqa: BLE001  whatever it is, this process must not go on as if the batch were done
                self._fail(error)
                await asyncio.Event().wait()

    async def _take(self, events: Sequence[Any]) -> None:
        by_partition: dict[int, list[Any]] = {}
        for event in events:
            by_partition.setdefault(event.message.partition, []).append(event)
        await asyncio.gather(*(self._take_here(partition, mine) for partition, mine in by_partition.items()))

    async def _take_here(self, partition: int, events: Sequence[Any]) -> None:
        if (line := self.lines.get(partition)) is None:
            return  # revoked meanwhile; whoever has it now reads them
        await self._mend(partition, line)
        for batch in fitting([e for e in events if e.message.offset > line.position]):
            await self._advance(line, batch)
        for event in events:
            event.ack()

    async def _advance(self, line: Line, events: Sequence[Any]) -> None:
        """Take in one batch of one partition, and make it last."""
        began = time.perf_counter()
        await self._no_gap(line, events[0].message.offset)
        entries = [self._decode(e.message) for e in events]
        reads = await self._read(self.stage, entries)
        batch = line.advance(entries, reads, events[-1].message.offset)
        producer, first, rest = producer_of(self.app), *line.ledger.commit(batch.rows, batch.position)
        self._pulse.check()
        await write(producer, [self._sent(record) for record in batch.written])
        self._pulse.check()
        await write(producer, [self._kept(line, first)])
        await write(producer, [self._kept(line, row) for row in rest])
        self.worked_at = time.monotonic()
        self._heard(self.stage, len(entries), batch.written, time.perf_counter() - began)

    def _decode(self, message: Any) -> Any:
        entry = decode(self.stage, message.value or b"", datetime.fromtimestamp(message.timestamp, UTC))
        if isinstance(entry, Rejected):
            return msgspec.structs.replace(entry, partition=message.partition, offset=message.offset)
        return entry

    def _sent(self, record: Any) -> Sent:
        """Where a record goes."""
        topic = self.stage.topic_of(record)
        name, key = topic_name(self._prefix, topic), topic.key(record)
        return Sent(name, partition_of(key, self._counts[name]), key.encode(), topic.encode(record))

    def _kept(self, line: Line, record: Write) -> Sent:
        return Sent(self._changelog, line.partition, *record, epoch=line.ledger.epoch)

    async def _mend(self, partition: int, line: Line) -> None:
        if writes := self._mending.pop(partition, None):
            await write(producer_of(self.app), [self._kept(line, w) for w in writes])

    async def _no_gap(self, line: Line, offset: int) -> None:
        """See that no entry was passed over: offsets follow each other, unless retention took some before we could read them.

        Raises:
            BrokerError: Entries were not delivered to us; a new start reads them.
        """
        if offset == line.position + 1:
            return
        tp = next(tp for tp in self.app.consumer.assignment() if tp.topic == self._input and tp.partition == line.partition)
        first = (await self.app.consumer.earliest_offsets(tp))[tp]
        if offset > max(first, line.position + 1):
            missing = f"{self._input}[{line.partition}]: entries {line.position + 1} to {offset - 1} did not reach us"
            raise BrokerError(f"{missing}; starting anew reads them")


def fitting(events: Sequence[Any]) -> list[list[Any]]:
    """Cut *events* into batches of bounded size."""
    out: list[list[Any]] = []
    size = 0
    for event in events:
        size += len(event.message.value or b"")
        if not out or size > BATCH_BYTES:
            out.append([])
            size = len(event.message.value or b"")
        out[-1].append(event)
    return out
