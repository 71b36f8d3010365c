"""A river that began in a state file and goes on on Kafka: it tells what one that never moved tells, wherever the move was killed."""

import asyncio
import io
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from alerts.commands import topics
from alerts.commands.configuration import Configuration, StoreBoard
from alerts.commands.migrate import MigrateError, Plan, fill, laid, migrate
from alerts.commands.river import river as stages_of
from alerts.commands.sample import STORY
from alerts.commands.topics import READERS, TopicsError
from alerts.delivery.dispatch import READER, Dispatch
from alerts.records import Alert, Delivery, Notification, Outcome, Silence
from alerts.topics import ALERTS, DELIVERIES, MATCHES, NOTIFICATIONS
from streams.events.fuse import FUSE
from streams.feeds.memory import FeedMemory
from streams.records import Article, Event, Verdict
from streams.runtime.cluster import Cluster
from streams.runtime.layout import FEEDS, group_name, partition_of, state_name, topic_name
from streams.runtime.local import Local, StoreLog
from streams.runtime.logs import Logs
from streams.runtime.store import Batch, Moved, Store, StoreError
from streams.runtime.store import contents as topics_of
from streams.settings import Kafka, Settings, read_settings
from streams.topics import ARTICLES, EVENTS, MENTIONS, REJECTED, Rejected, Topic
from tests.broker.law import Bench
from tests.builders import a_mention, an_event
from tests.real.input import OUTLETS
from tests.real.law import Memoised, Recorded, assert_law, bodies, contents, record
from tests.real.river import River
from tests.real.supervised import Supervised
from tests.real.workers import Command, wait_for, write_records
from tests.real.world import World, a_world

PARTITIONS = 3
PADDING = 300
"""Records that were set aside, of 100 kB each: so that there is time to be killed in."""
HELD = (MENTIONS, EVENTS, MATCHES, ALERTS, NOTIFICATIONS)


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Told:
    """A sender that reaches everybody, and remembers whom it told what."""

    ids: list[str] = field(default_factory=list)

    async def attempt(self, delivery: Delivery) -> Outcome:
        self.ids.append(delivery.id)
        return Outcome(
            delivery=delivery.id, receiver=delivery.receiver, attempt=delivery.attempt, at=now(), ok=True, detail="204 No Content"
        )  # fmt: skip


class Embedded:
    """The runtime of `tocsin up` on a state file, one article at a time."""

    def __init__(self, settings: Settings, reader: Memoised, began: datetime) -> None:
        self.store = Store(settings.state)
        self.stages = stages_of(reader)
        self.local = Local(self.stages, self.store, now)
        self.told = Told()
        self._board = StoreBoard(self.store, self.stages)
        asyncio.run(Configuration(settings, self._board, lambda _: None, lambda: began).enforce())

    def put(self, *articles: Article) -> None:
        """Have them published by a feed, of which something is remembered."""
        entries = [(ARTICLES.name, a.at, ARTICLES.encode(a)) for a in articles]
        memory = msgspec.json.encode(FeedMemory(current=tuple(a.id for a in articles)))
        self.store.commit(Batch(records=entries, memory={("feed", articles[-1].feed or ""): memory}))

    def decide(self, decision: Silence | Verdict) -> None:
        """Have somebody decide something."""
        asyncio.run(self._board.enforce(decision))

    def flow(self) -> None:
        """Let all flow that waits, but deliver nothing."""
        while self.local.turn():
            pass

    def deliver(self) -> None:
        """Deliver what waits."""
        asyncio.run(self._deliver())
        self.flow()

    async def _deliver(self) -> None:
        sending = asyncio.create_task(Dispatch(StoreLog(self.store, DELIVERIES, READER), self.told).run())
        while self.store.position(READER)[0] < self.store.end(DELIVERIES.name):  # noqa: ASYNC110  an SQLite file tells nobody
            await asyncio.sleep(0.01)
        sending.cancel()

    def all(self, topic: Topic) -> list[Any]:
        """The records of a topic."""
        return [r for _, body in self.store.read(topic.name) if isinstance(r := topic.decode(body), topic.records)]


