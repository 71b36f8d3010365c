"""The stage `fuse`: mentions of one region in, events out, each a function of the set of its mentions."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from streams.events.claims import NEGATIVE
from streams.events.clusters import OPEN, Site, cluster, nearest, report_order, site
from streams.events.describe import describe
from streams.records import Event, Mention, Part, Record, Tick, Withdrawn, digest
from streams.stages import Stage
from streams.topics import EVENTS, MENTIONS

LATENESS = timedelta(hours=6)
"""By how much of `fetched` a mention may come out of order and still leave the same events at rest."""
KEPT = OPEN + LATENESS
PATIENCE = timedelta(seconds=1)
"""How long the rest of an article's mentions is awaited; it is in the same log, so that only a lost record costs this."""


class Held(Part, frozen=True, kw_only=True):
    """A mention in memory."""

    mention: Mention
    arrival: int
    """Its place in the order of this key's log: names events, decides nothing else."""
    event: str | None = None
    """The event that it is a mention of, or that it is laid beside."""


class Told(Part, frozen=True, kw_only=True):
    """An event as last written."""

    revision: int
    first: str
    """The mention that it is named by."""
    content: str
    """Hash of what was written."""
    last: Event


class Fused(Part, frozen=True, kw_only=True):
    """The memory of one key: every mention and event that is open or within the lateness."""

    now: datetime
    arrivals: int = 0
    held: dict[str, Held] = {}
    withdrawn: dict[str, datetime] = {}
    """When each mention was last taken back, so that an older copy of it does not return."""
    events: dict[str, Told] = {}
    unspoken: tuple[str, ...] = ()
    """Places that half an article has changed."""


def fuse_step(state: Fused | None, record: Mention | Withdrawn | Tick, control: None) -> tuple[Fused | None, list[Record]]:
    """Take a mention in or back; at the last of its article write every event that changed."""
    if isinstance(record, Tick):
        return wake(state, record.at)
    now = max(record.at, state.now) if state else record.at
    state = msgspec.structs.replace(state, now=now) if state else Fused(now=now)
    places = {m.place.id for m in (_held(state, record.id), record) if isinstance(m, Mention) and m.place is not None}
    taken = take(state, record)
    if taken is not None:
        state = msgspec.structs.replace(taken, unspoken=tuple(sorted(places | set(state.unspoken))))
    return (state, []) if record.more else speak(state)


def speak(state: Fused) -> tuple[Fused, list[Record]]:
    """Write every event that the changes since the last time make or change."""
    out: list[Record] = []
    for place in state.unspoken:
        state, events = refuse(state, place)
        out += events
    return msgspec.structs.replace(state, unspoken=()), out


def wake(state: Fused | None, now: datetime) -> tuple[Fused | None, list[Record]]:
    """Speak although the rest of an article did not come, and forget what is closed."""
    if state is None:
        return None, []
    out: list[Record] = []
    if state.unspoken and state.now + PATIENCE <= now:
        state, out = speak(state)
    return forget(state, now), out


def _held(state: Fused, mention: str) -> Mention | None:
    return state.held[mention].mention if mention in state.held else None


def take(state: Fused, record: Mention | Withdrawn) -> Fused | None:
    """The memory with *record* in it; None if it is nothing new: a repeat, or older than what is known."""
    known = _held(state, record.id)
    gone = state.withdrawn.get(record.id)
    if isinstance(record, Withdrawn):
        if (gone and gone >= record.fetched) or (known and known.fetched > record.fetched):
            return None
        held = {i: h for i, h in state.held.items() if i != record.id}
        return msgspec.structs.replace(state, held=held, withdrawn={**state.withdrawn, record.id: record.fetched})
    if (gone and gone >= record.fetched) or (known and _version(known) >= _version(record)) or record.place is None:
        return None
    before = state.held.get(record.id)
    entry = Held(mention=record, arrival=before.arrival if before else state.arrivals, event=before.event if before else None)
    return msgspec.structs.replace(
        state,
        arrivals=state.arrivals + 1,
        held={**state.held, record.id: entry},
        withdrawn={i: t for i, t in state.withdrawn.items() if i != record.id},
    )


def _version(mention: Mention) -> tuple[datetime, str]:
    """Later revisions count; of two at one moment the same one always wins."""
    return mention.fetched, digest(msgspec.json.encode(mention).decode())


def refuse(state: Fused, place: str) -> tuple[Fused, list[Event]]:
    """Cut the mentions of *place* into occurrences anew, carry ids over, and write what differs from what was last written."""
    here = [h for h in state.held.values() if h.mention.place is not None and h.mention.place.id == place]
    occurrences = occurrences_of([h.mention for h in here])
    names = name(occurrences, state)
    held, events, out = dict(state.held), dict(state.events), list[Event]()
    placed: dict[str, str] = {}
    for occurrence, (event, first) in zip(occurrences, names, strict=True):
        fields = describe(*occurrence)
        content = digest(msgspec.json.encode(fields).decode())
        placed |= {m.id: event for part in occurrence for m in part}
        before = events.get(event)
        if before is None or before.content != content:
            new = Event(id=event, revision=before.revision + 1 if before else 1, at=state.now, key=occurrence[0][0].key, **fields)
            events[event] = Told(revision=new.revision, first=first, content=content, last=new)
            out.append(new)
    for event in _left(here, names, events, place):
        end = _ended(events[event], state.now, into=_heir(event, here, placed))
        events[event] = Told(revision=end.revision, first=events[event].first, content="", last=end)
        out.append(end)
    for h in here:
        held[h.mention.id] = msgspec.structs.replace(h, event=placed.get(h.mention.id))
    return msgspec.structs.replace(state, held=held, events=events), out


