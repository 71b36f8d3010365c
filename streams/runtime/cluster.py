"""The one door to Kafka's administration: which topics there are, what lies in them, how far each group has read."""

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from kafka import KafkaConsumer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient, OffsetSpec
from kafka.errors import KafkaError, NoError, RetriableError, TopicAlreadyExistsError, UnknownTopicOrPartitionError, for_code
from kafka.structs import OffsetAndMetadata

from streams.errors import ExplainedError
from streams.records import Part
from streams.runtime.credentials import access
from streams.runtime.layout import Bed, Found
from streams.runtime.refusals import explain
from streams.settings import Kafka

REACH_SECONDS = 5.0
"""How long brokers are tried before they count as out of reach."""
RETRY_MS = 150
"""Longest pause between tries. The client drops an answer that comes together with the end of the connection, and with it often the one
that says why we are refused; of many tries one is likely heard."""
ANSWER_SECONDS = 15.0
"""How long one answer, or one that is to be asked for again, is waited for."""


class ClusterError(ExplainedError):
    """The brokers cannot be reached, or do not do what is asked; the text says which, what, why, and what to do."""


class Lag(Part, frozen=True, kw_only=True):
    """How far a group is behind in a topic."""

    group: str
    topic: str
    records: int
    """How many it has not read, of those that are still kept."""
    oldest: datetime | None
    """When the oldest of them was written; None where there is none."""
    begun: bool
    """Whether the group has ever read from the topic."""


def unread(starts: Mapping[int, int], ends: Mapping[int, int], committed: Mapping[int, int]) -> dict[int, tuple[int, int]]:
    """The first offset not yet read, and how many records from there on, by partition; those with none are left out."""
    first = {partition: max(start, committed.get(partition, start)) for partition, start in starts.items()}
    return {partition: (at, ends[partition] - at) for partition, at in first.items() if at < ends[partition]}


