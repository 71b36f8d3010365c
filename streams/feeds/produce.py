"""The poller's door to Kafka: articles and memories go in, and lie in their topics when the call returns; connections come out."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, Protocol

import msgspec
from kafka import KafkaConsumer, KafkaProducer
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.errors import (
    AuthorizationError,
    InvalidTopicError,
    KafkaConfigurationError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    SaslAuthenticationFailedError,
    UnsupportedVersionError,
)

from streams import metrics
from streams.errors import ExplainedError
from streams.feeds.leases import Standing
from streams.feeds.memory import FeedMemory, reason_to_keep
from streams.records import Article
from streams.runtime.credentials import access
from streams.runtime.layout import FEEDS, RECORD_BYTES, group_name, partition_of, state_name, topic_name
from streams.settings import Kafka
from streams.topics import ARTICLES

POLL = "poll"
"""The group of pollers."""
PATIENCE_SECONDS = 300.0
"""How long a broker may be away while feeds wait; a cluster is restarted in less, and a supervisor tries again after."""
STOP_SECONDS = 5.0
"""How long a write may still take when we are asked to stop; what is not written then is asked for and published by whoever comes next."""
CONNECT_SECONDS = 30.0
METADATA_SECONDS = 10.0
SLICE_SECONDS = 0.2
"""How often a wait looks whether it is worth going on."""
LONGEST_PAUSE = 2.0
"""Seconds between two attempts."""
TOO_LARGE = (MessageSizeTooLargeError, RecordListTooLargeError)
HOPELESS = (
    AuthorizationError,
    InvalidTopicError,
    KafkaConfigurationError,
    SaslAuthenticationFailedError,
    UnsupportedVersionError,
)
"""No attempt mends these. All else is tried again: a record that is written twice is the same record (`Topic.identity`)."""


class BrokerError(ExplainedError):
    """The cluster cannot be used; the text says which brokers and topic, what they said, and what to do."""


class Guard(Protocol):
    """Who knows whether we may write."""

    def standing(self, feed: str) -> Standing:
        """Whether *feed* is ours.

        Raises:
            PausedError: We may write nothing any more.
        """


class Entry(NamedTuple):
    """One record on its way."""

    topic: str
    partition: int
    key: bytes
    value: bytes
    timestamp_ms: int
    what: str
    """For people: which article or memory."""


class _Refusal:
    """Stands in for the future of a record that the producer would not begin with."""

    is_done = True

    def __init__(self, error: KafkaError) -> None:
        self._error = error

    def get(self, timeout: float) -> None:
        raise self._error


class KafkaFeedStore:
    """What pollers keep in Kafka: every article is acknowledged before the feed's memory is written, and that before `publish` returns.

    Args:
        articles, feeds: How many partitions the two topics have.
        tell: Takes one line for people.
        clock: Monotonic, in seconds.
    """

    def __init__(
        self,
        producer: KafkaProducer,
        kafka: Kafka,
        guard: Guard,
        *,
        articles: int,
        feeds: int,
        tell: Callable[[str], None],
        patience_seconds: float = PATIENCE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._producer, self._kafka, self._guard = producer, kafka, guard
        self._articles, self._feeds = articles, feeds
        self._tell, self._patience, self._clock = tell, patience_seconds, clock
        self._kept: dict[str, FeedMemory] = {}
        self._stop_by = float("inf")

    def take_up(self, names: Collection[str], memories: Mapping[str, FeedMemory]) -> None:
        """Go on for the feeds *names* from what another has kept of them."""
        kept = {name: memory for name, memory in self._kept.items() if name not in names}
        self._kept = kept | {name: memories[name] for name in names if name in memories}

    def memories(self) -> dict[str, FeedMemory]:
        """What is kept of the feeds that were taken up."""
        return dict(self._kept)

    def publish(self, feed_name: str, articles: Sequence[Article], memory: FeedMemory) -> None:
        """Write *articles*, then *memory* if it is worth it. A feed that is not ours any more is left to its heir: nothing is written.

        Raises:
            BrokerError: Not everything was acknowledged in time; then the memory is not written, and the articles may lie there twice.
            PausedError: This process stood still; the memory is not written.
        """
        if not self._may_write(feed_name):
            return
        self._deliver([self._article(article) for article in articles])
        kept = self._kept.get(feed_name)
        if reason_to_keep(kept, memory) and self._may_write(feed_name):
            self._deliver([self._memory(feed_name, memory)])
            self._kept[feed_name] = memory

    def stop(self) -> None:
        """Wait for what is under way only a little longer."""
        self._stop_by = self._clock() + STOP_SECONDS

    def close(self) -> None:
        """End the connection."""
        with suppress(KafkaTimeoutError):  # what was not acknowledged was never said to be
            self._producer.close(timeout=STOP_SECONDS)

    def _may_write(self, feed: str) -> bool:
        """Whether *feed* is ours; while nobody confirms it, wait."""
        deadline = self._clock() + self._patience
        while (standing := self._guard.standing(feed)) == "unconfirmed":
            if self._is_late(deadline):
                raise self._error(f"topic {topic_name(self._kafka.prefix, FEEDS)}", "nobody confirms the lease of its partitions")
            time.sleep(SLICE_SECONDS)
        return standing == "held"

    def _article(self, article: Article) -> Entry:
        return Entry(
            topic=topic_name(self._kafka.prefix, ARTICLES),
            # By its id, so that its revisions stay in order; the same in every producer of any language.
            partition=partition_of(article.id, self._articles),
            key=article.id.encode(),
            value=ARTICLES.encode(article),
            timestamp_ms=int(article.at.timestamp() * 1_000),
            what=f"article {article.id} of feed {article.feed}",
        )

    def _memory(self, feed: str, memory: FeedMemory) -> Entry:
        at = memory.last_asked
        return Entry(
            topic=topic_name(self._kafka.prefix, FEEDS),
            partition=partition_of(feed, self._feeds),
            key=feed.encode(),
            value=msgspec.json.encode(memory),
            timestamp_ms=int(at.timestamp() * 1_000) if at else 0,
            what=f"memory of feed {feed}",
        )

    def _deliver(self, entries: Sequence[Entry]) -> None:
        """Have all acknowledged, however often that takes; what no broker takes for its size is left out."""
        deadline, pause = self._clock() + self._patience, SLICE_SECONDS
        waiting = [entry for entry in entries if not self._is_too_large(entry)]
        while waiting:
            failed = self._attempt(waiting, deadline)
            waiting = [entry for entry, error in failed if not isinstance(error, TOO_LARGE)]
            for entry, error in failed:
                if isinstance(error, TOO_LARGE):
                    self._leave_out(entry, "more than the brokers take (message.max.bytes)")
                elif isinstance(error, HOPELESS) or self._is_late(deadline):
                    raise self._error(f"topic {entry.topic}, partition {entry.partition}", f"{entry.what}: {error}") from error
            if waiting:
                time.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)

    def _attempt(self, entries: Sequence[Entry], deadline: float) -> list[tuple[Entry, Exception]]:
        """Send *entries* together, in order; what was not acknowledged, and why."""
        begun = [(entry, self._send(entry)) for entry in entries]
        failed: list[tuple[Entry, Exception]] = []
        for entry, future in begun:
            try:
                self._wait(future, deadline)
            except KafkaError as error:
                failed.append((entry, error))
        return failed

    def _send(self, entry: Entry) -> Any:
        """The producer's future; one that has failed if it does not even begin."""
        try:
            return self._producer.send(entry.topic, entry.value, entry.key, partition=entry.partition, timestamp_ms=entry.timestamp_ms)
        except KafkaError as error:
            return _Refusal(error)
        except ValueError as error:
            raise self._error(f"topic {entry.topic}, partition {entry.partition}", str(error)) from error

    def _wait(self, future: Any, deadline: float) -> None:
        while True:
            try:
                future.get(timeout=SLICE_SECONDS)
            except KafkaTimeoutError:
                if future.is_done or self._is_late(deadline):
                    raise
            else:
                return

    def _is_late(self, deadline: float) -> bool:
        return self._clock() >= min(deadline, self._stop_by)

    def _is_too_large(self, entry: Entry) -> bool:
        if len(entry.value) <= RECORD_BYTES:
            return False
        self._leave_out(entry, f"{len(entry.value):,} bytes, more than {RECORD_BYTES:,}")
        return True

    def _leave_out(self, entry: Entry, why: str) -> None:
        """One record that cannot be written never holds up its feed."""
        metrics.TOO_LARGE.labels(entry.topic.removeprefix(f"{self._kafka.prefix}.")).inc()
        self._tell(f"{entry.what} is left out: {why}")

    def _error(self, where: str, what: str) -> BrokerError:
        return _explained(self._kafka, where, what)


