"""A whole river of real processes on a real broker, in a folder: topics, workers, deliverers, pollers, and when they are at rest."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from kafka import KafkaProducer

from alerts.commands.topics import READERS
from alerts.commands.work import STAGES
from streams.records import Article
from streams.runtime.cluster import Cluster, ClusterError
from streams.runtime.layout import group_name, partition_of, topic_name
from streams.settings import Kafka
from streams.topics import ARTICLES
from tests.real.input import OUTLETS
from tests.real.program import configure
from tests.real.supervised import Supervised

SESSION_SECONDS = 6
QUIET_SECONDS = 2.0
"""Nothing was written for so long: it is at rest."""
RULES = """
rules:
  - {id: anything, title: Anything at all, severity: routine, match: {category: kinetic}, confirm: {owners: 2, within: 6h}}
  - {id: base, title: New airbase under attack, severity: urgent, match: {place_kind: air_base}, novelty: 30d, cooldown: 1min}
  - {id: many-dead, title: Many dead, severity: flash, match: {killed: 20}}
"""


class River:
    """Processes of one river, which has topics of its own.

    Args:
        folder: Empty; its configuration and what each process said lie in it.
        port: Of the webhook receiver, and of the feeds.
    """

    def __init__(self, folder: Path, kafka: Kafka, port: int, *, partitions: int, feeds: int = len(OUTLETS)) -> None:
        self.folder, self.kafka, self.partitions, self.port, self.feeds = folder, kafka, partitions, port, feeds
        self.processes: dict[str, Supervised] = {}
        self._configured = configure(folder, port, [(f"feed-{i}", f"feed-{i}.xml", OUTLETS[i]) for i in range(feeds)], rules=RULES)

    @property
    def environment(self) -> dict[str, str]:
        """What each process is started with."""
        return self._configured | {
            "TOCSIN_KAFKA": ",".join(self.kafka.servers),
            "TOCSIN_KAFKA_PREFIX": self.kafka.prefix,
            "TOCSIN_KAFKA_PARTITIONS": str(self.partitions),
            "TOCSIN_KAFKA_SESSION": str(SESSION_SECONDS),
        }

    def make_topics(self) -> Self:
        """`tocsin topics create`."""
        code = "from alerts.cli import main; main(['topics', 'create'])"
        done = subprocess.run([sys.executable, "-c", code], env=self._whole(), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return self

    def start(self, name: str, *words: str) -> Supervised:
        """Start `tocsin WORDS` under supervision."""
        self.processes[name] = Supervised(self.folder, name, words, self.environment)
        return self.processes[name].start()

    def start_workers(self, count: int) -> Self:
        """Start *count* workers that do everything up to the routes, each detecting in one process, and one that delivers."""
        stages = ",".join(s for s in STAGES if s != "deliver")
        for i in range(count):
            self.start(f"worker-{i}", "work", "--processes", "1", "--stages", stages)
        self.start("deliverer", "deliver")
        return self

    def wait_until_governed(self) -> None:
        """Wait until rules and routes lie in every log that they govern."""
        governed = [topic_name(self.kafka.prefix, s.input) for s in STAGES.values() if s.controls]
        with Cluster(self.kafka) as cluster:
            self.wait_for(lambda: all(min(cluster.ends(topic).values()) > 0 for topic in governed), seconds=120)

    def publish(self, articles: Iterable[Article]) -> None:
        """Write *articles* into their topic, in order."""
        producer = KafkaProducer(bootstrap_servers=list(self.kafka.servers), acks="all", max_request_size=16 * 2**20, linger_ms=5)
        topic = topic_name(self.kafka.prefix, ARTICLES)
        sent = [self._send(producer, topic, a) for a in articles]
        producer.flush(60)
        for future in sent:
            future.get(1)
        producer.close()

    def _send(self, producer: KafkaProducer, topic: str, article: Article) -> Any:
        partition = partition_of(article.id, self.partitions)
        return producer.send(topic, key=article.id.encode(), value=ARTICLES.encode(article), partition=partition)

    def wait_until_at_rest(self, *, seconds: float = 300) -> None:
        """Wait until every group has read its input to the end, and nothing was written for a while."""
        last: dict[str, dict[int, int]] = {}
        since = time.monotonic()

        def at_rest() -> bool:
            nonlocal last, since
            done, ends = self._read_to_the_end()
            if not done or ends != last:
                last, since = ends, time.monotonic()
            return time.monotonic() - since > QUIET_SECONDS

        self.wait_for(at_rest, seconds=seconds, every=0.3)

    def _read_to_the_end(self) -> tuple[bool, dict[str, dict[int, int]]]:
        """Whether every group has read all of its input, and where the inputs end."""
        ends: dict[str, dict[int, int]] = {}
        done = True
        try:
            with Cluster(self.kafka) as cluster:
                for reader, topic in READERS:
                    name = topic_name(self.kafka.prefix, topic)
                    ends[topic.name] = cluster.ends(name)
                    read = cluster.committed(group_name(self.kafka.prefix, reader), name)
                    done = done and all(read.get(partition, 0) >= end for partition, end in ends[topic.name].items())
        except ClusterError:
            done = False
        return done, ends

    def wait_for(self, happened: Callable[[], bool], *, seconds: float = 60, every: float = 0.1) -> None:
        """Wait until *happened*; what the processes said tells why it did not."""
        deadline = time.monotonic() + seconds
        while not happened():
            assert time.monotonic() < deadline, f"not within {seconds} s; {self.lag()}\n{self.words()}"
            time.sleep(every)

    def lag(self) -> str:
        """How far each reader is behind, for people."""
        told: list[str] = []
        try:
            with Cluster(self.kafka) as cluster:
                for reader, topic in READERS:
                    name = topic_name(self.kafka.prefix, topic)
                    read = cluster.committed(group_name(self.kafka.prefix, reader), name)
                    waiting = {p: (read.get(p), end) for p, end in cluster.ends(name).items() if end > read.get(p, 0)}
                    if waiting:
                        told.append(f"{reader}: {waiting}")
        except ClusterError as error:
            return str(error)
        return "; ".join(told) or "no lag"

    def words(self) -> str:
        """The last words of every process."""
        return "\n".join(f"== {p.name}, exits {p.exits}\n{p.words[-9000:]}" for p in self.processes.values())

    def roll(self, names: Sequence[str]) -> None:
        """Restart the processes one by one: SIGTERM, a clean end, a new start."""
        for name in names:
            process = self.processes[name]
            self.wait_for(lambda p=process: p.ready, seconds=180)
            status = process.stop()
            assert status == 0, f"{name} ended with {status}:\n{process.words[-4000:]}"
            process.start()

    def stop(self) -> None:
        """Stop everything in order; all must end well."""
        for process in self.processes.values():
            status = process.stop()
            assert status == 0, f"{process.name} ended with {status}:\n{process.words[-4000:]}"

    def close(self) -> None:
        """End everything in any case."""
        for process in self.processes.values():
            process.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
        if error is not None:
            print(self.words())

    def _whole(self) -> dict[str, str]:
        return os.environ | self.environment
