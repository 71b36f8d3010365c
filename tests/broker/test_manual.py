"""What docs/operations.md says of a river on Kafka, tried."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import msgspec
import pytest
from kafka import KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.structs import OffsetAndMetadata

from alerts.commands import topics
from alerts.commands.replay import articles_of
from streams.records import Tick
from streams.runtime.credentials import access
from streams.runtime.layout import group_name, topic_name
from streams.settings import Kafka, read_settings
from streams.topics import ARTICLES, EVENTS, MENTIONS
from tests.builders import a_mention, an_article
from tests.real.workers import Command, logs_of, records_of, wait_for, write_records

MANUAL = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()


@pytest.fixture
def kafka_of_one(kafka_settings: Kafka) -> Kafka:
    """A river of one partition, its topics made."""
    kafka = msgspec.structs.replace(kafka_settings, partitions=1, session_seconds=6)
    assert topics.create(msgspec.structs.replace(read_settings({}), kafka=kafka), StringIO()) == 0
    return kafka


@pytest.fixture
def fuse(tmp_path: Path, kafka_of_one: Kafka) -> Iterator[Command]:
    """A worker that has made an event, and has ended."""
    worker = Command(tmp_path, "worker", kafka_of_one, ("work", "--stages", "fuse")).start()
    write_records(kafka_of_one, MENTIONS, [a_mention(fetched=datetime.now(UTC), id="first")], 1)
    wait_for(lambda: bool(records_of(kafka_of_one, EVENTS)), worker)
    assert worker.stop() == 0
    yield worker
    worker.kill()


def reset(kafka: Kafka, offset: int) -> None:
    """What `kafka-consumer-groups.sh --reset-offsets` does to fuse's group."""
    at = TopicPartition(topic_name(kafka.prefix, MENTIONS), 0)
    with KafkaAdminClient(**access(kafka)) as admin:
        admin.alter_group_offsets(group_name(kafka.prefix, "fuse"), {at: OffsetAndMetadata(offset, "", None)})


def test_a_group_that_is_set_back_tells_nothing_twice_and_one_set_forward_leaves_nothing_out(fuse: Command) -> None:
    kafka = fuse.kafka
    reset(kafka, 0)
    fuse.start()
    write_records(kafka, MENTIONS, [a_mention(fetched=datetime.now(UTC), id="second", owner="other", outlet="Other")], 1)
    wait_for(lambda: len(records_of(kafka, EVENTS)) == 2, fuse)
    assert fuse.stop() == 0
    assert [event.revision for event in records_of(kafka, EVENTS)] == [1, 2]

    write_records(kafka, MENTIONS, [a_mention(fetched=datetime.now(UTC), id="third", owner="third", outlet="Third")], 1)
    reset(kafka, len(records_of(kafka, MENTIONS)))
    fuse.start()
    write_records(kafka, MENTIONS, [a_mention(fetched=datetime.now(UTC), id="fourth", owner="fourth", outlet="Fourth")], 1)
    wait_for(lambda: len(records_of(kafka, EVENTS)) == 4, fuse)
    assert [event.revision for event in records_of(kafka, EVENTS)] == [1, 2, 3, 4]


def test_articles_that_are_read_out_of_their_topic_can_be_replayed(kafka_of_one: Kafka, tmp_path: Path) -> None:
    article = an_article()
    write_records(kafka_of_one, ARTICLES, [article], 1)
    producer = KafkaProducer(**access(kafka_of_one))
    producer.send(topic_name(kafka_of_one.prefix, ARTICLES), ARTICLES.encode(Tick(at=article.at))).get(30)
    producer.close()
    (pattern,) = re.findall(r"grep '(.*)' > articles.jsonl", MANUAL)
    lines = [r.value for r in logs_of(kafka_of_one, topic_name(kafka_of_one.prefix, ARTICLES))[0] if pattern.encode() in r.value]
    (tmp_path / "articles.jsonl").write_bytes(b"\n".join(lines))
    mistakes: list[str] = []
    assert [(a.id, a.body, a.at) for a in articles_of(tmp_path / "articles.jsonl", mistakes)] == [(article.id, article.body, article.at)]
    assert mistakes == []
