"""The real `tocsin work`, `tocsin deliver` and other commands on a broker, as processes of their own; and what lies in the topics then."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from streams.runtime.credentials import access
from streams.runtime.layout import partition_of, topic_name
from streams.settings import Kafka
from streams.topics import Topic

LOUD = "import logging; logging.basicConfig(level=logging.DEBUG); "


def environment_of(kafka: Kafka) -> dict[str, str]:
    """The variables that say *kafka*."""
    said = {
        "": ",".join(kafka.servers),
        "_PREFIX": kafka.prefix,
        "_PROTOCOL": kafka.protocol,
        "_CA": kafka.ca,
        "_CERTIFICATE": kafka.certificate,
        "_KEY": kafka.key,
        "_MECHANISM": kafka.mechanism,
        "_USER": kafka.user,
        "_PASSWORD": kafka.password,
        "_PARTITIONS": kafka.partitions,
        "_REPLICATION": kafka.replication,
        "_SESSION": kafka.session_seconds,
    }
    return {f"TOCSIN_KAFKA{name}": str(value) for name, value in said.items() if value}


@dataclass
class Command:
    """One `tocsin` with some words; what it says goes to ``NAME.txt``.

    Attributes:
        loud: Whether its libraries log all that they can.
        supervised: Whether it is started again, while it is waited for, when it has ended by itself.
    """

    folder: Path
    name: str
    kafka: Kafka
    words: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    loud: bool = False
    supervised: bool = False
    process: "subprocess.Popen[bytes]" = field(init=False)

    def start(self) -> Self:
        """Start it."""
        environment = os.environ | environment_of(self.kafka) | {"TOCSIN_METRICS": "127.0.0.1:0"} | self.environment
        code = f"{LOUD if self.loud else ''}from alerts.cli import main; main({list(self.words)!r})"
        with (self.folder / f"{self.name}.txt").open("ab") as out:
            self.process = subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=out, stderr=out)
        return self

    @property
    def said(self) -> str:
        """All that it said."""
        return (self.folder / f"{self.name}.txt").read_text()

    def stop(self, seconds: float = 40) -> int:
        """SIGTERM; the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def ended(self, seconds: float = 60) -> int:
        """Wait for its end; the exit status."""
        return self.process.wait(seconds)

    def kill(self) -> None:
        """`kill -9`, if it still runs."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    @property
    def pages(self) -> str:
        """Address of its metrics and health."""
        found = re.search(r"health on (http://[^/]+)/", self.said)
        assert found, self.said
        return found[1]


def wait_for(happened: Callable[[], bool], *commands: Command, seconds: float = 60) -> None:
    """Wait until *happened*; what the commands said tells why it did not."""
    deadline = time.monotonic() + seconds
    while not happened():
        said = "\n".join(f"{c.name}: {c.said[-3000:]}" for c in commands)
        assert time.monotonic() < deadline, said
        for ended in [c for c in commands if c.process.poll() is not None]:
            assert ended.supervised, said
            ended.start()
        time.sleep(0.1)


def write_records(kafka: Kafka, topic: Topic, records: list[Any], partitions: int) -> None:
    """Write *records* where they belong, acknowledged."""
    producer = KafkaProducer(**access(kafka), max_request_size=16_000_000)
    name = topic_name(kafka.prefix, topic)
    sent = [producer.send(name, topic.encode(r), topic.key(r).encode(), partition=partition_of(topic.key(r), partitions)) for r in records]
    for future in sent:
        future.get(30)
    producer.close()


def logs_of(kafka: Kafka, topic: str) -> dict[int, list[Any]]:
    """All records of a topic as the consumer gives them, by partition."""
    consumer = KafkaConsumer(**access(kafka), auto_offset_reset="earliest", max_partition_fetch_bytes=32_000_000)
    try:
        places = [TopicPartition(topic, p) for p in sorted(consumer.partitions_for_topic(topic) or ())]
        out: dict[int, list[Any]] = {}
        for place in places:
            consumer.assign([place])
            end, out[place.partition] = consumer.end_offsets([place])[place], []
            consumer.seek_to_beginning(place)
            while consumer.position(place) < end:
                for records in consumer.poll(500).values():
                    out[place.partition] += records
        return out
    finally:
        consumer.close()


def records_of(kafka: Kafka, topic: Topic) -> list[Any]:
    """All records of a topic of the river, partition by partition, with ticks and control copies."""
    return [topic.decode(r.value) for log in logs_of(kafka, topic_name(kafka.prefix, topic)).values() for r in log]