def news(began: datetime) -> list[Article]:
    """What happens at some places, a second apart: the sample story among it, and a report that is taken back."""
    day = f"{began:%A}"
    texts = [
        STORY[0].text.format(day=day),
        f"Rebels shelled Kharkiv on {day}, killing 25 people.",
        f"Gunmen attacked El Fasher on {day}, killing 7 soldiers.",
        f"An airstrike hit the Shayrat airbase on {day}, killing 3 soldiers.",
        STORY[1].text.format(day=day),
        f"A car bomb exploded in Kunduz on {day}, killing 4 civilians, police said.",
        f"Militants stormed El Fasher on {day} and killed 9 soldiers.",
        "The report was withdrawn.",
        STORY[2].text.format(day=day),
        f"Jets bombed the Shayrat airbase on {day}, killing 5 soldiers, residents said.",
        f"Rebels shelled Bakhmut on {day}, killing 30 people.",
    ]
    out = []
    for i, text in enumerate(texts):
        at, name = began + timedelta(seconds=i), 1 if text.startswith("The report") else i
        out.append(Article(id=f"article-{name}", feed=f"feed-{name}", text=text, outlet=OUTLETS[name % 8], published=at, fetched=at))
    return out


def first_half(of: Embedded, articles: Sequence[Article], began: datetime) -> None:
    """Four articles, and what people decided then."""
    for article in articles[:4]:
        of.put(article)
        of.flow()
        of.deliver()
    (raid,) = {e.id for e in of.all(EVENTS) if isinstance(e, Event) and e.place is not None and "Fasher" in e.place.name}
    of.decide(Verdict(event=raid, accepted=False, by="watch", at=began))
    start, end = began - timedelta(hours=1), began + timedelta(hours=5)
    of.decide(Silence(id="s", at=began, start=start, end=end, by="watch", reason="known", rules=("many-dead",)))
    of.flow()


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as world:
        yield world


@pytest.fixture
def river(tmp_path: Path, kafka_settings: Kafka, world: World) -> Iterator[River]:
    """A river without anything in it."""
    with River(tmp_path / "river", kafka_settings, world.port, partitions=PARTITIONS, feeds=1) as river:
        yield river.make_topics()


def settings_of(river: River, state: Path) -> Settings:
    """Those of a command of *river* on a state file."""
    return read_settings(river.environment | {"TOCSIN_STATE": str(state)})


def padding(rng: random.Random) -> list[Rejected]:
    """What was set aside: large, and no two alike."""
    return [
        Rejected(stage="send", topic=DELIVERIES.name, at=now(), reason="no JSON", stack="", body=rng.randbytes(75_000), offset=None)
        for _ in range(PADDING)
    ]


def everything(kafka: Kafka) -> dict[str, dict[int, list[tuple[bytes | None, bytes]]]]:
    """Key and value of each record of a river, by topic and partition."""
    names = [topic_name(kafka.prefix, name) for name in (*(topic for _, topic in READERS), REJECTED, FEEDS)]
    names += [state_name(kafka.prefix, reader) for reader, _ in READERS]
    found = {name.removeprefix(kafka.prefix): contents(kafka, name) for name in names}
    return {name: {p: [(lying.key, lying.value) for lying in log] for p, log in logs.items()} for name, logs in found.items()}


def killed_carrying(river: River, state: Path, rng: random.Random) -> int:
    """Begin to carry the file, and `kill -9` it in the middle; how many records lie there then."""
    code = "from alerts.cli import main; main(['migrate'])"
    environment = river._whole() | {"TOCSIN_STATE": str(state)}
    with subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()  # it has begun
        time.sleep(rng.uniform(0.0, 0.5))
        process.kill()
    return sum(len(log) for logs in everything(river.kafka).values() for log in logs.values())


def clean(state: Path, river: River, prefix: str) -> dict[str, dict[int, list[tuple[bytes | None, bytes]]]]:
    """What a move of the file that nobody kills makes."""
    settings = settings_of(river, state)
    settings = msgspec.structs.replace(settings, kafka=msgspec.structs.replace(settings.kafka, prefix=prefix))
    assert topics.create(settings, io.StringIO()) == 0
    out = io.StringIO()
    assert migrate(settings, out) == 0
    print(out.getvalue())
    return everything(settings.kafka)


