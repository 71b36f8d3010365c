"""Faust apps as we want them, and the little that we ask of their producers."""

import asyncio
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faust
from aiokafka import AIOKafkaProducer
from yarl import URL

from streams.errors import ExplainedError
from streams.runtime.agents.recovery import OrderlyTables
from streams.runtime.credentials import access
from streams.runtime.ledger import EPOCH
from streams.settings import Kafka

MOST_BYTES = 16 * 2**20
"""The largest record that we write: a rejected article of 5 MB, in JSON."""
BATCH_BYTES = 2**20
"""Of a batch on the wire, before compression; a larger record goes by itself."""


class BrokerError(ExplainedError, RuntimeError):
    """The cluster does not have what we need, or does not take what we write."""


@dataclass(frozen=True)
class Sent:
    """One record on its way to a topic."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    epoch: int | None = None
    """Of a changelog's writer."""


def credentials_of(kafka: Kafka) -> Any:
    """Who we are to the brokers, as Faust takes it; None where they do not ask.

    Raises:
        CredentialsError: A certificate or key cannot be used.
    """
    context = access(kafka).get("ssl_context")
    if kafka.protocol.startswith("SASL"):
        return faust.SASLCredentials(username=kafka.user, password=kafka.password, ssl_context=context, mechanism=kafka.mechanism)
    return faust.SSLCredentials(context) if context is not None else None


def make_app(kafka: Kafka, name: str, credentials: Any = None) -> faust.App:
    """A Faust app of the consumer group *name*: at least once, no topics of its own making, nothing served."""
    return faust.App(
        name,
        datadir=Path(tempfile.gettempdir(), f"tocsin-{name}"),  # made though nothing is kept there; else it lies where we were started
        broker=[URL(f"kafka://{server}") for server in kafka.servers],
        broker_credentials=credentials,
        broker_session_timeout=kafka.session_seconds,
        broker_heartbeat_interval=max(1.0, kafka.session_seconds / 6),
        broker_rebalance_timeout=kafka.session_seconds * 2,
        broker_commit_interval=1.0,
        broker_commit_every=5000,
        broker_max_poll_records=500,
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=MOST_BYTES,
        producer_acks=-1,
        producer_max_batch_size=BATCH_BYTES,
        producer_max_request_size=MOST_BYTES,
        producer_request_timeout=60.0,
        store="memory://",
        stream_buffer_maxsize=1024,
        stream_wait_empty=False,
        stream_recovery_delay=0.0,
        table_standby_replicas=0,
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        autodiscover=False,
        TableManager=OrderlyTables,
    )


def raw_topic(app: faust.App, name: str, **options: Any) -> Any:
    """A topic whose keys and values are bytes."""
    return app.topic(name, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw", allow_empty=True, **options)


def producer_of(app: faust.App) -> AIOKafkaProducer:
    """The producer under the app's: it takes batches that are made by hand, at a quarter of the cost of single records."""
    faust_producer: Any = app.producer
    return faust_producer._ensure_producer()


async def write(producer: AIOKafkaProducer, records: Iterable[Sent]) -> None:
    """Write *records*, those of one partition in order, and wait until all are acknowledged.

    Raises:
        KafkaError: Some of them may not have been written.
    """
    batches: dict[tuple[str, int], list[Sent]] = {}
    for record in records:
        batches.setdefault((record.topic, record.partition), []).append(record)
    await asyncio.gather(*(_append(producer, topic, partition, sent) for (topic, partition), sent in batches.items()))


async def _append(producer: AIOKafkaProducer, topic: str, partition: int, records: Sequence[Sent]) -> None:
    """Append records to one partition, in batches, each acknowledged before the next is sent: what fails leaves a clean cut.

    A batch is taken by the brokers whole or not at all.
    """
    batch = producer.create_batch()
    for r in records:
        if len(r.value or b"") > MOST_BYTES:
            raise BrokerError(f"a record for {topic} has {len(r.value or b'')} bytes; the largest that can be written has {MOST_BYTES}")
        headers = [] if r.epoch is None else [(EPOCH, b"%d" % r.epoch)]
        if batch.append(key=r.key, value=r.value, timestamp=None, headers=headers) is None:  # full; an empty one takes any record
            await (await producer.send_batch(batch, topic, partition=partition))
            batch = producer.create_batch()
            batch.append(key=r.key, value=r.value, timestamp=None, headers=headers)
    await (await producer.send_batch(batch, topic, partition=partition))
