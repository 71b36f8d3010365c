"""The river on Kafka, with its broker on the same cores: how much passes, how soon an alert arrives, how long a worker takes to come back.

Each figure stands beside a plain aiokafka consumer of the same topic in the same run.
"""

import asyncio
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import psutil
from aiokafka import AIOKafkaConsumer, TopicPartition
from kafka import KafkaProducer

from alerts.commands.topics import beds
from alerts.records import Notification
from alerts.topics import MATCHES, NOTIFICATIONS
from bench.news import articles
from streams.records import Mention
from streams.runtime.cluster import Cluster
from streams.runtime.layout import group_name, partition_of, topic_name
from streams.settings import Kafka, Settings, read_settings
from streams.topics import ARTICLES, EVENTS, MENTIONS, Topic
from tests.real.kafka import Broker
from tests.real.program import configure
from tests.real.world import World, a_world
from tests.streams.flow import Flow

Figure = tuple[str, str, str, str]
PARTITIONS = 4
ARTICLES_READ = 20_000
MENTIONS_FUSED = 20_000
STATES = 112_000
"""Mentions that make 100,000 events."""
PER_SECOND = 50
SECONDS = 60
FEEDS = 10
"""That bring them, each polled every second in its turn."""
KEPT = 300
"""Entries in the document of one feed that brings them all; real ones hold 10 to 80."""
A_MILLION = int(os.environ.get("TOCSIN_BENCH_ARTICLES", "1000000"))


class River:
    """One river on a broker, and the processes that work on it."""

    def __init__(self, broker: Broker, name: str, folder: Path, port: int = 9, feeds: int = 1) -> None:
        self.folder = folder / name
        sources = [(f"world-{i}", f"feed-{i}.xml", f"World Wire {i}") for i in range(feeds)]
        self.environment = configure(self.folder, port, sources) | {
            "TOCSIN_KAFKA": broker.address,
            "TOCSIN_KAFKA_PREFIX": name,
            "TOCSIN_KAFKA_PARTITIONS": str(PARTITIONS),
        }
        self.settings: Settings = read_settings(self.environment)
        with Cluster(self.kafka) as cluster:
            cluster.create(beds(self.settings))

    @property
    def kafka(self) -> Kafka:
        """How the broker is reached."""
        return self.settings.kafka

    def name(self, topic: Topic) -> str:
        """Of a topic in the cluster."""
        return topic_name(self.kafka.prefix, topic)

    def put(self, topic: Topic, records: Iterable[Any]) -> int:
        """Write *records* into *topic*; say how many."""
        producer = KafkaProducer(bootstrap_servers=list(self.kafka.servers), acks="all", compression_type="lz4", linger_ms=20)
        count = 0
        for count, record in enumerate(records, start=1):  # noqa: B007  the count of all is wanted
            key = topic.key(record)
            producer.send(self.name(topic), topic.encode(record), key=key.encode(), partition=partition_of(key, PARTITIONS))
        producer.flush()
        producer.close()
        return count

    @contextmanager
    def working(self, *words: str) -> Iterator["subprocess.Popen[bytes]"]:
        """One process of the river, until the block ends."""
        code = f"from alerts.cli import main; main({list(words)!r})"
        with (self.folder / f"{words[0]}.txt").open("ab") as out:
            process = subprocess.Popen([sys.executable, "-c", code], env=os.environ | self.environment, stdout=out, stderr=out)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(40)
            except subprocess.TimeoutExpired:
                process.kill()

    def done(self, reader: str, topic: Topic) -> int:
        """How many entries of *topic* a reader has given back as done."""
        with Cluster(self.kafka) as cluster:
            return sum(cluster.committed(group_name(self.kafka.prefix, reader), self.name(topic)).values())

    def pace(self, reader: str, topic: Topic, total: int) -> float:
        """Entries a second that *reader* takes in, from its first commit to its last."""
        with Cluster(self.kafka) as cluster:
            group, name = group_name(self.kafka.prefix, reader), self.name(topic)
            first: tuple[float, int] | None = None
            deadline = time.monotonic() + 600
            while time.monotonic() < deadline:
                done, now = sum(cluster.committed(group, name).values()), time.monotonic()
                if done and first is None:
                    first = now, done
                if done >= total and first is not None:
                    return (done - first[1]) / max(now - first[0], 1e-9)
                time.sleep(0.2)
        raise TimeoutError(f"{reader} has taken in {done} of {total}: {self.words()}")

    def words(self) -> str:
        """The last that each process said."""
        return "\n".join(f"{p.name}: {p.read_text()[-1500:]}" for p in sorted(self.folder.glob("*.txt")))

    def plain_count(self, topic: Topic) -> int:
        """How many entries lie in *topic*."""
        with Cluster(self.kafka) as cluster:
            return sum(cluster.ends(self.name(topic)).values())

    def plain(self, topic: Topic) -> float:
        """Entries a second that a plain consumer reads of the whole topic."""
        return asyncio.run(self._plain(self.name(topic)))

    async def _plain(self, topic: str) -> float:
        began, count = time.perf_counter(), 0
        async for batch in self.batches(topic):
            count += len(batch)
        return count / (time.perf_counter() - began)

    async def batches(self, topic: str) -> AsyncIterator[Sequence[Any]]:
        """The messages of a whole topic, as a plain consumer gets them."""
        consumer = AIOKafkaConsumer(bootstrap_servers=list(self.kafka.servers), auto_offset_reset="earliest", enable_auto_commit=False)
        await consumer.start()
        try:
            parts = [TopicPartition(topic, p) for p in range(PARTITIONS)]
            consumer.assign(parts)
            count, total = 0, sum((await consumer.end_offsets(parts)).values())
            while count < total:
                for batch in (await consumer.getmany(timeout_ms=1000)).values():
                    count += len(batch)
                    yield batch
        finally:
            await consumer.stop()


