"""`tocsin poll`: feeds into Kafka, shared among as many such processes as are started."""

import asyncio
import logging
import signal
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TextIO

from alerts.commands import journal
from alerts.commands.reporting import FeedReports, failures, now, tell, tell_failures
from streams import metrics
from streams.feeds.config import Feed, load_feeds
from streams.feeds.leases import Leases
from streams.feeds.memory import FeedMemory
from streams.feeds.poll import Poller
from streams.feeds.produce import KafkaFeedStore, count_articles, count_partitions, open_consumer, open_producer
from streams.runtime.health import AddressError, serve_health
from streams.runtime.layout import FEEDS, partition_of, topic_name
from streams.runtime.pulse import STOOD_STILL, PausedError, Pulse
from streams.settings import Settings


@dataclass
class Poll:
    """One poller.

    Attributes:
        screen: Where people look.
    """

    settings: Settings
    screen: TextIO

    @property
    def session_seconds(self) -> int:
        """After this much silence others take its feeds."""
        return self.settings.kafka.session_seconds

    def tell(self, text: str) -> None:
        """One line for people."""
        tell(self.screen, text)

    def run(self) -> int:
        """Run until SIGINT or SIGTERM.

        Returns:
            The exit status: 0 after a clean stop, 70 if the process stood still too long, 1 after another failure.

        Raises:
            FeedsError, BrokerError: It cannot start; the text says why and what to do.
        """
        journal.begin(self.settings.log)
        # It logs every attempt to reach a broker that is away; what that means for the feeds we say ourselves, once.
        logging.getLogger("kafka").setLevel(logging.CRITICAL)
        feeds, kafka = load_feeds(self.settings.feeds), self.settings.kafka
        producer = open_producer(kafka)
        try:
            articles = count_articles(producer, kafka)
            partitions = count_partitions(producer, kafka, topic_name(kafka.prefix, FEEDS))
            consumer = open_consumer(kafka)
        except BaseException:
            producer.close(timeout=0)
            raise
        pulse = Pulse(self.session_seconds)
        leases = Leases(consumer, topic_name(kafka.prefix, FEEDS), partitions, pulse, session_seconds=self.session_seconds)
        store = KafkaFeedStore(producer, kafka, leases, articles=articles, feeds=partitions, tell=self.tell)
        return asyncio.run(self._run(feeds, store, leases, partitions, pulse))

    async def _run(self, feeds: Sequence[Feed], store: KafkaFeedStore, leases: Leases, partitions: int, pulse: Pulse) -> int:
        stop = asyncio.Event()
        for sign in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(sign, stop.set)
        reports = FeedReports(self.tell)
        poller = Poller(feeds, store, clock=now, report=reports.polled)
        share = Share(self, feeds, partitions, store, poller, reports, stop)
        async with AsyncExitStack() as stack:
            await self._serve_pages(stack, leases)
            work = asyncio.create_task(self._work(poller, store, leases, share, pulse, stop))
            ends = await asyncio.gather(work, return_exceptions=True)
            metrics.READY.set(0)
            # The loop goes on meanwhile: leaving the group ends the last feeds, should there be any.
            await asyncio.to_thread(leases.stop)
            await asyncio.to_thread(store.close)
        return self._ended([*ends, leases.failure])

    async def _work(self, poller: Poller, store: KafkaFeedStore, leases: Leases, share: "Share", pulse: Pulse, stop: asyncio.Event) -> None:
        """Poll what the group gives us, until *stop*."""
        async with poller.at_work():
            leases.serve(share)
            try:
                async with asyncio.TaskGroup() as beside:
                    tasks = [
                        beside.create_task(self._watch(leases, pulse)),
                        beside.create_task(share.reports.sum_up(lambda: len(share.polled))),
                    ]
                    await stop.wait()
                    self.tell("stopping ...")
                    for task in tasks:
                        task.cancel()
            finally:
                store.stop()

    async def _watch(self, leases: Leases, pulse: Pulse) -> None:
        """Keep the pulse, and say when the brokers fall silent and when they answer again."""
        silent = False
        while True:
            pulse.beat()
            if (leases.silent_seconds > self.session_seconds / 2) is not silent:
                silent = not silent
                servers = ",".join(self.settings.kafka.servers)
                self.tell(f"brokers {servers} do not answer; the feeds wait" if silent else f"brokers {servers} answer again")
            metrics.READY.set(self._unready(leases) is None)
            await asyncio.sleep(min(1.0, self.session_seconds / 20))

    def _unready(self, leases: Leases) -> str | None:
        if not leases.joined:
            return "this poller has not joined the group of pollers; while brokers start or others come and go, that takes some seconds"
        if leases.silent_seconds > self.session_seconds / 2:
            return f"the brokers have not confirmed the leases for {leases.silent_seconds:.0f} s; see whether they run and can be reached"
        return None

    async def _serve_pages(self, stack: AsyncExitStack, leases: Leases) -> None:
        try:
            health = await serve_health(
                self.settings.metrics,
                ready=lambda: self._unready(leases),
                live=lambda: None if leases.is_alive() else "the thread that holds the leases has ended; start the poller again",
            )
        except AddressError as error:
            self.tell(f"no metrics and no health: {error}")
        else:
            stack.push_async_callback(health.close)
            self.tell(f"metrics and health on http://{self.settings.metrics[0]}:{health.port}/metrics, /health/live, /health/ready")

    def _ended(self, ends: Sequence[object]) -> int:
        failed = failures(ends)
        tell_failures(failed, self.tell)
        self.tell("stopped; nothing is lost, `tocsin poll` goes on from here" if not failed else "stopped by a failure")
        if any(isinstance(error, PausedError) for error in failed):
            return STOOD_STILL
        return 1 if failed else 0


