"""Why a rule spoke of an event, or did not: clause by clause, from what the judge remembers."""

from collections.abc import Iterator, Sequence

from alerts import policy
from alerts.memory import Known
from alerts.records import Alert, Rule
from alerts.rules.match import deeds_held, places_held
from alerts.rules.situations import last_before, led_to, situations
from streams.records import Event


def explain(rule: Rule, event: Event, known: Known | None, alerts: Sequence[Alert]) -> Iterator[str]:
    """What *rule* makes of *event*, in lines; the first says it all.

    Args:
        known: What the rule remembered of the place when the event was last heard of; None if it never heard of it.
        alerts: What was said.
    """
    spoken = [a for a in alerts if a.rule == rule.id and (a.event.id == event.id or a.number == event.number)]
    if spoken:
        yield f"{rule.id}: alerted, {', '.join(a.label + ' ' + a.change for a in spoken)}"
        yield from (f"  {a.at:%d %b %H:%MZ} {a.change}: {a.reason.text}" for a in spoken)
        return
    yield f"{rule.id}: silent, {_reason(rule, event, known)}"
    for clauses in (places_held(event, rule.where), deeds_held(event, rule.what)):
        yield from (f"  {'holds  ' if holds else 'FAILS  '}{clause}: {_seen(event, clause)}" for clause, holds in clauses)


def _reason(rule: Rule, event: Event, known: Known | None) -> str:
    failed = [clause for clause, holds in (*places_held(event, rule.where), *deeds_held(event, rule.what)) if not holds]
    if failed:
        return f"its match does not hold: {', '.join(failed)}"
    if event.merged_into or not event.accepted:
        return "no source says so any more" if not event.merged_into else "it proved to be one with another event"
    if known is None or event.id not in known.history:
        return "it was not in force, or never heard of the event"
    chains = situations(known.history.values())
    chain = next((c for c in chains if any(s.id == event.id for s in c)), ())
    before = last_before(chain[0].start, (s for c in chains for s in c)) if chain else None
    me = known.history[event.id]
    led = led_to(me.start, rule.after.within, known.history.values()) if rule.after else None
    verdict = policy.first_word(rule, event, chain, before, known.now, led)
    if isinstance(verdict, policy.Quiet):
        return f"{verdict.code}: {verdict.text}"
    others = [s.alert.label for s in known.said.values()]
    return (
        f"it goes on a situation that {others[0]} speaks of, and adds nothing material"
        if others
        else "another event of its situation spoke first"
    )


def _seen(event: Event, clause: str) -> str:
    """What the event has where the clause looks."""
    place = event.place
    match clause:
        case "place_kind":
            return place.kind
        case "place" | "watch_list":
            return f"{place.name} ({place.id})"
        case "country":
            return place.country
        case "precision":
            return place.precision
        case "near" | "fence":
            return f"{place.lat:.2f} {place.lon:.2f}, within {place.radius_km:g} km"
        case "attacker" | "target":
            return ", ".join(a.id for a in event.actors if a.role == clause) or "nobody named"
        case "cross_border":
            attackers = ", ".join(a.name for a in event.actors if a.role == "attacker")
            return f"{attackers or 'nobody named'} in {place.country_name or place.country}"
        case "weapon":
            return ", ".join(event.weapons) or "none named"
        case "killed" | "injured":
            told = getattr(event, clause)
            return "not reported" if told is None else f"{told[0]} to {told[1]}" if told[0] != told[1] else str(told[0])
        case _:
            return str(getattr(event, clause))
