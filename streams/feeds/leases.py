"""Which feeds are this poller's: what the group of pollers says goes in, partitions to begin and to end come out, with what lies in them.

Memories of feeds lie in the partitions of a topic; whoever is assigned a partition by the group polls the feeds in it.
"""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Literal, Protocol

import msgspec
from kafka import ConsumerRebalanceListener, KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from streams.errors import ExplainedError
from streams.feeds.memory import FeedMemory
from streams.runtime.layout import partition_of
from streams.runtime.pulse import Pulse
from streams.topics import UNREADABLE

TURN_MS = 200
RENEW_MS = 1_000
"""How long one renewal waits for its answer."""

Standing = Literal["held", "unconfirmed", "lost"]
"""Of a feed: ours; ours, but nobody has confirmed it for half a session; not ours."""


class LeasesError(ExplainedError):
    """The group of pollers will not have us."""


class Tenant(Protocol):
    """Who polls the feeds of the partitions. Called from the thread of the leases."""

    def begin(self, partitions: frozenset[int], memories: Mapping[str, FeedMemory]) -> None:
        """These partitions are ours from now on; *memories* is all that lies in them, by feed. Must return at once."""

    def end(self, partitions: frozenset[int]) -> None:
        """They will not be any more; return when nothing is written for their feeds, or after a third of a session at the latest."""

    def failed(self) -> None:
        """The leases have ended by an error, which is `Leases.failure`."""


