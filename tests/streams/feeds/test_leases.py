"""What a poller holds, by what its group said."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec
import pytest
from kafka import TopicPartition
from kafka.errors import CommitFailedError, GroupAuthorizationFailedError, KafkaError, KafkaTimeoutError

from streams.feeds.leases import Leases, LeasesError
from streams.feeds.memory import FeedMemory
from streams.runtime.layout import partition_of
from streams.runtime.pulse import Pulse

SESSION = 10.0
TOPIC = "t.feeds"


def named(partition: int) -> str:
    """A feed that lies in that one of two partitions."""
    return next(name for name in map(str, range(100)) if partition_of(name, 2) == partition)


class Lying(NamedTuple):
    """A record in a partition."""

    key: bytes | None
    value: bytes | None


class Membership(NamedTuple):
    generation_id: int = 1


class Consumer:
    """A consumer of a topic of two partitions; a test queues what the group says, and polls make it known."""

    def __init__(self, logs: Mapping[int, list[Lying]] | None = None) -> None:
        self.logs = dict(logs or {})
        self.said: list[tuple[str, list[int]]] = []
        self.at: dict[int, int] = {}
        self.commits = 0
        self.commit_error: KafkaError | None = None
        self.poll_error: Exception | None = None
        self.ends_error: KafkaError | None = None
        self.closed = False
        self.listener: Any = None

    def subscribe(self, topics: list[str], listener: Any) -> None:
        self.listener = listener

    def partitions_for_topic(self, topic: str) -> set[int]:
        return {0, 1}

    def poll(self, timeout_ms: int) -> dict[TopicPartition, list[Lying]]:
        if self.poll_error:
            raise self.poll_error
        for word, partitions in self.said:
            getattr(self.listener, f"on_partitions_{word}")([TopicPartition(TOPIC, p) for p in partitions])
        self.said.clear()
        batch = {TopicPartition(TOPIC, p): self.logs.get(p, [])[at:] for p, at in self.at.items()}
        self.at = {p: len(self.logs.get(p, [])) for p in self.at}
        return {place: records for place, records in batch.items() if records}

    def end_offsets(self, places: list[TopicPartition], timeout_ms: int) -> dict[TopicPartition, int]:
        if self.ends_error:
            raise self.ends_error
        return {place: len(self.logs.get(place.partition, [])) for place in places}

    def seek_to_beginning(self, *places: TopicPartition) -> None:
        self.at |= {place.partition: 0 for place in places}

    def position(self, place: TopicPartition, timeout_ms: int) -> int | None:
        return self.at.get(place.partition)

    def group_metadata(self) -> Membership:
        return Membership()

    def commit(self, timeout_ms: int) -> None:
        if self.commit_error:
            raise self.commit_error
        self.commits += 1

    def close(self, timeout_ms: int) -> None:
        self.closed = True


class House:
    """A tenant that remembers what it was told."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, frozenset[int], list[str]]] = []
        self.on_end: Callable[[], object] = lambda: None

    def begin(self, partitions: frozenset[int], memories: Mapping[str, FeedMemory]) -> None:
        self.heard.append(("begin", partitions, [f"{name}: {memory.body}" for name, memory in sorted(memories.items())]))

    def end(self, partitions: frozenset[int]) -> None:
        self.heard.append(("end", partitions, []))
        self.on_end()

    def failed(self) -> None:
        self.heard.append(("failed", frozenset(), []))


class Run:
    """Leases with their surroundings and a clock that a test sets."""

    def __init__(self, logs: Mapping[int, list[Lying]] | None = None) -> None:
        self.now = 1_000.0
        self.consumer, self.house = Consumer(logs), House()
        self.leases = Leases(
            self.consumer, TOPIC, 2, Pulse(10_000.0, clock=lambda: self.now), session_seconds=SESSION, clock=lambda: self.now
        )
        self.leases._tenant = self.house
        self.consumer.subscribe([TOPIC], Listening(self.leases))

    def turns(self, count: int = 3) -> None:
        for _ in range(count):
            self.leases.turn()


class Listening:
    """What `_Listener` does, without a thread."""

    def __init__(self, leases: Leases) -> None:
        self.leases = leases

    def on_partitions_assigned(self, places: list[TopicPartition]) -> None:
        self.leases.assigned(place.partition for place in places)

    def on_partitions_revoked(self, places: list[TopicPartition]) -> None:
        self.leases.revoked(place.partition for place in places)

    def on_partitions_lost(self, places: list[TopicPartition]) -> None:
        self.leases.lost(place.partition for place in places)


def a_record(name: str, body: str) -> Lying:
    return Lying(name.encode(), msgspec.json.encode(FeedMemory(body=body)))


