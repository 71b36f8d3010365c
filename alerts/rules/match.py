"""Whether an event is in a rule's scope, whether it counts there, and whether it is what the rule looks for."""

from alerts.records import What, Where
from streams.records import Event


def in_scope(event: Event, where: Where) -> bool:
    """Say whether the rule may concern *event*: its place clauses hold."""
    place = event.place
    return (
        _any(place.kind, where.place_kind)
        and _any(place.id, where.place)
        and _any(place.country, where.country)
        and _any(place.precision, where.precision)
    )


def matters(event: Event, what: What) -> bool:
    """Say whether *event* is of a category the rule counts: a convoy at a base does not make an attack on it old news."""
    return _any(event.category, what.category)


def wanted(event: Event, what: What) -> bool:
    """Say whether the rule's other clauses hold."""
    attackers = {a.id for a in event.actors if a.role == "attacker"}
    dead = event.killed[0] if event.killed and event.killed[0] is not None else 0
    return (
        _any(event.type, what.type)
        and matters(event, what)
        and _any(event.family, what.family)
        and (not what.attacker or bool(attackers & set(what.attacker)))
        and (what.killed is None or dead >= what.killed)
    )


def rule_key(event: Event) -> str:
    """What a rule counts by: the place; an exercise counts with nothing but itself."""
    return f"{event.key}:{event.place.id}" if event.sample else event.place.id


def _any(value: str, allowed: tuple[str, ...]) -> bool:
    return not allowed or value in allowed