class Leases(threading.Thread):
    """A membership in the group of pollers, in a thread of its own.

    Between two pollers a feed's lease is given up before it is taken, but a poller that was cut off may poll on for a while beside
    its heir. Then the same articles lie twice in their topic with different ``fetched``, which is harmless: detect passes over a
    revision whose content it knows. And of the two memories the older may be the one that lies last: its reader publishes again what
    the other had published, and misses nothing.

    Args:
        consumer: Of the group, without automatic commits; not yet subscribed. It is closed in the end.
        topic: Of the memories.
        partitions: How many that topic has.
        session_seconds: After this much silence the group gives our feeds to another: a killed poller's feeds rest about so long.
        clock: Monotonic, in seconds.
    """

    def __init__(
        self,
        consumer: KafkaConsumer,
        topic: str,
        partitions: int,
        pulse: Pulse,
        *,
        session_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(name="leases", daemon=True)
        self.failure: Exception | None = None
        self.joined = False
        """Whether the group knows us, with or without partitions."""
        self._consumer, self._topic, self._partitions = consumer, topic, partitions
        self._pulse, self._session, self._clock = pulse, session_seconds, clock
        self._tenant: Tenant
        self._ending = threading.Event()
        self._held: frozenset[int] = frozenset()
        self._fresh: set[int] = set()
        """Assigned, and not yet begun to be read."""
        self._ends: dict[int, int] = {}
        """Of partitions that are being read: the offset up to which."""
        self._found: dict[int, dict[str, FeedMemory]] = {}
        self._confirmed, self._renew_at = clock(), 0.0

    @property
    def silent_seconds(self) -> float:
        """How long ago the group last confirmed us; 0.0 while it is not expected to."""
        return self._clock() - self._confirmed if self._held else 0.0

    def standing(self, feed: str) -> Standing:
        """Whether *feed* is ours, by what the group last said.

        Raises:
            PausedError: This process stood still; nothing is ours.
        """
        self._pulse.beat()
        if partition_of(feed, self._partitions) not in self._held:
            return "lost"
        return "held" if self.silent_seconds <= self._session / 2 else "unconfirmed"

    def serve(self, tenant: Tenant) -> None:
        """Join the group, for *tenant*, until `stop`."""
        self._tenant = tenant
        self.start()

    def run(self) -> None:
        try:
            self._consumer.subscribe([self._topic], listener=_Listener(self))
            # Before the group is joined: who leads it and knows no partitions shares none out, and kafka-python 3.0.12 may hang then.
            self._consumer.partitions_for_topic(self._topic)
            while not self._ending.is_set():
                self.turn()
        except Exception as error:  # noqa: BLE001  whatever ends the leases ends the poller, and is told there
            self.failure = self._explained(error) if isinstance(error, KafkaError) else error
            self._tenant.failed()
        finally:
            # Leaves the group, so that the feeds' heirs need not wait for the session to run out.
            self._consumer.close(timeout_ms=RENEW_MS)

    def stop(self) -> None:
        """Give up all leases and leave the group."""
        self._ending.set()
        if self.is_alive():
            self.join(timeout=self._session)

    def turn(self) -> None:
        """One round: hear what the group says, read on, renew.

        The group's changes come to `assigned` and `revoked` while this polls, and at no other time.
        """
        try:
            batch = self._consumer.poll(timeout_ms=TURN_MS)
            for place, records in batch.items():
                self._take(place.partition, [(record.key, record.value) for record in records])
            self.joined = self._consumer.group_metadata().generation_id >= 0
            self._read()
            self._renew()
        except KafkaError as error:
            if not error.retriable:
                raise
            self._ending.wait(TURN_MS / 1_000)

    def assigned(self, partitions: Iterable[int]) -> None:
        """The group gives us *partitions*, perhaps some again."""
        self._fresh |= set(partitions) - self._held

    def revoked(self, partitions: Iterable[int]) -> None:
        """The group takes *partitions* as soon as this returns: their feeds end before, and may write what they have begun to."""
        gone = frozenset(partitions)
        self._fresh -= gone
        for partition in gone & self._ends.keys():
            del self._ends[partition], self._found[partition]
        if held := self._held & gone:
            self._tenant.end(held)
        self._held -= gone

    def lost(self, partitions: Iterable[int]) -> None:
        """The group has taken *partitions* before: nothing more may be written for their feeds."""
        gone = frozenset(partitions)
        held, self._held = self._held & gone, self._held - gone
        self.revoked(gone)
        if held:
            self._tenant.end(held)

    def _explained(self, error: KafkaError) -> LeasesError:
        return LeasesError(
            f"topic {self._topic}: the group of pollers cannot be joined or its memories not be read: {error}; "
            "see whether the topic is there (`tocsin topics check`) and this user may read it and be of the group"
        )

    def _take(self, partition: int, records: Iterable[tuple[bytes | None, bytes | None]]) -> None:
        """Take up memories, the latest of each feed; what we wrote ourselves into partitions that we hold is passed over."""
        found = self._found.get(partition)
        if found is None:
            return
        for key, value in records:
            feed = (key or b"").decode(errors="replace")  # one that is no name of a feed is nobody's
            try:
                found[feed] = msgspec.json.decode(value or b"", type=FeedMemory)
            except UNREADABLE:
                # Of a version that we cannot read: as if the feed had never been polled. Its articles are told again, none is lost.
                found.pop(feed, None)

    def _read(self) -> None:
        """Begin to read what was assigned; hand over what is read to its end."""
        if self._fresh:
            places = [TopicPartition(self._topic, p) for p in sorted(self._fresh)]
            ends = self._consumer.end_offsets(places, timeout_ms=RENEW_MS)
            self._consumer.seek_to_beginning(*places)
            self._ends |= {place.partition: end for place, end in ends.items()}
            self._found |= {place.partition: {} for place in places}
            self._fresh.clear()
        reading = {p: TopicPartition(self._topic, p) for p in self._ends}
        done = frozenset(p for p, place in reading.items() if (self._consumer.position(place, timeout_ms=RENEW_MS) or 0) >= self._ends[p])
        if done:
            if not self._held:
                self._confirmed = self._clock()  # the group has just given it to us
            memories = {feed: memory for p in done for feed, memory in self._found.pop(p).items()}
            for partition in done:
                del self._ends[partition]
            self._held |= done
            self._tenant.begin(done, memories)

    def _renew(self) -> None:
        """Commit where we have read to: the group takes it only from members in good standing, so that its answer confirms the leases."""
        sent = self._clock()
        if not self._held or sent < self._renew_at:
            return
        self._renew_at = sent + self._session / 5
        try:
            self._consumer.commit(timeout_ms=RENEW_MS)
        except KafkaError:
            return  # told by `silent_seconds`; whether we are still a member, the next poll finds out
        self._confirmed = sent


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # kafka-python has no types
    """Passes on what the group says. It may hold up the consumer's heartbeats for a third of a session."""

    def __init__(self, leases: Leases) -> None:
        self._leases = leases

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        self._leases.assigned(place.partition for place in assigned)

    def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        self._leases.revoked(place.partition for place in revoked)

    def on_partitions_lost(self, lost: Iterable[TopicPartition]) -> None:
        self._leases.lost(place.partition for place in lost)
