"""The stage `route`: alerts in, one notification for each receiver who is to hear. Knows who was told what."""

from datetime import datetime, timedelta

import msgspec

from alerts.delivery.messages import render
from alerts.records import Alert, Desk, Receiver, Route, RoutesInForce, Silence
from alerts.topics import ALERTS, NOTIFICATIONS
from streams.beside import Beside
from streams.records import Part, Record, Tick
from streams.runtime.states import DueIndex
from streams.stages import Stage

REMEMBERED = timedelta(days=60)
"""How long a retraction still finds everyone who was told."""
SETTLED = timedelta(days=1)
"""How long a silence that ended is kept, for alerts that come late."""


class Routing(Part, frozen=True, kw_only=True):
    """The control of `route`."""

    receivers: tuple[Receiver, ...] = ()
    routes: tuple[Route, ...] = ()
    desk: Desk = Desk()
    silences: dict[str, Silence] = {}


class Told(Part, frozen=True, kw_only=True):
    """One alert's readers."""

    revision: int
    at: datetime
    begun: int = 0
    """Its place in the order in which this key's alerts began."""
    receivers: tuple[str, ...] = ()
    """Everyone who got any revision, in order."""
    retraction: Alert | None = None
    """The retraction that is owed to those whom a silence kept from it."""
    owed: dict[str, datetime] = {}
    """Receivers who are owed it, and when their silence ends."""


class Region(Part, frozen=True, kw_only=True):
    """The memory of one key of alerts."""

    told: dict[str, Told] = {}
    begun: int = 0
    """How many alerts have begun under this key since it was last forgotten."""


def waiting(region: Region) -> DueIndex:
    """When each alert is to be seen to: a silence ends that keeps its retraction, or it is forgotten."""
    return DueIndex((_due(t), i) for i, t in region.told.items())


def _due(told: Told) -> datetime:
    return min(told.owed.values()) if told.owed else told.at + REMEMBERED


WAITING = Beside(waiting)


def route_step(region: Region | None, alert: Alert | Tick, control: Routing) -> tuple[Region | None, list[Record]]:
    """Tell the receivers of *alert*; a revision goes also to all who got an earlier one.

    A silence drops what it covers, but a retraction is owed to everyone who was told: it comes when the silence ends.
    """
    if isinstance(alert, Tick):
        return wake(region or Region(), alert.at, control)
    region = region or Region()
    before = region.told.get(alert.id)
    if before and alert.revision <= before.revision:
        return region, []
    earlier = before.receivers if before else ()
    to = readers(alert, control.routes, earlier)
    until = {r.id: silent_until(alert, r.id, alert.at, control) for r in control.receivers if r.id in to}
    hearing = [r for r in control.receivers if r.id in until and until[r.id] is None]
    owed = {r: end for r, end in until.items() if end is not None} if alert.change == "retraction" else {}
    told = Told(
        revision=alert.revision,
        at=alert.at,
        begun=before.begun if before else region.begun + 1,
        receivers=tuple(dict.fromkeys((*earlier, *(r.id for r in hearing)))),
        retraction=alert if owed else None,
        owed=owed,
    )
    waits = WAITING.take(region)
    waits.set(alert.id, _due(told))
    region = Region(told={**region.told, alert.id: told}, begun=max(region.begun, told.begun))
    WAITING.lay(region, waits)
    return region, [render(alert, r, control.desk) for r in hearing]


def wake(region: Region, now: datetime, control: Routing) -> tuple[Region | None, list[Record]]:
    """Tell what was owed to those whose silence has ended, and forget what is long past."""
    waits, due, out = WAITING.take(region), list[str](), list[Record]()
    while (first := waits.first()) is not None and first[0] <= now:
        waits.set(first[1], None)
        due.append(first[1])
    told = dict(region.told) if due else region.told
    for i in sorted(due, key=lambda i: (told[i].begun, i)):
        owed, notes = pay(told[i], now, control)
        out += notes
        if owed or told[i].at + REMEMBERED > now:
            told[i] = msgspec.structs.replace(told[i], owed=owed, retraction=told[i].retraction if owed else None)
            waits.set(i, _due(told[i]))
        else:
            del told[i]
    if not told:
        return None, out
    region = Region(told=told, begun=region.begun)
    WAITING.lay(region, waits)
    return region, out


def pay(told: Told, now: datetime, control: Routing) -> tuple[dict[str, datetime], list[Record]]:
    """What stays owed, and the retractions for those who are silenced no more."""
    owed, out = dict(told.owed), list[Record]()
    for r in control.receivers:
        if told.retraction is not None and r.id in owed and owed[r.id] <= now:
            end = silent_until(told.retraction, r.id, now, control)
            if end is not None:
                owed[r.id] = end
            else:
                out.append(render(told.retraction, r, control.desk))
    return {r: end for r, end in owed.items() if end > now}, out


def readers(alert: Alert, routes: tuple[Route, ...], earlier: tuple[str, ...]) -> frozenset[str]:
    """Who is to hear: those the routes name, and who was told before; a retraction, and what a rule on trial says, to the latter alone."""
    if alert.change == "retraction" or alert.shadow:
        return frozenset(earlier)
    named = {r for route in routes if _takes(route, alert) for r in route.receivers}
    return frozenset(named | set(earlier))


def _takes(route: Route, alert: Alert) -> bool:
    return ("*" in route.rules or alert.rule in route.rules) and (not route.severity or alert.severity in route.severity)


def silent_until(alert: Alert, receiver: str, now: datetime, control: Routing) -> datetime | None:
    """When the silence that holds for this receiver ends; None if none holds: each from its start up to, not including, its end."""
    ends = [
        s.end
        for s in control.silences.values()
        if s.start <= now < s.end
        and (not s.rules or alert.rule in s.rules)
        and (not s.places or alert.event.place.id in s.places)
        and (not s.receivers or receiver in s.receivers)
    ]
    return max(ends, default=None)


def next_waking(region: Region) -> datetime | None:
    """When a silence ends that keeps a retraction, or something is forgotten."""
    waits = WAITING.take(region)
    first = waits.first()
    WAITING.lay(region, waits)
    return first[0] if first else None


def fold(control: Routing, record: RoutesInForce | Silence) -> Routing:
    """The control after a control record."""
    if isinstance(record, Silence):
        held = {i: s for i, s in control.silences.items() if s.end + SETTLED > record.at}
        return msgspec.structs.replace(control, silences={**held, record.id: record})
    return msgspec.structs.replace(control, receivers=record.receivers, routes=record.routes, desk=record.desk)


ROUTE = Stage(
    name="route",
    input=ALERTS,
    outputs=(NOTIFICATIONS,),
    step=route_step,
    state=Region,
    due=next_waking,
    controls=(RoutesInForce, Silence),
    initial=Routing(),
    fold=fold,
    rows=("told",),
)
