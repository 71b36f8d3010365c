"""The real `tocsin poll`, as many processes as wanted, on a world of tests/real/world and a broker; and what they wrote."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

from kafka import KafkaConsumer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic

from streams.records import Article
from streams.runtime.layout import layout, topic_name
from streams.settings import Kafka
from streams.topics import ARTICLES

SESSION_SECONDS = 6


@dataclass
class PollerProgram:
    """One `tocsin poll`; its words go to ``NAME.txt``."""

    folder: Path
    name: str
    kafka: Kafka
    port: int
    """Of the world."""
    feeds: int = 8
    session_seconds: int = SESSION_SECONDS
    process: "subprocess.Popen[bytes]" = field(init=False)

    def start(self) -> Self:
        """Start it."""
        environment = os.environ | {
            "TOCSIN_FEEDS": str(list_of_feeds(self.folder, self.port, self.names)),
            "TOCSIN_KAFKA": ",".join(self.kafka.servers),
            "TOCSIN_KAFKA_PREFIX": self.kafka.prefix,
            "TOCSIN_KAFKA_SESSION": str(self.session_seconds),
            "TOCSIN_METRICS": "127.0.0.1:0",
        }
        code = "from alerts.cli import main; main(['poll'])"
        with (self.folder / f"{self.name}.txt").open("ab") as out:
            self.process = subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=out, stderr=out)
        return self

    @property
    def names(self) -> list[str]:
        """Of the feeds."""
        return [f"feed-{i}" for i in range(self.feeds)]

    @property
    def words(self) -> str:
        """All that it said."""
        return (self.folder / f"{self.name}.txt").read_text()

    @property
    def share(self) -> int:
        """How many feeds it polls, by its last word on that."""
        said = re.findall(rf"polls (\d+) of {self.feeds} feeds", self.words)
        return int(said[-1]) if said else 0

    @property
    def pages(self) -> str:
        """Address of its metrics and health."""
        found = re.search(r"health on (http://[^/]+)/", self.words)
        assert found, self.words
        return found[1]

    def send(self, sign: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(sign)

    def ended(self, seconds: float = 30) -> int:
        """Wait for its end; the exit status."""
        return self.process.wait(seconds)

    def close(self) -> None:
        """End it in any case."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def list_of_feeds(folder: Path, port: int, names: list[str]) -> Path:
    """Write a list of feeds that the world on *port* serves."""
    path = folder / "feeds.toml"
    path.write_text(
        "".join(
            f'[[feed]]\nname = "{name}"\nurl = "http://127.0.0.1:{port}/{name}.xml"\noutlet = "World Wire"\n'
            "every_seconds = 1\nallow_internal = true\nsample = true\n"
            for name in names
        )
    )
    return path


def make_topics(kafka: Kafka, partitions: int = 6) -> None:
    """The topics of a river that has nobody but pollers yet."""
    beds = layout(kafka.prefix, [("detect", ARTICLES)], partitions=partitions, replication=1, retention=timedelta(days=1))
    admin = KafkaAdminClient(bootstrap_servers=list(kafka.servers))
    admin.create_topics([NewTopic(bed.name, bed.partitions, bed.replication, topic_configs=bed.config) for bed in beds])
    admin.close()


def everything(kafka: Kafka, topic: str) -> Iterator[Any]:
    """All records of a topic, partition by partition."""
    consumer = KafkaConsumer(
        bootstrap_servers=list(kafka.servers), auto_offset_reset="earliest", max_partition_fetch_bytes=16 * 1024 * 1024
    )
    try:
        places = [TopicPartition(topic, p) for p in sorted(consumer.partitions_for_topic(topic) or ())]
        for place in places:
            consumer.assign([place])
            end = consumer.end_offsets([place])[place]
            consumer.seek_to_beginning(place)
            while consumer.position(place) < end:
                for records in consumer.poll(500).values():
                    yield from records
    finally:
        consumer.close()


def articles(kafka: Kafka) -> list[Article]:
    """All that was published, in the order of each partition."""
    return [ARTICLES.decode(record.value) for record in everything(kafka, topic_name(kafka.prefix, ARTICLES))]