def test_after_the_move_all_goes_on_as_if_there_had_been_none_however_often_it_was_killed(
    tmp_path: Path, river: River, world: World, law: Bench
) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    rng, began, state = random.Random(seed), now() - timedelta(minutes=10), tmp_path / "tocsin.db"
    articles = news(began)

    never_moved = Embedded(settings_of(river, tmp_path / "whole.db"), law.reader, began)
    first_half(never_moved, articles, began)
    for article in articles[4:]:
        never_moved.put(article)
        never_moved.flow()
        never_moved.deliver()
    expected = {topic.name: said(topic, never_moved.all(topic)) for topic in HELD}
    never_moved.store.close()

    before = Embedded(settings_of(river, state), law.reader, began)
    first_half(before, articles, began)
    set_aside = padding(rng)
    before.store.commit(Batch(records=[(REJECTED.name, r.at, REJECTED.encode(r)) for r in set_aside]))
    before.put(articles[4])
    before.flow()  # its deliveries wait
    before.put(articles[5])
    before.local.lines[0].advance()  # its mentions wait
    before.put(articles[6])  # it waits itself
    before.store.close()

    shutil.copy(state, tmp_path / "copy.db")
    whole = clean(tmp_path / "copy.db", river, f"{river.kafka.prefix}-clean")
    most = sum(len(log) for logs in whole.values() for log in logs.values())
    found = [killed_carrying(river, state, rng) for _ in range(4)]
    print(f"of {most} records there were {found} after the kills")
    assert any(0 < records < most for records in found)
    with pytest.raises(StoreError, match=r"was begun to be carried into the topics .* finish that with `tocsin migrate`"):
        Store(state)
    with Store(state, moving=True) as store:
        assert store.moved == Moved(servers=river.kafka.servers, prefix=river.kafka.prefix)
    out = io.StringIO()
    assert migrate(settings_of(river, state), out) == 0
    assert everything(river.kafka) == whole
    with pytest.raises(StoreError, match=r"was carried into the topics .* and the river goes on there"):
        migrate(settings_of(river, state), out)

    river.start_workers(1).wait_until_governed()
    river.wait_until_at_rest()
    for article in articles[7:]:
        river.publish([article])
        river.wait_until_at_rest()
    river.stop()
    recorded = record(river.kafka)
    assert_law(recorded, law.reader, {r.body for r in set_aside})
    for topic in HELD:
        assert said(topic, recorded.all(topic)) == expected[topic.name], topic.name
    alerts = [alert for alert in recorded.all(ALERTS) if isinstance(alert, Alert)]
    assert {alert.change for alert in alerts} >= {"new", "update", "retraction"}
    assert_told_once(recorded, before.told, world)


def said(topic: Topic, records: Sequence[Any]) -> dict[str, set[bytes]]:
    """What the stages said, by identity; outcomes are as late as whoever sends."""
    return bodies(topic, (r for r in records if not isinstance(r, Outcome)))


def assert_told_once(recorded: Recorded, before: Told, world: World) -> None:
    """Whoever was to be told was told, there or here, and nobody twice."""
    notified = {n.id for n in recorded.all(NOTIFICATIONS) if isinstance(n, Notification)}
    told = [*before.ids, *(name for name, _, _ in world.posts)]
    assert sorted(told) == sorted(notified)
    assert before.ids
    assert len(world.posts) > 3
    assert {d.id for d in recorded.all(DELIVERIES) if isinstance(d, Delivery) and d.state == "delivered"} == notified


