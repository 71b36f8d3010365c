"""However many workers and partitions there are, every topic is what the steps give, and the mentions are always the same."""

import time
from pathlib import Path

import pytest

from streams.runtime.layout import numbered
from streams.settings import Kafka
from streams.topics import MENTIONS
from tests.broker.law import MANY, Bench, Row, mentions_of_local, mentions_of_replay
from tests.real.law import assert_all_sent, assert_law, bodies, record
from tests.real.river import River
from tests.real.world import a_world

FEW = 600
LAYOUTS = [(workers, partitions) for workers in (1, 2, 4) for partitions in (1, 3, 12)]


@pytest.mark.parametrize(
    ("workers", "partitions", "count"),
    [
        *((workers, partitions, FEW) for workers, partitions in ((1, 1), (2, 3), (4, 12))),
        *(pytest.param(workers, partitions, MANY, marks=pytest.mark.law) for workers, partitions in LAYOUTS),
    ],
)
def test_every_topic_is_what_the_steps_give_and_the_mentions_are_those_of_every_runtime(
    tmp_path: Path, kafka_settings: Kafka, law: Bench, workers: int, partitions: int, count: int
) -> None:
    articles = law.articles(count)
    with a_world() as world, River(tmp_path / "river", kafka_settings, world.port, partitions=partitions) as river:
        river.make_topics().start_workers(workers).wait_until_governed()
        replayed, beside = law.replayed(count, river)
        began = time.monotonic()
        river.publish(articles)
        river.wait_until_at_rest()
        seconds = time.monotonic() - began
        river.stop()
        recorded = record(kafka_settings)
        assert_law(recorded, law.reader)
        assert_all_sent(recorded, world.received())
        found = bodies(MENTIONS, recorded.all(MENTIONS))
        assert found == mentions_of_replay(replayed)
        assert found == mentions_of_local(law.reader, articles, tmp_path)
        told = f"{len(found)} mentions, {len(world.received())} notifications, each as the law says"
        law.told(Row(f"{numbered(workers, 'worker')}, {numbered(partitions, 'partition')}", count, 0, told, seconds, beside))
