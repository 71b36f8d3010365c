"""What every Faust app of ours has in common: a group, a ledgered table, partitions that come and go, and writes in a safe order."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from streams.runtime.agents.app import BrokerError, Sent, make_app, producer_of, raw_topic, write
from streams.runtime.agents.recovery import Flowing, Forgetful
from streams.runtime.agents.table import LedgerTable
from streams.runtime.cluster import Cluster
from streams.runtime.layout import group_name, partition_of, state_name, topic_name
from streams.runtime.ledger import Ledger, Write
from streams.runtime.pulse import Pulse
from streams.runtime.rekey import misplaced
from streams.runtime.states import Row
from streams.settings import Kafka
from streams.topics import Topic

BATCH = 256
"""Messages taken at once."""
FEW = 8
"""Messages: a batch of more shows that there is work for larger ones."""
LINGER_SECONDS = 0.02
"""How long the next batch then waits to grow; an alert on a quiet river waits for nothing."""
CALLS = 16
"""Under way together in a consumer's thread: with Faust's two, a fetch and a commit that wait for a rebalance keep out whatever ends it."""
SEEK_SECONDS = 1.0
"""Between two requests for entries that did not reach us: what is on its way meanwhile is of the time before."""
FULL_SECONDS = 0.05
"""Between two looks whether there is room again."""


@dataclass(frozen=True)
class Surroundings:
    """What the members of one worker share.

    Attributes:
        fail: Told what makes it impossible to go on.
    """

    kafka: Kafka
    credentials: Any
    pulse: Pulse
    fail: Callable[[Exception], None]


class Member(ABC):
    """A reader of one topic, as a member of a consumer group.

    Args:
        name: Of the group and its changelog.
        outputs: Topics that it writes to.
    """

    def __init__(self, name: str, source: Topic, outputs: Iterable[Topic], around: Surroundings) -> None:
        self.name = name
        self.app = make_app(around.kafka, group_name(around.kafka.prefix, name), around.credentials)
        self.ready = False
        """Whether partitions were assigned and recovered, if only none."""
        self._moved_at = time.monotonic()
        self.seen: dict[int, float] = {}
        """Unix time of the last entry that came, by partition that is ours; of a new one, when it became ours."""
        self._around = around
        self._prefix = around.kafka.prefix
        self._outputs = tuple(outputs)
        self._source = topic_name(self._prefix, source)
        self._changelog = state_name(self._prefix, name)
        self._counts: dict[str, int] = {}
        self._mending: dict[int, list[Write]] = {}
        self._epochs: dict[int, int] = {}
        self._sought: dict[int, float] = {}
        """When entries were asked for again, by partition."""
        self._busy = asyncio.Lock()
        self._table = LedgerTable(self.app, around.kafka, self._source, self._changelog, self._recovered, around.fail)
        self.app.tables.add(self._table)
        self.app.agent(raw_topic(self.app, self._source), name=name)(self._read)
        on_revoked: Any = self.app.on_partitions_revoked
        on_revoked.connect(self._revoked)

    @abstractmethod
    def opened(self, ledgers: Mapping[int, Ledger]) -> None:
        """Work on these partitions from now on, as their ledgers say."""

    @abstractmethod
    async def closed(self) -> None:
        """Touch none of the partitions any more; what is under way was finished."""

    @abstractmethod
    async def take(self, partition: int, messages: Sequence[Any]) -> None:
        """Take in messages of one partition, in order, none of them taken in before."""

    @property
    def full(self) -> bool:
        """Whether nothing more can be taken in for now."""
        return False

    @property
    @abstractmethod
    def positions(self) -> dict[int, int]:
        """Offset of the last entry taken in, by partition that is ours."""

    async def start(self) -> None:
        """Join the group."""
        consumer: Any = self.app.consumer
        consumer._read_offset, consumer._active_partitions = Forgetful(), Flowing()
        consumer._thread.method_queue.num_workers = CALLS
        await self.app.start()

    async def leave(self) -> None:
        """Finish what is under way, then leave the group."""
        self.ready = False
        async with self._busy:
            await self.closed()
        await self.app.stop()

    @property
    def moved_at(self) -> float:
        """When something was last taken in, be it of a changelog; by the monotonic clock."""
        return max(self._moved_at, self._table.read_at)

    @property
    def failure(self) -> Exception | None:
        """What the Faust app crashed of."""
        if not self.app.crashed:
            return None
        reason = self.app.crash_reason
        return reason if isinstance(reason, Exception) else RuntimeError(f"{self.name} crashed: {reason!r}")

    async def behind(self) -> dict[int, int]:
        """How many entries of each partition that is ours were not taken in yet."""
        tps = {tp.partition: tp for tp in self.app.consumer.assignment() if tp.topic == self._source}
        ends = await self.app.consumer.highwaters(*tps.values()) if tps else {}
        return {p: max(0, ends[tps[p]] - position - 1) for p, position in self.positions.items() if p in tps}

    def unread(self, cluster: Cluster) -> dict[int, tuple[int, int]]:
        """Where the whole group stands, whoever is in it: by partition of which not all was read, what was read and where it ends."""
        read = cluster.committed(group_name(self._prefix, self.name), self._source)
        return {p: (read.get(p, 0), end) for p, end in cluster.ends(self._source).items() if read.get(p, 0) < end}

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Inputs with the changelogs that must have as many partitions."""
        return [(self._source, self._changelog)]

    @property
    def needs(self) -> set[str]:
        """Names of all topics that must be in the cluster."""
        return {name for pair in self.pairs for name in pair} | {topic_name(self._prefix, t) for t in self._outputs}

    def check(self, counts: Mapping[str, int]) -> None:
        """See that the cluster has every topic that is needed, and take their partitions from there.

        Args:
            counts: Partitions, by topic; those that are missing are missing there.

        Raises:
            BrokerError: Some are missing, or a changelog has not as many partitions as its input.
        """
        if missing := sorted(self.needs - counts.keys()):
            raise BrokerError(f"{', '.join(missing)}: not in the cluster; run `tocsin topics create`")
        for source, changelog in self.pairs:
            if counts[source] != counts[changelog]:
                raise BrokerError(unequal(source, counts[source], changelog, counts[changelog]))
        self._counts = {name: counts[name] for name in self.needs}

    def sent(self, topic: Topic, record: Any) -> Sent:
        """Where a record goes."""
        name, key = topic_name(self._prefix, topic), topic.key(record)
        return Sent(name, partition_of(key, self._counts[name]), key.encode(), topic.encode(record))

    async def write(self, records: Iterable[Sent]) -> None:
        """Write, and wait until all is acknowledged; a process that stood still ends instead."""
        self._around.pulse.check()
        await write(producer_of(self.app), records)

    async def last(self, partition: int, ledger: Ledger, rows: Mapping[Row, bytes | None], position: int) -> None:
        """Make *rows* last, as of the input entry at *position*."""
        await self.write([self._kept(partition, ledger.epoch, record) for record in ledger.commit(rows, position)])
        self._moved_at = time.monotonic()

    def _kept(self, partition: int, epoch: int, record: Write) -> Sent:
        return Sent(self._changelog, partition, *record, epoch=epoch)

    def _recovered(self, ledgers: dict[int, Ledger], mending: dict[int, list[Write]]) -> None:
        partitions = self._counts[self._changelog]
        if wrong := [(p, key) for p, ledger in ledgers.items() if (key := misplaced(ledger, p, partitions)) is not None]:
            self._around.fail(BrokerError(elsewhere(self._changelog, partitions, *wrong[0])))
            return
        self._mending = {p: writes for p, writes in mending.items() if writes}
        self._epochs = {p: ledger.epoch for p, ledger in ledgers.items()}
        self.seen = {p: self.seen.get(p, time.time()) for p in ledgers}
        self.opened(ledgers)
        self.ready = True

    async def _revoked(self, _app: Any, _revoked: Any, **_: Any) -> None:
        self.ready = False
        self._table.revoked()
        async with self._busy:
            await self.closed()

    async def _read(self, stream: Any) -> None:
        """Take in whatever has come, as long as the agent lives.

        The queue is emptied by hand: `Stream.noack_take` waits for a full batch or a time, and both cost every alert that time.
        """
        queue, busy = stream.channel.queue, False
        while True:
            events = [await queue.get()]
            if busy:
                await asyncio.sleep(LINGER_SECONDS)
            while len(events) < BATCH and not queue.empty():
                events.append(queue.get_nowait())
            busy = len(events) > FEW
            try:
                while self.full:  # noqa: ASYNC110  there is room when any of many has some
                    await asyncio.sleep(FULL_SECONDS)
                async with self._busy:
                    await self._take(events)
            except Exception as error:  # noqa: BLE001  whatever it is, this process must not go on as if the batch were done
                self._around.fail(error)
                await asyncio.Event().wait()

    async def _take(self, events: Sequence[Any]) -> None:
        by_partition: dict[int, list[Any]] = {}
        for event in events:
            by_partition.setdefault(event.message.partition, []).append(event)
        await asyncio.gather(*(self._take_here(partition, mine) for partition, mine in by_partition.items()))

    async def _take_here(self, partition: int, events: Sequence[Any]) -> None:
        position = self.positions.get(partition)
        if position is None:
            return  # revoked meanwhile; whoever has it now reads them
        if writes := self._mending.pop(partition, None):
            await self.write(self._kept(partition, self._epochs[partition], w) for w in writes)
        sorted_out = sort_out(events, position + 1)
        if sorted_out.gap and not sorted_out.new:
            sorted_out = sort_out(events, await self._seek(partition, position + 1))
        self.seen[partition] = events[-1].message.timestamp
        if sorted_out.new:
            await self.take(partition, [e.message for e in sorted_out.new])
        self.acknowledge(partition, [*sorted_out.known, *sorted_out.new])

    def acknowledge(self, partition: int, events: Sequence[Any]) -> None:
        """Give *events* back to the cluster as done; they were taken in."""
        for event in events:
            event.ack()

    async def _seek(self, partition: int, offset: int) -> int:
        """Have the entries from *offset* on delivered again: some of them did not reach us.

        Returns:
            Offset of the first that there is: retention may have taken some before we could read them.
        """
        consumer: Any = self.app.consumer
        tp = next((tp for tp in consumer.assignment() if tp.topic == self._source and tp.partition == partition), None)
        if tp is None:
            return offset
        if time.monotonic() - self._sought.get(partition, 0.0) < SEEK_SECONDS:
            return offset
        self._sought[partition] = time.monotonic()
        try:
            async with asyncio.timeout(SEEK_SECONDS):  # in a rebalance it waits for its end, and the rebalance for us
                first: int = max(offset, (await consumer.earliest_offsets(tp))[tp] or 0)
                if first == offset:
                    await consumer.seek_wait({tp: offset})
                return first
        except TimeoutError:
            return offset


