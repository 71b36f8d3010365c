"""Fuse as it was first written: each step works everything out anew. What the stage is measured against; see docs/decisions/0008."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any, get_args

import msgspec
import numpy as np

from streams.records import (
    FACILITIES,
    Actor,
    Claim,
    Event,
    EventType,
    Evidence,
    KineticType,
    Mention,
    Occurred,
    Part,
    Place,
    Question,
    Range,
    Record,
    Signature,
    StrategicType,
    Tick,
    Withdrawn,
    digest,
)  # fmt: skip
from streams.stages import Stage
from streams.topics import EVENTS, MENTIONS

NEGATIVE = frozenset({"denied", "negated"})
TAKEN = {"government_regains_territory": "taken by the government", "non_state_actor_overtakes_territory": "taken"}
CONTROL = {"repelled": "attack repelled", "captured": "taken", "partly_captured": "parts taken", "failed": "attack failed"}
OPPOSED = (
    frozenset({"attack repelled", "attack failed", "not taken"}),
    frozenset({"taken", "parts taken", "taken by the government"}),
)
"""Answers on control that cannot both be true when they come from different sides of this pair."""


def claims_of(mentions: Sequence[Mention]) -> tuple[Claim, ...]:
    """Gather every answer that *mentions* (in order of report) give, each once, with all who give it and the first quote."""
    said: dict[tuple[Question, str], list[Mention]] = {}
    for mention in mentions:
        for question, answer in answers(mention):
            said.setdefault((question, answer), []).append(mention)
    return tuple(
        Claim(question=q, answer=a, by=tuple(dict.fromkeys(speaker(m) for m in who)), quote=who[0].evidence.quote, article=who[0].article)
        for (q, a), who in sorted(said.items(), key=lambda item: (QUESTIONS.index(item[0][0]), item[0][1]))
    )


QUESTIONS: tuple[Question, ...] = ("happened", "control", "killed", "injured", "losses", "attacker")


def answers(mention: Mention) -> Iterator[tuple[Question, str]]:
    """What one mention answers."""
    denied = mention.status in NEGATIVE
    if mention.type in TAKEN:
        yield "control", "not taken" if denied else TAKEN[mention.type]
    yield "happened", "no" if denied and mention.type not in TAKEN else "yes"
    if denied:
        return
    if mention.outcome in CONTROL and mention.type not in TAKEN:
        yield "control", CONTROL[mention.outcome]
    if mention.killed:
        yield "killed", count(mention.killed)
    if mention.injured:
        yield "injured", count(mention.injured)
    if mention.losses:
        yield "losses", mention.losses
    for actor in mention.actors:
        if actor.role == "attacker" and actor.id != "unidentified_armed_group":
            yield "attacker", actor.name


def speaker(mention: Mention) -> str:
    """Whose word it is: the source that the outlet cites with the outlet, else the outlet."""
    outlet = mention.outlet or mention.owner
    return f"{mention.source} (in {outlet})" if mention.source and mention.source.lower() != outlet.lower() else outlet


def count(killed: Range) -> str:
    """A range of people as an answer: ``3``, ``12-15``, ``at least 23``, ``up to 40``."""
    low, high = killed
    if low is not None and low == high:
        return str(low)
    if low is not None and high is not None:
        return f"{low}-{high}"
    return f"at least {low}" if low is not None else f"up to {high}" if high is not None else "some"


def disputed(mentions: Sequence[Mention]) -> bool:
    """Say whether owners contradict each other: on whether it happened, who holds the place, or how many died."""
    happened, control = _by_owner(mentions, "happened"), _by_owner(mentions, "control")
    return _opposed(happened, (frozenset({"yes"}), frozenset({"no"}))) or _opposed(control, OPPOSED) or _counts_exclude_each_other(mentions)


def _by_owner(mentions: Sequence[Mention], question: Question) -> dict[str, set[str]]:
    given: dict[str, set[str]] = {}
    for m in mentions:
        for q, answer in answers(m):
            if q == question:
                given.setdefault(answer, set()).add(_voice(m))
    return given


def _voice(mention: Mention) -> str:
    """Whoever is heard: two parties that one outlet cites can contradict each other."""
    return f"{mention.owner}/{mention.source or ''}".lower()


def _opposed(given: dict[str, set[str]], sides: tuple[frozenset[str], frozenset[str]]) -> bool:
    left, right = (set().union(*(given.get(answer, set()) for answer in side)) for side in sides)
    return any(a != b for a in left for b in right)


def _counts_exclude_each_other(mentions: Sequence[Mention]) -> bool:
    counts = [(m.killed, _voice(m)) for m in mentions if m.killed and m.status not in NEGATIVE]
    return any(a != b and x[1] is not None and (y[0] or 0) > x[1] for x, a in counts for y, b in counts)


def hull(ranges: Sequence[Range | None]) -> Range | None:
    """The range that holds every stated one; None if nobody stated any."""
    stated = [r for r in ranges if r is not None]
    if not stated:
        return None
    lows, highs = [low for low, _ in stated], [high for _, high in stated]
    known_lows, known_highs = [x for x in lows if x is not None], [x for x in highs if x is not None]
    return (min(known_lows) if known_lows else None, max(known_highs) if len(known_highs) == len(highs) else None)


def standing(said: Sequence[tuple[Mention, Range | None]]) -> Range | None:
    """The range of what each voice said last, without what somebody said half an hour later was as many or more.

    Args:
        said: In the order of reports.
    """
    last: dict[str, tuple[Mention, Range]] = {}
    for m, count in sorted(said, key=lambda one: one[0].published):
        if count is not None:
            last[_voice(m)] = (m, count)
    kept = [
        count
        for m, count in last.values()
        if not any(n.published >= m.published + timedelta(minutes=30) and (other[0] or 0) >= (count[0] or 0) for n, other in last.values())
    ]
    return hull(kept)


REPORTED_TOGETHER = timedelta(hours=24)
"""Two reports of one place and family, one of them without a day, are of one occurrence if made this close."""
OPEN = timedelta(hours=48)
"""An event without news for so long is over."""
ATTACHED = timedelta(hours=48)
"""A denial or a background mention belongs to an occurrence first reported this close to it."""
ONE_DAY = timedelta(hours=36)
"""A stated time longer than this ("over the past two days") names no day; a night across midnight does."""

Site = tuple[str, str]
"""Where and what: place id and family, or "kinetic" at a facility."""


def site(mention: Mention) -> Site | None:
    """The site of a mention; None without a place."""
    if mention.place is None:
        return None
    if mention.place.kind in FACILITIES and mention.category == "kinetic":
        return mention.place.id, "kinetic"
    return mention.place.id, mention.family


def day(mention: Mention) -> date | None:
    """The day it is said to have occurred; None where the text names none, or more than one."""
    when = mention.occurred
    if when is None or when.precision not in ("hour", "day") or when.end - when.start > ONE_DAY:
        return None
    return when.start.date()


def cluster(mentions: Iterable[Mention]) -> list[list[Mention]]:
    """Group current mentions of one site into occurrences, each in order of report.

    Mentions of one day belong together, as long as their news never paused for more than 48 hours. One without a day joins the
    day whose first report is nearest and within 24 hours (the later day of two as near); those that join none are cut into
    spans of 24 hours from the first.
    """
    ordered = sorted(mentions, key=report_order)
    dated = [run for group in _by_day(ordered).values() for run in _runs(group)]
    joined = [list(run) for run in dated]
    loose: list[list[Mention]] = []
    for m in ordered:
        if day(m) is not None:
            continue
        near = [
            (apart(m, run), -day_number(run), i) for i, run in enumerate(dated) if apart(m, run) <= REPORTED_TOGETHER and open_to(m, run)
        ]
        if near:
            joined[min(near)[2]].append(m)
            continue
        span = next((g for g in loose if m.published - g[0].published <= REPORTED_TOGETHER and open_to(m, g)), None)
        if span is None:
            loose.append([m])
        else:
            span.append(m)
    return [sorted(group, key=report_order) for group in (*joined, *loose)]


def open_to(mention: Mention, group: Sequence[Mention]) -> bool:
    """Whether an occurrence was still in the news when *mention* was fetched: nothing joins across more than 48 hours of silence.

    So what is forgotten after that silence and the lateness could not have been joined, and forgetting never shows.
    """
    return any(abs(mention.fetched - m.fetched) <= OPEN for m in group)


def apart(mention: Mention, group: Sequence[Mention]) -> timedelta:
    """Between a report and the first of a group."""
    return abs(mention.published - group[0].published)


def day_number(group: Sequence[Mention]) -> int:
    """The day of a dated group, counted."""
    on = day(group[0])
    return on.toordinal() if on else 0


def _by_day(ordered: Sequence[Mention]) -> dict[date, list[Mention]]:
    days: dict[date, list[Mention]] = {}
    for m in ordered:
        if (on := day(m)) is not None:
            days.setdefault(on, []).append(m)
    return days


def _runs(group: Sequence[Mention]) -> list[list[Mention]]:
    """Cut one day's mentions where none was fetched for more than 48 hours; each run in order of report."""
    runs: list[list[Mention]] = []
    for m in sorted(group, key=lambda m: (m.fetched, m.id)):
        if runs and m.fetched - runs[-1][-1].fetched <= OPEN:
            runs[-1].append(m)
        else:
            runs.append([m])
    return [sorted(run, key=report_order) for run in runs]


