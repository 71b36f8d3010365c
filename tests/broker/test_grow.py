"""A river that gets more partitions: events, alerts and deliveries go on as if it had always had them, wherever the growing was killed."""

import io
import random
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient

from alerts.commands import topics
from alerts.commands.grow import grow
from alerts.commands.topics import READERS, TopicsError
from alerts.desk import STAGES
from alerts.records import Outcome
from alerts.topics import ALERTS, DELIVERIES, MATCHES, NOTIFICATIONS
from streams.events.fuse import FUSE
from streams.records import Mention, Place, Tick
from streams.runtime.cluster import Cluster
from streams.runtime.credentials import access
from streams.runtime.layout import group_name, partition_of, state_name, topic_name
from streams.runtime.logs import Logs
from streams.runtime.replay import outputs_of
from streams.settings import Kafka, Settings, read_settings
from streams.stages import Stage
from streams.topics import ARTICLES, MENTIONS, ControlCopy, Topic
from tests.broker.test_cluster import doctor
from tests.builders import a_mention, an_article
from tests.real.program import RULES, SECRET
from tests.real.workers import Command, logs_of, wait_for, write_records
from tests.real.world import World, a_world

FEW, MANY = 3, 7
NEW = dict.fromkeys(range(FEW, MANY), 0)
PLACES = 40
RIVER = (FUSE, *STAGES)


class River:
    """A river of its own on the broker, with its files, workers and receivers."""

    def __init__(self, folder: Path, kafka: Kafka, world: World) -> None:
        self.folder, self.world, self.commands = folder, world, list[Command]()
        self.kafka = msgspec.structs.replace(kafka, partitions=FEW, session_seconds=6)
        (folder / "rules").mkdir()
        (folder / "rules" / "rules.yaml").write_text(RULES)
        (folder / "receivers.yaml").write_text(
            "receivers:\n"
            + "".join(
                f"  - {{id: hook-{i}, channel: webhook, url: 'http://127.0.0.1:{world.port}/{i}', secret_env: TOCSIN_TEST_SECRET}}\n"
                for i in range(4)
            )
            + "routes:\n  - {receivers: [hook-0, hook-1, hook-2, hook-3]}\n"
        )
        assert topics.create(self.settings, io.StringIO()) == 0

    @property
    def settings(self) -> Settings:
        """Those of a command of this river."""
        return msgspec.structs.replace(read_settings({}), kafka=self.kafka, kafka_named=True)

    def begin(self, name: str, *words: str) -> Command:
        """Start a command."""
        environment = {
            "TOCSIN_RULES": str(self.folder / "rules"),
            "TOCSIN_RECEIVERS": str(self.folder / "receivers.yaml"),
            "TOCSIN_TEST_SECRET": SECRET,
            "TOCSIN_WEBHOOK_ALLOW": "127.0.0.1/32",
        }
        self.commands.append(Command(self.folder, name, self.kafka, words, environment).start())
        return self.commands[-1]

    def work(self, workers: int) -> list[Command]:
        """Start what flows from mentions on."""
        stages = ("work", "--stages", "fuse,select,judge,route")
        started = [self.begin("sender", "deliver"), *(self.begin(f"worker-{i}", *stages) for i in range(workers))]
        for command in started:
            command.supervised = True
        return started[::-1]

    def is_governed(self, *workers: Command) -> None:
        """Wait until rules and routes lie in every partition that they govern."""
        for topic in (MATCHES, ALERTS):
            wait_for(lambda t=topic: all(log and isinstance(log[0], ControlCopy) for log in self.entries(t).values()), *workers)

    def positions(self, reader: str) -> dict[int, int]:
        """Offset of the first entry that *reader* has not taken in, by partition."""
        changelog = state_name(self.kafka.prefix, reader)
        with Cluster(self.kafka) as cluster, Logs(self.kafka) as logs:
            starts, ends = cluster.starts(changelog), cluster.ends(changelog)
            return {p: logs.position(changelog, p, starts[p], ends[p]) + 1 for p in starts}

    def waits(self) -> list[str]:
        """What `tocsin doctor` says that waits."""
        said = doctor(self.settings)
        assert said["topics"].endswith("as they should be"), said
        return [f"{name}: {words}" for name, words in said.items() if name.startswith("lag of") and not words.startswith("nothing waits")]

    def flows_out(self, workers: Sequence[Command]) -> None:
        """Wait until all is taken in and delivered, then stop the workers in the order of the river."""
        wait_for(lambda: not self.waits(), *workers, seconds=120)
        for worker in workers:
            worker.stop()
        with Cluster(self.kafka) as cluster:  # one that had failed is forgotten after its session
            wait_for(lambda: not cluster.members([group_name(self.kafka.prefix, reader) for reader, _ in READERS]))

    def entries(self, topic: Topic) -> dict[int, list[Any]]:
        """What lies in a topic, by partition."""
        return {p: [topic.decode(r.value) for r in log] for p, log in logs_of(self.kafka, topic_name(self.kafka.prefix, topic)).items()}

    def close(self) -> None:
        """Kill what still runs."""
        for command in self.commands:
            command.kill()


