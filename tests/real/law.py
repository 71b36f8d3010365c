"""The judge of the law: what lies in every topic, read back by a plain consumer, against what the steps give for the recorded logs."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
from kafka import KafkaConsumer, TopicPartition

from alerts.commands.river import river
from alerts.commands.work import STAGES
from alerts.records import Delivery, Notification, Outcome
from alerts.topics import ALERTS, DELIVERIES, MATCHES, NOTIFICATIONS
from streams.detection.mentions import Found
from streams.detection.revisions import Reader
from streams.records import Article
from streams.runtime.agents.line import decoded
from streams.runtime.layout import partition_of, state_name, topic_name
from streams.runtime.ledger import COMMIT, Commit
from streams.runtime.states import MemoryStates
from streams.settings import Kafka
from streams.stages import Stage, take
from streams.topics import ARTICLES, EVENTS, MENTIONS, REJECTED, Rejected, Topic

RIVER = (ARTICLES, MENTIONS, EVENTS, MATCHES, ALERTS, NOTIFICATIONS, DELIVERIES, REJECTED)
AT_ONCE = 256


class Memoised:
    """A reader of articles that reads each but once in its life: reading is a function of the article alone."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._known: dict[Article, Found] = {}

    def find(self, articles: Sequence[Article]) -> list[Found]:
        """What each article tells."""
        new = list(dict.fromkeys(a for a in articles if a not in self._known))
        for start in range(0, len(new), AT_ONCE):
            some = new[start : start + AT_ONCE]
            self._known |= dict(zip(some, self._reader.find(some), strict=True))
        return [self._known[a] for a in articles]


