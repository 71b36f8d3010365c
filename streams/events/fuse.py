"""The stage `fuse`: mentions of one region in, events out, each a function of the set of its mentions."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from streams.events.clusters import Group
from streams.events.describe import Accounts
from streams.events.grounds import Ground, LaidAnewError
from streams.events.memory import KEPT, MEMORIES, Fused, Held, Memory, Told, place_of
from streams.records import Event, Mention, Record, Tick, Withdrawn, digest
from streams.stages import Stage
from streams.topics import EVENTS, MENTIONS

PATIENCE = timedelta(seconds=1)
"""How long the rest of an article's mentions is awaited; it is in the same log, so that only a lost record costs this."""
ACCOUNTS = Accounts()


def fuse_step(state: Fused | None, record: Mention | Withdrawn | Tick, control: None) -> tuple[Fused | None, list[Record]]:
    """Take a mention in or back; at the last of its article write every event that changed."""
    if isinstance(record, Tick):
        return wake(state, record.at)
    state = state or Fused(now=record.at)
    memory, now = MEMORIES.take(state), max(record.at, state.now)
    unspoken = {*state.unspoken, *take(memory, record)}
    out = [] if record.more else speak(memory, unspoken, now)
    return memory.frozen(now, unspoken if record.more else ()), out


def speak(memory: Memory, places: Iterable[str], now: datetime) -> list[Record]:
    """Write every event that the changes since the last time make or change."""
    return [event for place in sorted(places) for event in refuse(memory, place, now)]


def wake(state: Fused | None, now: datetime) -> tuple[Fused | None, list[Record]]:
    """Speak although the rest of an article did not come, and forget what is closed."""
    if state is None:
        return None, []
    memory, unspoken, out = MEMORIES.take(state), state.unspoken, list[Record]()
    if unspoken and state.now + PATIENCE <= now:
        unspoken, out = (), speak(memory, unspoken, state.now)
    memory.forget(now)
    return memory.frozen(max(now, state.now), unspoken), out


def take(memory: Memory, record: Mention | Withdrawn) -> set[str]:
    """Take *record* in; say which places it changes: none if it is nothing new, a repeat, or older than what is known."""
    held, gone = memory.held.get(record.id), memory.withdrawn.get(record.id)
    if gone and gone >= record.fetched:
        return set()
    if isinstance(record, Withdrawn):
        return _take_back(memory, record, held)
    if record.place is None or (held and not _later(record, held.mention)):
        return set()
    if held is None:
        entry, ground = Held(mention=record, arrival=memory.arrivals), memory.grounds.get(record.place.id)
        if ground is not None:
            ground.news.append(record)
    else:
        entry = msgspec.structs.replace(held, mention=record)
        memory.spoil(place_of(held.mention))
        memory.spoil(record.place.id)
    memory.arrivals += 1
    memory.hold(record.id, entry)
    memory.take_back(record.id, None)
    return {record.place.id, place_of(held.mention)} if held else {record.place.id}


def _take_back(memory: Memory, record: Withdrawn, held: Held | None) -> set[str]:
    if held is None:
        memory.take_back(record.id, record.fetched)
        return set()
    if held.mention.fetched > record.fetched:
        return set()
    memory.spoil(place_of(held.mention))
    memory.hold(record.id, None)
    memory.take_back(record.id, record.fetched)
    return {place_of(held.mention)}


def _later(mention: Mention, known: Mention) -> bool:
    """Later revisions count; of two at one moment the same one always wins."""
    if mention.fetched != known.fetched:
        return mention.fetched > known.fetched
    return _content(mention) > _content(known)


def _content(mention: Mention) -> str:
    return digest(msgspec.json.encode(mention).decode())


def refuse(memory: Memory, place: str, now: datetime) -> list[Event]:
    """Cut the mentions of *place* into occurrences, and write what differs from what was last written."""
    ground = memory.grounds.get(place)
    if ground is not None and not ground.stale and (grown := _admit(memory, ground)) is not None:
        return [event for group in grown if (event := write(memory, group, group.event, now)) is not None]
    return lay_anew(memory, place, ground, now)


def _admit(memory: Memory, ground: Ground) -> list[Group] | None:
    """Let the news of a place join its occurrences; None if it must be cut anew.

    What nothing moves keeps its name, so that only the occurrences that grow can have changed.
    """
    news, ground.news = ground.news, []
    grown: dict[Group, None] = {}
    for mention in news:
        try:
            group = ground.admit(mention)
        except LaidAnewError:
            return None
        if group is not None:
            grown[group] = None
            memory.hold(mention.id, msgspec.structs.replace(memory.held[mention.id], event=group.event))
    return sorted(grown, key=lambda group: group.position)


