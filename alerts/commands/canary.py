"""Puts a canary into the river again and again, and waits for each to come out: its way is every article's way."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from alerts import canary
from alerts.records import Delivery, Outcome
from streams import metrics
from streams.records import Article

PATIENCE = timedelta(minutes=1)
"""After which one that has not come is lost; the objective for news is a second."""


class Canary:
    """The canaries of one process.

    Args:
        publish: Writes an article where feeds' articles go.
        every: Between two canaries.
        clock: The time now, in UTC.
        tell: Told in a line when one is lost, and when they come through again.
    """

    def __init__(
        self, publish: Callable[[Sequence[Article]], None], every: timedelta, clock: Callable[[], datetime], tell: Callable[[str], None]
    ) -> None:
        self._publish, self._every, self._clock, self._tell = publish, every, clock, tell
        self._out: dict[datetime, None] = {}
        self._losing = False

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            await asyncio.to_thread(self.send)
            for _ in range(max(1, round(self._every / PATIENCE))):
                await asyncio.sleep(min(self._every, PATIENCE).total_seconds())
                self.count_losses()

    def send(self) -> None:
        """Put one in."""
        at = self._clock()
        self._out[at] = None
        self._publish([canary.article(at)])
        metrics.CANARY_SENT.inc()

    def count_losses(self) -> None:
        """Give up those that have been out for too long."""
        lost = [at for at in self._out if self._clock() - at >= PATIENCE]
        for at in lost:
            del self._out[at]
            metrics.CANARY_LOST.inc()
        if lost and not self._losing:
            self._losing = True
            self._tell(f"a canary did not come through in {PATIENCE.total_seconds():g} s: news may not, either; see the stages' lag")

    def delivered(self, delivery: Delivery, outcome: Outcome) -> None:
        """Take note of a delivery to the canary's receiver; one of an earlier run is nobody's."""
        notification = delivery.notification
        if notification is None or notification.at not in self._out:
            return
        del self._out[notification.at]
        metrics.CANARY_SECONDS.observe((outcome.at - notification.at).total_seconds())
        metrics.CANARY_LAST.set(outcome.at.timestamp())
        if self._losing:
            self._losing = False
            self._tell("canary articles come through again")
