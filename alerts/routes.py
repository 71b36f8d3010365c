"""The stage `route`: alerts in, one notification for each receiver who is to hear. Knows who was told what."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import msgspec

from alerts import canary
from alerts.delivery.messages import render
from alerts.records import Alert, Desk, Hush, Inhibition, Receiver, Route, RoutesInForce, Silence
from alerts.rules.match import names_of
from alerts.rules.situations import GAP
from alerts.topics import ALERTS, NOTIFICATIONS
from streams.beside import Beside
from streams.records import Part, Record, Tick
from streams.runtime.states import DueIndex
from streams.stages import Stage

WAIT = timedelta(seconds=2)
"""How long a rule that another may speak instead of waits for that one's word on the same event: they come in any order."""
SPEAKS = GAP
"""How long after its last word an alert still speaks of its situation, if nothing says before that it is over; what was kept from
somebody for longer is history."""
REMEMBERED = timedelta(days=60)
"""How long a retraction still finds everyone who was told."""
SETTLED = timedelta(days=1)
"""How long a silence that ended is kept, for alerts that come late."""


class Routing(Part, frozen=True, kw_only=True):
    """The control of `route`."""

    receivers: tuple[Receiver, ...] = ()
    routes: tuple[Route, ...] = ()
    desk: Desk = Desk()
    inhibitions: tuple[Inhibition, ...] = ()
    silences: dict[str, Silence] = {}
    planned: tuple[Hush, ...] = ()
    """Silences of the receivers file."""


class About(Part, frozen=True, kw_only=True):
    """What an alert spoke of last, for others that may speak of the same."""

    rule: str
    number: str
    event: str
    place: str
    over: bool
    """It was taken back, or said to be over."""


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
    about: About | None = None
    kept: Alert | None = None
    """Its last revision, while another rule's alert keeps it from some."""
    inhibited: dict[str, datetime] = {}
    """From whom, and until when that other one speaks, if nothing says before that it is over."""


class Region(Part, frozen=True, kw_only=True):
    """The memory of one key of alerts."""

    told: dict[str, Told] = {}
    begun: int = 0
    """How many alerts have begun under this key since it was last forgotten."""


def waiting(region: Region) -> DueIndex:
    """When each alert is to be seen to: a silence or another alert ends that keeps it from somebody, or it is forgotten."""
    return DueIndex((_due(t), i) for i, t in region.told.items())


def _due(told: Told) -> datetime:
    return min((*told.owed.values(), *told.inhibited.values()), default=told.at + REMEMBERED)


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
    to = (canary.RECEIVER.id,) if canary.of(alert) else readers(alert, control.routes, earlier)
    until = {r.id: silent_until(alert, r.id, alert.at, control) for r in control.receivers if r.id in to}
    about = _about(alert)
    inhibited = {} if about.over else waits_for(alert, before, to, control) | inhibitors(region, alert.id, about, to, alert.at, control)
    hearing = [r for r in control.receivers if r.id in until and until[r.id] is None and r.id not in inhibited]
    owed = {r: end for r, end in until.items() if end is not None} if alert.change == "retraction" else {}
    told = Told(
        revision=alert.revision,
        at=alert.at,
        begun=before.begun if before else region.begun + 1,
        receivers=tuple(dict.fromkeys((*earlier, *(r.id for r in hearing)))),
        retraction=alert if owed else None,
        owed=owed,
        about=about,
        kept=alert if inhibited else None,
        inhibited=inhibited,
    )
    waits = WAITING.take(region)
    waits.set(alert.id, _due(told))
    region = Region(told={**region.told, alert.id: told}, begun=max(region.begun, told.begun))
    WAITING.lay(region, waits)
    out: list[Record] = [render(alert, r, control.desk) for r in hearing]
    if about.over:
        region, more = release(region, [i for i, t in region.told.items() if t.kept is not None], alert.at, control)
        out += more
    return region, out


def _about(alert: Alert) -> About:
    event, over = alert.event, alert.change in ("retraction", "resolved")
    return About(rule=alert.rule, number=alert.number, event=event.id, place=event.place.id, over=over)


def waits_for(alert: Alert, before: Told | None, to: Collection[str], control: Routing) -> dict[str, datetime]:
    """Who of *to* is told a moment later, lest another rule has the same to tell; flash, and whoever was told before, at once."""
    rules = [i for i in control.inhibitions if alert.rule in i.rules]
    if alert.severity == "flash" or not rules:
        return {}
    known = before.inhibited if before else {}
    waiting = {r: known.get(r, alert.at + WAIT) for r in to if any(not i.receivers or r in i.receivers for i in rules)}
    return {r: until for r, until in waiting.items() if until > alert.at and not (before and r in before.receivers)}


