"""Law 1 through `kill -9` of everything, the broker included, and a rolling restart, while news flows in through the real poller."""

import random
import time
from collections import Counter
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pytest

from streams.records import Article
from streams.settings import Kafka
from streams.topics import ARTICLES
from tests.broker.law import Bench, Row
from tests.real.input import our_own
from tests.real.kafka import AnyBroker
from tests.real.law import assert_all_sent, assert_law, record
from tests.real.river import River
from tests.real.world import World, a_world

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
                print(f"{clock()} kill -9 {victim.name}")
                victim.kill()
            case "broker":
                print(f"{clock()} kill -9 the broker")
                broker.kill()
                time.sleep(rng.uniform(0.0, 8.0))
                broker.restart()
                print(f"{clock()} the broker is back")
            case "roll":
                print(f"{clock()} restart every worker")
                river.roll(workers)


def clock() -> str:
    """The time of the words of the processes."""
    return f"{datetime.now(UTC):%H:%M:%S}"


def until_all_is_polled(world: World, river: River) -> None:
    """Wait until every feed was asked twice after its last entry appeared."""
    river.wait_for(lambda: world.served_all, seconds=600)
    done = time.monotonic()

    def asked() -> bool:
        times = Counter(path for path, _, at in list(world.asked) if at > done)
        return min(times[f"/feed-{i}.xml"] for i in range(river.feeds)) >= 2

    river.wait_for(asked, seconds=180)


@pytest.mark.parametrize(("entries", "per_second", "kills"), [(60, 1.0, 10), pytest.param(640, 5.0, 20, marks=pytest.mark.law)])
def test_nothing_is_lost_nor_told_twice_through_kills_of_everything(
    tmp_path: Path, kafka: AnyBroker, kafka_settings: Kafka, law: Bench, entries: int, per_second: float, kills: int
) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    texts = list(islice(our_own(law.now), entries))
    with (
        a_world(entries, per_second, texts=texts, etags=True, unruly=True) as world,
        River(tmp_path / "river", kafka_settings, world.port, partitions=3) as river,
    ):
        river.make_topics().start_workers(2).wait_until_governed()
        for i in range(2):
            river.start(f"poller-{i}", "poll")
        began = time.monotonic()
        disturb(river, kafka, random.Random(seed), kills=kills)
        until_all_is_polled(world, river)
        river.wait_until_at_rest()
        seconds = time.monotonic() - began
        river.stop()
        recorded = record(kafka_settings)
        assert_law(recorded, law.reader)
        assert_all_sent(recorded, world.received())
        articles: list[Article] = recorded.all(ARTICLES)
        assert {(a.feed, a.guid) for a in articles} == {(f"feed-{i}", f"entry-{n}") for i in range(river.feeds) for n in range(world.total)}
        told = f"nothing lost; {len(world.posts)} posts under {len(world.received())} ids, each with one body (seed {seed})"
        law.told(Row("kills of everything, 3 of the broker, a rolling restart", len(articles), kills + BROKER_KILLS, told, seconds))
