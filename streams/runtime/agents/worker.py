"""One process of the river on Kafka: members of several groups, their ticks, and an end that leaves nothing half done."""

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import datetime

from streams.runtime.agents.app import credentials_of
from streams.runtime.agents.member import Member, Surroundings
from streams.runtime.agents.stage import StageAgent
from streams.runtime.cluster import Cluster, ClusterError
from streams.runtime.pulse import Pulse
from streams.settings import Kafka

TICK_EVERY = 0.25
"""Seconds between two looks at what is due."""
STOP_SECONDS = 25.0
"""Within which a member must have stopped; then the process ends anyway, as after a kill."""
WATCH_EVERY = 2.0
"""Seconds between two looks at how the members are."""
ANSWER_SECONDS = 5.0
"""Within which a consumer says how far it is; one that hangs in a rebalance never does."""
DESERTED_EVERY = 15.0
"""Seconds between two looks at how far a group is of which a member has no partitions."""
STUCK_SECONDS = 90.0
"""With something to read and nothing read for so long, a consumer is taken for stuck (Faust: "has not sent fetch request");
likewise one that is without partitions for so long."""


Lag = dict[int, tuple[int, float]]
"""By partition: entries not taken in yet, and seconds since the last that was, 0 if all were."""


def unheard(name: str, lag: Lag) -> None:
    """For runs that nobody watches."""


class StuckError(RuntimeError):
    """A consumer reads nothing although there is something to read."""


class HangsError(RuntimeError):
    """A member did not stop in time."""


class Worker:
    """The members at work, from start to stop.

    Args:
        clock: The time of ticks, in UTC.
        lag: Told now and then how far behind each member is.
    """

    def __init__(self, kafka: Kafka, clock: Callable[[], datetime], lag: Callable[[str, Lag], None] = unheard) -> None:
        self._pulse = Pulse(kafka.session_seconds)
        self._clock = clock
        self._ended = asyncio.Event()
        self._failures: list[Exception] = []
        self.around = Surroundings(kafka, credentials_of(kafka), self._pulse, self._fail)
        self.members: list[Member] = []
        self._lag, self._began, self._stuck_since = lag, time.time(), dict[str, float]()
        self._look_again, self._unread, self._deserted = dict[str, float](), dict[str, dict[int, tuple[int, int]]](), set[str]()
        for library in ("faust", "mode", "aiokafka"):  # each failed attempt to connect, at length; what ends us we say ourselves, once
            logging.getLogger(library).setLevel(logging.CRITICAL)

    def _fail(self, error: Exception) -> None:
        self._failures.append(error)
        self._ended.set()

    @property
    def trouble(self) -> str | None:
        """What keeps this worker from working; None if nothing does."""
        waiting = [m.name for m in self.members if not m.ready]
        return f"not ready: {', '.join(waiting)}" if waiting or not self.members else None

    async def run(self, stop: asyncio.Event) -> list[Exception]:
        """Work until *stop* is set or something fails.

        Returns:
            What failed; empty after a stop that was asked for.
        """
        tasks = [asyncio.create_task(self._pulse.run()), asyncio.create_task(self._tick()), asyncio.create_task(self._watch())]
        try:
            counts = await asyncio.to_thread(self._counts)
            for member in self.members:
                member.check(counts)
                member.app.finalize()
            starting = asyncio.create_task(self._start())
            tasks.append(starting)
            waiting = [asyncio.create_task(stop.wait()), asyncio.create_task(self._ended.wait())]
            await asyncio.wait([starting, *waiting], return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                starting.result()
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        except Exception as error:  # noqa: BLE001  told by the caller, as every failure
            self._failures.append(error)
        await self._stop()
        for task in tasks:
            task.cancel()
        return self._failures

    def _counts(self) -> dict[str, int]:
        with Cluster(self.around.kafka) as cluster:
            return cluster.counts(sorted({name for member in self.members for name in member.needs}))

    async def _start(self) -> None:
        """Start the members; while the brokers are away, that does not end."""
        await asyncio.gather(*(m.app.producer.maybe_start() for m in self.members))
        await asyncio.gather(*(m.start() for m in self.members))

    @property
    def hangs(self) -> bool:
        """Whether something of it did not stop, and would keep the process from its end."""
        return any(isinstance(failure, HangsError) for failure in self._failures)

    async def _stop(self) -> None:
        """Finish what is under way, then leave the groups."""
        for member in self.members:
            member.ready = False
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await asyncio.gather(*(m.leave() for m in self.members))
        except TimeoutError:
            self._failures.append(HangsError(f"not everything stopped within {STOP_SECONDS:g} s; nothing is lost by that"))

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_EVERY)
            for member in self.members:
                if member.ready and isinstance(member, StageAgent):
                    try:
                        await member.tick(self._clock())
                    except Exception as error:  # noqa: BLE001  as a batch that cannot be written
                        self._fail(error)

    async def _watch(self) -> None:
        """End the process if an app crashed, or a consumer got stuck; tell how far behind each is."""
        while True:
            await asyncio.sleep(WATCH_EVERY)
            for member in self.members:
                if (failure := member.failure) is not None:
                    self._fail(failure)
                elif member.ready:
                    await self._look_at(member)
                else:
                    self._fear(member, "gets no partitions, or cannot read its states")

    def _fear(self, member: Member, what: str) -> None:
        """Take *member* for stuck if it has been so for long, and nothing moved."""
        since = self._stuck_since.setdefault(member.name, time.monotonic())
        if time.monotonic() - max(since, member.moved_at) > STUCK_SECONDS:
            self._fail(StuckError(f"{member.name} {what} for {STUCK_SECONDS:g} s; a new start helps, once the brokers answer"))

    async def _is_deserted(self, member: Member) -> bool:
        """Whether its group has something to read and none of it was read since the last look: a dead member may hold the partitions.

        Kafka drops a member that is silent for a session; after a broker was killed it was seen not to, or the others were not told.
        """
        if time.monotonic() < self._look_again.get(member.name, 0.0):
            return member.name in self._deserted
        self._look_again[member.name] = time.monotonic() + DESERTED_EVERY
        before = self._unread.get(member.name)
        try:
            self._unread[member.name] = await asyncio.to_thread(self._standing_of, member)
        except ClusterError:
            return False
        self._deserted.discard(member.name)
        if before is not None and any(before.get(p) == standing for p, standing in self._unread[member.name].items()):
            self._deserted.add(member.name)
        return member.name in self._deserted

    def _standing_of(self, member: Member) -> dict[int, tuple[int, int]]:
        with Cluster(self.around.kafka) as cluster:
            return member.unread(cluster)

    async def _look_at(self, member: Member) -> None:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                behind = await member.behind()
        except TimeoutError:
            self._fear(member, "does not say how far it is")
            return
        except Exception:  # noqa: BLE001  the cluster is away or being balanced; whoever writes to it learns more
            return
        self._lag(member.name, {p: (n, time.time() - member.seen.get(p, self._began) if n else 0.0) for p, n in behind.items()})
        if not behind and await self._is_deserted(member):
            self._fear(member, "has no partitions, and nobody takes in what there is to read")
        elif not any(behind.values()):
            self._stuck_since.pop(member.name, None)
        else:
            self._fear(member, "takes nothing in although there is something to read")