@pytest.fixture
def river(tmp_path: Path, kafka_settings: Kafka) -> Iterator[River]:
    """A river of few partitions."""
    with a_world(0, per_second=1) as world:
        river = River(tmp_path, kafka_settings, world)
        yield river
        river.close()


def mentions(wave: int, count: int) -> list[Mention]:
    """*count* mentions of what goes on at many places, each place in a division of its own, from ever other outlets."""
    now = datetime.now(UTC)
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    out = []
    for i in range(count):
        n, owner = i % PLACES, f"outlet-{wave}-{i // PLACES}"
        place = Place(
            id=f"place:{n}", name=f"Field {n}", kind="air_base", lat=30.0 + n, lon=30.0, radius_km=2.0, country="SY", country_name="Syria",
            admin1=f"Division {n}", admin1_code=f"SY.{n}", mgrs="37SCU7420",
        )  # fmt: skip
        base = a_mention(place=place)
        assert base.occurred is not None
        occurred = msgspec.structs.replace(base.occurred, start=day, end=day + timedelta(days=1))
        article = f"{wave}-{i}"
        out.append(
            msgspec.structs.replace(
                base, id=f"m-{article}", article=article, fetched=now, published=now, occurred=occurred, outlet=owner, owner=owner
            )
        )
    return out


def logs_by_key(stage: Stage, log: dict[int, list[Any]], grown: dict[int, int], ended: dict[int, int]) -> dict[str, list[Any]]:
    """What each key of *stage* has met: its old partition as far as it was taken in before the growth, then its new one from there on."""
    keys = {stage.input.key(e) for entries in log.values() for e in entries if isinstance(e, stage.input.records)}
    out = {}
    for key in keys:
        old, new = partition_of(key, FEW), partition_of(key, MANY)
        met = [*log[old][: grown[old]], *log[new][grown.get(new, 0) : ended[new]]]
        out[key] = [e for e in met if isinstance(e, Tick | ControlCopy) or stage.input.key(e) == key]
    return out


def assert_law(river: River, grown: dict[str, dict[int, int]]) -> None:
    """Every output is what the stage gives for what its key has met, and lies where it should."""
    for stage in RIVER:
        (output,) = stage.outputs
        met = logs_by_key(stage, river.entries(stage.input), grown[stage.name], river.positions(stage.name))
        expected = {output.identity(r): r for log in met.values() for r in outputs_of(stage, log)}
        there = [r for log in river.entries(output).values() for r in log if not isinstance(r, Tick | ControlCopy | Outcome)]
        written = {output.identity(r): r for r in there}
        assert written.keys() == expected.keys(), stage.name
        assert written == expected, stage.name


def kill_growing(river: River, name: str, after_lines: int) -> None:
    """Begin to grow, and `kill -9` it at a random moment after it has told some of its fourteen steps."""
    growing = river.begin(name, "topics", "grow", str(MANY))
    wait_for(lambda: len(growing.said.splitlines()) >= after_lines or growing.process.poll() is not None)
    time.sleep(random.uniform(0.0, 0.15 if after_lines else 3.0))
    growing.kill()


