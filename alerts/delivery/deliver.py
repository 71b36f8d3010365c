"""The stage `deliver`: notifications and the outcomes of sending in, the next attempt of each out. Plans; never sends.

What a receiver is not to be told one by one, in quiet hours, in a flood, or after an outage of ours, waits and becomes one digest.
"""

from datetime import datetime, timedelta
from typing import Any

import msgspec

from alerts.delivery.digest import WHY, gather, mark_delayed
from alerts.delivery.holding import flood_until, quiet_until, still_counted
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
GATHERED_FOR = timedelta(seconds=60)
"""How long what is late after an outage waits for more of the same: the river needs as long to catch up."""
REMEMBERED = timedelta(days=7)
"""How long an ended delivery is known, so that a repeat of its notification is not sent again."""


class Pending(Part, frozen=True, kw_only=True):
    """A notification on its way."""

    notification: Notification
    attempt: int
    """The attempt under way, or to make at ``due``."""
    due: datetime | None = None
    """None while an attempt is under way."""


class Held(Part, frozen=True, kw_only=True):
    """A notification that waits to be told in a digest."""

    notification: Notification
    until: datetime
    why: str
    """A key of `digest.WHY`."""
    attempt: int = 0
    """How many attempts were planned of it."""


class Outbox(Part, frozen=True, kw_only=True):
    """The memory of one receiver."""

    pending: dict[str, Pending] = {}
    held: dict[str, Held] = {}
    ended: dict[str, datetime] = {}
    sent: tuple[datetime, ...] = ()
    """When the last messages went out, where the receiver limits them."""


ENDED, HELD = "ended:", "held:"


def waiting(box: Outbox) -> DueIndex:
    """When each delivery is to be attempted, or, its id after `HELD`, told in a digest, or, after `ENDED`, forgotten."""
    attempts = [(p.due, i) for i, p in box.pending.items() if p.due is not None]
    held = ((h.until, HELD + i) for i, h in box.held.items())
    return DueIndex([*attempts, *held, *((at + REMEMBERED, ENDED + i) for i, at in box.ended.items())])


WAITING = Beside(waiting)


def deliver_step(box: Outbox | None, record: Notification | Outcome | Tick, control: None) -> tuple[Outbox | None, list[Record]]:
    """Start a delivery, go on after an outcome, or make the attempts that are due."""
    if isinstance(record, Tick):
        return attempt_due(box or Outbox(), record.at)
    if isinstance(record, Outcome):
        return after(box, record) if box else (None, [])
    box = box or Outbox()
    if record.id in box.pending or record.id in box.held or record.id in box.ended:
        return box, []
    if (held := hold(box, record, record.at)) is not None:
        return _holding(box, held), [_held(held, record.at)]
    return begin(box, record, 1, record.at)


def hold(box: Outbox, notification: Notification, at: datetime) -> Held | None:
    """How *notification* waits, if its receiver is not to be told of it now."""
    to, severity = notification.receiver, notification.severity
    if (until := quiet_until(to.quiet, severity, at)) is not None:
        return Held(notification=notification, until=until, why="quiet")
    if severity != "flash" and (flooded := [h.until for h in box.held.values() if h.why == "flood"]):
        return Held(notification=notification, until=min(flooded), why="flood")
    if (until := flood_until(to.flood, severity, box.sent, at)) is not None:
        return Held(notification=notification, until=until, why="flood")
    return None


def begin(box: Outbox, notification: Notification, attempt: int, at: datetime) -> tuple[Outbox, list[Record]]:
    """Attempt *notification* now."""
    sent = still_counted(notification.receiver.flood, box.sent, at)
    return _with(box, Pending(notification=notification, attempt=attempt), sent), [_attempt(notification, attempt, at)]


def after(box: Outbox, outcome: Outcome) -> tuple[Outbox, list[Record]]:
    """What follows from how an attempt ended; an outcome of another attempt than the one under way is a repeat."""
    way = box.pending.get(outcome.delivery)
    if way is None or way.attempt != outcome.attempt or way.due is not None:
        return box, []
    if outcome.late:
        return late(box, way, outcome.at)
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
    return _changed(box, waits, pending=pending, ended={**box.ended, outcome.delivery: outcome.at}), [end]


