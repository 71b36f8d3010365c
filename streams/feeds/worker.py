"""Parsing where it can do no harm: a document goes to a process that can be killed, what it says comes back, or that it was killed.

The process is started when first needed, reads one document after another and is replaced after a failure. It limits its own
memory and time, and ends with its parent, whatever happens to that.
"""

import atexit
import os
import signal
import struct
import subprocess
import sys
import threading
from types import TracebackType
from typing import IO, Self

import msgspec

from streams.feeds.parse import ParsedFeed, parse
from streams.records import Part

TIMEOUT_SECONDS = 5.0
"""For one document. The slowest of 200 real ones took 0.1 s."""
MEMORY_MB = 512
"""Of address space; a worker that rests has 50."""
START_SECONDS = 60.0
"""Within which a process must have come up, also on a machine that is busy with something else."""
DOCUMENTS = 1_000
"""After which a worker is replaced: what foreign parsers forget to give back goes with it."""

_LENGTH = struct.Struct(">I")
_READY = b"ready"


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
        self._process: subprocess.Popen[bytes] | None = None
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
            process = self._started()
            answer = _exchange(process, msgspec.msgpack.encode(task), self.timeout_seconds)
            if answer is None:
                self._stop()
                limits = f"{self.timeout_seconds:g} s and {self.memory_mb} MB"
                return ParsedFeed(entries=0, error=f"the document cannot be read within {limits}; look at what the address serves")
            self._done += 1
            if self._done >= DOCUMENTS:
                self._stop()
            return msgspec.msgpack.decode(answer, type=ParsedFeed)

    def close(self) -> None:
        """End the process; the next document starts another."""
        # First the process, so that nobody waits for the document that it may be reading.
        if (process := self._process) is not None:
            process.kill()
        with self._lock:
            self._stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._stop()
        start = f"import sys; sys.path[:] = {sys.path!r}; from streams.feeds.worker import serve; serve({self.memory_mb})"
        # A group of its own: Ctrl-C in a terminal is for the parent, which then closes us.
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own words
            [sys.executable, "-c", start], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
        if _receive_within(self._process, self.start_seconds) != _READY:
            self._stop()
            raise OSError(
                f"the process that reads feeds did not start within {self.start_seconds:g} s; "
                "see its words above, and how busy this machine is"
            )
        return self._process

    def _stop(self) -> None:
        process, self._process, self._done = self._process, None, 0
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                _close(pipe)


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


def _exchange(process: subprocess.Popen[bytes], message: bytes, seconds: float) -> bytes | None:
    """Send and receive within that time; None if the process died or was killed for being late."""
    timer = threading.Timer(seconds, process.kill)
    timer.start()
    try:
        _send(process.stdin, message)
        return _receive(process.stdout)
    except OSError:
        return None
    finally:
        timer.cancel()


def _receive_within(process: subprocess.Popen[bytes], seconds: float) -> bytes | None:
    timer = threading.Timer(seconds, process.kill)
    timer.start()
    try:
        return _receive(process.stdout)
    finally:
        timer.cancel()


def _send(pipe: IO[bytes] | None, message: bytes) -> None:
    if pipe is not None:
        pipe.write(_LENGTH.pack(len(message)))
        pipe.write(message)
        pipe.flush()


def _receive(pipe: IO[bytes] | None) -> bytes | None:
    """One message; None at the end of the pipe."""
    head = pipe.read(_LENGTH.size) if pipe is not None else b""
    if pipe is None or len(head) < _LENGTH.size:
        return None
    size = _LENGTH.unpack(head)[0]
    message = pipe.read(size)
    return message if len(message) == size else None


def _close(pipe: IO[bytes] | None) -> None:
    try:
        if pipe is not None:
            pipe.close()
    except OSError:
        return  # What was still to be written to a dead process is lost with it.


def serve(memory_mb: int) -> None:
    """Be the worker: read tasks from standard input and answer on standard output, until that ends."""
    source, sink = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    # Whatever a parser prints must not lie between the answers.
    os.dup2(2, 1)
    _limit_memory(memory_mb)
    _send(sink, _READY)
    while (message := _receive(source)) is not None:
        task = msgspec.msgpack.decode(message, type=ParseTask)
        # The parent kills a late worker; this does it should the parent be gone. The signal's default is death.
        signal.setitimer(signal.ITIMER_REAL, 2 * task.timeout_seconds)
        parsed = parse(task.document, feed=task.feed, content_type=task.content_type, base=task.base, shared_names=task.shared_names)
        signal.setitimer(signal.ITIMER_REAL, 0)
        _send(sink, msgspec.msgpack.encode(parsed))


def _limit_memory(memory_mb: int) -> None:
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory_mb << 20, memory_mb << 20))