def assert_in_place(river: River) -> None:
    """No state lies in another partition than its key's."""
    with Cluster(river.kafka) as cluster, Logs(river.kafka) as logs:
        for reader, topic in READERS[:-1]:
            changelog = state_name(river.kafka.prefix, reader)
            starts, ends = cluster.starts(changelog), cluster.ends(changelog)
            assert (len(ends), len(cluster.ends(topic_name(river.kafka.prefix, topic)))) == (MANY, MANY)
            held = [list(logs.ledger(changelog, p, starts[p], ends[p])[0].state_keys()) for p in range(MANY)]
            assert all(partition_of(key, MANY) == p for p, keys in enumerate(held) for key in keys)
            if topic in (MENTIONS, MATCHES, ALERTS, NOTIFICATIONS):
                assert any(held[FEW:]), f"{reader} has moved nothing"


def test_events_and_alerts_go_on_under_their_ids_after_the_river_has_grown_however_often_that_was_killed(river: River) -> None:
    workers = river.work(2)
    river.is_governed(*workers)
    write_records(river.kafka, MENTIONS, mentions(1, 5 * PLACES), FEW)
    wait_for(lambda: sum(len(log) for log in river.entries(DELIVERIES).values()) > PLACES, *workers)
    with pytest.raises(TopicsError, match=r"fuse: \d member.* at work: .*on 127\.0\.0\.1"):
        grow(river.settings, MANY, io.StringIO())
    river.flows_out(workers)
    before = {alert.id for log in river.entries(ALERTS).values() for alert in log if isinstance(alert, ALERTS.records)}
    grown = {stage.name: river.positions(stage.name) for stage in RIVER}

    for lines in range(0, 14, 3):
        kill_growing(river, f"grow-{lines}", after_lines=lines)
    out = io.StringIO()
    assert grow(river.settings, MANY, out) == 0
    assert f"set TOCSIN_KAFKA_PARTITIONS={MANY} wherever" in out.getvalue()
    assert {stage.name: river.positions(stage.name) for stage in RIVER} == {name: at | NEW for name, at in grown.items()}
    assert_in_place(river)

    river.kafka = msgspec.structs.replace(river.kafka, partitions=MANY)
    assert topics.check(river.settings, io.StringIO()) == 0
    workers = river.work(2)
    write_records(river.kafka, MENTIONS, mentions(2, 5 * PLACES), MANY)
    wait_for(lambda: sum(len(log) for p, log in river.entries(DELIVERIES).items() if p >= FEW) > 0, *workers)
    river.flows_out(workers)
    after = [alert for log in river.entries(ALERTS).values() for alert in log if isinstance(alert, ALERTS.records)]
    assert {alert.id for alert in after} == before, "what was known is told as new"
    assert max(alert.revision for alert in after) > 1
    assert_law(river, grown)
    assert_in_place(river)


def test_what_waits_is_told_with_what_to_do_and_nothing_is_grown(river: River) -> None:
    write_records(river.kafka, MENTIONS, mentions(1, 5), FEW)
    with pytest.raises(TopicsError) as caught:
        grow(river.settings, MANY, io.StringIO())
    first, advice = str(caught.value).splitlines()
    assert first.startswith(f"fuse: 5 records of {river.kafka.prefix}.mentions not taken in (")
    assert advice.startswith("stop the pollers and start the workers; when `tocsin doctor` says that nothing waits, stop")
    assert topics.check(river.settings, io.StringIO()) == 0


def test_ticks_that_nobody_has_read_are_nothing_that_waits(river: River) -> None:
    write_records(river.kafka, MENTIONS, mentions(1, 1), FEW)
    worker = river.begin("worker", "work", "--stages", "fuse")
    wait_for(lambda: sum(river.positions("fuse").values()) > 0, worker)
    assert worker.stop() == 0
    producer_log = topic_name(river.kafka.prefix, MENTIONS)
    write_ticks(river.kafka, producer_log)
    with pytest.raises(TopicsError) as caught:
        grow(river.settings, MANY, io.StringIO())
    assert str(caught.value).startswith("select: 1 record of"), "of mentions nothing waits"


