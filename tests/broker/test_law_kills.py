"""Law 1 through `kill -9` of everything, the broker included, and a rolling restart, while news flows in through the real poller."""

import random
import time
from collections import Counter
from pathlib import Path

import pytest

from alerts.commands.work import STAGES
from streams.detection.detector import Detector
from streams.records import Article
from streams.settings import Kafka
from streams.topics import ARTICLES
from tests.real.kafka import AnyBroker
from tests.real.law import Memoised, assert_all_sent, assert_law, record
from tests.real.river import River
from tests.real.world import World, a_world

KILLS = 20
BROKER_KILLS = 3


def disturb(river: River, broker: AnyBroker, rng: random.Random, *, kills: int) -> None:
    """Kill whatever there is, in any order; the broker now and then; and restart all workers one by one in the middle of it."""
    workers = [name for name in river.processes if name.startswith("worker")]
    blows = [*["process"] * kills, *["broker"] * BROKER_KILLS, "roll"]
    rng.shuffle(blows)
    for blow in blows:
        time.sleep(rng.uniform(0.5, 6.0))
        match blow:
            case "process":
                victim = rng.choice([p for p in river.processes.values() if p.alive])
                print(f"{time.strftime('%H:%M:%S', time.gmtime())} kill {victim.name}")
                victim.kill()
            case "broker":
                print(f"{time.strftime('%H:%M:%S', time.gmtime())} kill broker")
                broker.kill()
                time.sleep(rng.uniform(0.0, 8.0))
                broker.restart()
                print(f"{time.strftime('%H:%M:%S', time.gmtime())} broker back")
            case "roll":
                print(f"{time.strftime('%H:%M:%S', time.gmtime())} roll")
                river.roll(workers)


def until_all_is_polled(world: World, river: River) -> None:
    """Wait until every feed was asked twice after its last entry appeared."""
    river.wait_for(lambda: world.served_all, seconds=600)
    done = time.monotonic()

    def asked() -> bool:
        times = Counter(path for path, _, at in list(world.asked) if at > done)
        return min(times[f"/feed-{i}.xml"] for i in range(river.feeds)) >= 2

    river.wait_for(asked, seconds=180)


def test_nothing_is_lost_nor_told_twice_through_kills_of_everything(
    tmp_path: Path, kafka: AnyBroker, kafka_settings: Kafka, detector: Detector
) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    with a_world(100, per_second=1.0, etags=True) as world, River(tmp_path / "r", kafka_settings, world.port, partitions=3) as river:
        river.make_topics().start_workers(2)
        river.wait_until_governed()
        for i in range(2):
            river.start(f"poller-{i}", "poll", "--session", "6")
        disturb(river, kafka, random.Random(seed), kills=KILLS)
        print(f"{time.strftime('%H:%M:%S', time.gmtime())} disturbed enough")
        until_all_is_polled(world, river)
        print(f"{time.strftime('%H:%M:%S', time.gmtime())} polled")
        river.wait_until_at_rest()
        print(f"{time.strftime('%H:%M:%S', time.gmtime())} at rest")
        river.stop()
        recorded = record(kafka_settings, list(STAGES.values()))
        assert_law(recorded, Memoised(detector))
        assert_all_sent(recorded, world.received())
        articles: list[Article] = recorded.all(ARTICLES)
        assert {(a.feed, a.guid) for a in articles} == {(f"feed-{i}", f"entry-{n}") for i in range(river.feeds) for n in range(world.total)}
        print(len(articles), len(world.posts), len(world.received()))
