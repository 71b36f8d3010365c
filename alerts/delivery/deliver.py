"""The stage `deliver`: notifications and the outcomes of sending in, the next attempt of each out. Plans; never sends."""

from datetime import datetime, timedelta

import msgspec

from alerts.records import Delivery, Notification, Outcome
from alerts.topics import DELIVERIES, NOTIFICATIONS
from streams.records import Part, Record, Tick
from streams.stages import Stage

WAITS = tuple(timedelta(seconds=s) for s in (5, 30, 120, 300, 1800, 7200, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600))
"""Before each further attempt: Standard Webhooks' schedule with a denser start, since an officer waits; three days in all."""
ASKED_AT_MOST = timedelta(hours=1)
"""A receiver's Retry-After is honoured up to here: an alert that comes later is of no use."""
REMEMBERED = timedelta(days=7)
"""How long an ended delivery is known, so that a repeat of its notification is not sent again."""


class Pending(Part, frozen=True, kw_only=True):
    """A notification on its way."""

    notification: Notification
    attempt: int
    """The attempt under way, or to make at ``due``."""
    due: datetime | None = None
    """None while an attempt is under way."""


class Outbox(Part, frozen=True, kw_only=True):
    """The memory of one receiver."""

    pending: dict[str, Pending] = {}
    ended: dict[str, datetime] = {}


def deliver_step(box: Outbox | None, record: Notification | Outcome | Tick, control: None) -> tuple[Outbox | None, list[Record]]:
    """Start a delivery, go on after an outcome, or make the attempts that are due."""
    if isinstance(record, Tick):
        return attempt_due(box or Outbox(), record.at)
    if isinstance(record, Outcome):
        return after(box, record) if box else (None, [])
    box = box or Outbox()
    if record.id in box.pending or record.id in box.ended:
        return box, []
    return _with(box, Pending(notification=record, attempt=1)), [_attempt(record, 1, record.at)]


def after(box: Outbox, outcome: Outcome) -> tuple[Outbox, list[Record]]:
    """What follows from how an attempt ended; an outcome of another attempt than the one under way is a repeat."""
    way = box.pending.get(outcome.delivery)
    if way is None or way.attempt != outcome.attempt or way.due is not None:
        return box, []
    if not outcome.ok and not outcome.final and way.attempt <= len(WAITS):
        later = msgspec.structs.replace(way, attempt=way.attempt + 1, due=retry_at(outcome))
        return _with(box, later), []
    ended = Delivery(
        id=outcome.delivery,
        receiver=outcome.receiver,
        state="delivered" if outcome.ok else "dead",
        attempt=way.attempt,
        at=outcome.at,
        detail=outcome.detail,
    )
    pending = {i: p for i, p in box.pending.items() if i != outcome.delivery}
    return Outbox(pending=pending, ended={**box.ended, outcome.delivery: outcome.at}), [ended]


def retry_at(outcome: Outcome) -> datetime:
    """When to try again: after the schedule's wait, or when the receiver asked, whichever is later."""
    planned = outcome.at + WAITS[outcome.attempt - 1]
    asked = min(outcome.retry_after, outcome.at + ASKED_AT_MOST) if outcome.retry_after else planned
    return max(planned, asked)


def attempt_due(box: Outbox, now: datetime) -> tuple[Outbox | None, list[Record]]:
    """Make every attempt that is due, the earliest first; forget what ended long ago."""
    ready = sorted((p.due, p.notification.at, p.notification.id) for p in box.pending.values() if p.due is not None and p.due <= now)
    out: list[Record] = []
    for _, _, delivery in ready:
        way = box.pending[delivery]
        box = _with(box, msgspec.structs.replace(way, due=None))
        out.append(_attempt(way.notification, way.attempt, now))
    ended = {i: at for i, at in box.ended.items() if at + REMEMBERED > now}
    return (Outbox(pending=box.pending, ended=ended) if box.pending or ended else None), out


def _attempt(notification: Notification, attempt: int, at: datetime) -> Delivery:
    to = notification.receiver.id
    return Delivery(id=notification.id, receiver=to, state="pending", attempt=attempt, at=at, notification=notification)


def _with(box: Outbox, way: Pending) -> Outbox:
    return msgspec.structs.replace(box, pending={**box.pending, way.notification.id: way})


def next_attempt(box: Outbox) -> datetime | None:
    """When something is to be tried again, or forgotten."""
    return min([*(p.due for p in box.pending.values() if p.due), *(at + REMEMBERED for at in box.ended.values())], default=None)


DELIVER = Stage(
    name="deliver",
    input=NOTIFICATIONS,
    outputs=(DELIVERIES,),
    step=deliver_step,
    state=Outbox,
    due=next_attempt,
    rows=("pending", "ended"),
)