@dataclass(frozen=True)
class SortedOut:
    """What was delivered, by what it is to us; the rest comes later, or again.

    Attributes:
        new: Follow each other, and what was taken in.
        known: Repeats of what was taken in.
        gap: Whether there were others, before which some are missing.
    """

    new: list[Any]
    known: list[Any]
    gap: bool


def sort_out(events: Sequence[Any], first: int) -> SortedOut:
    """Sort *events* of one partition out, of which the first not taken in has the offset *first*."""
    new, known, gap = list[Any](), list[Any](), False
    for event in events:
        offset = event.message.offset
        if offset == first:
            new.append(event)
            first += 1
        elif offset < first:
            known.append(event)
        else:
            gap = True
    return SortedOut(new, known, gap)


def unequal(source: str, ours: int, changelog: str, theirs: int) -> str:
    """What to say where a changelog has not as many partitions as what it is of."""
    return (
        f"{source} has {ours} partitions, but {changelog} has {theirs}; if the river is being grown, finish it with "
        f"`tocsin topics grow {max(ours, theirs)}`; else `tocsin topics check` says more"
    )


def elsewhere(changelog: str, partitions: int, partition: int, key: str) -> str:
    """What to say where the state of a key lies in another partition than where its records come."""
    return (
        f"{changelog}: the state of {key!r} lies in partition {partition}, but its records come in {partition_of(key, partitions)}; "
        f"stop all workers and pollers and run `tocsin topics grow {partitions}`, which puts every state in its place"
    )