def late(box: Outbox, way: Pending, at: datetime) -> tuple[Outbox, list[Record]]:
    """Tell a flash all the same, marked as late, and gather everything else into one digest."""
    notification = way.notification
    if notification.severity == "flash":
        marked = mark_delayed(notification, at)
        return _with(box, Pending(notification=marked, attempt=way.attempt + 1)), [_attempt(marked, way.attempt + 1, at)]
    waits, pending = WAITING.take(box), dict(box.pending)
    del pending[notification.id]
    box = _changed(box, waits, pending=pending)
    until = quiet_until(notification.receiver.quiet, notification.severity, at)
    others = [h.until for h in box.held.values() if h.why == "delayed"]
    held = Held(notification=notification, until=until or min(others, default=at + GATHERED_FOR), why="delayed", attempt=way.attempt)
    return _holding(box, held), [_held(held, at)]


def retry_at(outcome: Outcome) -> datetime:
    """When to try again: after the schedule's wait, or when the receiver asked, whichever is later."""
    planned = outcome.at + WAITS[outcome.attempt - 1]
    asked = min(outcome.retry_after, outcome.at + ASKED_AT_MOST) if outcome.retry_after else planned
    return max(planned, asked)


def attempt_due(box: Outbox, now: datetime) -> tuple[Outbox | None, list[Record]]:
    """Make every attempt that is due, the earliest first, then tell what was held; forget what ended long ago."""
    waits, due = WAITING.take(box), list[str]()
    while (first := waits.first()) is not None and first[0] <= now:
        waits.set(first[1], None)
        due.append(first[1])
    ready = sorted((i for i in due if i in box.pending), key=lambda i: (box.pending[i].due, box.pending[i].notification.at, i))
    ways = {i: msgspec.structs.replace(box.pending[i], due=None) for i in ready}
    over = {i: box.held[i] for i in (d.removeprefix(HELD) for d in due if d.startswith(HELD))}
    old = {i.removeprefix(ENDED) for i in due if i.startswith(ENDED)}
    pending = {**box.pending, **ways} if ways else box.pending
    ended = {i: at for i, at in box.ended.items() if i not in old} if old else box.ended
    out: list[Record] = [_attempt(way.notification, way.attempt, now) for way in ways.values()]
    held = {i: h for i, h in box.held.items() if i not in over} if over else box.held
    box = _changed(box, waits, pending=pending, held=held, ended=ended)
    for why in WHY:
        if group := sorted((h for h in over.values() if h.why == why), key=lambda h: (h.notification.at, h.notification.id)):
            box, more = release(box, group, now)
            out += more
    return (box if box.pending or box.held or box.ended else None), out


def release(box: Outbox, group: list[Held], now: datetime) -> tuple[Outbox, list[Record]]:
    """Tell what was held: one by itself, several in one digest."""
    first = group[0]
    if len(group) == 1:
        notification = mark_delayed(first.notification, now) if first.why == "delayed" else first.notification
        return begin(box, notification, first.attempt + 1, now)
    told = gather([h.notification for h in group], first.why, now)
    waits = WAITING.take(box)
    ended = {h.notification.id: now for h in group}
    for i in ended:
        waits.set(ENDED + i, now + REMEMBERED)
    box, out = begin(_changed(box, waits, ended=box.ended | ended), told, 1, now)
    ends = [
        Delivery(id=i, receiver=told.receiver.id, state="gathered", attempt=h.attempt, at=now, detail=f"told in digest {told.id}")
        for i, h in zip(ended, group, strict=True)
    ]
    return box, [*ends, *out]


def _attempt(notification: Notification, attempt: int, at: datetime) -> Delivery:
    to = notification.receiver.id
    return Delivery(id=notification.id, receiver=to, state="pending", attempt=attempt, at=at, notification=notification)


def _held(held: Held, at: datetime) -> Delivery:
    to, detail = held.notification.receiver.id, f"{WHY[held.why]}; until {held.until:%d %b %H:%M}Z"
    return Delivery(id=held.notification.id, receiver=to, state="held", attempt=held.attempt, at=at, detail=detail)


def _with(box: Outbox, way: Pending, sent: tuple[datetime, ...] | None = None) -> Outbox:
    waits = WAITING.take(box)
    waits.set(way.notification.id, way.due)
    sent = box.sent if sent is None else sent
    return _changed(box, waits, pending={**box.pending, way.notification.id: way}, sent=sent)


def _holding(box: Outbox, held: Held) -> Outbox:
    waits = WAITING.take(box)
    waits.set(HELD + held.notification.id, held.until)
    return _changed(box, waits, held={**box.held, held.notification.id: held})


def _changed(box: Outbox, waits: DueIndex, **changes: Any) -> Outbox:
    """The same memory but for *changes*, with its index beside it."""
    return _laid(msgspec.structs.replace(box, **changes), waits)


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
    rows=("pending", "held", "ended"),
)