def test_feeds_are_asked_on_where_tocsin_up_left_them_and_each_entry_is_told_once(
    tmp_path: Path, kafka_settings: Kafka, law: Bench
) -> None:
    state, total = tmp_path / "tocsin.db", 60
    with (
        a_world(total, per_second=3) as world,
        River(tmp_path / "river", kafka_settings, world.port, partitions=PARTITIONS, feeds=1) as river,
    ):
        river.make_topics()
        up = Supervised(tmp_path, "up", ["up"], river.environment | {"TOCSIN_STATE": str(state)}).start()
        river.processes["up"] = up
        river.wait_for(lambda: len(world.posts) > 3)
        assert up.stop() == 0
        shown, there = len(world.posts), topics_of(state)
        assert 0 < there[ARTICLES.name] < total
        out = io.StringIO()
        assert migrate(settings_of(river, state), out) == 0
        assert f"{river.kafka.prefix}.feeds: 1 record, one for each feed that is known" in out.getvalue()
        del river.processes["up"]

        river.start_workers(1).start("poller", "poll")
        river.wait_for(lambda: world.served_all, seconds=60)
        river.wait_until_at_rest()
        river.stop()
        recorded = record(river.kafka)
        assert_law(recorded, law.reader)
        published = [a.guid for a in recorded.all(ARTICLES)]
        assert sorted(published) == sorted(f"entry-{i}" for i in range(total))
        notified = {n.id for n in recorded.all(NOTIFICATIONS) if isinstance(n, Notification)}
        assert len(notified) > shown
        assert sorted(name for name, _, _ in world.posts) == sorted(notified)


def a_state_file(settings: Settings) -> None:
    """One with a few mentions of one place, which fuse has read."""
    with Store(settings.state) as store:
        entries = [(MENTIONS.name, now(), MENTIONS.encode(a_mention(id=f"m{i}", fetched=now()))) for i in range(5)]
        store.commit(Batch(records=entries))
        local = Local((FUSE,), store, now)
        while local.turn():
            pass


def test_a_cluster_that_is_not_ready_is_refused_with_what_to_do_and_the_file_stays_ours(tmp_path: Path, kafka_settings: Kafka) -> None:
    kafka = msgspec.structs.replace(kafka_settings, partitions=PARTITIONS, session_seconds=6)
    settings = msgspec.structs.replace(read_settings({}), state=tmp_path / "tocsin.db", kafka=kafka, kafka_named=True)
    a_state_file(settings)
    with pytest.raises(MigrateError, match=rf"{kafka.prefix}\.articles: missing; run `tocsin topics create`"):
        migrate(settings, io.StringIO())
    assert topics.create(settings, io.StringIO()) == 0
    worker = Command(tmp_path, "worker", kafka, ("work", "--stages", "fuse")).start()
    try:
        wait_for(lambda: bool(members(kafka)), worker)
        with pytest.raises(TopicsError, match=r"fuse: 1 member at work: .*\nstop all pollers and workers, then run this again"):
            migrate(settings, io.StringIO())
        assert worker.stop() == 0
    finally:
        worker.kill()
    wait_for(lambda: not members(kafka))
    write_records(kafka, EVENTS, [an_event()], PARTITIONS)
    with pytest.raises(MigrateError) as caught:
        migrate(settings, io.StringIO())
    place, *_, advice = str(caught.value).splitlines()
    where = partition_of(an_event().id, PARTITIONS)
    assert place.startswith(f"{kafka.prefix}.events: partition {where} is not empty, and what lies there is not the beginning")
    assert "to begin again: delete all topics of this prefix" in advice
    with Store(settings.state) as store:
        assert store.moved is None


def members(kafka: Kafka) -> dict[str, list[str]]:
    """Who is at work on fuse."""
    with Cluster(kafka) as cluster:
        return cluster.members([group_name(kafka.prefix, FUSE)])


def test_who_starts_before_all_is_carried_ends_with_what_to_do(tmp_path: Path, kafka_settings: Kafka) -> None:
    kafka = msgspec.structs.replace(kafka_settings, partitions=PARTITIONS, session_seconds=6)
    settings = msgspec.structs.replace(read_settings({}), state=tmp_path / "tocsin.db", kafka=kafka, kafka_named=True)
    a_state_file(settings)
    assert topics.create(settings, io.StringIO()) == 0
    with Store(settings.state) as store, Cluster(kafka) as cluster, Logs(kafka) as logs:
        for filling in Plan(store, kafka.prefix, laid(settings, cluster)).fillings()[: len(READERS)]:
            fill(filling, {}, logs, io.StringIO())
    worker = Command(tmp_path, "worker", kafka, ("work", "--stages", "fuse")).start()
    try:
        assert worker.ended() == 1
    finally:
        worker.kill()
    assert "ends at 0, but" in worker.said
    assert "or `tocsin migrate` has not ended; finish that" in worker.said
    assert migrate(settings, io.StringIO()) == 0
