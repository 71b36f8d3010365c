"""The stage `deliver`: notifications and the outcomes of sending in, the next attempt of each out. Plans; never sends."""

from datetime import datetime, timedelta

import msgspec

from alerts.records import Delivery, Notification, Outcome
from alerts.topics import DELIVERIES, NOTIFICATIONS
from streams.beside import Beside
from streams.records import Part, Record, Tick
from streams.runtime.states import DueIndex
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


ENDED = "ended:"


def waiting(box: Outbox) -> DueIndex:
    """When each delivery is to be attempted, or, its id after `ENDED`, forgotten."""
    attempts = [(p.due, i) for i, p in box.pending.items() if p.due is not None]
    return DueIndex([*attempts, *((at + REMEMBERED, ENDED + i) for i, at in box.ended.items())])


WAITING = Beside(waiting)


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
    end = Delivery(
        id=outcome.delivery,
        receiver=outcome.receiver,
        state="delivered" if outcome.ok else "dead",
        attempt=way.attempt,
        at=outcome.at,
        detail=outcome.detail,
    )
    waits, pending = WAITING.take(box), dict(box.pending)
    del pending[outcome.delivery]
    waits.set(ENDED + outcome.delivery, outcome.at + REMEMBERED)
    return _laid(Outbox(pending=pending, ended={**box.ended, outcome.delivery: outcome.at}), waits), [end]


def retry_at(outcome: Outcome) -> datetime:
    """When to try again: after the schedule's wait, or when the receiver asked, whichever is later."""
    planned = outcome.at + WAITS[outcome.attempt - 1]
    asked = min(outcome.retry_after, outcome.at + ASKED_AT_MOST) if outcome.retry_after else planned
    return max(planned, asked)


def attempt_due(box: Outbox, now: datetime) -> tuple[Outbox | None, list[Record]]:
    """Make every attempt that is due, the earliest first; forget what ended long ago."""
    waits, due = WAITING.take(box), list[str]()
    while (first := waits.first()) is not None and first[0] <= now:
        waits.set(first[1], None)
        due.append(first[1])
    ready = sorted((i for i in due if i in box.pending), key=lambda i: (box.pending[i].due, box.pending[i].notification.at, i))
    ways = {i: msgspec.structs.replace(box.pending[i], due=None) for i in ready}
    old = {i.removeprefix(ENDED) for i in due} - ways.keys()
    pending = {**box.pending, **ways} if ways else box.pending
    ended = {i: at for i, at in box.ended.items() if i not in old} if old else box.ended
    out: list[Record] = [_attempt(way.notification, way.attempt, now) for way in ways.values()]
    return (_laid(Outbox(pending=pending, ended=ended), waits) if pending or ended else None), out


def _attempt(notification: Notification, attempt: int, at: datetime) -> Delivery:
    to = notification.receiver.id
    return Delivery(id=notification.id, receiver=to, state="pending", attempt=attempt, at=at, notification=notification)


def _with(box: Outbox, way: Pending) -> Outbox:
    waits = WAITING.take(box)
    waits.set(way.notification.id, way.due)
    return _laid(Outbox(pending={**box.pending, way.notification.id: way}, ended=box.ended), waits)


def _laid(box: Outbox, waits: DueIndex) -> Outbox:
    WAITING.lay(box, waits)
    return box


def next_attempt(box: Outbox) -> datetime | None:
    """When something is to be tried again, or forgotten."""
    waits = WAITING.take(box)
    first = waits.first()
    WAITING.lay(box, waits)
    return first[0] if first else None


DELIVER = Stage(
    name="deliver",
    input=NOTIFICATIONS,
    outputs=(DELIVERIES,),
    step=deliver_step,
    state=Outbox,
    due=next_attempt,
    rows=("pending", "ended"),
)
