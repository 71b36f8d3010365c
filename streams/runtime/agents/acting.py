"""Whoever acts on the world by what lies in a topic: entries out, partition by partition, and the facts of what was done in."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from streams.runtime.agents.member import Member, Surroundings
from streams.runtime.ledger import Ledger, done_row
from streams.runtime.states import Row
from streams.topics import REJECTED, Rejected, Topic

AHEAD = 4096
"""Entries of a partition that wait in memory; then no more are taken from the cluster."""

Act = Callable[["PartitionLog"], Coroutine[Any, Any, None]]
"""Works on one partition until cancelled."""


class PartitionLog:
    """One partition of the topic, as whoever acts sees it: see `alerts.delivery.dispatch.DeliveryLog`."""

    def __init__(self, agent: "ActingAgent", partition: int, ledger: Ledger) -> None:
        self._agent = agent
        self._partition = partition
        self._ledger = ledger
        self._waiting: deque[Any] = deque()
        self._listeners: list[Callable[[], None]] = []
        self.taken = ledger.position
        """Offset of the last entry that came from the cluster."""

    @property
    def position(self) -> int:
        """Offset of the first entry that is not known to be done."""
        return self._ledger.position + 1

    @property
    def done(self) -> set[int]:
        """Offsets beyond the position that are done."""
        return {int(entry) for (key, name, entry), _ in self._ledger.rows() if (key, name) == ("", "done")}

    def read(self, limit: int) -> list[tuple[int, datetime, bytes]]:
        """Up to *limit* further entries: offset, time and bytes."""
        out = list[tuple[int, datetime, bytes]]()
        while self._waiting and len(out) < limit:
            message = self._waiting.popleft()
            out.append((message.offset, datetime.fromtimestamp(message.timestamp, UTC), message.value or b""))
        return out

    @property
    def full(self) -> bool:
        """Whether enough waits to be read."""
        return len(self._waiting) >= AHEAD

    @contextmanager
    def listening(self, listener: Callable[[], None]) -> Iterator[None]:
        """Have *listener* called when there is more to read."""
        self._listeners.append(listener)
        try:
            yield
        finally:
            self._listeners.remove(listener)

    async def record(self, facts: Sequence[tuple[Topic, Any]], position: int, done: Mapping[int, bool]) -> None:
        """Write *facts*, then remember up to where all is done, and what is beyond.

        Args:
            position: Offset of the first entry that is not done.
            done: By offset, entries that are now done beyond the position (True), or that the position has passed (False).
        """
        rows = {done_row(offset): b"1" if is_done else None for offset, is_done in done.items()}
        placed = [(topic, replace(fact, partition=self._partition) if isinstance(fact, Rejected) else fact) for topic, fact in facts]
        await self._agent.remember(self._partition, self._ledger, placed, rows, position - 1)

    def put(self, messages: Sequence[Any]) -> None:
        """Take in further entries from the cluster."""
        self._waiting.extend(messages)
        self.taken = messages[-1].offset
        for listener in self._listeners:
            listener()


class ActingAgent(Member):
    """A reader of *source* that acts.

    Args:
        facts: Topics of what was done.
        act: What works on each partition while it is ours.
    """

    def __init__(self, name: str, source: Topic, facts: Sequence[Topic], act: Act, around: Surroundings) -> None:
        super().__init__(name, source, (*facts, REJECTED), around)
        self._act = act
        self._logs: dict[int, PartitionLog] = {}
        self._acting: set[asyncio.Task[None]] = set()
        self._remembering: set[asyncio.Task[None]] = set()
        self._taken: dict[int, deque[Any]] = {}
        """Events that are not acknowledged yet, by partition, in order."""

    def opened(self, ledgers: Mapping[int, Ledger]) -> None:
        self._logs = {p: PartitionLog(self, p, ledger) for p, ledger in ledgers.items()}
        for log in self._logs.values():
            task = asyncio.create_task(self._act(log))
            self._acting.add(task)
            task.add_done_callback(self._ended)

    async def closed(self) -> None:
        tasks, self._acting = self._acting, set()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, *self._remembering, return_exceptions=True)
        self._logs, self._taken = {}, {}

    @property
    def positions(self) -> dict[int, int]:
        return {p: log.taken for p, log in self._logs.items()}

    @property
    def full(self) -> bool:
        return any(log.full for log in self._logs.values())

    async def take(self, partition: int, messages: Sequence[Any]) -> None:
        self._logs[partition].put(messages)

    def acknowledge(self, partition: int, events: Sequence[Any]) -> None:
        """Only what is done is given back: at once what was done before a restart, the rest by `remember`."""
        self._taken.setdefault(partition, deque()).extend(events)
        if (log := self._logs.get(partition)) is not None:
            self._give_back(partition, log.position)

    def _give_back(self, partition: int, position: int) -> None:
        """Give back what was taken below *position*."""
        events = self._taken.get(partition, deque())
        while events and events[0].message.offset < position:
            events.popleft().ack()

    async def remember(
        self, partition: int, ledger: Ledger, facts: Sequence[tuple[Topic, Any]], rows: Mapping[Row, bytes | None], position: int
    ) -> None:
        """Write what was done and how far all is done; once begun it is finished, also if whoever acts is told to stop."""
        task = asyncio.create_task(self._remember(partition, ledger, facts, rows, position))
        self._remembering.add(task)
        task.add_done_callback(self._remembering.discard)
        await asyncio.shield(task)

    async def _remember(
        self, partition: int, ledger: Ledger, facts: Sequence[tuple[Topic, Any]], rows: Mapping[Row, bytes | None], position: int
    ) -> None:
        try:
            await self.write([self.sent(topic, fact) for topic, fact in facts])
            await self.last(partition, ledger, rows, position)
        except Exception as error:  # the ledger in memory is ahead of the cluster's now
            self._around.fail(error)
            raise
        self._give_back(partition, position + 1)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._acting.discard(task)
        if not task.cancelled() and isinstance(error := task.exception(), Exception):
            self._around.fail(error)
