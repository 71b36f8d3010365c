"""Work where it can do no harm: a message goes to a process that can be killed, an answer comes back, or that it was killed.

The process is started when first needed and replaced after a failure. It ends with its parent, whatever happens to that.
"""

import os
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import IO

START_SECONDS = 60.0
"""Within which a process must have come up, also on a machine that is busy with something else."""

_LENGTH = struct.Struct(">I")
_READY = b"ready"


class GuardedProcess:
    """A process of our own that answers messages, one at a time. For use from any thread.

    Args:
        start: What the process runs, in Python; it must call `serve`.
        work: What it does, for errors: "reads feeds".
    """

    def __init__(self, start: str, work: str, *, start_seconds: float = START_SECONDS) -> None:
        self._start, self._work, self._start_seconds = start, work, start_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def ask(self, message: bytes, seconds: float) -> bytes | None:
        """Send *message* and wait for the answer.

        Returns:
            The answer; None if there was none within *seconds*, or the process died: the next message starts another.

        Raises:
            OSError: No process can be started on this machine.
        """
        with self._lock:
            answer = _exchange(self._started(), message, seconds)
            if answer is None:
                self._stop()
            return answer

    @property
    def pid(self) -> int | None:
        """Of the process that runs; None if none does."""
        return None if self._process is None else self._process.pid

    def begin(self) -> None:
        """Start the process now, so that the first message does not wait for it.

        Raises:
            OSError: As `ask`.
        """
        with self._lock:
            self._started()

    def close(self) -> None:
        """End the process; the next message starts another."""
        # First the process, so that nobody waits for the answer that it may be making.
        if (process := self._process) is not None:
            process.kill()
        with self._lock:
            self._stop()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._stop()
        start = f"import sys; sys.path[:] = {sys.path!r}; {self._start}"
        # A group of its own: Ctrl-C in a terminal is for the parent, which then closes us.
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own words
            [sys.executable, "-c", start], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
        if _receive_within(self._process, self._start_seconds) != _READY:
            self._stop()
            raise OSError(
                f"the process that {self._work} did not start within {self._start_seconds:g} s; "
                "see its words above, and how busy this machine is"
            )
        return self._process

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                _close(pipe)


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


def serve(answer: Callable[[bytes], bytes]) -> None:
    """Be the process: answer each message on standard input on standard output, until that ends."""
    source, sink = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    # Whatever foreign code prints must not lie between the answers.
    os.dup2(2, 1)
    _send(sink, _READY)
    while (message := _receive(source)) is not None:
        _send(sink, answer(message))
