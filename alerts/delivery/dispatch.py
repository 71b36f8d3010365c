"""Makes the attempts that `deliver` planned, and writes down how each ended. Acts; decides nothing.

An attempt is made again only if the process died before its outcome was written: then under the same id.
"""

import asyncio
import itertools
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import NamedTuple, Protocol

from alerts.records import Delivery, Outcome
from alerts.topics import DELIVERIES, NOTIFICATIONS
from streams.records import Record
from streams.topics import REJECTED, Rejected, Topic, UnreadableRecordError

READER = "send"
"""Who reads `deliveries`, in the state file and as a consumer group."""
FACTS = (NOTIFICATIONS, REJECTED)
"""Where its facts go."""
AT_ONCE = 64
"""Attempts under way together."""
EACH = 4
"""Of them to one receiver: a slow one holds up nobody else's."""
AHEAD = 4096
"""Deliveries known and not ended; beyond, even a quick receiver waits for the slow ones."""
READ = 256
"""Deliveries looked at in one go."""


class Queue(NamedTuple):
    """What waits for one receiver."""

    length: int
    oldest: datetime
    """When the oldest was due."""


class Attempting(Protocol):
    """Whatever makes one attempt."""

    async def attempt(self, delivery: Delivery) -> Outcome: ...


class DeliveryLog(Protocol):
    """The topic `deliveries`, or one partition of it, and how far it is done."""

    @property
    def position(self) -> int:
        """Offset of the first entry that is not known to be done."""

    @property
    def done(self) -> set[int]:
        """Offsets beyond the position that are done."""

    def read(self, limit: int) -> list[tuple[int, datetime, bytes]]:
        """Up to *limit* further entries, from the position on: offset, time and bytes."""

    def listening(self, listener: Callable[[], None]) -> AbstractContextManager[None]:
        """Have *listener* called, in the event loop's thread, when there may be more to read, until the context ends."""

    async def record(self, facts: Sequence[tuple[Topic, Record]], position: int, done: Mapping[int, bool]) -> None:
        """Write *facts* and how far all is done.

        Args:
            position: Offset of the first entry that is not done.
            done: Entries that are now done beyond the position (True), or that the position has passed (False).
        """


class Dispatch:
    """The reader of `deliveries`.

    Args:
        heard: Told of every outcome after it is written.
        queued: Told, whenever that changed, when the oldest delivery of each receiver was due, and how many it has that have not ended.
    """

    def __init__(
        self,
        log: DeliveryLog,
        sender: Attempting,
        heard: Callable[[Delivery, Outcome], None] = lambda _d, _o: None,
        queued: Callable[[Mapping[str, Queue]], None] = lambda _: None,
    ) -> None:
        self._log = log
        self._sender = sender
        self._heard, self._queued = heard, queued
        self._attempts: dict[int, Delivery] = {}
        self._next = self._position = log.position
        self._done = log.done
        self._waiting: dict[str, deque[tuple[int, Delivery]]] = {}
        self._under_way: Counter[str] = Counter()
        self._open: set[int] = set()
        """Offsets that wait or are under way."""
        self._recorded: set[int] = set(self._done)
        """Offsets that the log knows to be done beyond the position."""
        self._recording = asyncio.Lock()
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Send until cancelled; attempts under way are then broken off, and made again after the next start."""
        with self._log.listening(self._wake.set):
            await self._run()

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as group:
            while True:
                self._wake.clear()
                more = await self._read_ahead()
                self._begin(group)
                self._queued(self.queues())
                if not more:
                    await self._wake.wait()
                await asyncio.sleep(0)  # a long backlog of what is done already must not hold up the attempts

    def queues(self) -> dict[str, Queue]:
        """What has not ended, by receiver; it looks `AHEAD` deliveries ahead at most."""
        found: dict[str, Queue] = {}
        waiting = (delivery for queue in self._waiting.values() for _, delivery in queue)
        for delivery in itertools.chain(self._attempts.values(), waiting):
            known = found.get(delivery.receiver, Queue(0, delivery.at))
            found[delivery.receiver] = Queue(known.length + 1, min(known.oldest, delivery.at))
        return found

    async def _read_ahead(self) -> bool:
        """Look at further deliveries, each queued for its receiver; say whether more may be read at once."""
        if len(self._open) >= AHEAD:
            return False
        entries, refused = self._log.read(READ), dict[int, tuple[Topic, Record]]()
        for offset, at, body in entries:
            self._next = offset + 1
            delivery = decoded(body, at, offset)
            if isinstance(delivery, Rejected):
                refused[offset] = (REJECTED, delivery)
                self._open.add(offset)
            elif delivery.state != "pending" or offset in self._done:
                self._done.add(offset)
            else:
                self._open.add(offset)
                self._waiting.setdefault(delivery.receiver, deque()).append((offset, delivery))
        if refused or (not self._open and self._position != self._next):
            await self._finish(list(refused.values()), refused)
        return len(entries) == READ

    def _begin(self, group: asyncio.TaskGroup) -> None:
        """Begin as many attempts as there is room for, receiver by receiver."""
        for receiver in list(self._waiting):
            queue = self._waiting[receiver]
            while queue and self._under_way[receiver] < EACH and self._under_way.total() < AT_ONCE:
                self._under_way[receiver] += 1
                offset, delivery = queue.popleft()
                self._attempts[offset] = delivery
                group.create_task(self._attempt(offset, delivery))
            if not queue:
                del self._waiting[receiver]

    async def _attempt(self, offset: int, delivery: Delivery) -> None:
        try:
            outcome = await self._sender.attempt(delivery)
        except Exception as error:  # noqa: BLE001  this loop owns it: one delivery that breaks the sender must not stop all others
            outcome = _broken(delivery, error)
        self._under_way[delivery.receiver] -= 1
        del self._attempts[offset]
        await self._finish([(NOTIFICATIONS, outcome)], (offset,))
        self._heard(delivery, outcome)
        self._wake.set()

    async def _finish(self, facts: Sequence[tuple[Topic, Record]], ended: Iterable[int]) -> None:
        """Write how the deliveries at *ended* ended, and go on from before the first that is still open.

        They count as done only now: whoever writes before them must not say that they are, as their facts may never follow.
        """
        async with self._recording:
            self._open.difference_update(ended)
            self._done.update(ended)
            start = min(self._open, default=self._next)
            self._done = {o for o in self._done if o >= start}
            known, self._recorded = self._recorded, set(self._done)
            changes = dict.fromkeys(known - self._done, False) | dict.fromkeys(self._done - known, True)
            self._position = start
            await self._log.record(facts, start, changes)


def decoded(body: bytes, at: datetime, offset: int) -> Delivery | Rejected:
    """The delivery; if its bytes cannot be read, the record of why."""
    try:
        delivery: Delivery = DELIVERIES.decode(body)
    except UnreadableRecordError as error:
        return Rejected(stage=READER, topic=DELIVERIES.name, at=at, reason=str(error), stack="", body=body, offset=offset)
    return delivery


def _broken(delivery: Delivery, error: Exception) -> Outcome:
    """The outcome of an attempt that raised: it failed when it was planned, and the schedule goes on."""
    return Outcome(
        delivery=delivery.id,
        receiver=delivery.receiver,
        attempt=delivery.attempt,
        at=delivery.at,
        ok=False,
        detail=f"the sender broke: {type(error).__name__}: {error}",
    )
