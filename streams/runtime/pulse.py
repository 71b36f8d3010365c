"""Whether this process was awake all the time: one that stood still may have lost its partitions to another, and must not write."""

import asyncio
import os
import sys
import threading
import time
from collections.abc import Callable

from streams.errors import ExplainedError

STOOD_STILL = 70
"""Exit status of a process that stood still (EX_SOFTWARE of sysexits.h); a supervisor starts it again."""
EVERY = 0.25
"""Seconds between two beats."""


class PausedError(ExplainedError):
    """This process stood still so long that what is its may be another's; it must write nothing, and end with `STOOD_STILL`."""


class Pulse:
    """Notices that the process stood still (SIGSTOP, a frozen container), once and for all. For use from any thread.

    Args:
        session_seconds: After so much silence others take over; half of it between two beats is too much.
        clock: Monotonic, in seconds.
        end: Ends the process at once, with an exit status.
    """

    def __init__(
        self, session_seconds: float, clock: Callable[[], float] = time.monotonic, end: Callable[[int], object] = os._exit
    ) -> None:
        self._most, self._clock, self._end = session_seconds / 2, clock, end
        self._last, self._pause = clock(), 0.0
        self._lock = threading.Lock()

    def beat(self) -> None:
        """Say that the process runs.

        Raises:
            PausedError: It stood still, now or before.
        """
        with self._lock:
            now = self._clock()
            gap, self._last = now - self._last, now
            # Kept for good: whichever thread wakes first must not hide the pause from the one that is about to write.
            self._pause = max(self._pause, gap if gap > self._most else 0.0)
            if self._pause:
                raise PausedError(
                    f"this process stood still for {self._pause:.1f} s, and may do so for {self._most:g} s: what it works on may be "
                    "another's by now, so it writes nothing more and ends; start it again, and look at what stopped it"
                )

    def check(self) -> None:
        """As `beat`, but a process that stood still ends at once: what its clients hold back must not be written either."""
        try:
            self.beat()
        except PausedError as error:
            print(f"tocsin: {error}", file=sys.stderr, flush=True)
            self._end(STOOD_STILL)

    async def run(self) -> None:
        """Check until cancelled; the first beat is now, however long the start took."""
        with self._lock:
            self._last = self._clock()
        while True:
            self.check()
            await asyncio.sleep(EVERY)
