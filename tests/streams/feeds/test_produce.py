"""What is written into Kafka, in which order, and what is not."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec
import pytest
from kafka.errors import KafkaError, KafkaTimeoutError, MessageSizeTooLargeError, NotLeaderForPartitionError, TopicAuthorizationFailedError
from prometheus_client import REGISTRY

from streams.feeds import produce
from streams.feeds.leases import Standing
from streams.feeds.memory import FeedMemory, Seen
from streams.feeds.produce import BrokerError, KafkaFeedStore
from streams.records import Article
from streams.runtime.layout import RECORD_BYTES, partition_of
from streams.runtime.pulse import PausedError, Pulse
from streams.settings import Kafka
from streams.topics import ARTICLES
from tests.builders import an_article

KAFKA = Kafka(servers=("127.0.0.1:9",), prefix="t")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Sent(NamedTuple):
    """One record as the producer was given it."""

    topic: str
    value: bytes
    key: bytes
    partition: int
    timestamp_ms: int


class Answer:
    """A future of the producer: done with *error*, or well; or open until `come`."""

    def __init__(self, error: Exception | None = None, *, open_: bool = False) -> None:
        self.error, self._come = error, threading.Event()
        if not open_:
            self._come.set()

    @property
    def is_done(self) -> bool:
        return self._come.is_set()

    def come(self) -> None:
        self._come.set()

    def get(self, timeout: float) -> None:
        if not self._come.wait(timeout):
            raise KafkaTimeoutError
        if self.error is not None:
            raise self.error


class Producer:
    """Remembers what it was asked to send; *answers* says how each fares, in order, and what comes after them goes well."""

    def __init__(self, *answers: Answer | Exception) -> None:
        self.sent: list[Sent] = []
        self.answers = list(answers)
        self.on_send: Callable[[Sent], None] = lambda record: None

    def send(self, topic: str, value: bytes, key: bytes, *, partition: int, timestamp_ms: int) -> Answer:
        record = Sent(topic, value, key, partition, timestamp_ms)
        answer = self.answers.pop(0) if self.answers else Answer()
        if isinstance(answer, Exception):
            raise answer
        self.sent.append(record)
        self.on_send(record)
        return answer

    @property
    def topics(self) -> list[str]:
        return [record.topic for record in self.sent]


class Ours:
    """A guard that says *standings* one after the other, the last for ever."""

    def __init__(self, *standings: Standing | Exception) -> None:
        self.standings = list(standings) or ["held"]

    def standing(self, feed: str) -> Any:
        said = self.standings.pop(0) if len(self.standings) > 1 else self.standings[0]
        if isinstance(said, Exception):
            raise said
        return said


def a_store(producer: Producer, guard: Any = None, **changes: Any) -> KafkaFeedStore:
    known = {"articles": 12, "feeds": 6, "tell": print, "patience_seconds": 30.0}
    return KafkaFeedStore(producer, KAFKA, guard or Ours(), **{**known, **changes})


def a_memory(*seen: str, **changes: Any) -> FeedMemory:
    return FeedMemory(seen={name: Seen(content=name) for name in seen}, current=seen, last_asked=NOON, last_full=NOON, **changes)


def some_articles(*names: str) -> list[Article]:
    return [an_article(id=name, feed="wire", fetched=NOON) for name in names]


def test_articles_lie_by_their_ids_with_their_times_and_the_memory_by_the_name_of_its_feed() -> None:
    producer, article, memory = Producer(), an_article(id="a1", fetched=NOON + timedelta(milliseconds=7)), a_memory("a1")
    a_store(producer).publish("wire", [article], memory)
    stamp = int(NOON.timestamp() * 1000)
    assert producer.sent == [
        Sent("t.articles", ARTICLES.encode(article), b"a1", partition_of("a1", 12), stamp + 7),
        Sent("t.feeds", msgspec.json.encode(memory), b"wire", partition_of("wire", 6), stamp),
    ]


def test_the_memory_is_not_sent_before_every_article_is_acknowledged() -> None:
    late = Answer(open_=True)
    producer = Producer(Answer(), late, Answer())
    publishing = threading.Thread(target=a_store(producer).publish, args=("wire", some_articles("a", "b", "c"), a_memory("a", "b", "c")))
    publishing.start()
    time.sleep(0.5)
    assert producer.topics == ["t.articles"] * 3
    assert publishing.is_alive()
    late.come()
    publishing.join(5)
    assert producer.topics == ["t.articles"] * 3 + ["t.feeds"]


def test_an_article_that_fails_leaves_the_memory_unwritten_and_the_error_says_where_and_what_to_do() -> None:
    producer = Producer(Answer(), Answer(TopicAuthorizationFailedError("t.articles")))
    store = a_store(producer)
    with pytest.raises(BrokerError) as caught:
        store.publish("wire", some_articles("a", "b"), a_memory("a", "b"))
    assert producer.topics == ["t.articles"] * 2
    assert store.memories() == {}
    text = str(caught.value)
    assert text.startswith(f"brokers 127.0.0.1:9, topic t.articles, partition {partition_of('b', 12)}: article b of feed wire: ")
    assert "TopicAuthorizationFailed" in text
    assert "`tocsin topics check`" in text


def test_what_was_not_acknowledged_is_sent_again_and_nothing_else() -> None:
    producer = Producer(Answer(), Answer(NotLeaderForPartitionError()), KafkaTimeoutError("no metadata"))
    a_store(producer).publish("wire", some_articles("a", "b", "c"), a_memory("a", "b", "c"))
    assert [record.key for record in producer.sent] == [b"a", b"b", b"b", b"c", b"wire"]


def test_a_broker_that_stays_away_is_waited_for_only_so_long() -> None:
    producer = Producer(*[KafkaTimeoutError("no answer")] * 100)
    began = time.monotonic()
    with pytest.raises(BrokerError, match=r"article a of feed wire: .*no answer"):
        a_store(producer, patience_seconds=0.5).publish("wire", some_articles("a"), a_memory("a"))
    assert 0.4 < time.monotonic() - began < 3


def test_a_poller_that_is_asked_to_stop_waits_for_a_broker_only_a_little_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(produce, "STOP_SECONDS", 0.3)
    store = a_store(Producer(Answer(open_=True)))
    threading.Timer(0.2, store.stop).start()
    began = time.monotonic()
    with pytest.raises(BrokerError):
        store.publish("wire", some_articles("a"), a_memory("a"))
    assert time.monotonic() - began < 5


def left_out() -> float:
    return REGISTRY.get_sample_value("tocsin_poller_too_large_total", {"topic": "articles"}) or 0.0


@pytest.mark.parametrize("who", ["we", "the broker"])
def test_an_article_that_is_too_large_is_left_out_with_a_word_and_holds_up_nothing(who: str) -> None:
    large = an_article(id="large", feed="wire", fetched=NOON, text="x" * (RECORD_BYTES if who == "we" else 10))
    producer = Producer(Answer(), Answer(MessageSizeTooLargeError())) if who == "the broker" else Producer()
    told: list[str] = []
    store, before = a_store(producer, tell=told.append), left_out()
    store.publish("wire", [*some_articles("a"), large, *some_articles("b")], a_memory("a", "large", "b"))
    assert [record.key for record in producer.sent if record.key != b"large"] == [b"a", b"b", b"wire"]
    assert left_out() == before + 1
    assert len(told) == 1
    assert told[0].startswith("article large of feed wire is left out: ")


def test_a_memory_in_which_nothing_worth_keeping_changed_is_not_written() -> None:
    producer = Producer()
    store = a_store(producer)
    store.publish("wire", some_articles("a"), a_memory("a"))
    store.publish("wire", [], a_memory("a", body="other bytes"))
    assert producer.topics == ["t.articles", "t.feeds"]
    assert store.memories() == {"wire": a_memory("a")}


def test_a_memory_that_was_taken_up_is_not_written_again() -> None:
    producer = Producer()
    store = a_store(producer)
    store.take_up(["wire", "gone"], {"wire": a_memory("a"), "another poller's": a_memory("b")})
    store.publish("wire", [], a_memory("a"))
    assert producer.sent == []
    assert store.memories() == {"wire": a_memory("a")}


def test_for_a_feed_that_is_not_ours_any_more_nothing_is_written() -> None:
    producer = Producer()
    a_store(producer, Ours("lost")).publish("wire", some_articles("a"), a_memory("a"))
    assert producer.sent == []


def test_a_feed_that_is_lost_while_its_articles_are_written_keeps_its_heirs_memory() -> None:
    producer = Producer()
    a_store(producer, Ours("held", "lost")).publish("wire", some_articles("a"), a_memory("a"))
    assert producer.topics == ["t.articles"]


def test_while_nobody_confirms_the_lease_the_feed_waits() -> None:
    producer = Producer()
    a_store(producer, Ours("unconfirmed", "unconfirmed", "held")).publish("wire", some_articles("a"), a_memory("a"))
    assert producer.topics == ["t.articles", "t.feeds"]


def test_a_lease_that_nobody_confirms_for_too_long_ends_the_poller() -> None:
    with pytest.raises(BrokerError, match=r"topic t.feeds: nobody confirms the lease"):
        a_store(Producer(), Ours("unconfirmed"), patience_seconds=0.3).publish("wire", some_articles("a"), a_memory("a"))


class Guarded:
    """A guard that holds every feed as long as its pulse beats."""

    def __init__(self, pulse: Pulse) -> None:
        self.pulse = pulse

    def standing(self, feed: str) -> Standing:
        self.pulse.beat()
        return "held"


def test_a_poller_that_stood_still_while_its_articles_were_written_does_not_write_the_memory() -> None:
    now = 100.0
    pulse = Pulse(15.0, clock=lambda: now)
    producer = Producer()

    def stand_still(record: Sent) -> None:
        nonlocal now
        now += 8.0

    producer.on_send = stand_still
    store = a_store(producer, Guarded(pulse))
    with pytest.raises(PausedError, match=r"stood still for 8.0 s, and may do so for 7.5 s"):
        store.publish("wire", some_articles("a"), a_memory("a"))
    assert producer.topics == ["t.articles"]
    with pytest.raises(PausedError):
        store.publish("wire", some_articles("b"), a_memory("b"))
    assert producer.topics == ["t.articles"]


def test_an_error_that_kafka_does_not_explain_is_tried_again() -> None:
    producer = Producer(Answer(KafkaError("who knows")))
    a_store(producer).publish("wire", some_articles("a"), a_memory("a"))
    assert producer.topics == ["t.articles", "t.articles", "t.feeds"]


def test_a_partition_that_the_topic_does_not_have_is_told() -> None:
    with pytest.raises(BrokerError, match="Unrecognized partition"):
        a_store(Producer(ValueError("Unrecognized partition 3 for topic t.articles"))).publish("wire", some_articles("a"), a_memory("a"))
