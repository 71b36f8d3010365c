"""What a running command tells people: one line at a time, each with its Zulu time, and how the feeds do."""

import asyncio
import itertools
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, TextIO

import msgspec

from alerts import canary
from alerts.commands import journal
from alerts.commands.canary import Canary
from alerts.delivery.dispatch import Queue
from alerts.records import Alert, Delivery, Notification, Outcome
from alerts.redaction import unaddressed
from streams import metrics
from streams.detection.mentions import published
from streams.detection.revisions import Reading
from streams.errors import ExplainedError
from streams.feeds.poll import PollResult
from streams.stages import Stage
from streams.topics import Rejected

SAID_ONE_BY_ONE = 3
"""Feeds that fail are named up to here; without a network all forty would be."""
ENDED = frozenset({"delivered", "dead", "gathered"})
"""States of a delivery that are its last."""
SUM_UP_EVERY = 12.0
"""Seconds: all feeds are asked within the first ten."""


def now() -> datetime:
    """The clock of this process."""
    return datetime.now(UTC)


def tell(screen: TextIO, text: str) -> None:
    """One line for people, with the Zulu time, and into the log; if nobody reads any more, the watch goes on."""
    journal.said(text)
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
        journal.polled(result)
        metrics.POLLS.labels(result.status).inc()
        metrics.POLL_SECONDS.observe(result.seconds)
        metrics.ENTRIES.labels("new").inc(result.new)
        metrics.ENTRIES.labels("changed").inc(result.changed)
        metrics.DUPLICATES.labels("reissued").inc(result.reissued)
        metrics.FEED_UP.labels(result.feed).set(not result.failed)
        if result.last_entry is not None:
            metrics.FEED_LAST_ENTRY.labels(result.feed).set(result.last_entry.timestamp())
        if result.expected_gap is not None:
            metrics.FEED_EXPECTED_GAP.labels(result.feed).set(result.expected_gap.total_seconds())
        if result.possible_loss:
            metrics.POSSIBLE_LOSS.labels(result.feed).inc()

    def forget(self, feeds: Sequence[str]) -> None:
        """Say nothing more of *feeds*: another polls them, and shows how they do."""
        self._failing -= set(feeds)
        for gauge, feed in itertools.product((metrics.FEED_UP, metrics.FEED_LAST_ENTRY, metrics.FEED_EXPECTED_GAP), feeds):
            with suppress(KeyError):
                gauge.remove(feed)

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
        sent: Told of deliveries to the canary's receiver, which are counted nowhere else.
    """

    def __init__(self, tell: Callable[[str], None], sent: Canary | None = None) -> None:
        self._tell, self._canary = tell, sent
        self._failing: set[str] = set()
        self._queued: set[str] = set()

    def heard(self, stage: Stage, reads: Sequence[Any], written: Sequence[Any], seconds: float) -> None:
        """Count a batch."""
        metrics.RECORDS.labels(stage.name, "in").inc(len(reads))
        for reading in reads:
            if isinstance(reading, Reading) and not canary.is_canary(reading.article.feed):
                _count(reading)
                journal.taken(stage.name, reading)
        if times := [at for read in reads if (at := _time_of(read)) is not None]:
            metrics.WATERMARK.labels(stage.name).set(max(times).timestamp())
        metrics.RECORDS.labels(stage.name, "out").inc(len(written))
        metrics.STAGE_SECONDS.labels(stage.name).observe(seconds)
        for record in written:
            if canary.of(record):
                continue
            journal.taken(stage.name, record)
            if isinstance(record, Alert):
                metrics.ALERTS.labels(record.rule, record.severity, record.change).inc()
            elif isinstance(record, Rejected):
                metrics.REJECTED.labels(stage.name).inc()
                self._tell(f"stage {stage.name} set a record aside: {record.reason}")
            elif isinstance(record, Delivery) and record.state in ENDED:
                metrics.DELIVERIES.labels(record.receiver, record.state).inc()
            if isinstance(record, Delivery) and record.state == "dead":
                metrics.DEAD_LETTERS.labels(record.receiver).inc()
                why = unaddressed(record.detail)
                self._tell(f"receiver {record.receiver}: given up after {record.attempt} attempts: {why} (delivery {record.id})")

    def delivered(self, delivery: Delivery, outcome: Outcome) -> None:
        """Count an attempt, and say when a receiver begins or ceases to fail."""
        notification, name = delivery.notification, outcome.receiver
        if name == canary.NAME:
            if self._canary is not None:
                self._canary.delivered(delivery, outcome)
            return
        journal.attempted(delivery, outcome)
        if outcome.late:
            return
        if notification is not None:
            metrics.ATTEMPTS.labels(notification.receiver.channel, "ok" if outcome.ok else "failed").inc()
            if outcome.ok and not notification.gathers:  # what waited for a digest was to come late
                metrics.FRESHNESS.observe((outcome.at - notification.at).total_seconds())
                if (reported := _last_report(notification)) is not None:
                    metrics.PUBLISHED_TO_DELIVERY.observe((outcome.at - reported).total_seconds())
        if not outcome.ok and name not in self._failing:
            self._failing.add(name)
            then = "given up" if outcome.final else "kept, and tried again"
            self._tell(f"receiver {name}: not delivered: {unaddressed(outcome.detail)}; {then}")
        elif outcome.ok and name in self._failing:
            self._failing.discard(name)
            self._tell(f"receiver {name}: takes alerts again")

    def queued(self, queues: Mapping[str, Queue]) -> None:
        """Show what waits for each receiver."""
        for receiver in self._queued - queues.keys():
            metrics.QUEUED.labels(receiver).set(0)
            metrics.OLDEST_QUEUED.labels(receiver).set_to_current_time()
        for receiver, queue in queues.items():
            metrics.QUEUED.labels(receiver).set(queue.length)
            metrics.OLDEST_QUEUED.labels(receiver).set(queue.oldest.timestamp())
        self._queued |= queues.keys()


def _time_of(read: Any) -> datetime | None:
    """When a record that a stage read is of; None for what could not be read."""
    found = read.article.at if isinstance(read, Reading) else getattr(read, "at", None)
    return found if isinstance(found, datetime) else None


def _last_report(notification: Notification) -> datetime | None:
    """When the last report of what a notification tells was published; None if it does not say: a digest, or one of another version."""
    try:
        return msgspec.json.decode(notification.payload, type=_Payload).data.event.last_reported
    except msgspec.MsgspecError:
        return None


class _Event(msgspec.Struct):
    last_reported: datetime


class _Data(msgspec.Struct):
    event: _Event


class _Payload(msgspec.Struct):
    data: _Data


def _count(reading: Reading) -> None:
    """Count what was looked at and found, and what no alert can come of, or only by a guess."""
    if reading.language is not None:
        metrics.UNREAD.labels(reading.language).inc()
    metrics.GATE.labels("passed" if reading.parsed else "held").inc()
    for mention in reading.mentions:
        metrics.MENTIONS.labels(mention.type, mention.status).inc()
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