def inhibitors(region: Region, alert: str, about: About, to: Collection[str], now: datetime, control: Routing) -> dict[str, datetime]:
    """Who of *to* is told of the same by another rule, and until when that alert speaks."""
    found: dict[str, datetime] = {}
    for rule in (i for i in control.inhibitions if about.rule in i.rules):
        for name, other in region.told.items():
            if name == alert or other.about is None or other.about.over or other.about.rule not in rule.by:
                continue
            until = other.at + SPEAKS
            if until > now and other.about.rule != about.rule and _same(other.about, about, rule.same):
                muted = (r for r in other.receivers if r in to and (not rule.receivers or r in rule.receivers))
                found |= {r: max(until, found.get(r, until)) for r in muted}
    return found


def _same(one: About, other: About, what: str) -> bool:
    if what == "place":
        return one.place == other.place
    return one.number == other.number or one.event == other.event


def release(region: Region, alerts: Sequence[str], now: datetime, control: Routing) -> tuple[Region, list[Record]]:
    """Tell what was kept from somebody and is kept no longer, as it was last said, unless that is history by now."""
    waits, told, out = WAITING.take(region), dict(region.told), list[Record]()
    for i in sorted(alerts, key=lambda i: (told[i].begun, i)):
        one = told[i]
        if one.kept is None or one.about is None:
            continue
        to = one.inhibited.keys()
        still = inhibitors(region, i, one.about, to, now, control)
        free = [r for r in control.receivers if r.id in to and r.id not in still]
        if one.kept.at + SPEAKS > now and not one.about.over:
            hearing = [r for r in free if silent_until(one.kept, r.id, now, control) is None]
            out += [render(one.kept, r, control.desk) for r in hearing]
            receivers = tuple(dict.fromkeys((*one.receivers, *(r.id for r in hearing))))
            one = msgspec.structs.replace(one, receivers=receivers)
        told[i] = msgspec.structs.replace(one, inhibited=still, kept=one.kept if still else None)
        waits.set(i, _due(told[i]))
    region = Region(told=told, begun=region.begun)
    WAITING.lay(region, waits)
    return region, out


def wake(region: Region, now: datetime, control: Routing) -> tuple[Region | None, list[Record]]:
    """Tell what was owed to those whose silence has ended, or kept by what is over, and forget what is long past."""
    waits, due, out = WAITING.take(region), list[str](), list[Record]()
    while (first := waits.first()) is not None and first[0] <= now:
        waits.set(first[1], None)
        due.append(first[1])
    if kept := [i for i in due if region.told[i].kept is not None]:
        WAITING.lay(region, waits)
        region, out = release(region, kept, now, control)
        waits = WAITING.take(region)
    told = dict(region.told) if due else region.told
    for i in sorted(due, key=lambda i: (told[i].begun, i)):
        owed, notes = pay(told[i], now, control)
        out += notes
        if owed or told[i].inhibited or told[i].at + REMEMBERED > now:
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
    """Who is to hear: those the routes name, and who was told before; an end, and what a rule on trial says, to the latter alone."""
    if alert.change in ("retraction", "resolved") or alert.shadow:
        return frozenset(earlier)
    named = {r for route in routes if _takes(route, alert) for r in route.receivers}
    return frozenset(named | set(earlier))


def _takes(route: Route, alert: Alert) -> bool:
    wanted = (route.rules, alert.rule), (route.severity, alert.severity), (route.stage, alert.stage)
    return all(not named or "*" in named or value in named for named, value in wanted)


def silent_until(alert: Alert, receiver: str, now: datetime, control: Routing) -> datetime | None:
    """When the silence that holds for this receiver ends; None if none holds: each from its start up to, not including, its end."""
    every: list[Hush] = [*control.silences.values(), *control.planned]
    ends = [
        s.end
        for s in every
        if s.start <= now < s.end
        and (not s.rules or alert.rule in s.rules)
        and (not s.places or alert.event.place.id in s.places or not names_of(alert.event.place).isdisjoint(s.places))
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
    return msgspec.structs.replace(
        control, receivers=record.receivers, routes=record.routes, desk=record.desk, inhibitions=record.inhibitions, planned=record.silences
    )


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