class Share:
    """This poller's share of the feeds; the tenant of its leases."""

    def __init__(
        self,
        run: Poll,
        feeds: Sequence[Feed],
        partitions: int,
        store: KafkaFeedStore,
        poller: Poller,
        reports: FeedReports,
        stop: asyncio.Event,
    ) -> None:
        self.reports = reports
        self.polled: set[str] = set()
        """Names of the feeds that are ours."""
        self._run, self._feeds, self._partitions = run, feeds, partitions
        self._store, self._poller, self._stop = store, poller, stop
        self._loop = asyncio.get_running_loop()

    def begin(self, partitions: frozenset[int], memories: Mapping[str, FeedMemory]) -> None:
        """Poll the feeds of *partitions*."""
        self._loop.call_soon_threadsafe(self._begin, self._of(partitions), memories)

    def end(self, partitions: frozenset[int]) -> None:
        """Poll them no more; return when nothing is written for them, or when that takes too long."""
        ending = asyncio.run_coroutine_threadsafe(self._end(self._of(partitions)), self._loop)
        try:
            ending.result(timeout=self._run.session_seconds / 3)
        except TimeoutError:
            # The group does not wait for ever, and what is written late is only a repeat (see `Leases`).
            self._run.tell("feeds are given up with a write under way: the brokers do not answer it")

    def failed(self) -> None:
        """End the poller."""
        self._loop.call_soon_threadsafe(self._stop.set)

    def _of(self, partitions: frozenset[int]) -> list[Feed]:
        return [feed for feed in self._feeds if partition_of(feed.name, self._partitions) in partitions]

    def _begin(self, feeds: Sequence[Feed], memories: Mapping[str, FeedMemory]) -> None:
        names = [feed.name for feed in feeds]
        self._store.take_up(names, memories)
        self._poller.begin(feeds, memories)
        self._tell_share(self.polled | set(names))

    async def _end(self, feeds: Sequence[Feed]) -> None:
        names = [feed.name for feed in feeds]
        self.reports.forget(names)
        self._tell_share(self.polled - set(names))
        await self._poller.end(feeds)

    def _tell_share(self, polled: set[str]) -> None:
        if polled != self.polled and not self._stop.is_set():
            self._run.tell(f"polls {len(polled)} of {len(self._feeds)} feeds")
        self.polled = polled
        metrics.FEEDS_HELD.set(len(polled))
