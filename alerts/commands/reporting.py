"""What a running command tells people: one line at a time, each with its Zulu time, and how the feeds do."""

import asyncio
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, TextIO

from alerts.records import Alert, Delivery, Outcome
from streams import metrics
from streams.detection.mentions import published
from streams.detection.revisions import Reading
from streams.errors import ExplainedError
from streams.feeds.poll import PollResult
from streams.stages import Stage
from streams.topics import Rejected

SAID_ONE_BY_ONE = 3
"""Feeds that fail are named up to here; without a network all forty would be."""
SUM_UP_EVERY = 12.0
"""Seconds: all feeds are asked within the first ten."""


def now() -> datetime:
    """The clock of this process."""
    return datetime.now(UTC)


def tell(screen: TextIO, text: str) -> None:
    """One line for people, with the Zulu time; if nobody reads any more, the watch goes on."""
    with suppress(OSError):
        print(f"{now():%H:%M:%SZ}  {text}", file=screen, flush=True)


class FeedReports:
    """Counts polls, and tells which feeds fail.

    Args:
        tell: Takes one line for people.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._failing: set[str] = set()

    def polled(self, result: PollResult) -> None:
        """Count a poll, and say when a feed begins or ceases to fail."""
        if result.failed and result.feed not in self._failing:
            self._failing.add(result.feed)
            if len(self._failing) <= SAID_ONE_BY_ONE:
                self._tell(f"feed {result.feed}: {result.error}; asked again at {result.next_at:%H:%M:%SZ}")
        elif not result.failed and result.feed in self._failing:
            self._failing.discard(result.feed)
            self._tell(f"feed {result.feed}: answers again")
        metrics.POLLS.labels(result.feed, result.status).inc()
        metrics.ENTRIES.labels(result.feed, "new").inc(result.new)
        metrics.ENTRIES.labels(result.feed, "changed").inc(result.changed)
        if result.possible_loss:
            metrics.POSSIBLE_LOSS.labels(result.feed).inc()

    def forget(self, feeds: Sequence[str]) -> None:
        """Say nothing more of *feeds*: another polls them."""
        self._failing -= set(feeds)

    async def sum_up(self, feeds: Callable[[], int]) -> None:
        """Say how many feeds do not answer, when there are too many to name each, and again when that changed.

        Args:
            feeds: How many there are.
        """
        said = 0
        while True:
            await asyncio.sleep(SUM_UP_EVERY)
            failing = len(self._failing)
            if failing != said and max(failing, said) > SAID_ONE_BY_ONE:
                self._tell(f"{failing} of {feeds()} feeds do not answer; `tocsin feeds check` says why; they are asked again")
                said = failing


class RiverReports:
    """Counts what the stages and the sender do, and tells what somebody should look at.

    Args:
        tell: Takes one line for people.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._failing: set[str] = set()

    def heard(self, stage: Stage, reads: Sequence[Any], written: Sequence[Any], seconds: float) -> None:
        """Count a batch."""
        metrics.RECORDS.labels(stage.name, "in").inc(len(reads))
        for reading in reads:
            if isinstance(reading, Reading):
                _count(reading)
        metrics.RECORDS.labels(stage.name, "out").inc(len(written))
        metrics.STAGE_SECONDS.labels(stage.name).observe(seconds)
        for record in written:
            if isinstance(record, Alert):
                metrics.ALERTS.labels(record.rule, record.severity, record.change).inc()
            elif isinstance(record, Rejected):
                metrics.REJECTED.labels(stage.name).inc()
                self._tell(f"stage {stage.name} set a record aside: {record.reason}")
            elif isinstance(record, Delivery) and record.state == "dead":
                self._tell(f"receiver {record.receiver}: given up after {record.attempt} attempts: {record.detail} (delivery {record.id})")

    def delivered(self, delivery: Delivery, outcome: Outcome) -> None:
        """Count an attempt, and say when a receiver begins or ceases to fail."""
        notification, name = delivery.notification, outcome.receiver
        if outcome.late:
            return
        if notification is not None:
            metrics.DELIVERIES.labels(notification.receiver.channel, "ok" if outcome.ok else "failed").inc()
            if outcome.ok and delivery.attempt == 1:
                metrics.FRESHNESS.observe((outcome.at - notification.at).total_seconds())
        if not outcome.ok and name not in self._failing:
            self._failing.add(name)
            self._tell(f"receiver {name}: not delivered: {outcome.detail}; {'given up' if outcome.final else 'kept, and tried again'}")
        elif outcome.ok and name in self._failing:
            self._failing.discard(name)
            self._tell(f"receiver {name}: takes alerts again")


def _count(reading: Reading) -> None:
    """Count what no alert can come of, or only by a guess."""
    if reading.language is not None:
        metrics.UNREAD.labels(reading.language).inc()
    metrics.UNPLACED.inc(sum(mention.place is None for mention in reading.mentions))
    metrics.MISDATED.inc(published(reading.article)[1])


def failures(ends: Sequence[object]) -> list[Exception]:
    """Whatever went wrong among *ends*, as `asyncio.gather` gives them: errors, errors in groups, and things that are none."""
    return [one for end in ends if isinstance(end, Exception) for one in reasons(end)]


def reasons(error: Exception) -> list[Exception]:
    """The errors that a group holds, however deep; else the error itself."""
    return [one for e in error.exceptions for one in reasons(e)] if isinstance(error, ExceptionGroup) else [error]


def tell_failures(errors: Sequence[Exception], tell: Callable[[str], None]) -> None:
    """Each once: in its own words if it has some for people, else with where it came from."""
    for text in dict.fromkeys(str(e) if isinstance(e, ExplainedError) else "".join(traceback.format_exception(e)) for e in errors):
        tell(f"failed: {text}")
