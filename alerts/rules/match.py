"""Whether an event is in a rule's scope, whether it counts there, and whether it is what the rule looks for."""

from collections.abc import Iterator

from alerts.geodesy import distance_km, inside
from alerts.records import Circle, Fence, Rule, What, Where
from streams.records import Actor, Event, Place


def in_scope(event: Event, where: Where) -> bool:
    """Say whether the rule may concern *event*: its place clauses hold."""
    return all(holds for _, holds in places_held(event, where))


def places_held(event: Event, where: Where) -> Iterator[tuple[str, bool]]:
    """Each place clause that is set, and whether it holds."""
    place = event.place
    for clause, value in (("place_kind", place.kind), ("place", place.id), ("country", place.country), ("precision", place.precision)):
        if allowed := getattr(where, clause):
            yield clause, value in allowed
    if where.near:
        yield "near", any(_around(place, circle) for circle in where.near)
    if where.fence:
        yield "fence", any(_enclosed(place, fence) for fence in where.fence)
    if where.watch_list:
        yield "watch_list", not names_of(place).isdisjoint(where.watch_list)


def names_of(place: Place) -> frozenset[str]:
    """What a watch list may call it."""
    return frozenset(name.casefold() for name in (place.id, place.name, *place.also))


def _around(place: Place, circle: Circle) -> bool:
    """A place that is known only more widely than the circle is around it nowhere: a country's middle is no site."""
    return place.radius_km <= circle.km and distance_km(place.lat, place.lon, circle.lat, circle.lon) <= circle.km


def _enclosed(place: Place, fence: Fence) -> bool:
    return place.radius_km <= fence.reach_km and any(inside(polygon, place.lat, place.lon) for polygon in fence.polygons)


def matters(event: Event, what: What) -> bool:
    """Say whether *event* is of a category the rule counts: a convoy at a base does not make an attack on it old news."""
    return _any(event.category, what.category)


def heeded(event: Event, rule: Rule) -> bool:
    """Say whether the rule is to hear of *event*: as what it counts, as what it waits for, or as what breaks that."""
    return matters(event, rule.what) or leads(event, rule) or breaks(event, rule)


def leads(event: Event, rule: Rule) -> bool:
    """Say whether *event* is what the rule waits for."""
    return rule.after is not None and wanted(event, rule.after.what)


def breaks(event: Event, rule: Rule) -> bool:
    """Say whether *event* breaks what such an event began."""
    return rule.after is not None and rule.after.unless is not None and wanted(event, rule.after.unless)


def wanted(event: Event, what: What) -> bool:
    """Say whether the rule's other clauses hold."""
    return all(holds for _, holds in deeds_held(event, what))


def deeds_held(event: Event, what: What) -> Iterator[tuple[str, bool]]:
    """Each of the other clauses that is set, and whether it holds."""
    for clause, value in (("type", event.type), ("category", event.category), ("family", event.family)):
        if allowed := getattr(what, clause):
            yield clause, value in allowed
    for role in ("attacker", "target"):
        if allowed := getattr(what, role):
            yield role, any(a.role == role and a.id in allowed for a in event.actors)
    if what.weapon:
        yield "weapon", not set(event.weapons).isdisjoint(what.weapon)
    for toll in ("killed", "injured"):
        if (least := getattr(what, toll)) is not None:
            told = getattr(event, toll)
            yield toll, bool(told and told[0] is not None and told[0] >= least)
    if what.cross_border:
        yield "cross_border", any(_comes_from_abroad(a, event.place) for a in event.actors)


def _comes_from_abroad(actor: Actor, place: Place) -> bool:
    """Whether a state that is a country attacks in another one; "government forces" of no named state are at home."""
    if actor.role != "attacker" or actor.type != "state" or actor.id in _UNNAMED or place.country in _NO_COUNTRY:
        return False
    if actor.id in _ALLIANCES:
        return True
    home = _HOME.get(actor.id)
    named = home is not None or _slug(actor.name) == actor.id
    return named and home != place.country and actor.id != _slug(place.country_name or "")


_UNNAMED = frozenset({"government_forces"})
_ALLIANCES = frozenset({"coalition", "saudi_coalition", "nato"})
_HOME = {"taliban": "AF", "azov": "UA", "dr_congo": "CD", "tatmadaw": "MM", "fardc": "CD", "kdf": "KE"}
"""Countries of armies and of states whose names differ from their country's."""
_NO_COUNTRY = frozenset({"XZ", "ZZ"})
"""International waters, and what lies in several countries."""


def _slug(name: str) -> str:
    return name.lower().replace(" ", "_")


def rule_key(event: Event, by: str = "place") -> str:
    """What a rule counts by: the place or its country; an exercise counts with nothing but itself."""
    counted = event.place.country if by == "country" else event.place.id
    return f"{event.key}:{counted}" if event.sample else counted


def _any(value: str, allowed: tuple[str, ...]) -> bool:
    return not allowed or value in allowed
