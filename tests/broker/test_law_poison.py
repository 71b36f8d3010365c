"""Records that no stage can take, one of each kind in each topic: each is set aside with its reason, and the river flows on."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from kafka import KafkaProducer

from alerts.records import Match
from alerts.topics import ALERTS, CONTROL, DELIVERIES, MATCHES, NOTIFICATIONS
from streams.records import Article, digest
from streams.runtime.layout import partition_of, topic_name
from streams.settings import Kafka
from streams.topics import ARTICLES, EVENTS, MENTIONS, REJECTED, Rejected, Topic
from tests.broker.law import Bench, Row, lengths
from tests.builders import a_mention, a_place, an_alert, an_event
from tests.real.law import assert_all_sent, assert_law, record
from tests.real.river import River
from tests.real.world import a_world

NOT_JSON = b"\xff\x00 this is no JSON"
UNKNOWN = b'{"record":"Comet","at":"2026-01-01T00:00:00Z"}'
NEWER = b'{"v":2,"record":"Tick","at":{"seconds":1767225600}}'
"""Of a version to come."""
READ = (ARTICLES, MENTIONS, EVENTS, MATCHES, ALERTS, NOTIFICATIONS, DELIVERIES, CONTROL)
END_OF_TIME = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)
"""No step can look further ahead."""
NOWHERE = a_place(country="XX", admin1_code="XX.1")
"""A place that no news is of: whoever reckons there with the end of time disturbs nobody."""


def impossible() -> Iterator[tuple[Topic, bytes]]:
    """Records that can be read, and whose steps raise."""
    event = an_event(id=digest("poison"), key="XX.1", place=NOWHERE, at=END_OF_TIME)
    yield ARTICLES, ARTICLES.encode(Article(id="poison", text="Nothing happened.", fetched=END_OF_TIME))
    yield MENTIONS, MENTIONS.encode(a_mention(id="poison", place=NOWHERE, fetched=END_OF_TIME))
    yield EVENTS, EVENTS.encode(event)
    yield MATCHES, MATCHES.encode(Match(rule="anything", rule_key="poison", event=event))
    yield ALERTS, ALERTS.encode(msgspec.structs.replace(an_alert(), id=digest("poison"), at=END_OF_TIME, event=event))


def poison() -> list[tuple[Topic, bytes]]:
    """Every record that is to be refused."""
    return [*((topic, body) for topic in READ for body in (NOT_JSON, UNKNOWN, NEWER)), *impossible()]


def large() -> Article:
    """An article of 5 MB that says one thing at its end."""
    text = "The market of the old town opened again, with stalls of bread and fruit, and many people came. " * 52_000
    now = datetime.now(UTC)
    return Article(id="large", outlet="World Wire", text=f"{text}Rebels shelled Palmyra on {now:%A}, killing 3 people.", fetched=now)


def pour(kafka: Kafka, records: list[tuple[Topic, bytes]], partitions: int) -> None:
    """Write *records*, each into the partition where its key would be, if it had one."""
    producer = KafkaProducer(bootstrap_servers=list(kafka.servers), acks="all")
    for topic, body in records:
        place = 0
        if body not in (NOT_JSON, UNKNOWN, NEWER):
            place = partition_of(topic.key(topic.decode(body)), partitions)
        producer.send(topic_name(kafka.prefix, topic), value=body, partition=place).get(30)
    producer.close()


@lengths(400)
def test_a_poison_record_in_each_topic_is_set_aside_and_the_river_flows_on(
    tmp_path: Path, kafka_settings: Kafka, law: Bench, count: int
) -> None:
    articles = law.articles(count)
    with a_world() as world, River(tmp_path / "river", kafka_settings, world.port, partitions=3) as river:
        river.make_topics().start_workers(1).wait_until_governed()
        began = time.monotonic()
        river.publish(articles[: count // 2])
        pour(kafka_settings, poison(), 3)
        river.publish([large(), *articles[count // 2 :]])
        river.wait_until_at_rest()
        seconds = time.monotonic() - began
        assert all(p.exits == [] for p in river.processes.values()), river.words()
        river.stop()
        recorded = record(kafka_settings)
        assert_law(recorded, law.reader, {body for _, body in poison()})
        assert_all_sent(recorded, world.received())
        assert any(m.article == "large" for m in recorded.all(MENTIONS))
        refused: list[Rejected] = recorded.all(REJECTED)
        assert sorted((r.topic, r.body) for r in refused) == sorted((topic.name, body) for topic, body in poison())
        assert {r.reason for r in refused if r.body == NEWER} == {
            f"topic {topic.name}: written by a newer Tocsin (format 2; this one reads 1); upgrade this worker, then `tocsin rejected retry`"
            for topic in READ
        }
        law.told(Row("poison in each topic, a 5 MB article", count + 1, 0, f"{len(refused)} set aside, all else as the law says", seconds))
