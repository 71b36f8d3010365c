"""`tocsin up`: the whole river in one process on this machine, without broker, from feeds to receivers."""

import asyncio
import signal
import threading
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TextIO

import msgspec
from prometheus_client import start_http_server

from alerts.commands import journal
from alerts.commands.canary import Canary
from alerts.commands.configuration import Configuration, StoreBoard
from alerts.commands.gauges import Gauges, built, watch_loop
from alerts.commands.reporting import FeedReports, RiverReports, failures, now, tell, tell_failures
from alerts.commands.river import detector_of, river
from alerts.commands.sample import SECRET, Sample
from alerts.delivery.dispatch import READER, Dispatch
from alerts.delivery.mail import MailSettings
from alerts.delivery.send import Sender
from alerts.delivery.webhook import open_session
from alerts.records import Delivery, Outcome
from alerts.topics import DELIVERIES
from streams import metrics
from streams.addresses import read_allowed
from streams.detection.detector import Detector
from streams.feeds.config import Feed, load_feeds
from streams.feeds.memory import OWNER, FeedMemory
from streams.feeds.poll import Poller
from streams.records import Article
from streams.runtime.local import Local, StoreLog
from streams.runtime.store import Batch, Store
from streams.settings import Settings
from streams.stages import Stage
from streams.topics import ARTICLES

PRUNE_EVERY = timedelta(hours=1)
SAMPLE_EVERY = 2
"""Seconds between two polls of the sample feed."""


