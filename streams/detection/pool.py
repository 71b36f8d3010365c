"""Detection in processes of its own: articles go in, their readings come back, or why they cannot be read.

The event loop of a worker must not parse: a sentence takes milliseconds, and meanwhile no heartbeat would be sent.
"""

import asyncio
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec

from streams.detection.revisions import Reading, read_all
from streams.guarded import GuardedProcess, serve
from streams.records import Article, Part
from streams.stages import Unread

AT_ONCE = 64
"""Articles for one process in one go: sentences of one length are parsed together, and of more articles more are of one length."""
SECONDS = 120.0
"""For one of them; a dense text of 2 MB takes half a minute."""
BACKGROUND = 10
"""Niceness: parsing gives way to whatever keeps the worker in touch with the cluster."""


class ReadError(RuntimeError):
    """An article could not be read; the text says how it went."""


class Answer(Part, frozen=True, kw_only=True):
    """What a process makes of some articles: their readings, or the error that one of them gave."""

    readings: list[Reading] = []
    error: str | None = None
    made_by: str = ""
    """What its detector's mentions say of who read them."""


class DetectionPool:
    """Processes that read, each with a detector of its own.

    Args:
        size: How many.
    """

    def __init__(self, size: int) -> None:
        start = "from streams.detection.pool import serve_articles; serve_articles()"
        self._processes = [GuardedProcess(start, "reads articles") for _ in range(size)]
        self._free: asyncio.Queue[GuardedProcess] = asyncio.Queue()
        for process in self._processes:
            self._free.put_nowait(process)
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="detection")

    async def begin(self) -> str:
        """Start all processes.

        Returns:
            What their mentions say of who read them.

        Raises:
            OSError: They cannot be started, or read each by another version; their own words say why.
        """
        loop = asyncio.get_running_loop()
        who = set(await asyncio.gather(*(loop.run_in_executor(self._threads, introduced, p) for p in self._processes)))
        if len(who) > 1:
            raise OSError(f"the detector's files changed while it was started ({'; '.join(sorted(who))}); start again")
        return who.pop()

    @property
    def size(self) -> int:
        """How many processes there are."""
        return len(self._processes)

    @property
    def busy(self) -> int:
        """How many of them read now."""
        return len(self._processes) - self._free.qsize()

    def close(self) -> None:
        """End all processes."""
        for process in self._processes:
            process.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def read(self, articles: Sequence[Article]) -> list[Reading | Unread]:
        """What is read in each article, in their order, `AT_ONCE` to a process."""
        pieces = [articles[i : i + AT_ONCE] for i in range(0, len(articles), AT_ONCE)]
        return [reading for piece in await asyncio.gather(*map(self._read, pieces)) for reading in piece]

    async def _read(self, articles: Sequence[Article]) -> list[Reading | Unread]:
        process = await self._free.get()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, ask, process, articles)
        finally:
            self._free.put_nowait(process)


def introduced(process: GuardedProcess) -> str:
    """Start *process*; what it says of who it is.

    Raises:
        OSError: It cannot be started, or died at once.
    """
    process.begin()
    data = process.ask(msgspec.msgpack.encode([]), SECONDS)
    if data is None:
        raise OSError("the process that reads articles died when it was first asked; see its words above")
    return decoded(data).made_by


def ask(process: GuardedProcess, articles: Sequence[Article]) -> list[Reading | Unread]:
    """Have *process* read; if it cannot read all, one by one, so that one article's trouble is no other's."""
    data = process.ask(msgspec.msgpack.encode(articles), SECONDS)
    answer = Answer(error=f"its reader died, or was not ready within {SECONDS:g} s") if data is None else decoded(data)
    if answer.error is None:
        return list(answer.readings)
    if len(articles) == 1:
        return [Unread(ReadError(answer.error))]
    return [ask(process, [article])[0] for article in articles]


def decoded(data: bytes) -> Answer:
    """An answer from its bytes."""
    return msgspec.msgpack.decode(data, type=Answer)


def serve_articles() -> None:
    """Be one of the processes."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.nice(BACKGROUND)
    from streams.detection.detector import load_detector
    from streams.settings import read_settings

    settings = read_settings(os.environ)
    detector = load_detector(gazetteer=settings.gazetteer, places=settings.sites, model=settings.model or None)

    def answer(message: bytes) -> bytes:
        articles = msgspec.msgpack.decode(message, type=list[Article])
        try:
            found = Answer(readings=read_all(detector, articles), made_by=detector.made_by)
        except Exception as error:  # noqa: BLE001  told to the parent, which sets the article aside
            found = Answer(error=f"{type(error).__name__}: {error}")
        return msgspec.msgpack.encode(found)

    serve(answer)