def _explained(kafka: Kafka, where: str, what: str) -> BrokerError:
    return BrokerError(
        f"brokers {','.join(kafka.servers)}, {where}: {what}; see whether they run and answer, and whether user and topics are as "
        "`tocsin topics check` wants them (TOCSIN_KAFKA…), then start this again: nothing is lost, the feeds go on from what was written"
    )


def open_producer(kafka: Kafka) -> KafkaProducer:
    """Connect what writes: idempotent, acknowledged by all replicas in sync.

    Raises:
        BrokerError: No broker answers, or they do not let us in.
    """
    try:
        return KafkaProducer(
            **_arguments(kafka),
            enable_idempotence=True,
            acks="all",
            compression_type="lz4",
            max_request_size=RECORD_BYTES + 65_536,
            max_block_ms=int(METADATA_SECONDS * 1_000),
            delivery_timeout_ms=int(PATIENCE_SECONDS * 1_000),
        )
    except (KafkaError, OSError) as error:
        raise _explained(kafka, "connecting", str(error)) from error


def open_consumer(kafka: Kafka) -> KafkaConsumer:
    """Connect what holds the leases: a member of the group of pollers, not yet subscribed.

    Raises:
        BrokerError: As above.
    """
    try:
        return KafkaConsumer(
            **_arguments(kafka),
            group_id=group_name(kafka.prefix, POLL),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            # Who comes or goes moves as few feeds as can be, and the others are polled on meanwhile.
            partition_assignment_strategy=[CooperativeStickyAssignor],
            session_timeout_ms=kafka.session_seconds * 1_000,
            heartbeat_interval_ms=kafka.session_seconds * 200,
            max_poll_interval_ms=kafka.session_seconds * 4_000,
            max_partition_fetch_bytes=RECORD_BYTES + 65_536,
        )
    except (KafkaError, OSError) as error:
        raise _explained(kafka, "connecting", str(error)) from error


