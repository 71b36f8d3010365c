"""Where the river lies in a Kafka cluster: topics, groups, partitions, and why each topic is kept as it is. Pure."""

from collections.abc import Sequence
from datetime import timedelta
from zlib import crc32

from streams.records import Part
from streams.stages import Stage
from streams.topics import Topic

FEEDS = "feeds"
"""Topic of what pollers remember of each feed; compacted."""
WORKERS = "workers"
"""Topic in which each worker says what it runs; one partition, compacted."""
CONTROL = "control"
"""Topic of what people decided: rules, routes, silences, verdicts."""
REJECTED = "rejected"
"""Topic of the records that a stage could not take."""
RECORD_BYTES = 8 * 1024 * 1024
"""Most bytes of one record of the river: an article of 5 MB passes, with what JSON adds to it."""
STATE_BYTES = 16 * 1024 * 1024
"""Most bytes of one state, and of a rejected record, which carries the whole of what it was made from."""
HOUR = timedelta(hours=1)
COMPACT_AFTER = HOUR
"""A state younger than this is never compacted away: a reader that is behind still sees what was."""
SEGMENT = timedelta(hours=6)
"""A segment is closed after this, as only closed ones are compacted."""
SEGMENT_BYTES = 64 * 1024 * 1024
"""Or at this size, so that a restart reads little that is already out of date; several times the longest state."""


class Bed(Part, frozen=True, kw_only=True):
    """How one topic is to lie in the cluster."""

    name: str
    """As the cluster knows it, with the prefix."""
    partitions: int
    replication: int
    """Copies of each partition."""
    config: dict[str, str]
    """Kafka's names and values of what differs from its defaults, or must be what we need whatever the defaults."""
    why: str
    """Why it is kept so."""
    own_count: bool = False
    """Whether it keeps the partitions that it was made with, however many others have."""


class Found(Part, frozen=True, kw_only=True):
    """How a topic lies there."""

    name: str
    partitions: int
    replication: int
    """Of the partition that has the fewest copies."""
    config: dict[str, str]
    """All that Kafka says of it."""


def topic_name(prefix: str, topic: Topic | str) -> str:
    """The name of a topic in the cluster: ``tocsin.mentions``."""
    return f"{prefix}.{topic if isinstance(topic, str) else topic.name}"


def state_name(prefix: str, stage: Stage | str) -> str:
    """The changelog of a stage's states: ``tocsin.fuse.state``. It has as many partitions as the stage's input."""
    return f"{prefix}.{stage if isinstance(stage, str) else stage.name}.state"


def group_name(prefix: str, reader: Stage | str) -> str:
    """The consumer group, and Faust app id, of a stage or of whoever else reads: ``tocsin.fuse``."""
    return f"{prefix}.{reader if isinstance(reader, str) else reader.name}"


def partition_of(key: str, partitions: int) -> int:
    """The partition in which everything of *key* lies: CRC-32 of its UTF-8 modulo their number, the same in every producer."""
    return crc32(key.encode()) % partitions


