"""The broker of the tests itself: what the other tests take for granted."""

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic

from tests.real.kafka import AnyBroker

BIG = b"x" * 5_000_000


def write(address: str, topic: str, value: bytes) -> None:
    """Write one record, acknowledged."""
    producer = KafkaProducer(bootstrap_servers=address, max_request_size=2 * len(BIG))
    producer.send(topic, value).get(20)
    producer.close()


def everything(address: str, topic: str) -> list[bytes]:
    """All records of the one partition of *topic*."""
    partition = TopicPartition(topic, 0)
    consumer = KafkaConsumer(bootstrap_servers=address, auto_offset_reset="earliest", max_partition_fetch_bytes=2 * len(BIG))
    consumer.assign([partition])
    end = consumer.end_offsets([partition])[partition]
    found: list[bytes] = []
    while consumer.position(partition) < end:
        found += [r.value for records in consumer.poll(500).values() for r in records]
    consumer.close()
    return found


@pytest.fixture
def topic(kafka: AnyBroker, river_prefix: str) -> str:
    """A topic of one partition."""
    admin = KafkaAdminClient(bootstrap_servers=kafka.address)
    admin.create_topics([NewTopic(f"{river_prefix}.one", 1, 1)])
    admin.close()
    return f"{river_prefix}.one"


def test_a_record_of_5_megabytes_passes(kafka: AnyBroker, topic: str) -> None:
    write(kafka.address, topic, BIG)
    assert everything(kafka.address, topic) == [BIG]


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_what_was_acknowledged_is_there_after_the_broker_was_ended_and_restarted(kafka: AnyBroker, topic: str, end: str) -> None:
    write(kafka.address, topic, b"before")
    getattr(kafka, end)()
    kafka.restart()
    write(kafka.address, topic, b"after")
    assert everything(kafka.address, topic) == [b"before", b"after"]
