"""The log: one line for each decision that matters, with the ids that lead from a feed to a delivery. It decides nothing.

Never in it: what an article says, secrets, and addresses of receivers.
"""

import logging
import sys
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

import msgspec

from alerts.records import Alert, Delivery, Notification, Outcome
from alerts.redaction import unaddressed
from streams.detection.revisions import Reading
from streams.feeds.poll import PollResult
from streams.records import Event, Mention, Part, Withdrawn
from streams.settings import LogForm
from streams.topics import Rejected

LOGGER = logging.getLogger("tocsin")
Happening = Literal[
    "said", "poll", "read", "mention", "withdrawn", "event", "alert", "notification", "delivery", "attempt", "rejected", "library"
]
Level = Literal["info", "warning", "error"]


class Line(Part, frozen=True, kw_only=True, omit_defaults=True):
    """One line. What does not apply is left out."""

    time: datetime
    """When it is written, UTC."""
    level: Level
    happening: Happening
    """Which decision."""
    text: str = ""
    """For people."""
    feed: str = ""
    """Name of the feed, as configured."""
    article: str = ""
    mention: str = ""
    event: str = ""
    """Id of the event."""
    number: str = ""
    """What officers call it, with the revision: ``TOC-2016-K7Q3M/2``."""
    alert: str = ""
    rule: str = ""
    delivery: str = ""
    """Id of the notification, which is also its delivery's."""
    receiver: str = ""
    """Name of the receiver, as configured."""
    attempt: int = 0
    stage: str = ""
    outcome: str = ""
    """How it ended, in one word."""


def begin(form: LogForm, stream: TextIO | None = None) -> None:
    """Write the log from now on to *stream* (without one, standard error), with what libraries warn of; nothing if *form* is ``off``."""
    for handler in [h for h in logging.root.handlers if isinstance(h.formatter, Form)]:
        logging.root.removeHandler(handler)
    LOGGER.disabled = form == "off"
    if form == "off":
        return
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(Form(form))
    logging.root.addHandler(handler)
    LOGGER.setLevel(logging.INFO)


class Form(logging.Formatter):
    """Lines as JSON, or for people; also those that libraries log."""

    def __init__(self, form: LogForm) -> None:
        super().__init__()
        self._form = form

    def format(self, record: logging.LogRecord) -> str:
        """One line, whatever is in it."""
        line = record.__dict__.get("line") or self._of_library(record)
        if self._form == "json":
            return msgspec.json.encode(line).decode()
        rest = msgspec.to_builtins(line)
        words = [rest.pop("time"), rest.pop("level"), rest.pop("happening"), rest.pop("text", "")]
        return " ".join([*filter(None, words), *(f"{name}={value}" for name, value in rest.items())])

    def _of_library(self, record: logging.LogRecord) -> Line:
        why = f"; {self.formatException(record.exc_info)}" if record.exc_info else ""
        level: Level = "error" if record.levelno >= logging.ERROR else "warning" if record.levelno >= logging.WARNING else "info"
        return Line(time=_now(), level=level, happening="library", text=_plain(f"{record.name}: {record.getMessage()}{why}"))


def said(text: str) -> None:
    """Log what a running command tells people."""
    _write("said", text=text)


def polled(result: PollResult) -> None:
    """Log how a question to a feed ended."""
    counted = f"{result.new} new, {result.changed} changed" if result.new or result.changed else ""
    level: Level = "warning" if result.failed or result.possible_loss else "info"
    _write("poll", level, text=result.error or counted, feed=result.feed, outcome=result.status)


def attempted(delivery: Delivery, outcome: Outcome) -> None:
    """Log how an attempt to deliver ended."""
    word = "accepted" if outcome.ok else "late" if outcome.late else "refused" if outcome.final else "failed"
    alert = delivery.notification.alert if delivery.notification else ""
    _write(
        "attempt", "info" if outcome.ok else "warning", text=outcome.detail, delivery=outcome.delivery, receiver=outcome.receiver,
        attempt=outcome.attempt, outcome=word, alert=alert,
    )  # fmt: skip


def taken(stage: str, record: Any) -> None:
    """Log what was read of an article, or what a stage wrote."""
    if not LOGGER.disabled and (told := _told(record)) is not None:
        happening, level, fields = told
        _write(happening, level, stage=stage, **fields)


def _told(record: Any) -> tuple[Happening, Level, dict[str, Any]] | None:
    """What to say of a record; None for one that decides nothing."""
    match record:
        case Reading():
            many, other = len(record.mentions), f"in {record.language}, not read" if record.language else ""
            return "read", "info", {"article": record.article.id, "feed": record.article.feed or "", "text": other or f"{many} mentions"}
        case Mention():
            where = record.place.id if record.place else f"nowhere: {record.unresolved}"
            text = f"{record.type} at {where}"
            return "mention", "info", {"article": record.article, "mention": record.id, "outcome": record.status, "text": text}
        case Withdrawn():
            return "withdrawn", "info", {"article": record.article, "mention": record.id}
        case Event():
            end = f"merged into {record.merged_into}" if record.merged_into else "" if record.accepted else "no source says so any more"
            text = end or f"{record.type} at {record.place.id}: {record.owners} owners, {record.articles} articles"
            articles = list(dict.fromkeys(e.article for e in record.evidence))
            fields = {"event": record.id, "number": f"{record.number}/{record.revision}", "text": text}
            return "event", "info", fields | ({"article": articles[-1]} if articles else {})
        case Alert():
            outcome = "shadow" if record.shadow else record.change
            fields = {"alert": record.id, "number": record.label, "rule": record.rule, "event": record.event.id}
            return "alert", "info", fields | {"outcome": outcome, "text": f"{record.reason.code}: {record.reason.text}"}
        case Notification():
            fields = {"delivery": record.id, "alert": record.alert, "rule": record.rule, "receiver": record.receiver.id}
            return "notification", "info", fields | {"outcome": record.change}
        case Delivery() if record.state != "pending":
            level: Level = "error" if record.state == "dead" else "info"
            ended = {"outcome": record.state, "text": record.detail, "attempt": record.attempt}
            return "delivery", level, {"delivery": record.id, "receiver": record.receiver, **ended}
        case Rejected():
            return "rejected", "error", {"text": record.reason}
    return None


def _write(happening: Happening, level: Level = "info", *, text: str = "", **fields: Any) -> None:
    if not LOGGER.disabled:
        line = Line(time=_now(), level=level, happening=happening, text=_plain(text), **fields)
        LOGGER.log(logging.getLevelNamesMapping()[level.upper()], "", extra={"line": line})


def _plain(text: str) -> str:
    """On one line, and without anybody's address."""
    return unaddressed(" ".join(text.split()))


def _now() -> datetime:
    return datetime.now(UTC)
