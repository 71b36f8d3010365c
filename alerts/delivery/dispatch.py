"""Makes the attempts that `deliver` planned, and writes down how each ended. Acts; decides nothing.

An attempt is made again only if the process died before its outcome was written: then under the same id.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

from alerts.records import Delivery, Outcome
from alerts.topics import DELIVERIES, NOTIFICATIONS
from streams.runtime.store import Batch, Store

READER = "send"
AT_ONCE = 32
"""Attempts under way together: a slow receiver holds up nobody else's."""
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
        self._under_way: dict[int, asyncio.Task[None]] = {}
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
                    if not self._take(group):
                        await self._wake.wait()
                    await asyncio.sleep(0)  # a long backlog of what is done already must not hold up the attempts
        finally:
            self._store.listeners.remove(listener)

    def _take(self, group: asyncio.TaskGroup) -> bool:
        """Begin as many attempts as there is room for; say whether more may wait."""
        room = AT_ONCE - len(self._under_way)
        entries = self._store.read(DELIVERIES.name, self._next, READ) if room > 0 else []
        for offset, body in entries:
            if room <= 0:
                return False
            self._next = offset + 1
            delivery = DELIVERIES.decode(body)
            if offset in self._done or delivery.state != "pending":
                self._finish(offset, [])
            else:
                self._under_way[offset] = group.create_task(self._attempt(offset, delivery))
                room -= 1
        return len(entries) == READ

    async def _attempt(self, offset: int, delivery: Delivery) -> None:
        try:
            outcome = await self._sender.attempt(delivery)
        except Exception as error:  # noqa: BLE001  this loop owns it: one delivery that breaks the sender must not stop all others
            outcome = _broken(delivery, error)
        self._finish(offset, [outcome])
        self._heard(delivery, outcome)
        self._wake.set()

    def _finish(self, offset: int, outcomes: list[Outcome]) -> None:
        """Write how it ended, and go on from before the first attempt that is still under way."""
        self._under_way.pop(offset, None)
        self._done.add(offset)
        start = min(self._under_way, default=self._next)
        passed = {o for o in self._done if o < start}
        self._done -= passed
        batch = Batch(records=[(NOTIFICATIONS.name, o.at, NOTIFICATIONS.encode(o)) for o in outcomes])
        batch.memory |= {(READER, str(o)): None for o in passed}
        if offset >= start:
            batch.memory[READER, str(offset)] = b"1"
        if start != self._position or outcomes:
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