def nearest(mention: Mention, clusters: Sequence[Sequence[Mention]]) -> int | None:
    """Find the occurrence that a denial or a background mention is about: the one first reported nearest to it, within 48 hours.

    One that names a day is about no other day.
    """
    on = day(mention)
    near = [
        (apart(mention, group), group[0].id, i)
        for i, group in enumerate(clusters)
        if apart(mention, group) <= ATTACHED and open_to(mention, group) and _same_day(on, group)
    ]
    return min(near)[2] if near else None


def _same_day(on: date | None, group: Sequence[Mention]) -> bool:
    days = {found for m in group if (found := day(m)) is not None}
    return on is None or not days or on in days


def report_order(mention: Mention) -> tuple[object, ...]:
    """The order in which people could have read it; the id settles equals, so that no order of arrival shows."""
    return mention.published, mention.article, mention.evidence.start, mention.id


PERMUTATIONS = 126
ROWS = 3
BAND = 4 * ROWS
"""42 bands of 3 numbers of 4 bytes: copies cut to 60 % share at least one, other texts hardly ever (docs/decisions/0006)."""
CONTAINED = 0.5
"""Share of the shorter text's shingles found in the longer from which it is a copy: finds copies cut to 60 % (docs/decisions/0006)."""
MOST_ALIKE = 50
"""Texts of one trait that a further one is compared with; what fifty share is boilerplate or one wire, found by other bands."""
ENOUGH_SHINGLES = 20
"""Below this a text is too short to compare by shingles; then the headline decides, or that it is the same word for word."""
ENOUGH_TO_COPY = 8
"""From so many shingles on (ten words) nobody hits on the same words by chance."""