def test_a_partition_is_ours_once_all_that_lies_in_it_is_read_and_the_latest_of_each_feed_counts() -> None:
    run = Run({0: [a_record("x", "old"), a_record("y", "one"), a_record("x", "new")]})
    run.consumer.said = [("assigned", [0, 1])]
    run.leases.turn()
    assert run.house.heard == [("begin", frozenset({1}), [])]  # where nothing lies
    run.turns()
    assert run.house.heard[1:] == [("begin", frozenset({0}), ["x: new", "y: one"])]
    assert (run.leases.standing(named(0)), run.leases.standing(named(1))) == ("held", "held")


def test_what_we_write_ourselves_is_not_read_again() -> None:
    run = Run({0: []})
    run.consumer.said = [("assigned", [0])]
    run.turns()
    run.consumer.logs[0].append(a_record("x", "ours"))
    run.turns()
    assert len(run.house.heard) == 1


def test_a_memory_that_cannot_be_read_is_as_none() -> None:
    run = Run({0: [a_record("x", "good"), Lying(b"x", b'{"seen": 7}'), a_record("y", "good"), a_record("z", "good"), Lying(b"z", None)]})
    run.consumer.said = [("assigned", [0])]
    run.turns()
    assert run.house.heard == [("begin", frozenset({0}), ["y: good"])]


def test_foreign_records_among_the_memories_are_passed_over() -> None:
    foreign = [Lying(b"\xff", b"{}"), Lying(b"x", b'{"url":"\xff"}'), Lying(b"x", b"[" * 100_000), Lying(None, b"x")]
    run = Run({0: [*foreign, a_record("y", "good")]})
    run.consumer.said = [("assigned", [0])]
    run.turns()
    assert "y: good" in run.house.heard[0][2]


def test_a_partition_that_is_taken_is_ended_at_once_and_only_if_it_was_begun() -> None:
    run = Run({0: [], 1: [a_record("x", "1")]})
    run.consumer.said = [("assigned", [0, 1])]
    run.leases.turn()
    run.consumer.said = [("revoked", [0, 1])]
    run.turns()
    assert run.house.heard == [("begin", frozenset({0}), []), ("end", frozenset({0}), [])]
    assert run.leases.standing(named(0)) == "lost"


@pytest.mark.parametrize(("word", "meanwhile"), [("revoked", "held"), ("lost", "lost")])
def test_what_was_begun_may_be_written_before_a_lease_is_given_up_and_not_after_it_was_lost(word: str, meanwhile: str) -> None:
    run = Run()
    run.consumer.said = [("assigned", [0])]
    run.turns()
    standings: list[str] = []
    run.house.on_end = lambda: standings.append(run.leases.standing(named(0)))
    run.consumer.said = [(word, [0])]
    run.turns()
    assert standings == [meanwhile]
    assert run.leases.standing(named(0)) == "lost"
    assert [said[0] for said in run.house.heard] == ["begin", "end"]


def test_a_partition_that_comes_back_is_read_anew() -> None:
    run = Run({0: [a_record("x", "1")]})
    run.consumer.said = [("assigned", [0])]
    run.turns()
    run.consumer.said = [("revoked", [0])]
    run.turns()
    run.consumer.logs[0].append(a_record("x", "2"))
    run.consumer.said = [("assigned", [0])]
    run.turns()
    assert [said for said in run.house.heard if said[0] == "begin"][1] == ("begin", frozenset({0}), ["x: 2"])


def test_leases_are_renewed_five_times_a_session_and_doubted_after_half_of_one() -> None:
    run = Run()
    run.consumer.said = [("assigned", [0])]
    run.turns()
    assert run.consumer.commits == 1
    run.now += SESSION / 5
    run.turns()
    assert run.consumer.commits == 2
    run.consumer.commit_error = CommitFailedError()
    run.now += SESSION / 2
    run.turns()
    assert run.leases.standing(named(0)) == "held"
    run.now += 0.1
    assert run.leases.standing(named(0)) == "unconfirmed"
    run.consumer.commit_error = None
    run.now += SESSION / 5
    run.turns()
    assert run.leases.standing(named(0)) == "held"


def test_brokers_that_do_not_answer_are_asked_again() -> None:
    run = Run()
    run.consumer.ends_error = KafkaTimeoutError()
    run.consumer.said = [("assigned", [0])]
    run.turns()
    assert run.house.heard == []
    run.consumer.ends_error = None
    run.turns()
    assert run.house.heard == [("begin", frozenset({0}), [])]


def test_a_group_that_will_not_have_us_ends_the_leases_with_what_to_do() -> None:
    run = Run()
    run.consumer.poll_error = GroupAuthorizationFailedError("t.poll")
    run.leases.serve(run.house)
    run.leases.join(5)
    assert isinstance(run.leases.failure, LeasesError)
    assert "this user may read it and be of the group" in str(run.leases.failure)
    assert run.house.heard == [("failed", frozenset(), [])]
    assert run.consumer.closed


def test_who_stops_leaves_the_group() -> None:
    run = Run()
    run.leases.serve(run.house)
    run.leases.stop()
    assert run.consumer.closed
    assert run.leases.failure is None
