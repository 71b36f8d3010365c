"""Partitions of a cluster, read as they lie, and changelogs, appended to: for one who is alone with them."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError

from streams.runtime.cluster import ANSWER_SECONDS, ClusterError
from streams.runtime.credentials import access
from streams.runtime.layout import STATE_BYTES
from streams.runtime.ledger import EPOCH, Ledger, Write
from streams.runtime.refusals import explain
from streams.runtime.rekey import Append
from streams.settings import Kafka

ROOM = 64 * 1024
"""Bytes of a request beside its largest record."""
WINDOWS = (2_000, 50_000)
"""Records from the end in which a last commit is looked for before all are read: a batch has hundreds of rows."""


class Logs:
    """A reader and writer of partitions; close it, or use it in a ``with``. It knows the partitions that there were when it was made.

    Every method raises `ClusterError`.
    """

    def __init__(self, kafka: Kafka) -> None:
        self._kafka = kafka
        with self._explained("cannot be reached"):
            given = access(kafka)
            self._consumer = KafkaConsumer(**given, enable_auto_commit=False, max_partition_fetch_bytes=STATE_BYTES + ROOM)
            self._producer = KafkaProducer(**given, acks="all", compression_type="lz4", max_request_size=STATE_BYTES + ROOM)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Leave."""
        self._producer.close(timeout=ANSWER_SECONDS)
        self._consumer.close()

    def read(self, topic: str, partition: int, start: int, end: int) -> Iterator[Any]:
        """The records from offset *start* up to, not including, *end*, as far as they are kept."""
        with self._explained(f"does not let {topic} be read"):
            place = TopicPartition(topic, partition)
            self._consumer.assign([place])
            self._consumer.seek(place, start)
            progress = time.monotonic()
            while (at := self._consumer.position(place)) < end:
                for record in self._consumer.poll(timeout_ms=500).get(place, ()):
                    if record.offset < end:
                        yield record
                if self._consumer.position(place) > at:
                    progress = time.monotonic()
                elif time.monotonic() - progress > ANSWER_SECONDS:
                    raise ClusterError(f"Kafka at {','.join(self._kafka.servers)} does not give {topic}[{partition}] from {at} to {end}")

    def ledger(self, changelog: str, partition: int, start: int, end: int) -> tuple[Ledger, list[Write]]:
        """What a partition of a changelog says, ready to be written on; and what to mend before (see `Ledger.settle`)."""
        ledger = Ledger()
        for record in self.read(changelog, partition, start, end):
            epoch = next((int(value) for name, value in record.headers if name == EPOCH), 0)
            ledger.read(record.offset, record.key, record.value, epoch)
        return ledger, ledger.settle()

    def position(self, changelog: str, partition: int, start: int, end: int) -> int:
        """Offset of the last input entry that a changelog says was taken in; -1 if none was."""
        for window in (*WINDOWS, end - start):
            ledger, _ = self.ledger(changelog, partition, max(start, end - window), end)
            if ledger.position >= 0 or window >= end - start:
                return ledger.position
        return -1

    def append(self, changelog: str, records: Sequence[Append]) -> None:
        """Write *records*, those of one partition in order, and wait until every copy has them."""
        with self._explained(f"does not take what is written to {changelog}"):
            sent = [
                self._producer.send(changelog, r.value, r.key, headers=[(EPOCH, b"%d" % r.epoch)], partition=r.partition) for r in records
            ]
            for future in sent:
                future.get(ANSWER_SECONDS * 2)

    @contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        try:
            yield
        except (KafkaError, OSError) as error:
            raise ClusterError(f"Kafka at {','.join(self._kafka.servers)} {what}: {explain([error], self._kafka)}") from error