def write_ticks(kafka: Kafka, topic: str) -> None:
    """A tick into every partition."""
    producer = KafkaProducer(**access(kafka))
    for p in range(FEW):
        producer.send(topic, MENTIONS.encode(Tick(at=datetime.now(UTC))), partition=p).get(30)
    producer.close()


def test_a_count_never_shrinks_and_may_stay(river: River) -> None:
    with pytest.raises(TopicsError, match="some topics have 3 partitions, and a count never shrinks; run `tocsin topics grow 3`, or more"):
        grow(river.settings, FEW - 1, io.StringIO())
    assert grow(river.settings, FEW, io.StringIO()) == 0
    assert topics.check(river.settings, io.StringIO()) == 0


def test_where_topics_are_missing_there_is_nothing_to_grow(kafka_settings: Kafka) -> None:
    with pytest.raises(TopicsError, match=r"\.articles, .*missing; run `tocsin topics create`"):
        grow(msgspec.structs.replace(read_settings({}), kafka=kafka_settings), MANY, io.StringIO())


def add_partitions(kafka: Kafka, *names: str) -> None:
    """What somebody does with Kafka's own tools, or a growing that was killed left."""
    admin = KafkaAdminClient(**access(kafka))
    topics = {f"{kafka.prefix}.{name}": MANY for name in names}
    admin.create_partitions(topics)
    admin.close()
    with Cluster(kafka) as cluster:  # the broker says it is done a moment before it says how many there are
        while {name: found.partitions for name, found in cluster.topics(list(topics)).items()} != topics:
            time.sleep(0.1)


def test_while_it_is_half_grown_nobody_starts_and_another_count_is_refused(river: River) -> None:
    add_partitions(river.kafka, "detect.state", "fuse.state", "select.state", "judge.state")
    for name, words, told in (
        ("worker", ("work", "--stages", "fuse"), "mentions has 3 partitions, but "),
        ("router", ("work", "--stages", "route"), "events has 3 partitions, but "),
        ("poller", ("poll",), "articles has 3 partitions, but "),
    ):
        command = river.begin(name, *words)
        assert command.ended() == 1
        assert f"{river.kafka.prefix}.{told}" in command.said
        assert f"`tocsin topics grow {MANY}`" in command.said
    with pytest.raises(TopicsError, match=f"begun to be grown to {MANY}; finish that with `tocsin topics grow {MANY}` first"):
        grow(river.settings, 9, io.StringIO())
    assert grow(river.settings, MANY, io.StringIO()) == 0
    river.kafka = msgspec.structs.replace(river.kafka, partitions=MANY)
    assert topics.check(river.settings, io.StringIO()) == 0


def test_what_somebody_else_wrote_meanwhile_is_told_with_what_to_do(river: River) -> None:
    add_partitions(river.kafka, "detect.state")
    write_records(river.kafka, ARTICLES, [an_article()], FEW)
    with pytest.raises(TopicsError, match=r"detect: 1 record .*\n.*none of its pollers and workers wrote them: copy those records, delete"):
        grow(river.settings, MANY, io.StringIO())


def test_states_that_lie_elsewhere_stop_a_worker_until_they_are_put_in_place(river: River) -> None:
    workers = river.work(1)
    river.is_governed(*workers)
    write_records(river.kafka, MENTIONS, mentions(1, PLACES), FEW)
    river.flows_out(workers)
    keyed = [f"{reader}.state" for reader, _ in READERS[:-1]] + [topic.name for _, topic in READERS[:-1]]
    add_partitions(river.kafka, *keyed)
    worker = river.begin("worker", "work", "--stages", "fuse")
    assert worker.ended() == 1
    assert "fuse.state: the state of 'SY." in worker.said
    assert f"run `tocsin topics grow {MANY}`, which puts every state in its place" in worker.said
    time.sleep(river.kafka.session_seconds)
    assert grow(river.settings, MANY, io.StringIO()) == 0
    assert_in_place(river)
