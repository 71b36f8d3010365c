"""`tocsin work` and `tocsin deliver`: some of the stages on Kafka, in as many such processes as are started."""

import asyncio
import logging
import os
import signal
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TextIO

from alerts.commands import journal
from alerts.commands.configuration import Configuration
from alerts.commands.gauges import attending, built, watch_loop
from alerts.commands.reporting import RiverReports, failures, now, tell, tell_failures
from alerts.commands.river import river
from alerts.commands.up import mail_settings
from alerts.delivery.deliver import DELIVER
from alerts.delivery.dispatch import FACTS, READER, Dispatch
from alerts.delivery.send import Sender
from alerts.delivery.webhook import open_session
from alerts.topics import CONTROL, DELIVERIES
from streams import metrics
from streams.addresses import read_allowed
from streams.detection.mentions import Found
from streams.detection.pool import DetectionPool
from streams.errors import ExplainedError
from streams.records import Article
from streams.runtime.agents.acting import ActingAgent
from streams.runtime.agents.control import ControlAgent
from streams.runtime.agents.stage import StageAgent
from streams.runtime.agents.worker import Lag, Worker
from streams.runtime.company import Company, myself
from streams.runtime.health import AddressError, serve_health
from streams.settings import Settings


class UnknownStageError(ExplainedError, ValueError):
    """A stage that does not exist was asked for."""


class Elsewhere:
    """A reader of articles for a process that leaves reading to others."""

    def find(self, articles: Sequence[Article]) -> list[Found]:
        raise RuntimeError(f"{len(articles)} articles were to be read in a process that has no detector; this is a mistake in Tocsin")


STAGES = {stage.name: stage for stage in river(Elsewhere())}
SENDING = (DELIVER.name, READER)
"""What `tocsin deliver` runs: the planning of attempts, and the attempts."""


def named(names: Sequence[str]) -> tuple[str, ...]:
    """The stages of *names*, each once, in the order of the river; all where none is named.

    Raises:
        UnknownStageError: With every name that is no stage.
    """
    unknown = [name for name in names if name not in STAGES]
    if unknown:
        raise UnknownStageError(f"no stage {', '.join(unknown)}; the stages are {', '.join(STAGES)}")
    return tuple(name for name in STAGES if name in (names or STAGES))


@dataclass
class Work:
    """One worker.

    Attributes:
        stages: Names of stages, and `READER` for whoever sends.
        screen: Where people look.
        processes: How many processes detect.
    """

    settings: Settings
    stages: Sequence[str]
    screen: TextIO
    processes: int
    _shown: dict[str, set[int]] = field(default_factory=dict)
    """Partitions whose lag is shown, by stage."""

    def tell(self, text: str) -> None:
        """One line for people."""
        tell(self.screen, text)

    def run(self) -> int:
        """Run until SIGINT or SIGTERM.

        Returns:
            The exit status: 0 after a clean stop, 1 after a failure; 70 where the process stood still too long.
        """
        journal.begin(self.settings.log)
        return asyncio.run(self._run())

    async def _run(self) -> int:
        stop = asyncio.Event()
        for sign in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(sign, stop.set)
        worker = Worker(self.settings.kafka, now, lag=self._lagging)
        reports = RiverReports(self.tell)
        async with AsyncExitStack() as stack:
            pool, reader = await self._pool(stack)
            stack.enter_context(self._company(worker, reader))
            logging.getLogger("kafka").setLevel(logging.CRITICAL)  # each failed attempt to connect: what it means we say ourselves
            for name in self.stages:
                if name in STAGES:
                    read = pool.read if pool is not None and name == "detect" else None
                    worker.members.append(StageAgent(STAGES[name], worker.around, read=read, heard=reports.heard))
            if READER in self.stages:
                worker.members.append(await self._sender(stack, worker, reports))
            metrics.BUILD.labels(**built(reader or "")).set(1)
            stack.enter_context(attending(watch_loop()))
            watching = self._govern(worker)
            await self._serve_pages(stack, worker)
            self.tell(f"works on {', '.join(self.stages)}, brokers {','.join(self.settings.kafka.servers)}")
            failed = await worker.run(stop)
            if watching is not None:
                watching.cancel()
                failed += failures(await asyncio.gather(watching, return_exceptions=True))
        tell_failures(failed, self.tell)
        self.tell("stopped; nothing is lost, others go on from here" if not failed else "stopped by a failure; start it again")
        if worker.hangs:  # a consumer's thread would keep this process for ever
            os._exit(1)
        return 1 if failed else 0

    def _company(self, worker: Worker, reader: str | None) -> Company:
        """The other workers; whoever of another version is among them ends this one."""
        loop = asyncio.get_running_loop()
        return Company(self.settings.kafka, myself(self.stages, reader), lambda error: loop.call_soon_threadsafe(worker.around.fail, error))

    async def _pool(self, stack: AsyncExitStack) -> tuple[DetectionPool | None, str | None]:
        """What detects, and what it says of itself; None where this worker does not."""
        if "detect" not in self.stages:
            return None, None
        self.tell(f"loading the language model and the gazetteer ({self.processes} processes) ...")
        pool = DetectionPool(self.processes)
        stack.callback(pool.close)
        reader = await pool.begin()
        metrics.POOL_PROCESSES.set(pool.size)
        metrics.POOL_BUSY.set_function(lambda: pool.busy)
        return pool, reader

    async def _sender(self, stack: AsyncExitStack, worker: Worker, reports: RiverReports) -> ActingAgent:
        session = await stack.enter_async_context(open_session(read_allowed(self.settings.webhook_allow)))
        sender = Sender(session=session, clock=now, terminal=self.screen, secrets=self.settings.secrets, mail=mail_settings(self.settings))
        return ActingAgent(
            READER, DELIVERIES, FACTS, lambda log: Dispatch(log, sender, reports.delivered, reports.queued).run(), worker.around
        )

    def _govern(self, worker: Worker) -> "asyncio.Task[None] | None":
        """Let this worker be one of those that may say what is in force, if it runs a stage that is governed."""
        if not any(STAGES[name].controls for name in self.stages if name in STAGES):
            return None
        control = ControlAgent(CONTROL, [s for s in STAGES.values() if s.controls], worker.around)
        worker.members.append(control)
        return asyncio.create_task(Configuration(self.settings, control, self.tell, now).watch())

    async def _serve_pages(self, stack: AsyncExitStack, worker: Worker) -> None:
        def ready() -> str | None:
            metrics.READY.set(worker.trouble is None)
            return worker.trouble

        try:
            health = await serve_health(self.settings.metrics, ready=ready, live=lambda: None)
        except AddressError as error:
            self.tell(f"no metrics and no health: {error}")
        else:
            stack.push_async_callback(health.close)
            self.tell(f"metrics and health on http://{self.settings.metrics[0]}:{health.port}/metrics, /health/live, /health/ready")

    def _lagging(self, name: str, lag: Lag) -> None:
        for partition in self._shown.pop(name, set()) - lag.keys():  # another worker's now
            metrics.LAG_ENTRIES.remove(name, str(partition))
            metrics.LAG_SECONDS.remove(name, str(partition))
        self._shown[name] = set(lag)
        for partition, (entries, seconds) in lag.items():
            metrics.LAG_ENTRIES.labels(name, str(partition)).set(entries)
            metrics.LAG_SECONDS.labels(name, str(partition)).set(seconds)


def processes() -> int:
    """How many processes detect where nothing else is said: one for each core but one."""
    return max(1, (os.cpu_count() or 2) - 1)
