"""The way of an article, read from a cluster."""

import msgspec
import pytest

from alerts.commands import trace
from alerts.commands.topics import beds
from streams.records import Article
from streams.runtime.cluster import Cluster
from streams.runtime.layout import partition_of, topic_name
from streams.runtime.logs import Logs
from streams.runtime.rekey import Append
from streams.settings import Kafka, read_settings
from streams.topics import ARTICLES, MENTIONS, Topic
from tests.builders import a_mention, an_article


def test_what_lies_in_any_partition_is_found_and_what_cannot_be_read_is_passed_over(
    kafka_settings: Kafka, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = msgspec.structs.replace(read_settings({}), kafka=msgspec.structs.replace(kafka_settings, partitions=3), kafka_named=True)
    with Cluster(settings.kafka) as cluster:
        cluster.create(beds(settings))
    article: Article = an_article(id="a-way-through-kafka")
    mention = a_mention(id="what-it-says", article=article.id)

    def append(topic: Topic, key: str, body: bytes) -> None:
        logs.append(topic_name(settings.kafka.prefix, topic), [Append(partition_of(key, 3), 0, key.encode(), body)])

    with Logs(settings.kafka) as logs:
        append(ARTICLES, article.id, ARTICLES.encode(article))
        append(ARTICLES, "poison", b"poison")
        append(MENTIONS, MENTIONS.key(mention), MENTIONS.encode(mention))
    trace.run(settings, "a-way-", as_json=True)
    told = [msgspec.json.decode(line) for line in capsys.readouterr().out.splitlines()]
    assert [(t["kind"], t["id"]) for t in told] == [("article", article.id), ("mention", mention.id)]