def count_partitions(producer: KafkaProducer, kafka: Kafka, topic: str) -> int:
    """How many partitions the topic has; it never changes while pollers run.

    Raises:
        BrokerError: There is no such topic, or it cannot be seen.
    """
    try:
        return len(producer.partitions_for(topic))
    except KafkaError as error:
        raise BrokerError(
            f"brokers {','.join(kafka.servers)}: topic {topic} is not there, or not for this user: {error}; "
            "make it with `tocsin topics create`"
        ) from error


def count_articles(producer: KafkaProducer, kafka: Kafka) -> int:
    """How many partitions the topic of articles has.

    Raises:
        BrokerError: As above, or the states of whoever reads them have more: the river is being grown.
    """
    topic, states = topic_name(kafka.prefix, ARTICLES), state_name(kafka.prefix, "detect")
    articles, read = (count_partitions(producer, kafka, name) for name in (topic, states))
    if articles != read:
        raise BrokerError(
            f"topic {topic} has {articles} partitions, but {states} has {read}: the river is being grown; finish it with "
            f"`tocsin topics grow {max(articles, read)}`, then start this again"
        )
    return articles


def _arguments(kafka: Kafka) -> dict[str, Any]:
    """What every client is told."""
    return access(kafka) | {
        "client_id": f"{kafka.prefix}-{POLL}",
        "allow_auto_create_topics": False,
        "bootstrap_timeout_ms": int(CONNECT_SECONDS * 1_000),
        "reconnect_backoff_max_ms": 2_000,
    }
