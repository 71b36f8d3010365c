"""Parsing where it can do no harm: a document goes to a process that can be killed, what it says comes back, or that it was killed.

The process is started when first needed, reads one document after another and is replaced after a failure. It limits its own
memory and time, and ends with its parent, whatever happens to that.
"""

import atexit
import signal
import sys
import threading
from types import TracebackType
from typing import Self

import msgspec

from streams.feeds.parse import ParsedFeed, parse
from streams.guarded import START_SECONDS, GuardedProcess, serve
from streams.records import Part

TIMEOUT_SECONDS = 5.0
"""For one document. The slowest of 200 real ones took 0.1 s."""
MEMORY_MB = 512
"""Of address space; a worker that rests has 50."""
DOCUMENTS = 1_000
"""After which a worker is replaced: what foreign parsers forget to give back goes with it."""


class ParseTask(Part, frozen=True, kw_only=True):
    """What a worker is asked: the arguments of `parse`."""

    document: bytes
    feed: str | None
    content_type: str | None
    base: str | None
    shared_names: bool
    timeout_seconds: float


class GuardedParser:
    """`parse` in a process of its own. For use from any thread; one document at a time."""

    def __init__(
        self, *, timeout_seconds: float = TIMEOUT_SECONDS, memory_mb: int = MEMORY_MB, start_seconds: float = START_SECONDS
    ) -> None:
        self.timeout_seconds, self.memory_mb, self.start_seconds = timeout_seconds, memory_mb, start_seconds
        code = f"from streams.feeds.worker import serve_documents; serve_documents({memory_mb})"
        self._process = GuardedProcess(code, "reads feeds", start_seconds=start_seconds)
        self._done = 0
        self._lock = threading.Lock()

    def parse(
        self,
        document: bytes,
        *,
        feed: str | None = None,
        content_type: str | None = None,
        base: str | None = None,
        shared_names: bool = False,
    ) -> ParsedFeed:
        """Read a document as `streams.feeds.parse.parse` does. Never raises for a document: one that kills the worker has an ``error``.

        Raises:
            OSError: No process can be started on this machine.
        """
        task = ParseTask(
            document=document,
            feed=feed,
            content_type=content_type,
            base=base,
            shared_names=shared_names,
            timeout_seconds=self.timeout_seconds,
        )
        with self._lock:
            answer = self._process.ask(msgspec.msgpack.encode(task), self.timeout_seconds)
            if answer is None:
                limits = f"{self.timeout_seconds:g} s and {self.memory_mb} MB"
                return ParsedFeed(entries=0, error=f"the document cannot be read within {limits}; look at what the address serves")
            self._done += 1
            if self._done >= DOCUMENTS:
                self.close()
            return msgspec.msgpack.decode(answer, type=ParsedFeed)

    def close(self) -> None:
        """End the process; the next document starts another."""
        self._done = 0
        self._process.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


_shared: dict[tuple[float, int], GuardedParser] = {}


def parse_guarded(
    document: bytes,
    timeout_seconds: float = TIMEOUT_SECONDS,
    memory_mb: int = MEMORY_MB,
    *,
    feed: str | None = None,
    content_type: str | None = None,
    base: str | None = None,
) -> ParsedFeed:
    """Read one document in a worker that is kept for the next. See `GuardedParser.parse`."""
    parser = _shared.get((timeout_seconds, memory_mb))
    if parser is None:
        parser = _shared[timeout_seconds, memory_mb] = GuardedParser(timeout_seconds=timeout_seconds, memory_mb=memory_mb)
        atexit.register(parser.close)
    return parser.parse(document, feed=feed, content_type=content_type, base=base)


def serve_documents(memory_mb: int) -> None:
    """Be the worker."""
    _limit_memory(memory_mb)
    serve(_answer)


def _answer(message: bytes) -> bytes:
    task = msgspec.msgpack.decode(message, type=ParseTask)
    # The parent kills a late worker; this does it should the parent be gone. The signal's default is death.
    signal.setitimer(signal.ITIMER_REAL, 2 * task.timeout_seconds)
    parsed = parse(task.document, feed=task.feed, content_type=task.content_type, base=task.base, shared_names=task.shared_names)
    signal.setitimer(signal.ITIMER_REAL, 0)
    return msgspec.msgpack.encode(parsed)


def _limit_memory(memory_mb: int) -> None:
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory_mb << 20, memory_mb << 20))