Occurrence = tuple[list[Mention], list[Mention], list[Mention]]
"""Current mentions, denials, background."""


def occurrences_of(mentions: Sequence[Mention]) -> list[Occurrence]:
    """Group the mentions of one place: the current ones make occurrences, the others are laid beside the nearest."""
    sites: dict[Site, list[Mention]] = {}
    for m in mentions:
        if m.current and (s := site(m)) is not None:
            sites.setdefault(s, []).append(m)
    clusters = [group for s in sorted(sites) for group in cluster(sites[s])]
    found: list[Occurrence] = [(group, [], []) for group in clusters]
    for m in sorted((m for m in mentions if not m.current), key=report_order):
        same = [i for i, group in enumerate(clusters) if site(group[0]) == site(m)]
        denied = nearest(m, [clusters[i] for i in same]) if m.status in NEGATIVE else None
        beside = nearest(m, clusters)
        if denied is not None:
            found[same[denied]][1].append(m)
        elif beside is not None:
            found[beside][2].append(m)
    return found


def name(occurrences: Sequence[Occurrence], state: Fused) -> list[tuple[str, str]]:
    """The id of each occurrence, and the mention it is named by: an event keeps its id where most of its life is.

    An occurrence that holds the mention an event is named by is that event (of several the one begun first); one that only
    has mentions of an event takes it over if nobody else does; the rest are new, named by the first of their mentions in the log.
    """
    begun = {event: i for i, event in enumerate(state.events)}
    names: list[tuple[str, str] | None] = [None] * len(occurrences)
    free = {e for e, told in state.events.items() if told.last.accepted}
    for by_first in (True, False):
        for i, (current, _, _) in enumerate(occurrences):
            if names[i] is None:
                ids = {m.id for m in current}
                before = {e for m in current if (e := state.held[m.id].event) in free and e is not None}
                mine = {e for e in before if state.events[e].first in ids} if by_first else before
                if mine:
                    event = min(mine, key=begun.__getitem__)
                    names[i] = (event, state.events[event].first)
                    free.discard(event)
    out = []
    for found, (current, _, _) in zip(names, occurrences, strict=True):
        first = min(current, key=lambda m: state.held[m.id].arrival)
        fresh = digest(first.key, MENTIONS.identity(first))
        if found is None and fresh in state.events:  # it lived, ended, and lives again with another set: another event
            fresh = digest(first.key, MENTIONS.identity(first), str(state.events[fresh].revision))
        out.append(found or (fresh, first.id))
    return out


def _left(here: Iterable[Held], names: Sequence[tuple[str, str]], events: dict[str, Told], place: str) -> list[str]:
    """Events of this place that no occurrence carries on, and that were not ended yet."""
    taken = {event for event, _ in names}
    return [e for e, told in events.items() if e not in taken and told.last.accepted and told.last.place.id == place]


def _heir(event: str, here: Iterable[Held], placed: dict[str, str]) -> str | None:
    """Where the mentions of a vanished event went: the event it merged into; None if they were withdrawn."""
    heirs = [placed[h.mention.id] for h in here if h.event == event and h.mention.current and h.mention.id in placed]
    return min(heirs) if heirs else None


def _ended(told: Told, now: datetime, *, into: str | None) -> Event:
    """The last revision of an event that is no more: merged into another, or no longer said by anybody."""
    changes: dict[str, Any] = {"revision": told.revision + 1, "at": now, "merged_into": into, "evidence": (), "articles": 0, "owners": 0}
    return msgspec.structs.replace(told.last, **changes)


def forget(state: Fused, now: datetime) -> Fused | None:
    """Drop what is closed: events without news for 48 h and the lateness, with their mentions; then what nothing refers to."""
    fresh: set[str] = set()
    for h in state.held.values():
        if h.mention.fetched + KEPT > now:
            fresh.add(h.event or h.mention.id)
    held = {i: h for i, h in state.held.items() if (h.event or i) in fresh}
    alive = {h.event for h in held.values()}
    events = {e: t for e, t in state.events.items() if e in alive or (not t.last.accepted and t.last.at + KEPT > now)}
    withdrawn = {i: t for i, t in state.withdrawn.items() if t + KEPT > now}
    if not (held or events or withdrawn):
        return None
    return msgspec.structs.replace(state, now=max(now, state.now), held=held, events=events, withdrawn=withdrawn)


def next_waking(state: Fused) -> datetime:
    """When something in memory closes, or half an article is spoken of."""
    if state.unspoken:
        return state.now + PATIENCE
    newest: dict[str, datetime] = {}
    for i, h in state.held.items():
        unit = h.event or i
        newest[unit] = max(newest.get(unit, h.mention.fetched), h.mention.fetched)
    alive = {h.event for h in state.held.values()}
    ends = [*newest.values(), *(t.last.at for e, t in state.events.items() if e not in alive), *state.withdrawn.values()]
    return min(ends, default=state.now) + KEPT


FUSE = Stage(
    name="fuse",
    input=MENTIONS,
    outputs=(EVENTS,),
    step=fuse_step,
    state=Fused,
    due=next_waking,
    rows=("held", "withdrawn", "events"),
)