class FeedStore:
    """What the poller keeps: articles and the feed's memory go in together, or not at all."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def memories(self) -> dict[str, FeedMemory]:
        """What is known of each feed from earlier runs."""
        return {name: msgspec.json.decode(body, type=FeedMemory) for name, body in self._store.memories(OWNER).items()}

    def publish(self, feed: str, articles: Sequence[Article], memory: FeedMemory) -> None:
        """Write *articles* and remember *memory*.

        Raises:
            StoreError: Nothing was written.
        """
        self._store.commit(Batch(records=_entries(articles), memory={(OWNER, feed): msgspec.json.encode(memory)}))

    def append(self, articles: Sequence[Article]) -> None:
        """Write *articles* that are of no feed.

        Raises:
            StoreError: Nothing was written.
        """
        self._store.commit(Batch(records=_entries(articles)))


def _entries(articles: Sequence[Article]) -> list[tuple[str, datetime, bytes]]:
    return [(ARTICLES.name, a.at, ARTICLES.encode(a)) for a in articles]


@dataclass
class Up:
    """One run of the embedded Tocsin.

    Attributes:
        sample: Whether the sample story is told.
        screen: Where people look.
    """

    settings: Settings
    sample: bool
    screen: TextIO

    def tell(self, text: str) -> None:
        """One line for people."""
        tell(self.screen, text)

    def run(self) -> int:
        """Run until SIGINT or SIGTERM.

        Returns:
            The exit status: 0 after a clean stop, 1 if the state file failed.

        Raises:
            RulesError, FeedsError, StoreError, GazetteerError: It cannot start; the text says why and what to do.
        """
        journal.begin(self.settings.log)
        began = time.monotonic()
        feeds = load_feeds(self.settings.feeds)
        with Store(self.settings.state) as store:
            Configuration(self.settings, StoreBoard(store, ()), self.tell, now).check()  # before anything slow
            self.tell("loading the language model and the gazetteer ...")
            detector = detector_of(self.settings)
            self.tell(f"loaded in {time.monotonic() - began:.1f} s")
            return asyncio.run(self._run(store, detector, feeds, began))

    async def _run(self, store: Store, detector: Detector, feeds: Sequence[Feed], began: float) -> int:
        stages = river(detector)
        stop = asyncio.Event()
        for sign in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(sign, stop.set)
        self._serve_metrics()
        async with AsyncExitStack() as stack:
            sample = (
                await stack.enter_async_context(Sample(self.settings.state.parent / "mailbox", self.tell, now)) if self.sample else None
            )
            configuration = Configuration(self.settings, StoreBoard(store, stages), self.tell, now)
            configuration.also = sample.receivers if sample else ()
            configuration.canary = self.settings.canary is not None
            await configuration.enforce()
            feed_store = FeedStore(store)
            canary = Canary(feed_store.append, self.settings.canary, now, self.tell) if self.settings.canary else None
            river_reports = RiverReports(self.tell, canary)
            pipeline = Pipeline(Local(stages, store, now, heard=river_reports.heard), stop)
            pipeline.start()
            for stage in stages:
                metrics.REJECTED.labels(stage.name)  # from 0 on, so that the first is seen to be one more
            senders = await stack.enter_async_context(self._senders(sample))
            told_feeds = (*feeds, *self._sample_feeds(sample))
            reports = FeedReports(self.tell)
            poller = Poller(told_feeds, feed_store, clock=now, report=reports.polled)
            acting = [
                asyncio.create_task(poller.run(stop)),
                asyncio.create_task(
                    Dispatch(StoreLog(store, DELIVERIES, READER), senders, river_reports.delivered, river_reports.queued).run()
                ),
                asyncio.create_task(configuration.watch()),
                asyncio.create_task(reports.sum_up(lambda: len(told_feeds))),
                asyncio.create_task(self._prune(store, stages)),
                asyncio.create_task(Gauges(store, pipeline.local).run()),
                asyncio.create_task(watch_loop()),
                *([asyncio.create_task(canary.run())] if canary else []),
            ]
            metrics.BUILD.labels(**built(detector.made_by)).set(1)
            metrics.FEEDS_HELD.set(len(told_feeds))
            metrics.READY.set(1)
            self.tell(f"ready in {time.monotonic() - began:.1f} s: {len(told_feeds)} feeds, state in {store.path}; Ctrl-C stops")
            waiting = asyncio.create_task(stop.wait())
            await asyncio.wait([*acting, waiting], return_when=asyncio.FIRST_COMPLETED)
            metrics.READY.set(0)
            self.tell("stopping ...")
            for task in acting:
                task.cancel()
            ends = await asyncio.gather(*acting, return_exceptions=True)
            await asyncio.to_thread(pipeline.end)
        return self._ended([*ends, pipeline.failure])

    def _ended(self, ends: Sequence[object]) -> int:
        failed = failures(ends)
        tell_failures(failed, self.tell)
        self.tell("stopped; nothing is lost, `tocsin up` goes on from here" if not failed else "stopped by a failure")
        return 1 if failed else 0

    @asynccontextmanager
    async def _senders(self, sample: Sample | None) -> AsyncIterator["Senders"]:
        """What delivers; the sample's own receivers are served by the sample's own servers and by nothing else."""
        ours = open_session(read_allowed(self.settings.webhook_allow))
        async with ours:
            mail, secrets = mail_settings(self.settings), self.settings.secrets
            usual = Sender(session=ours, clock=now, terminal=self.screen, secrets=secrets, mail=mail)
            if sample is None:
                yield Senders(usual)
                return
            async with open_session(read_allowed([f"127.0.0.1/32:{sample.port}"])) as session:
                mail = MailSettings(host="127.0.0.1", port=sample.mail_port, sender=self.settings.mail.sender, security="none")
                exercise = Sender(session=session, clock=now, terminal=self.screen, secrets={SECRET: sample.secret}, mail=mail)
                yield Senders(usual, {r.id: exercise for r in sample.receivers})

    @staticmethod
    def _sample_feeds(sample: Sample | None) -> tuple[Feed, ...]:
        if sample is None:
            return ()
        name = f"sample-{sample.start:%Y%m%dt%H%M%S}"
        return (
            Feed(
                name=name,
                url=sample.feed_url,
                outlet="Exercise",
                owner="exercise",
                every_seconds=SAMPLE_EVERY,
                sample=True,
                allow_internal=True,
            ),
        )

    async def _prune(self, store: Store, stages: tuple[Stage, ...]) -> None:
        readers = [*((s.name, s.input.name) for s in stages), (READER, DELIVERIES.name)]
        while True:
            await asyncio.to_thread(store.prune, now() - self.settings.retention, readers)
            await asyncio.sleep(PRUNE_EVERY.total_seconds())

    def _serve_metrics(self) -> None:
        host, port = self.settings.metrics
        try:
            server, _ = start_http_server(port, host)
        except OSError as error:
            self.tell(f"no metrics page: {host}:{port} cannot be used ({error.strerror}); set TOCSIN_METRICS to another address")
        else:
            self.tell(f"metrics on http://{host}:{server.server_port}/metrics")


class Pipeline(threading.Thread):
    """The stages at work in a thread of their own, so that parsing never holds up a poll or a delivery."""

    def __init__(self, local: Local, stopped: asyncio.Event) -> None:
        super().__init__(name="pipeline", daemon=True)
        self.failure: Exception | None = None
        self.local = local
        self._ending = threading.Event()
        self._loop = asyncio.get_running_loop()
        self._stopped = stopped

    def run(self) -> None:
        try:
            self.local.run(self._ending)
        except Exception as error:  # noqa: BLE001  whatever ends the pipeline ends the run, and is told there
            self.failure = error
            self._loop.call_soon_threadsafe(self._stopped.set)

    def end(self) -> None:
        """End after the batch under way."""
        self._ending.set()
        self.local.wake()
        self.join(timeout=3)


@dataclass(frozen=True)
class Senders:
    """One sender for most receivers, others for some."""

    usual: Sender
    special: Mapping[str, Sender] = field(default_factory=dict)
    """By receiver."""

    async def attempt(self, delivery: Delivery) -> Outcome:
        """Try *delivery* once, by the receiver's own sender."""
        return await self.special.get(delivery.receiver, self.usual).attempt(delivery)


def mail_settings(settings: Settings) -> MailSettings | None:
    """How mail leaves by the configured server; None where none is configured, and mail waits."""
    m = settings.mail
    if not m.host:
        return None
    return MailSettings(host=m.host, port=m.port, sender=m.sender, security=m.tls, username=m.user, password=m.password)
