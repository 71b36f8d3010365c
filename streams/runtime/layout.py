"""Where the river lies in a Kafka cluster: the names of topics and groups, and the partition of a key. Pure."""

from zlib import crc32

from streams.stages import Stage
from streams.topics import Topic

FEEDS = "feeds"
"""Topic of what pollers remember of each feed; compacted."""
WORKERS = "workers"
"""Topic in which each worker says what it runs; one partition, compacted."""


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