@dataclass(frozen=True)
class Lying:
    """One record as it lies in the cluster."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes
    at: datetime


@dataclass
class Recorded:
    """Everything that lies in a river's topics when it has stopped.

    Attributes:
        logs: By topic and partition, in order.
        positions: By stage and partition: offset of the last entry that was taken in.
    """

    logs: dict[str, dict[int, list[Lying]]] = field(default_factory=dict)
    positions: dict[str, dict[int, int]] = field(default_factory=dict)

    def all(self, topic: Topic, apart: Collection[bytes] = ()) -> list[Any]:
        """The records of *topic*, ticks, control copies and what lies *apart* left out, partition by partition."""
        return [r for lying in self.each(topic) if lying.value not in apart and isinstance(r := read(topic, lying), topic.records)]

    def each(self, topic: Topic) -> Iterable[Lying]:
        """All of *topic* as it lies, partition by partition."""
        for lying in self.logs[topic.name].values():
            yield from lying


def read(topic: Topic, lying: Lying) -> Any:
    """The record; None if it is none."""
    try:
        return topic.decode(lying.value)
    except ValueError:
        return None


def record(kafka: Kafka) -> Recorded:
    """Read everything back."""
    out = Recorded()
    for topic in RIVER:
        out.logs[topic.name] = contents(kafka, topic_name(kafka.prefix, topic))
    for stage in STAGES:
        commits = {p: last_commit(log) for p, log in contents(kafka, state_name(kafka.prefix, stage)).items()}
        out.positions[stage] = {p: -1 if c is None else c.position for p, c in commits.items()}
    return out


def last_commit(log: Sequence[Lying]) -> Commit | None:
    """What a changelog partition says last of the position."""
    found = [msgspec.msgpack.decode(lying.value, type=Commit) for lying in log if lying.key == COMMIT]
    return found[-1] if found else None


def contents(kafka: Kafka, topic: str) -> dict[int, list[Lying]]:
    """All records of *topic*, by partition."""
    consumer = KafkaConsumer(bootstrap_servers=list(kafka.servers), auto_offset_reset="earliest", max_partition_fetch_bytes=16 * 2**20)
    try:
        places = [TopicPartition(topic, p) for p in sorted(consumer.partitions_for_topic(topic) or ())]
        consumer.assign(places)
        ends = consumer.end_offsets(places)
        out: dict[int, list[Lying]] = {place.partition: [] for place in places}
        consumer.seek_to_beginning(*places)
        while any(consumer.position(place) < ends[place] for place in places):
            for place, records in consumer.poll(500, max_records=5000).items():
                out[place.partition] += [
                    Lying(r.partition, r.offset, r.key, r.value or b"", datetime.fromtimestamp(r.timestamp / 1000, UTC)) for r in records
                ]
        return out
    finally:
        consumer.close()


def given(stage: Stage, log: Sequence[Lying], position: int, partitions: int) -> list[Any]:
    """What *stage* gives for one partition of its input log up to *position*."""
    entries = [decoded(stage, lying.value, lying.at, lying.partition, partitions) for lying in log if lying.offset <= position]
    stage.read([e for e in entries if isinstance(e, stage.input.records)])  # all at once; what cannot be read raises again below
    return take(stage, MemoryStates(), stage.ungoverned, entries, [None] * len(entries))[1]


def bodies(topic: Topic, records: Iterable[Any]) -> dict[str, set[bytes]]:
    """The bodies that go by each identity."""
    out: dict[str, set[bytes]] = {}
    for one in records:
        out.setdefault(topic.identity(one), set()).add(topic.encode(one))
    return out


def wrote(stage: Stage, one: Any) -> bool:
    """Whether a record of a shared topic is the stage's: outcomes are the sender's facts."""
    return not isinstance(one, Outcome)


def assert_law(recorded: Recorded, reader: Reader, poison: Collection[bytes] = frozenset()) -> None:
    """Law 1: what each stage wrote is what its step gives for its recorded log, partition by partition, no more and no less.

    Args:
        poison: Bodies that were put there, and must lie in `rejected`; nothing else may.
    """
    refused: list[Rejected] = []
    for stage in river(reader):
        expected: list[Any] = []
        logs = recorded.logs[stage.input.name]
        for partition, log in logs.items():
            expected += given(stage, log, recorded.positions[stage.name].get(partition, -1), len(logs))
        refused += [r for r in expected if isinstance(r, Rejected)]
        for topic in stage.outputs:
            wanted = bodies(topic, (r for r in expected if isinstance(r, topic.records)))
            found = bodies(topic, (r for r in recorded.all(topic, poison) if wrote(stage, r)))
            twice = {i: b for i, b in found.items() if len(b) > 1}
            assert not twice, f"{stage.name}: {len(twice)} of {len(found)} identities in {topic.name} have several bodies: {first(twice)}"
            missing, extra = wanted.keys() - found.keys(), found.keys() - wanted.keys()
            assert not missing, f"{stage.name}: {len(missing)} of {len(wanted)} missing in {topic.name}: {sorted(missing)[:3]}"
            assert not extra, f"{stage.name}: {len(extra)} of {len(found)} too many in {topic.name}: {sorted(extra)[:3]}"
            assert found == wanted, f"{stage.name}: other bodies in {topic.name}"
    assert_lie_where_they_should(recorded)
    assert_refused(recorded, refused, frozenset(poison))


def first(found: dict[str, set[bytes]]) -> str:
    """One of them, for people."""
    name = min(found)
    return f"{name}: {sorted(found[name])}"


def assert_lie_where_they_should(recorded: Recorded) -> None:
    """Every record that a stage wrote lies in the partition of its key, under its key."""
    for topic in (MENTIONS, EVENTS, MATCHES, ALERTS, NOTIFICATIONS, DELIVERIES):
        count = len(recorded.logs[topic.name])
        for lying in recorded.each(topic):
            one = read(topic, lying)
            if isinstance(one, topic.records) and lying.key is not None:
                key = topic.key(one)
                assert (lying.key, lying.partition) == (key.encode(), partition_of(key, count)), f"{topic.name}: {one}"


def assert_refused(recorded: Recorded, expected: Sequence[Rejected], poison: frozenset[bytes]) -> None:
    """`rejected` holds what the steps refused, and what the sender could not read; all of it was meant."""
    found: list[Rejected] = recorded.all(REJECTED)
    stages = {(r.stage, r.topic, r.body) for r in found if r.stage not in ("send", "control")}
    assert stages == {(r.stage, r.topic, r.body) for r in expected}, [r.reason for r in found]
    assert {r.body for r in found} == poison, [(r.stage, r.reason) for r in found if r.body not in poison]
    for one in found:
        assert one.reason, one
        assert one.partition is not None or one.stage == "send", one


def assert_all_sent(recorded: Recorded, received: dict[str, set[bytes]]) -> None:
    """Every notification arrived, under its own id and with one body, and is known to have arrived; nothing else did."""
    notifications = {n.id: {bytes(n.payload)} for n in recorded.all(NOTIFICATIONS) if isinstance(n, Notification)}
    assert received.keys() == notifications.keys()
    assert received == notifications
    ended = {d.id for d in recorded.all(DELIVERIES) if isinstance(d, Delivery) and d.state == "delivered"}
    assert ended == notifications.keys()