def layout(
    prefix: str, readers: Sequence[tuple[str, Topic]], *, partitions: int, replication: int, retention: timedelta
) -> tuple[Bed, ...]:
    """Every topic of a river, in the order of the river.

    Args:
        readers: Who reads which topic and keeps states of it: the stages, and whoever sends.
        partitions: Of each topic that is read by key.
        replication: Copies of each partition.
        retention: How long publishers' texts, and all that was made of them, are kept.
    """
    log = {"cleanup.policy": "delete", "retention.ms": milliseconds(retention), "max.message.bytes": str(RECORD_BYTES)}
    states = {
        "cleanup.policy": "compact",
        "min.compaction.lag.ms": milliseconds(COMPACT_AFTER),
        "segment.ms": milliseconds(SEGMENT),
        "segment.bytes": str(SEGMENT_BYTES),
        "max.message.bytes": str(STATE_BYTES),
    }
    soon = {"min.compaction.lag.ms": "0", "segment.ms": milliseconds(HOUR), "delete.retention.ms": milliseconds(HOUR)}
    kept = "kept as long as TOCSIN_RETENTION says"
    rows = (
        *((name, partitions, log, kept) for name in dict.fromkeys(topic.name for _, topic in readers if topic.name != CONTROL)),
        *(
            (f"{reader}.state", 1 if topic.name == CONTROL else partitions, states, f"the last state of each key of {reader}")
            for reader, topic in readers
        ),
        (FEEDS, partitions, states | {"min.compaction.lag.ms": "0"}, "what pollers last knew of each feed"),
        (CONTROL, 1, log | {"retention.ms": "-1"}, "kept for ever and in one order, so that every decision can be replayed"),
        (REJECTED, 1, log | {"max.message.bytes": str(STATE_BYTES)}, kept),
        (WORKERS, 1, states | soon, "what each worker runs, forgotten soon after it ends"),
    )
    common = {
        "compression.type": "lz4",  # by the brokers: in Python it took a tenth of a worker's time, and every client of ours reads it
        "min.insync.replicas": "2" if replication >= 3 else "1",  # of three brokers one may be lost; of fewer none may be asked for more
        "message.timestamp.type": "LogAppendTime",  # retention and lag go by the brokers' clock, whenever a feed or a replay says it is
    }
    return tuple(
        Bed(
            name=topic_name(prefix, name),
            partitions=count,
            replication=replication,
            config={**common, **config},
            why=why,
            own_count=name == FEEDS,  # it bounds how many pollers share the feeds, and one poller asks hundreds: not worth moving memories
        )
        for name, count, config, why in rows
    )


def milliseconds(span: timedelta) -> str:
    """As Kafka writes a time."""
    return str(int(span.total_seconds() * 1000))


def hinders(wanted: Bed, found: Found | None) -> bool:
    """Whether nobody can work on a topic as it lies there; what else is different only keeps too little, or too much."""
    return found is None or (found.partitions != wanted.partitions and not wanted.own_count)


def differences(wanted: Bed, found: Found | None) -> list[str]:
    """What is wrong with a topic as it lies there, a line each, with what to do; empty if nothing is."""
    name = wanted.name
    if found is None:
        return [f"{name}: missing; run `tocsin topics create`"]
    wrong: list[str] = []
    if found.partitions != wanted.partitions and not wanted.own_count:
        wrong.append(
            f"{name}: has {numbered(found.partitions, 'partition')}, but should have {wanted.partitions}; {_remedy(wanted, found)}"
        )
    if found.replication < wanted.replication:
        copies = numbered(found.replication, "copy", "copies")
        wrong.append(
            f"{name}: has {copies} of each partition, but should have {wanted.replication}; add some with kafka-reassign-partitions.sh, "
            f"or set TOCSIN_KAFKA_REPLICATION={found.replication}"
        )
    for key, value in wanted.config.items():
        if found.config.get(key) != value:
            wrong.append(
                f"{name}: {key} is {found.config.get(key)}, but should be {value} ({wanted.why}); set it with kafka-configs.sh "
                f"--bootstrap-server ... --alter --entity-type topics --entity-name {name} --add-config {key}={value}"
            )
    return wrong


def _remedy(wanted: Bed, found: Found) -> str:
    """What to do about another number of partitions."""
    if wanted.partitions == 1:
        return "stop what reads and writes it, delete it and run `tocsin topics create`"
    if found.partitions > wanted.partitions:
        more = found.partitions
        return f"set TOCSIN_KAFKA_PARTITIONS={more}, as a count never shrinks; where only some have it, finish `tocsin topics grow {more}`"
    fewer = f"where all the river's topics have {found.partitions}, set TOCSIN_KAFKA_PARTITIONS={found.partitions}"
    return f"{fewer}, or stop the river and run `tocsin topics grow {wanted.partitions}`"


def numbered(count: int, one: str, many: str = "") -> str:
    """``1 partition``, ``12 partitions``."""
    return f"{count} {one if count == 1 else many or one + 's'}"
