"""A Faust table whose partitions are ledgers: Faust says which are ours, and what a record of a changelog means is the ledger's to say."""

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

import faust
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from faust.types import TP

from streams.runtime.agents.app import MOST_BYTES, BrokerError, raw_topic
from streams.runtime.credentials import access
from streams.runtime.ledger import EPOCH, Ledger, Write
from streams.settings import Kafka

READ_SECONDS = 60.0
"""For the bulk of a changelog; Faust gives the step in which it is read its `request_timeout_ms`, and reads what is left."""
Recovered = Callable[[dict[int, Ledger], dict[int, list[Write]]], None]
"""Told after each recovery: the ledgers of the partitions that are ours, and what each wants to have mended."""


class LedgerTable(faust.Table[bytes, bytes]):
    """The states of one stage, by partition.

    Faust would keep all partitions in one dictionary, in which what a former owner deleted lives on. Here a partition that is
    revoked is dropped whole, and read anew should it come back.

    Args:
        kafka: Where the changelog lies.
        source: The topic whose entries the states are of.
        failed: Told why the states cannot be recovered.

    Attributes:
        read_at: When something of the changelog was last read, by the monotonic clock.
    """

    def __init__(
        self, app: faust.App, kafka: Kafka, source: str, changelog: str, recovered: Recovered, failed: Callable[[Exception], None]
    ) -> None:
        super().__init__(
            app, name="state", key_type=bytes, value_type=bytes, changelog_topic=raw_topic(app, changelog, internal=True, acks=False)
        )
        self._kafka = kafka
        self._ledgers: dict[int, Ledger] = {}
        self._recovered, self._failed = recovered, failed
        self._assigned = False
        self._source = source
        self.read_at = time.monotonic()

    def revoked(self) -> None:
        """Take nothing for recovered until partitions are assigned again."""
        self._assigned = False

    def persisted_offset(self, tp: TP) -> int | None:
        """Offset of the last changelog record that our ledger has read: from there Faust reads on."""
        return self._ledgers[tp.partition].read_to if tp.partition in self._ledgers else None

    def places(self) -> dict[TP, int]:
        """Offset of the first entry not taken in, by partition of the input that is ours."""
        return {TP(self._source, partition): ledger.position + 1 for partition, ledger in self._ledgers.items()}

    def check_ends(self, ends: Mapping[TP, int | None]) -> None:
        """See that the input has what was taken in of it; where it has not, it is not the topic that the states are of."""
        for tp, first in self.places().items():
            end = ends.get(tp)
            if end is not None and end < first:
                self._failed(BrokerError(shortened(tp, first, end, self.changelog_topic_name)))

    async def on_rebalance(self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0) -> None:
        self._assigned = True
        ours = {tp.partition for tp in assigned if tp.topic == self.changelog_topic_name}
        self._ledgers = {p: self._ledgers[p] if p in self._ledgers else Ledger() for p in ours}  # an empty one is false
        await super().on_rebalance(assigned, revoked, newly_assigned, generation_id)

    async def catch_up(self, ends: Mapping[TP, int]) -> dict[TP, int]:
        """Read the changelog as far as *ends*, the offset of the last record by partition, with a consumer of its own.

        Faust would hand on each record by itself, at a tenth of the pace. It reads what is left when the cluster does not answer
        or the time is up.

        Returns:
            Offset of the last record that was read, by partition of which any was.
        """
        behind = {tp: end for tp, end in ends.items() if self._read_to(tp) < end}
        if behind:
            with suppress(KafkaError, OSError):
                await self._read(behind)
        return {tp: at for tp in ends if (at := self._read_to(tp)) >= 0}

    async def _read(self, ends: Mapping[TP, int]) -> None:
        consumer = AIOKafkaConsumer(**access(self._kafka), enable_auto_commit=False, max_partition_fetch_bytes=MOST_BYTES)
        until = time.monotonic() + READ_SECONDS
        try:
            await consumer.start()
            consumer.assign(list(ends))
            for tp, first in (await consumer.beginning_offsets(list(ends))).items():
                consumer.seek(tp, max(first, self._read_to(tp) + 1))
            while time.monotonic() < until and [tp for tp, end in ends.items() if await consumer.position(tp) <= end]:
                for tp, messages in (await consumer.getmany(timeout_ms=500)).items():
                    self._take(m for m in messages if m.offset <= ends[tp])
        finally:
            await consumer.stop()

    def _read_to(self, tp: TP) -> int:
        ledger = self._ledgers.get(tp.partition)
        return -1 if ledger is None else ledger.read_to

    def apply_changelog_batch(self, batch: Iterable[Any]) -> None:
        self._take(event.message for event in batch)

    def _take(self, messages: Iterable[Any]) -> None:
        self.read_at = time.monotonic()
        for message in messages:
            ledger = self._ledgers.get(message.partition)
            if ledger is not None and message.offset > ledger.read_to:
                epoch = next((int(value) for name, value in _pairs(message.headers) if name == EPOCH), 0)
                ledger.read(message.offset, message.key, message.value, epoch)

    async def on_recovery_completed(self, active_tps: set[TP], standby_tps: set[TP]) -> None:
        if not self._assigned:
            return  # a recovery that a revocation has overtaken
        try:
            self._recover(active_tps)
        except Exception as error:  # noqa: BLE001  Faust passes over it, and the worker would wait for ever
            self._failed(error)

    def _recover(self, active_tps: set[TP]) -> None:
        tables: Any = self.app.tables
        ends = tables.recovery.active_highwaters
        for tp in active_tps:
            ledger = self._ledgers[tp.partition]
            if ledger.read_to < ends.get(tp, -1):
                raise BrokerError(f"{tp.topic} was read to {ledger.read_to} of {ends[tp]}; start this worker again")
        ours = {tp.partition: self._ledgers[tp.partition] for tp in active_tps}
        self._recovered(ours, {p: ledger.settle() for p, ledger in ours.items()})


def _pairs(headers: Any) -> Iterable[tuple[str, bytes]]:
    return headers.items() if isinstance(headers, dict) else headers or ()


def shortened(tp: TP, first: int, end: int, changelog: str) -> str:
    """What to say of an input that ends before the place to which it was taken in."""
    return (
        f"{tp.topic}[{tp.partition}] ends at {end}, but {changelog} says that it was taken in up to {first}: it was deleted and made anew, "
        "its brokers lost entries, or `tocsin migrate` has not ended; finish that, begin a new river with another TOCSIN_KAFKA_PREFIX, or "
        "bring the old topics back (docs/operations.md)"
    )