def lay_anew(memory: Memory, place: str, before: Ground | None, now: datetime) -> list[Event]:
    """Cut the mentions of *place* into occurrences anew, carry ids over, and write what differs from what was last written."""
    here = list(memory.at.get(place, ()))
    ground = Ground(memory.held[i].mention for i in here)
    if before is not None:
        ground.inherit(before)
    out: list[Event] = []
    for group, event in zip(ground.groups, name(ground.groups, memory), strict=True):
        if not (group.told and group.event == event) and (written := write(memory, group, event, now)) is not None:
            out.append(written)
    out += _end(memory, place, ground, now)
    for i in here:
        of = ground.group_of.get(i)
        if memory.held[i].event != (event_or_none := of.event if of else None):
            memory.hold(i, msgspec.structs.replace(memory.held[i], event=event_or_none))
    if here:
        memory.grounds[place] = ground
    return out


def write(memory: Memory, group: Group, event: str, now: datetime) -> Event | None:
    """Say what *group* comes to, as the next revision of *event*; None if that was said."""
    before = memory.events.get(event)
    group.event, group.told = event, True
    new = Event(id=event, revision=before.revision + 1 if before else 1, at=now, key=group.first.key, **ACCOUNTS.of(group).fields())
    if before is None:
        memory.begun += 1
        first = min(group.current, key=lambda i: memory.held[i].arrival)
        memory.tell(event, Told(revision=1, first=first, begun=memory.begun, last=new))
        return new
    if msgspec.structs.replace(before.last, revision=new.revision, at=now, key=new.key) == new:
        return None
    memory.tell(event, msgspec.structs.replace(before, revision=new.revision, last=new))
    return new


def name(groups: Sequence[Group], memory: Memory) -> list[str]:
    """The id of each occurrence: an event keeps its id where most of its life is.

    An occurrence that holds the mention an event is named by is that event (of several the one begun first); one that only
    has mentions of an event takes it over if nobody else does; the rest are new, named by the first of their mentions in the log.
    """
    names: dict[int, str] = {}
    taken: set[str] = set()
    begun_of = [_begun(group, memory) for group in groups]
    for by_first in (True, False):
        for i, (group, begun) in enumerate(zip(groups, begun_of, strict=True)):
            mine = [e for e in begun if e not in taken and (not by_first or memory.events[e].first in group.current)]
            if i not in names and mine:
                names[i] = min(mine, key=lambda e: (memory.events[e].begun, e))
                taken.add(names[i])
    return [names[i] if i in names else _fresh(group, memory) for i, group in enumerate(groups)]


def _begun(group: Group, memory: Memory) -> set[str]:
    """The events, not ended, that the current mentions of an occurrence were of."""
    events = {event for i in group.current if (event := memory.held[i].event) is not None}
    return {e for e in events if e in memory.events and memory.events[e].last.accepted}


def _fresh(group: Group, memory: Memory) -> str:
    first = group.current[min(group.current, key=lambda i: memory.held[i].arrival)]
    fresh = digest(first.key, MENTIONS.identity(first))
    if fresh not in memory.events:
        return fresh
    # it lived, ended, and lives again with another set: another event
    return digest(first.key, MENTIONS.identity(first), str(memory.events[fresh].revision))


def _end(memory: Memory, place: str, ground: Ground, now: datetime) -> list[Event]:
    """End the events of this place that no occurrence carries on, and that were not ended yet."""
    going_on = {group.event for group in ground.groups}
    left = [e for e in memory.told_at.get(place, ()) if e not in going_on]
    out: list[Event] = []
    for event in sorted(left, key=lambda e: (memory.events[e].begun, e)):
        told = memory.events[event]
        end = _ended(told, now, into=_heir(event, memory, ground))
        memory.tell(event, msgspec.structs.replace(told, revision=end.revision, last=end))
        out.append(end)
    return out


def _heir(event: str, memory: Memory, ground: Ground) -> str | None:
    """Where the mentions of a vanished event went: the event it merged into; None if they were withdrawn."""
    theirs = [i for i in memory.units.get(event, ()) if memory.held[i].mention.current and i in ground.group_of]
    return min((ground.group_of[i].event for i in theirs), default=None)


def _ended(told: Told, now: datetime, *, into: str | None) -> Event:
    """The last revision of an event that is no more: merged into another, or no longer said by anybody."""
    changes: dict[str, Any] = {"revision": told.revision + 1, "at": now, "merged_into": into, "evidence": (), "articles": 0, "owners": 0}
    return msgspec.structs.replace(told.last, **changes)


def next_waking(state: Fused) -> datetime:
    """When something in memory closes, or half an article is spoken of."""
    if state.unspoken:
        return state.now + PATIENCE
    memory = MEMORIES.take(state)
    end = memory.first_end()
    MEMORIES.lay(state, memory)
    return (end or state.now) + KEPT


FUSE = Stage(
    name="fuse",
    input=MENTIONS,
    outputs=(EVENTS,),
    step=fuse_step,
    state=Fused,
    due=next_waking,
    rows=("held", "withdrawn", "events"),
)
