"""What a running process shows of its own state every few seconds: how far behind it is, how large its file is, how late it wakes."""

import asyncio
import platform
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from alerts.commands.reporting import now
from streams import metrics
from streams.events.fuse import FUSE
from streams.runtime.local import Local
from streams.runtime.store import Store

LOOK_EVERY = 5.0
"""Seconds: less than any Prometheus asks."""


class Gauges:
    """The gauges of the embedded river.

    Args:
        store: Its file.
        local: Its stages.
    """

    def __init__(self, store: Store, local: Local) -> None:
        self._store, self._local = store, local

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.to_thread(self.look)
            await asyncio.sleep(LOOK_EVERY)

    def look(self) -> None:
        """Look once."""
        for line in self._local.lines:
            name, topic = line.stage.name, line.stage.input.name
            behind = self._store.end(topic) - line.offset
            waiting = self._store.entries(topic, line.offset, 1) if behind else []
            metrics.LAG_ENTRIES.labels(name, "0").set(behind)
            metrics.LAG_SECONDS.labels(name, "0").set(max(0.0, (now() - waiting[0][1]).total_seconds()) if waiting else 0.0)
        metrics.EVENTS_OPEN.set(self._store.count(FUSE.name, "events"))
        metrics.SQLITE_BYTES.set(size_of(self._store.path))
        metrics.SQLITE_WAL_BYTES.set(size_of(self._store.path.with_name(f"{self._store.path.name}-wal")))


async def watch_loop() -> None:
    """Show how late the event loop wakes, until cancelled."""
    while True:
        began = time.perf_counter()
        await asyncio.sleep(LOOK_EVERY)
        metrics.LOOP_LAG.set(max(0.0, time.perf_counter() - began - LOOK_EVERY))


@contextmanager
def attending(work: Coroutine[None, None, None]) -> Iterator[None]:
    """Have *work* done beside the block, and cancelled at its end."""
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()


def built(reader: str) -> dict[str, str]:
    """The labels of `metrics.BUILD`.

    Args:
        reader: What mentions say of who read them; "" in a process that reads none.
    """
    return {"version": version("tocsin"), "python": platform.python_version(), "reader": reader}


def size_of(path: Path) -> int:
    """Of a file, in bytes; 0 if there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return 0