def owners(mentions: Sequence[Mention]) -> tuple[tuple[str, ...], ...]:
    """Group the owners of *mentions* into independent sources.

    Returns:
        The groups, each sorted; owners that carry one text stand in one group. Their number is the count of sources.
    """
    leader = {m.owner: m.owner for m in mentions}

    def find(owner: str) -> str:
        while leader[owner] != owner:
            owner = leader[owner]
        return owner

    seen: dict[tuple[int, bytes | str], list[Mention]] = {}
    for mention in sorted({(m.owner, m.article): m for m in mentions if m.signature}.values(), key=lambda m: (m.owner, m.article)):
        for trait in traits(mention.signature):
            alike = seen.setdefault(trait, [])
            for other in alike:
                a, b = find(mention.owner), find(other.owner)
                if a != b and mention.article != other.article and same_text(mention.signature, other.signature):
                    leader[max(a, b)] = min(a, b)
            if len(alike) < MOST_ALIKE:
                alike.append(mention)
    groups: dict[str, list[str]] = {}
    for owner in sorted(leader):
        groups.setdefault(find(owner), []).append(owner)
    return tuple(tuple(group) for group in groups.values())


def traits(signature: Signature | None) -> list[tuple[int, bytes | str]]:
    """What two texts must have in common, at least one of them, to be worth comparing: a band, the headline, or all of it."""
    if signature is None:
        return []
    bands: list[tuple[int, bytes | str]] = [(i, signature.minhash[i * BAND : (i + 1) * BAND]) for i in range(PERMUTATIONS // ROWS)]
    if signature.shingles >= ENOUGH_SHINGLES:
        return bands
    whole = signature.minhash if signature.shingles >= ENOUGH_TO_COPY else b""
    return [(-1, trait) for trait in (signature.title, whole) if trait]


def same_text(a: Signature | None, b: Signature | None) -> bool:
    """Say whether one of two texts is (mostly) contained in the other."""
    if a is None or b is None:
        return False
    if min(a.shingles, b.shingles) < ENOUGH_SHINGLES:
        verbatim = a.minhash == b.minhash and a.shingles == b.shingles >= ENOUGH_TO_COPY
        return verbatim or (bool(a.title) and a.title == b.title)
    return containment(a, b) >= CONTAINED


def containment(a: Signature, b: Signature) -> float:
    """Estimate the share of the shorter text's shingles that the longer has, 0..1, from the Jaccard estimate of MinHash."""
    left, right = (np.frombuffer(s.minhash, dtype=">u4") for s in (a, b))
    jaccard = float(np.count_nonzero(left == right)) / PERMUTATIONS
    return min(1.0, jaccard * (a.shingles + b.shingles) / ((1 + jaccard) * min(a.shingles, b.shingles)))


PRECEDENCE: tuple[EventType, ...] = (
    "chemical_weapon", "non_state_actor_overtakes_territory", "government_regains_territory",
    "aircraft_shot_down", "suicide_bomb", "armed_clash", "siege", "air_drone_strike", "shelling_artillery_missile_attack", "naval_attack",
    "remote_explosive_ied", "grenade", "abduction_forced_disappearance", "attack", "non_violent_transfer_of_territory", "withdrawal",
)  # fmt: skip
"""Of types with enough support the first names the event: a place that changed hands outranks the fighting, then the weapon."""
RANK = {t: i for i, t in enumerate((*PRECEDENCE, *(t for t in (*get_args(KineticType), *get_args(StrategicType)) if t not in PRECEDENCE)))}
MOST_PASSAGES = 60
SURE = 0.99
"""No number of reports makes a machine surer than this."""


def describe(current: Sequence[Mention], against: Sequence[Mention], background: Sequence[Mention]) -> dict[str, Any]:
    """The fields of the event that *current* mentions make.

    Args:
        current: Who says that it happened; at least one, in order of report.
        against: Denials of it.
        background: Mentions of the place that are kept but not counted.
    """
    sources = owners(current)
    voices = sorted((*current, *against), key=lambda m: (m.published, m.article, m.evidence.start, m.id))
    kind = event_type(current)
    leading = next(m for m in current if m.type == kind)
    return {
        "type": kind,
        "category": leading.category,
        "family": leading.family,
        "place": best_place(current),
        "occurred": best_time(current),
        "first_reported": current[0].published,
        "last_reported": max(m.published for m in current),
        "actors": cast_list(current),
        "weapons": tuple(dict.fromkeys(w for m in current for w in m.weapons)),
        "killed": standing([(m, m.killed) for m in current]),
        "injured": standing([(m, m.injured) for m in current]),
        "losses": next((m.losses for m in current if m.losses), None),
        "disputed": disputed(voices),
        "articles": len({m.article for m in current}),
        "owners": len(sources),
        "supporters": min(len(sources), len({m.owner for m in current if m.type == kind})),
        "claims": claims_of(voices),
        "evidence": passages(voices),
        "background": passages(background),
        "confidence": confidence(current, sources),
        "sample": leading.sample,
    }


def event_type(current: Sequence[Mention]) -> EventType:
    """The type with the highest precedence among those that have at least half the support of the best supported."""
    support: dict[EventType, set[str]] = {}
    for m in current:
        support.setdefault(m.type, set()).add(m.owner)
    most = max(len(who) for who in support.values())
    return min((t for t, who in support.items() if 2 * len(who) >= most), key=RANK.__getitem__)


def best_place(current: Sequence[Mention]) -> Place:
    """The most exact of the places, all of one site."""
    places = [m.place for m in current if m.place is not None]
    return min(places, key=lambda p: (exactness(p.precision), p.radius_km, p.name, p.id))


def exactness(precision: str) -> int:
    """0 for the most exact."""
    return ("exact", "near", "admin2", "admin1", "country").index(precision)


def best_time(current: Sequence[Mention]) -> Occurred | None:
    """The most exact of the stated times; the earliest report of equals."""
    stated = [m.occurred for m in current if m.occurred is not None]
    return min(stated, key=lambda o: o.end - o.start, default=None)


def cast_list(current: Sequence[Mention]) -> tuple[Actor, ...]:
    """Who took part, attackers first; somebody with a role is not listed again without."""
    seen: dict[tuple[str, str], Actor] = {}
    for m in current:
        for actor in m.actors:
            seen.setdefault((actor.id, actor.role), actor)
    with_role = {i for i, role in seen if role != "unknown"}
    if any(role == "attacker" and i != "unidentified_armed_group" for i, role in seen):
        seen.pop(("unidentified_armed_group", "attacker"), None)
    order = {"attacker": 0, "target": 1, "unknown": 2}
    return tuple(sorted((a for a in seen.values() if a.role != "unknown" or a.id not in with_role), key=lambda a: order[a.role]))


def confidence(current: Sequence[Mention], sources: Sequence[Sequence[str]]) -> float:
    """Probability that it happened: one minus that all independent sources are wrong at once."""
    wrong = 1.0
    for group in sources:
        wrong *= 1 - max(m.confidence for m in current if m.owner in group)
    return round(min(SURE, 1 - wrong), 4)


def passages(mentions: Sequence[Mention]) -> tuple[Evidence, ...]:
    """The quotes, each once an article, in the order of *mentions*.

    Of more than 60 denials stay, then those that bring a new owner or status, then the earliest: an event that a thousand
    articles tell is not written a thousand times with a thousand quotes.
    """
    seen: dict[tuple[str, str], Mention] = {}
    for m in mentions:
        seen.setdefault((m.article, m.evidence.quote), m)
    quoted = list(seen.values())
    voices = {(m.owner, m.status): i for i, m in reversed(list(enumerate(quoted)))}
    firsts = set(voices.values())
    kept = sorted(sorted(range(len(quoted)), key=lambda i: (quoted[i].current, i not in firsts, i))[:MOST_PASSAGES])
    return tuple(_passage(quoted[i]) for i in kept)


def _passage(m: Mention) -> Evidence:
    published = m.published if m.dated else None
    return Evidence(
        article=m.article, outlet=m.outlet, published=published, quote=m.evidence.quote, source=m.source, owner=m.owner,
        status=m.status, url=m.url, start=m.evidence.start, end=m.evidence.end,
    )  # fmt: skip


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


PLAIN = Stage(
    name="fuse",
    input=MENTIONS,
    outputs=(EVENTS,),
    step=fuse_step,
    state=Fused,
    due=next_waking,
)
