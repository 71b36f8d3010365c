"""A worker that stands still, and a reader that does: nothing is written twice, nothing is lost, and one sees how late it is."""

import re
import signal
import time
from pathlib import Path

import psutil

from streams.records import Tick
from streams.settings import Kafka
from tests.broker.law import Bench, Row, lengths
from tests.real.law import RIVER, Recorded, assert_all_sent, assert_law, read, record
from tests.real.river import SESSION_SECONDS, River
from tests.real.supervised import Supervised
from tests.real.world import a_world


@lengths(600)
def test_a_worker_that_stood_still_for_three_sessions_writes_nothing_twice(
    tmp_path: Path, kafka_settings: Kafka, law: Bench, count: int
) -> None:
    articles = law.articles(count)
    with a_world() as world, River(tmp_path / "river", kafka_settings, world.port, partitions=3) as river:
        river.make_topics().start_workers(2).wait_until_governed()
        stopped = river.processes["worker-0"]
        river.wait_for(lambda: stopped.ready and river.processes["worker-1"].ready)
        began = time.monotonic()
        river.publish(articles[: count // 2])
        stopped.send(signal.SIGSTOP)  # in the middle of it
        since = time.monotonic()
        river.publish(articles[count // 2 :])
        river.wait_until_at_rest()
        time.sleep(max(0.0, 3 * SESSION_SECONDS - (time.monotonic() - since)))
        before = records(record(kafka_settings))
        stopped.send(signal.SIGCONT)
        river.wait_for(lambda: stopped.exits == [70], seconds=30)
        river.wait_for(lambda: stopped.ready and river.processes["worker-1"].ready, seconds=120)
        river.wait_until_at_rest()
        seconds = time.monotonic() - began
        river.stop()
        recorded = record(kafka_settings)
        assert records(recorded) == before
        assert_law(recorded, law.reader)
        assert_all_sent(recorded, world.received())
        law.told(Row("a worker stopped for three sessions", count, 0, "it ended with 70; nothing twice, nothing lost", seconds))


def records(recorded: Recorded) -> dict[str, int]:
    """How many records lie in each topic, ticks apart."""
    return {topic.name: sum(not isinstance(read(topic, lying), Tick) for lying in recorded.each(topic)) for topic in RIVER}


@lengths(60)
def test_how_late_a_stage_is_can_be_seen_in_seconds(tmp_path: Path, kafka_settings: Kafka, law: Bench, count: int) -> None:
    with a_world() as world, River(tmp_path / "river", kafka_settings, world.port, partitions=3) as river:
        river.make_topics().start_workers(1).wait_until_governed()
        worker = river.processes["worker-0"]
        began = time.monotonic()
        readers = psutil.Process(worker.pid).children()
        assert readers
        for reader in readers:
            reader.send_signal(signal.SIGSTOP)
        river.publish(law.articles(count))
        river.wait_for(lambda: late(worker, "detect") > 5)
        seen = late(worker, "detect")
        for reader in readers:
            reader.send_signal(signal.SIGCONT)
        river.wait_until_at_rest()
        river.wait_for(lambda: late(worker, "detect") == 0)
        river.stop()
        law.told(Row("a reader stopped", count, 0, f"detect was {seen:.0f} s late by its metrics, then 0", time.monotonic() - began))


def late(worker: Supervised, stage: str) -> float:
    """How late a stage is, by the metrics of its worker; seconds."""
    found = re.findall(rf'^tocsin_lag_seconds\{{partition="\d+",stage="{stage}"\}} (\S+)$', worker.page("/metrics"), re.M)
    return max(map(float, found), default=0.0)
