"""What an occurrence is, from its mentions: type, place, time, people, claims, evidence. A function of the set."""

from collections.abc import Sequence
from typing import Any, get_args

from streams.events.claims import claims_of, disputed, hull
from streams.events.independence import owners
from streams.records import Actor, EventType, Evidence, KineticType, Mention, Occurred, Place, StrategicType

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
        "killed": hull([m.killed for m in current]),
        "injured": hull([m.injured for m in current]),
        "losses": next((m.losses for m in current if m.losses), None),
        "disputed": disputed(voices),
        "articles": len({m.article for m in current}),
        "owners": len(sources),
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