class Overheard(logging.Handler):
    """Keeps the errors that the client library logs, as it raises none that says why it could not connect."""

    def __init__(self) -> None:
        super().__init__()
        self.errors: list[BaseException] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the errors in *record*."""
        self.errors += [a for a in record.args or () if isinstance(a, BaseException)]


class Cluster:
    """An open connection to the brokers of the settings; close it, or use it in a ``with``.

    Every method raises `ClusterError`.
    """

    def __init__(self, kafka: Kafka, *, reach_seconds: float = REACH_SECONDS) -> None:
        """Reach the brokers.

        Args:
            reach_seconds: How long to try.

        Raises:
            CredentialsError: A certificate or key cannot be used.
            ClusterError: They cannot be reached, or do not let us in.
        """
        self._kafka = kafka
        self._given = access(kafka) | {"bootstrap_timeout_ms": int(reach_seconds * 1000), "reconnect_backoff_max_ms": RETRY_MS}
        self._heard = Overheard()
        logging.getLogger("kafka").addHandler(self._heard)
        try:
            with self._explained("cannot be reached"):
                self._admin = KafkaAdminClient(**self._given, request_timeout_ms=int(ANSWER_SECONDS * 1000))
        except ClusterError:
            logging.getLogger("kafka").removeHandler(self._heard)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Leave."""
        self._admin.close()
        logging.getLogger("kafka").removeHandler(self._heard)

    def brokers(self) -> int:
        """How many brokers are up."""
        with self._explained("does not say which brokers there are"):
            return len(self._admin.describe_cluster()["brokers"])

    def topics(self, names: Sequence[str]) -> dict[str, Found]:
        """How those of the topics that exist lie there, by name."""
        with self._explained("does not describe its topics"):
            there = self._described(names)
            configs = self._configs([t["name"] for t in there])
        return {
            t["name"]: Found(
                name=t["name"],
                partitions=len(t["partitions"]),
                replication=min((len(p["replica_nodes"]) for p in t["partitions"]), default=0),
                config=configs[t["name"]],
            )
            for t in there
        }

    def counts(self, names: Sequence[str]) -> dict[str, int]:
        """How many partitions those of the topics have that exist, by name."""
        with self._explained("does not describe its topics"):
            return {t["name"]: len(t["partitions"]) for t in self._described(names)}

    def _described(self, names: Sequence[str]) -> list[Any]:
        there = [t for t in self._admin.describe_topics(list(names)) if not _is(t["error_code"], UnknownTopicOrPartitionError)]
        for topic in there:
            _raise(topic["error_code"], topic["name"])
        return there

    def create(self, beds: Sequence[Bed]) -> list[str]:
        """Make those of the topics that are not there; those that are stay as they are.

        Returns:
            The names of those that were made.
        """
        with self._explained("does not make topics"):
            there = self.topics([b.name for b in beds])
            missing = [b for b in beds if b.name not in there]
            if not missing:
                return []
            asked = {b.name: {"num_partitions": b.partitions, "replication_factor": b.replication, "configs": b.config} for b in missing}
            made: list[str] = []
            for answer in self._admin.create_topics(asked, raise_errors=False)["topics"]:
                if not _is(answer["error_code"], TopicAlreadyExistsError):  # somebody else was quicker
                    _raise(answer["error_code"], f"{answer['name']}: {answer['error_message']}")
                    made.append(answer["name"])
            self._admin.wait_for_topics(list(asked), timeout_ms=int(ANSWER_SECONDS * 1000))
            return made

    def add_partitions(self, counts: Mapping[str, int]) -> None:
        """Give each of the topics so many partitions, more than it has, and wait until all of them can be used."""
        with self._explained("does not add partitions"):
            self._admin.create_partitions(dict(counts))
            deadline = time.monotonic() + ANSWER_SECONDS
            while (late := [t["name"] for t in self._admin.describe_topics(list(counts)) if not _usable(t, counts[t["name"]])]) != []:
                if time.monotonic() > deadline:
                    raise ClusterError(
                        f"Kafka at {','.join(self._kafka.servers)} has no leader yet for all of {', '.join(late)}; try again"
                    )
                time.sleep(0.1)

    def members(self, groups: Sequence[str]) -> dict[str, list[str]]:
        """Who is in each of the groups at this moment, in words; without those in which nobody is."""
        with self._explained("does not say who is in its groups"), _quietly("kafka.admin._groups"):  # it cannot read what Faust tells there
            found = self._patiently(lambda: self._admin.describe_groups(list(groups)))
        return {
            group: [f"{m['client_id']} on {m['client_host'].lstrip('/')}" for m in said["members"]]
            for group, said in found.items()
            if said["members"]
        }

    def starts(self, topic: str) -> dict[int, int]:
        """The offset of the oldest record that is kept, by partition; that of the next where there is none."""
        return self._offsets(topic, OffsetSpec.EARLIEST)

    def ends(self, topic: str) -> dict[int, int]:
        """The offset that the next record will have, by partition."""
        return self._offsets(topic, OffsetSpec.LATEST)

    def committed(self, group: str, topic: str) -> dict[int, int]:
        """The offset from which *group* would read on, by partition; without those of which it has read nothing."""
        with self._explained(f"does not say what group {group} has read"):
            found = self._patiently(lambda: self._admin.list_group_offsets([group]))[group]
        return {at.partition: said.offset for at, said in found.items() if at.topic == topic and said.offset >= 0}

    def times(self, topic: str, offsets: Mapping[int, int]) -> dict[int, datetime]:
        """When the record at each offset, or the next that is kept, was written, by partition.

        Args:
            offsets: By partition; below its end. One that no record is found for in time is left out of the answer.
        """
        with self._explained(f"does not let {topic} be read"):
            consumer = KafkaConsumer(**self._given, enable_auto_commit=False, max_partition_fetch_bytes=1)  # one batch each, not megabytes
            try:
                return self._first_times(consumer, {TopicPartition(topic, p): offset for p, offset in offsets.items()})
            finally:
                consumer.close()

    def lag(self, group: str, topic: str, taken_in: Mapping[int, int] = {}) -> Lag:
        """How far *group* is behind in *topic*.

        Args:
            taken_in: The offset from which it would really go on, by partition, where that is known to be further than it told the cluster.
        """
        committed = self.committed(group, topic)
        committed |= {p: max(offset, committed.get(p, 0)) for p, offset in taken_in.items()}
        waiting = unread(self.starts(topic), self.ends(topic), committed)
        times = self.times(topic, {partition: first for partition, (first, _) in waiting.items()}) if waiting else {}
        return Lag(
            group=group,
            topic=topic,
            records=sum(count for _, count in waiting.values()),
            oldest=min(times.values(), default=None),
            begun=bool(committed),
        )

    def commit(self, group: str, topic: str, offsets: Mapping[int, int]) -> None:
        """Have *group*, of which nobody is a member, read on from *offsets*, by partition."""
        with self._explained(f"cannot keep what group {group} has read"):
            asked = {TopicPartition(topic, p): OffsetAndMetadata(offset, "", None) for p, offset in offsets.items()}
            for error in self._patiently(lambda: self._admin.alter_group_offsets(group, asked)).values() if asked else ():
                if error is not NoError:
                    raise error(group)

    def prove_writable(self, group: str, topic: str) -> None:
        """Commit an offset for *group*, of which nobody is a member, and forget the group again."""
        with self._explained(f"cannot keep what group {group} has read"):
            self.commit(group, topic, {0: 0})
            self._admin.delete_groups([group])

    def _configs(self, names: Sequence[str]) -> dict[str, dict[str, str]]:
        if not names:
            return {}
        said = self._admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in names], config_filter="all")
        return {name: {key: value["value"] for key, value in said["topic"][name].items()} for name in names}

    def _offsets(self, topic: str, which: OffsetSpec) -> dict[int, int]:
        with self._explained(f"does not say what lies in {topic}"):
            (found,) = self._admin.describe_topics([topic])
            _raise(found["error_code"], topic)
            asked = {TopicPartition(topic, p["partition_index"]): which for p in found["partitions"]}
            return {at.partition: said.offset for at, said in self._admin.list_partition_offsets(asked).items()}

    def _first_times(self, consumer: KafkaConsumer, offsets: Mapping[TopicPartition, int]) -> dict[int, datetime]:
        consumer.assign(list(offsets))
        for partition, offset in offsets.items():
            consumer.seek(partition, offset)
        found: dict[int, datetime] = {}
        deadline = time.monotonic() + ANSWER_SECONDS
        while len(found) < len(offsets) and time.monotonic() < deadline:
            for partition, records in consumer.poll(timeout_ms=200).items():
                found[partition.partition] = datetime.fromtimestamp(records[0].timestamp / 1000, UTC)
                consumer.pause(partition)
        return found

    def _patiently(self, ask: Any) -> Any:
        """Ask again for a while: a cluster that has never kept a group first makes the topic for them."""
        deadline = time.monotonic() + ANSWER_SECONDS
        while True:
            try:
                return ask()
            except RetriableError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    @contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        self._heard.errors.clear()
        try:
            yield
        except (KafkaError, OSError) as error:
            in_vain = self._heard.errors if isinstance(error, RetriableError) else []
            why = explain([error, *in_vain], self._kafka)
            raise ClusterError(f"Kafka at {','.join(self._kafka.servers)} {what}: {why}") from error


@contextmanager
def _quietly(name: str) -> Iterator[None]:
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


def _is(code: int, error: type[KafkaError]) -> bool:
    return for_code(code) is error


def _usable(topic: Any, count: int) -> bool:
    return len(topic["partitions"]) >= count and all(p["leader_id"] >= 0 for p in topic["partitions"])


def _raise(code: int, words: str) -> None:
    if code:
        raise for_code(code)(words)