def figures() -> Iterator[Figure]:
    """Each figure: what, how much, beside what, ratio."""
    with tempfile.TemporaryDirectory() as folder, Broker() as broker:
        for measure in (detecting, fusing, arriving, arriving_at_once, recovering, remembering):
            yield from measure(broker, Path(folder))


def detecting(broker: Broker, folder: Path) -> Iterator[Figure]:
    """One worker that detects in one process."""
    river = River(broker, "detecting", folder)
    total = river.put(ARTICLES, articles(ARTICLES_READ))
    with river.working("work", "--stages", "detect", "--processes", "1"):
        ours = river.pace("detect", ARTICLES, total)
    yield beside("one detect worker, ordinary articles", ours, "articles/s", river.plain(ARTICLES))


def fusing(broker: Broker, folder: Path) -> Iterator[Figure]:
    """One worker from mentions to alerts."""
    river = River(broker, "fusing", folder)
    total = river.put(MENTIONS, recent(Flow(MENTIONS_FUSED, places=500, keys=50, hours=4)))
    with river.working("work", "--stages", "fuse,select,judge,route"):
        fused = river.pace("fuse", MENTIONS, total)
        matches = river.done("judge", MATCHES)
    yield beside(f"one worker, fuse to route, {total} mentions ({matches} matches judged)", fused, "mentions/s", river.plain(MENTIONS))


def recent(mentions: Iterable[Mention]) -> Iterator[Mention]:
    """The same mentions, the first of them of four hours ago."""
    shift: timedelta | None = None
    for m in mentions:
        shift = shift or datetime.now(UTC) - timedelta(hours=4) - m.fetched
        occurred = m.occurred and msgspec.structs.replace(m.occurred, start=m.occurred.start + shift, end=m.occurred.end + shift)
        yield msgspec.structs.replace(m, fetched=m.fetched + shift, published=m.published + shift, occurred=occurred)


def arriving(broker: Broker, folder: Path) -> Iterator[Figure]:
    """From the poll that brings an article to the webhook: from ten feeds, one article in ten of war."""
    texts = [a.text for a in articles(PER_SECOND * SECONDS)]
    with a_world(PER_SECOND * SECONDS, per_second=PER_SECOND, texts=texts, feeds=FEEDS) as world:
        yield from _arriving(River(broker, "arriving", folder, world.port, feeds=FEEDS), world, f"from {FEEDS} feeds")


def arriving_at_once(broker: Broker, folder: Path) -> Iterator[Figure]:
    """The same where one feed brings every second's articles at once, and each changes an alert."""
    with a_world(PER_SECOND * SECONDS, per_second=PER_SECOND, kept=KEPT) as world:
        yield from _arriving(River(broker, "at-once", folder, world.port), world, "of war, all at once")


