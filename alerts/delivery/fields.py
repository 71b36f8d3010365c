"""An event in; the facts of the message's lines WHAT to RULE out. What no source gave reads "not reported"."""

from alerts.delivery import assessment
from alerts.delivery.formats import UNKNOWN, coordinates, count, date_time_group, grid, plural, radius, stretch, when
from alerts.delivery.phrases import actors, answer, called, introduced, speaker
from alerts.delivery.sentences import by
from alerts.records import Alert
from streams.records import Event, Place


def outcome(event: Event) -> str:
    """What came of it: settled only when independent groups agree and nobody contradicts."""
    answers = [claim for claim in event.claims if claim.question == "control"]
    if not answers:
        return UNKNOWN
    if "control" in assessment.disputes(event):
        return "DISPUTED"
    agreed = [claim for claim in answers if assessment.digit(event, claim) == 2]
    return answer(agreed[0]).lower() if agreed else "not settled"


def who(event: Event) -> list[str]:
    """Attacker, target, and whoever is named without a part."""

    def named(role: str) -> str:
        return ", ".join(dict.fromkeys(introduced(actor) for actor in event.actors if actor.role == role))

    attacker = named("attacker")
    if "attacker" in assessment.disputes(event):
        attacker = f"DISPUTED, {' / '.join(by(event, claim) for claim in event.claims if claim.question == 'attacker')}"
    also = [f"Also named: {named('unknown')}"] if actors(event, "unknown") else []
    return [f"Attacker: {attacker or UNKNOWN}", f"Target: {named('target') or UNKNOWN}", *also]


def where(place: Place) -> list[str]:
    """Name, grid, coordinates, and distance from a town that people know; of a whole country no point, which would be false."""
    name = f"{'near ' if place.precision == 'near' else ''}{called(place)}"
    if place.precision == "country":
        return [place.country_name or name, f"where in the country: {UNKNOWN}"]
    if place.precision in {"admin1", "admin2"}:
        name = f"somewhere in {name}"
    at = coordinates(place)
    return [name, grid(place) or f"{at} ({radius(place)})", at if grid(place) else "", place.relative or ""]


def times(alert: Alert) -> list[str]:
    """When it happened, when it was published, when we said so: three different things."""
    event = alert.event
    dated = any(e.published for e in event.evidence) or not event.evidence
    published = f"published {stretch(event.first_reported, event.last_reported)}" if dated else "publication time not given"
    return [when(event.occurred), published, f"this message {date_time_group(alert.at)}"]


def losses(event: Event) -> str:
    """Materiel in the words of the text and whose word it is, then people."""
    names = next((claim.by for claim in event.claims if claim.question == "losses"), ())
    credit = f" (claim of {' and '.join(map(speaker, names[:2]))})" if names else ""
    materiel = f'"{event.losses}"{credit}' if event.losses else f"materiel: {UNKNOWN}"
    if event.killed is None and event.injured is None and not set(assessment.disputes(event)) & {"killed", "injured"}:
        return f"{materiel}; people: {UNKNOWN}"
    return f"{materiel}; killed: {_toll(event, 'killed')}; injured: {_toll(event, 'injured')}"


def _toll(event: Event, question: str) -> str:
    if question in assessment.disputes(event):
        return f"DISPUTED, {' / '.join(by(event, claim) for claim in event.claims if claim.question == question)}"
    return count(event.killed if question == "killed" else event.injured)


def rule(alert: Alert) -> str:
    """Which rule spoke, and what it still waits for."""
    if alert.change == "retraction":
        return alert.rule
    if alert.stage is None:
        return f"{alert.rule}: {alert.reason.text}"
    have = f"{alert.rule}, stage {alert.stage}: {plural(alert.event.backing, 'owner')}"
    if alert.stage == "confirmed":
        return f"{have}, {alert.needed} needed" if alert.needed else have
    return f"{have} of {alert.needed or 'more'} needed to confirm{_deadline(alert)}"


def _deadline(alert: Alert) -> str:
    if alert.confirm_by is None:
        return ""
    missed = ", not met" if alert.at > alert.confirm_by else ""
    return f" by {date_time_group(alert.confirm_by)}{missed}"
