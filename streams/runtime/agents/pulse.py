"""Whether this process was awake all the time: one that slept through half its session may have lost its partitions, and must not write."""

import asyncio
import os
import sys
import time

STALE = 70
"""Exit status (EX_SOFTWARE) of a process that gives up so that it may be started again."""
EVERY = 0.25
"""Seconds between two beats."""


class Pulse:
    """The time since the event loop last turned."""

    def __init__(self, session_seconds: float) -> None:
        self._longest = session_seconds / 2
        self._at = time.monotonic()

    async def run(self) -> None:
        """Beat until cancelled; the first beat is now, however long the start took."""
        self._at = time.monotonic()
        while True:
            self.check()
            self._at = time.monotonic()
            await asyncio.sleep(EVERY)

    def check(self) -> None:
        """Go on if the last beat is recent; else end the process at once, before anything of it is written."""
        slept = time.monotonic() - self._at
        if slept > self._longest:
            print(
                f"tocsin: stood still for {slept:.0f} s, which is more than half a session; ending, so that nothing is written twice",
                file=sys.stderr,
                flush=True,
            )
            os._exit(STALE)
