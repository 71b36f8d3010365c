"""Pollers on a real broker: they share the feeds, survive each other and the broker, and lose nothing."""

import re
import signal
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from streams.feeds.memory import FeedMemory
from streams.records import Article
from streams.runtime.layout import FEEDS, partition_of, topic_name
from streams.settings import Kafka
from streams.topics import ARTICLES
from tests.real.kafka import AnyBroker
from tests.real.pollers import SESSION_SECONDS, PollerProgram, articles, everything, make_topics
from tests.real.world import World, a_world

Start = Callable[[str, World], PollerProgram]


@pytest.fixture
def start(tmp_path: Path, kafka_settings: Kafka) -> Iterator[Start]:
    """Starts pollers of one river by name; those that still run in the end are killed."""
    make_topics(kafka_settings)
    started: list[PollerProgram] = []

    def start(name: str, world: World) -> PollerProgram:
        started.append(PollerProgram(tmp_path, name, kafka_settings, world.port).start())
        return started[-1]

    yield start
    for poller in started:
        poller.close()


def wait_for(happened: Callable[[], bool], *pollers: PollerProgram, seconds: float = 60) -> None:
    """Wait until *happened*; what the pollers said tells why it did not."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "\n".join(f"{p.name}: {p.words[-3000:]}" for p in pollers)
        time.sleep(0.1)


def told(found: list[Article]) -> set[tuple[str | None, str | None]]:
    """Feed and entry of each article."""
    return {(article.feed, article.guid) for article in found}


def wanted(world: World, poller: PollerProgram) -> set[tuple[str | None, str | None]]:
    """Each entry, as each feed tells it."""
    return {(name, f"entry-{i}") for name in poller.names for i in range(world.total)}


def repeats(found: list[Article]) -> list[Article]:
    """Articles that say again what lies before them."""
    seen: Counter[tuple[str, str]] = Counter()
    again = []
    for article in found:
        seen[article.id, article.body] += 1
        if seen[article.id, article.body] > 1:
            again.append(article)
    return again


def until_all_is_polled(world: World, *pollers: PollerProgram) -> None:
    """Wait until every feed was asked twice after its last entry appeared."""
    wait_for(lambda: world.served_all, *pollers)
    done = time.monotonic()
    names = pollers[0].names
    wait_for(lambda: min(Counter(path for path, _, at in world.asked if at > done)[f"/{n}.xml"] for n in names) >= 2, *pollers)


def test_two_pollers_share_the_feeds_and_one_takes_over_from_one_that_was_killed(kafka_settings: Kafka, start: Start) -> None:
    with a_world(50, per_second=2.5, etags=True) as world:
        one = start("one", world)
        wait_for(lambda: one.share == 8, one)
        two = start("two", world)
        wait_for(lambda: 0 < one.share < 8 and one.share + two.share == 8, one, two)
        assert any(shown for _, shown, _ in world.asked)
        killed = time.time()
        one.send(signal.SIGKILL)
        one.ended()
        wait_for(lambda: two.share == 8, one, two, seconds=SESSION_SECONDS * 4)
        heir = time.time()
        until_all_is_polled(world, two)
        two.send(signal.SIGTERM)
        assert two.ended() == 0, two.words
        found = articles(kafka_settings)
        assert told(found) == wanted(world, one)
        # What the killed one had published and not yet kept, its heir publishes again: in the hand-over, and at no other time.
        assert all(killed < article.at.timestamp() < heir + 3 for article in repeats(found))
        assert_lies_where_it_should(kafka_settings)

        third = start("three", world)
        wait_for(lambda: third.share == 8, third)
        until_all_is_polled(world, third)
        assert len(articles(kafka_settings)) == len(found), "what was known is published again"


def assert_lies_where_it_should(kafka: Kafka) -> None:
    """Key and partition of every record."""
    for record in everything(kafka, topic_name(kafka.prefix, ARTICLES)):
        article = ARTICLES.decode(record.value)
        assert record.key == article.id.encode()
        assert record.partition == partition_of(article.id, 6)
    for record in everything(kafka, topic_name(kafka.prefix, FEEDS)):
        assert record.partition == partition_of(record.key.decode(), 6)
        assert msgspec.json.decode(record.value, type=FeedMemory).seen


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_broker_that_goes_and_comes_back_costs_nothing(kafka: AnyBroker, kafka_settings: Kafka, start: Start, end: str) -> None:
    with a_world(50, per_second=3.0, etags=True) as world:
        one, two = start("one", world), start("two", world)
        wait_for(lambda: one.share + two.share == 8 and min(one.share, two.share) > 0, one, two)
        getattr(kafka, end)()
        time.sleep(SESSION_SECONDS)
        kafka.restart()
        until_all_is_polled(world, one, two)
        assert "do not answer; the feeds wait" in one.words
        assert "answer again" in one.words
        for poller in (one, two):
            poller.send(signal.SIGTERM)
            assert poller.ended() == 0, poller.words
        assert told(articles(kafka_settings)) == wanted(world, one)


def test_a_poller_that_stood_still_ends_with_70_and_tells_nothing_that_its_heir_has_not_told(kafka_settings: Kafka, start: Start) -> None:
    with a_world(1_000, per_second=3.0, etags=True) as world:
        one = start("one", world)
        wait_for(lambda: one.share == 8, one)
        two = start("two", world)
        wait_for(lambda: two.share > 0 and one.share + two.share == 8, one, two)
        one.send(signal.SIGSTOP)
        there = {(name, f"entry-{i}") for name in one.names for i in range(world.shown)}
        wait_for(lambda: two.share == 8, one, two)
        wait_for(lambda: told(articles(kafka_settings)) >= there, one, two)
        two.send(signal.SIGTERM)
        assert two.ended() == 0
        before = articles(kafka_settings)
        memories = len(list(everything(kafka_settings, topic_name(kafka_settings.prefix, FEEDS))))
        one.send(signal.SIGCONT)
        assert one.ended() == 70, one.words
        assert re.search(r"failed: this process stood still for [\d.]+ s", one.words)
        # What its sockets held when it was stopped goes out before anything of it can wake; an article is the same article then.
        assert told(articles(kafka_settings)) == told(before)
        assert len(list(everything(kafka_settings, topic_name(kafka_settings.prefix, FEEDS)))) <= memories + 1


def test_a_poller_that_is_asked_to_end_leaves_its_feeds_at_once(kafka_settings: Kafka, start: Start) -> None:
    with a_world(5, per_second=50) as world:
        one, two = start("one", world), start("two", world)
        wait_for(lambda: one.share + two.share == 8 and min(one.share, two.share) > 0, one, two)
        one.send(signal.SIGTERM)
        asked = time.monotonic()
        assert one.ended() == 0, one.words
        wait_for(lambda: two.share == 8, one, two)
        assert time.monotonic() - asked < SESSION_SECONDS
    assert "nothing is lost" in one.words


def test_validators_are_kept_only_with_what_they_validate(kafka: AnyBroker, kafka_settings: Kafka, start: Start) -> None:
    with a_world(12, per_second=1.0, etags=True) as world:
        one, two = start("one", world), start("two", world)
        wait_for(lambda: one.share + two.share == 8 and min(one.share, two.share) > 0, one, two)
        kafka.kill()
        try:
            before = world.shown
            wait_for(lambda: world.shown >= min(before + 4, world.total), one, two)
            one.send(signal.SIGKILL)
            two.send(signal.SIGTERM)
            assert two.ended() == 0, two.words
        finally:
            kafka.restart()
        there = articles(kafka_settings)
        for record in everything(kafka_settings, topic_name(kafka_settings.prefix, FEEDS)):
            memory, feed = msgspec.json.decode(record.value, type=FeedMemory), record.key.decode()
            assert set(memory.seen) <= {article.id for article in there if article.feed == feed}
        third = start("three", world)
        wait_for(lambda: third.share == 8, third)
        until_all_is_polled(world, third)
        assert told(articles(kafka_settings)) == wanted(world, third)


def test_it_says_whether_it_is_ready(start: Start) -> None:
    def get(page: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(one.pages + page, timeout=5) as answer:  # noqa: S310  our own http address
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    with a_world(5, per_second=50) as world:
        one = start("one", world)
        wait_for(lambda: one.share == 8, one)
        wait_for(lambda: get("/health/ready") == (200, "ok\n"), one)
        assert get("/health/live") == (200, "ok\n")
        wait_for(lambda: 'tocsin_feed_up{feed="feed-0"} 1.0' in get("/metrics")[1], one)
        assert "tocsin_poller_feeds 8.0" in get("/metrics")[1]


def test_topics_that_are_missing_are_told_with_what_makes_them(tmp_path: Path, kafka_settings: Kafka) -> None:
    with a_world(1, per_second=1) as world:
        poller = PollerProgram(tmp_path, "one", kafka_settings, world.port).start()
        assert poller.ended() == 1
    assert re.search(rf"topic {kafka_settings.prefix}.articles is not there.*`tocsin topics create`", poller.words)