def _arriving(river: River, world: World, how: str) -> Iterator[Figure]:
    with (
        river.working("work", "--stages", "detect", "--processes", "1"),
        river.working("work", "--stages", "fuse,select,judge,route"),
        river.working("deliver"),
        river.working("poll"),
    ):
        until(lambda: world.served_all and quiet(world), 240, river.words)
    fetched = {n.id: n.at.timestamp() for n in river_notifications(river)}
    waits = sorted(when - fetched[name] for name, _, when in first_posts(world) if name in fetched)
    plain = river.plain(NOTIFICATIONS)
    for name, share in (("p50", 50), ("p99", 99)):
        ours = statistics.quantiles(waits, n=100, method="inclusive")[share - 1]
        what = f"poll to webhook at {PER_SECOND} articles/s {how}, {name} of {len(waits)} alerts"
        yield what, f"{ours * 1000:.0f} ms", f"a plain consumer takes {1000 / plain:.2f} ms an entry", f"{ours * plain:.0f}"


def first_posts(world: World) -> list[tuple[str, bytes, float]]:
    """The first POST of each notification."""
    seen: dict[str, tuple[str, bytes, float]] = {}
    for post in world.posts:
        seen.setdefault(post[0], post)
    return list(seen.values())


def quiet(world: World) -> bool:
    """Whether nothing was posted for three seconds."""
    return bool(world.posts) and time.time() - world.posts[-1][2] > 3


def river_notifications(river: River) -> list[Any]:
    """Every notification in the river."""
    return [n for n in asyncio.run(everything(river, NOTIFICATIONS)) if isinstance(n, Notification)]


async def everything(river: River, topic: Topic) -> list[Any]:
    """All records of a topic, ticks and copies apart."""
    read = [topic.decode(message.value) async for batch in river.batches(river.name(topic)) for message in batch]
    return [r for r in read if isinstance(r, topic.records)]


def recovering(broker: Broker, folder: Path) -> Iterator[Figure]:
    """A worker with the state of 100,000 events, killed and started again, until it works on what came meanwhile."""
    river = River(broker, "recovering", folder)
    total = river.put(MENTIONS, recent(Flow(STATES, places=STATES // 2, keys=200, hours=4, revised=0.0, copied=0.0)))
    with river.working("work", "--stages", "fuse") as process:
        river.pace("fuse", MENTIONS, total)
        time.sleep(2)
        process.kill()
        process.wait()
    events = river.plain_count(EVENTS)
    more = river.put(MENTIONS, recent(Flow(100, places=50, keys=4, hours=1, seed=8)))
    began = time.monotonic()
    with river.working("work", "--stages", "fuse"):
        until(lambda: river.done("fuse", MENTIONS) >= total + more, 300, river.words)
        ours = time.monotonic() - began
    plain = river.plain(MENTIONS)
    yield (
        f"a killed fuse worker with {events} events works again",
        f"{ours:.1f} s",
        f"a plain consumer reads its input in {total / plain:.1f} s",
        f"{ours * plain / total:.1f}",
    )


def remembering(broker: Broker, folder: Path) -> Iterator[Figure]:
    """Memory of a detect worker while many articles pass: at a tenth of them, and at the end."""
    river = River(broker, "remembering", folder)
    sizes: list[tuple[int, float]] = []
    with river.working("work", "--stages", "detect", "--processes", "1") as process:
        done = 0
        while done < A_MILLION:
            step = min(20_000, A_MILLION - done)
            river.put(ARTICLES, articles(step, start=done, every=timedelta(seconds=30)))
            done += step
            until(lambda wanted=done: river.done("detect", ARTICLES) >= wanted, 300, river.words)
            tree = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
            sizes.append((done, sum(p.memory_info().rss for p in tree) / 1e6))
    early = next(size for count, size in sizes if count >= A_MILLION / 10)
    yield (
        f"memory of a detect worker after {A_MILLION} articles",
        f"{sizes[-1][1]:.0f} MB",
        f"after {A_MILLION // 10}: {early:.0f} MB",
        f"{sizes[-1][1] / early:.2f}",
    )


def beside(what: str, ours: float, unit: str, plain: float) -> Figure:
    """A pace beside the plain consumer's."""
    return what, f"{ours:,.0f} {unit}", f"a plain consumer: {plain:,.0f}/s", f"{ours / plain:.3f}"


def until(holds: Callable[[], bool], seconds: float, words: Callable[[], str]) -> None:
    """Wait until *holds*."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(words())
        time.sleep(0.2)
