"""Makes the attempts that `deliver` planned, and writes down how each ended. Acts; decides nothing.

An attempt is made again only if the process died before its outcome was written: then under the same id.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from typing import Protocol

from alerts.records import Delivery, Outcome
from alerts.topics import DELIVERIES, NOTIFICATIONS
from streams.runtime.store import Batch, Store
from streams.topics import REJECTED, Rejected, UnreadableRecordError

READER = "send"
AT_ONCE = 64
"""Attempts under way together."""
EACH = 4
"""Of them to one receiver: a slow one holds up nobody else's."""
AHEAD = 4096
"""Deliveries known and not ended; beyond, even a quick receiver waits for the slow ones."""
READ = 256
"""Deliveries looked at in one go."""


class Attempting(Protocol):
    """Whatever makes one attempt."""

    async def attempt(self, delivery: Delivery) -> Outcome: ...


class Dispatch:
    """The reader of `deliveries`.

    Args:
        heard: Told of every outcome after it is written.
    """

    def __init__(self, store: Store, sender: Attempting, heard: Callable[[Delivery, Outcome], None] = lambda _d, _o: None) -> None:
        self._store = store
        self._sender = sender
        self._heard = heard
        self._position, _ = store.position(READER)
        self._next = self._position
        self._done = {int(offset) for offset in store.memories(READER)}
        self._waiting: dict[str, deque[tuple[int, Delivery]]] = {}
        self._under_way: Counter[str] = Counter()
        self._open: set[int] = set()
        """Offsets that wait or are under way."""
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Send until cancelled; attempts under way are then broken off, and made again after the next start."""
        loop = asyncio.get_running_loop()

        def listener() -> None:
            loop.call_soon_threadsafe(self._wake.set)

        self._store.listeners.append(listener)
        try:
            async with asyncio.TaskGroup() as group:
                while True:
                    self._wake.clear()
                    more = self._read_ahead()
                    self._begin(group)
                    if not more:
                        await self._wake.wait()
                    await asyncio.sleep(0)  # a long backlog of what is done already must not hold up the attempts
        finally:
            self._store.listeners.remove(listener)

    def _read_ahead(self) -> bool:
        """Look at further deliveries, each queued for its receiver; say whether more may be read at once."""
        if len(self._open) >= AHEAD:
            return False
        entries = self._store.read(DELIVERIES.name, self._next, READ)
        for offset, body in entries:
            self._next = offset + 1
            delivery = self._decode(offset, body)
            if delivery is None or delivery.state != "pending" or offset in self._done:
                self._done.add(offset)
            else:
                self._open.add(offset)
                self._waiting.setdefault(delivery.receiver, deque()).append((offset, delivery))
        if not self._open and self._position != self._next:
            self._finish([])
        return len(entries) == READ

    def _decode(self, offset: int, body: bytes) -> Delivery | None:
        """The delivery; None, and a record of why, if its bytes cannot be read."""
        try:
            delivery: Delivery = DELIVERIES.decode(body)
        except UnreadableRecordError as error:
            at = self._store.time_of(DELIVERIES.name, offset)
            refusal = Rejected(stage=READER, topic=DELIVERIES.name, at=at, reason=str(error), stack="", body=body)
            self._store.commit(Batch(records=[(REJECTED.name, at, REJECTED.encode(refusal))]))
            return None
        return delivery

    def _begin(self, group: asyncio.TaskGroup) -> None:
        """Begin as many attempts as there is room for, receiver by receiver."""
        for receiver in list(self._waiting):
            queue = self._waiting[receiver]
            while queue and self._under_way[receiver] < EACH and self._under_way.total() < AT_ONCE:
                self._under_way[receiver] += 1
                group.create_task(self._attempt(*queue.popleft()))
            if not queue:
                del self._waiting[receiver]

    async def _attempt(self, offset: int, delivery: Delivery) -> None:
        try:
            outcome = await self._sender.attempt(delivery)
        except Exception as error:  # noqa: BLE001  this loop owns it: one delivery that breaks the sender must not stop all others
            outcome = _broken(delivery, error)
        self._under_way[delivery.receiver] -= 1
        self._open.discard(offset)
        self._done.add(offset)
        self._finish([outcome], offset)
        self._heard(delivery, outcome)
        self._wake.set()

    def _finish(self, outcomes: list[Outcome], offset: int | None = None) -> None:
        """Write how an attempt ended, and go on from before the first that is still open."""
        start = min(self._open, default=self._next)
        passed = {o for o in self._done if o < start}
        self._done -= passed
        batch = Batch(records=[(NOTIFICATIONS.name, o.at, NOTIFICATIONS.encode(o)) for o in outcomes])
        batch.memory |= {(READER, str(o)): None for o in passed}
        if offset is not None and offset >= start:
            batch.memory[READER, str(offset)] = b"1"
        batch.positions[READER] = self._position = start
        self._store.commit(batch)


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
