"""The stage `route`: alerts in, one notification for each receiver who is to hear. Knows who was told what."""

from datetime import datetime, timedelta

import msgspec

from alerts.delivery.messages import render
from alerts.records import Alert, Desk, Receiver, Route, RoutesInForce, Silence
from alerts.topics import ALERTS, NOTIFICATIONS
from streams.records import Part, Record, Tick
from streams.stages import Stage

REMEMBERED = timedelta(days=60)
"""How long a retraction still finds everyone who was told."""


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
    receivers: tuple[str, ...] = ()
    """Everyone who got any revision, in order."""


class Region(Part, frozen=True, kw_only=True):
    """The memory of one key of alerts."""

    told: dict[str, Told] = {}


def route_step(region: Region | None, alert: Alert | Tick, control: Routing) -> tuple[Region | None, list[Record]]:
    """Tell the receivers of *alert*; a revision goes also to all who got an earlier one."""
    if isinstance(alert, Tick):
        left = {i: t for i, t in region.told.items() if t.at + REMEMBERED > alert.at} if region else {}
        return (Region(told=left) if left else None), []
    region = region or Region()
    before = region.told.get(alert.id)
    if before and alert.revision <= before.revision:
        return region, []
    earlier = before.receivers if before else ()
    hearing = [r for r in control.receivers if r.id in readers(alert, control.routes, earlier) and not silenced(alert, r.id, control)]
    told = Told(revision=alert.revision, at=alert.at, receivers=tuple(dict.fromkeys((*earlier, *(r.id for r in hearing)))))
    out: list[Record] = [render(alert, r, control.desk) for r in hearing]
    return Region(told={**region.told, alert.id: told}), out


def readers(alert: Alert, routes: tuple[Route, ...], earlier: tuple[str, ...]) -> frozenset[str]:
    """Who is to hear: those the routes name, and who was told before; a retraction goes to the latter alone."""
    if alert.change == "retraction":
        return frozenset(earlier)
    named = {r for route in routes if _takes(route, alert) for r in route.receivers}
    return frozenset(named | set(earlier))


def _takes(route: Route, alert: Alert) -> bool:
    return ("*" in route.rules or alert.rule in route.rules) and (not route.severity or alert.severity in route.severity)


def silenced(alert: Alert, receiver: str, control: Routing) -> bool:
    """Whether a silence holds for this receiver at the time of the alert: from its start up to, not including, its end."""
    return any(
        s.start <= alert.at < s.end
        and (not s.rules or alert.rule in s.rules)
        and (not s.places or alert.event.place.id in s.places)
        and (not s.receivers or receiver in s.receivers)
        for s in control.silences.values()
    )


def fold(control: Routing, record: RoutesInForce | Silence) -> Routing:
    """The control after a control record."""
    if isinstance(record, Silence):
        return msgspec.structs.replace(control, silences={**control.silences, record.id: record})
    return msgspec.structs.replace(control, receivers=record.receivers, routes=record.routes, desk=record.desk)


ROUTE = Stage(
    name="route",
    input=ALERTS,
    outputs=(NOTIFICATIONS,),
    step=route_step,
    state=Region,
    due=lambda region: min(t.at for t in region.told.values()) + REMEMBERED if region.told else None,
    controls=(RoutesInForce, Silence),
    initial=Routing(),
    fold=fold,
)
