"""Law 1 for some layouts: however many workers and partitions, every topic is what the steps give for the recorded logs."""

from pathlib import Path

import pytest

from streams.detection.detector import Detector
from streams.settings import Kafka
from tests.conftest import SHARED
from tests.real.input import many_articles
from tests.real.law import Memoised, assert_all_sent, assert_law, record
from tests.real.river import River
from tests.real.world import a_world


@pytest.mark.parametrize(("workers", "partitions"), [(2, 3), (4, 12)])
def test_every_topic_is_what_the_steps_give(
    tmp_path: Path, kafka_settings: Kafka, detector: Detector, workers: int, partitions: int
) -> None:
    from datetime import UTC, datetime
    import time

    reader = Memoised(detector)
    arts = many_articles(300, datetime.now(UTC), SHARED)
    with a_world(0, 1.0) as world, River(tmp_path / "river", kafka_settings, world.port, partitions=partitions) as river:
        t = time.time()
        river.make_topics().start_workers(workers)
        print("topics", time.time() - t)
        river.wait_until_governed()
        print("governed", time.time() - t)
        river.publish(arts)
        print("published", time.time() - t)
        river.wait_until_at_rest()
        print("rest", time.time() - t)
        river.stop()
        print("stopped", time.time() - t)
        from alerts.commands.work import STAGES

        recorded = record(kafka_settings, list(STAGES.values()))
        print("recorded", time.time() - t)
        assert_law(recorded, reader)
        assert_all_sent(recorded, world.received())
        print("judged", time.time() - t, len(world.posts))
