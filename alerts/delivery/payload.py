"""An alert in; the JSON object that a webhook receives out, by Standard Webhooks: type, timestamp, data."""

from collections.abc import Iterator
from typing import Any

import msgspec

from alerts.records import Alert
from streams.records import Actor, Claim, Event, Evidence, Occurred, Place

STEPS = (60, 40, 27, 18, 12, 8, 5, 3, 2, 1, 0)
"""How many of a list are tried, until the whole fits; more than 60 passages never do."""
MOST_BYTES = 20_000
"""Standard Webhooks 1.0.0, "Payload size": under 20 kB, or receivers and their gateways refuse it."""


def payload(alert: Alert, *, headline: str, bluf: str, link: str | None) -> bytes:
    """The body of the webhook, in UTF-8.

    What makes it too long is left out from the end: evidence first, then claims. ``event.evidence_omitted`` and
    ``event.claims_omitted`` say how many are missing.
    """
    body = b""
    for event in _shorter(contract_event(alert.event)):
        body = msgspec.json.encode(_envelope(alert, event, headline=headline, bluf=bluf, link=link))
        if len(body) < MOST_BYTES:
            break
    return body


def _envelope(alert: Alert, event: dict[str, Any], *, headline: str, bluf: str, link: str | None) -> dict[str, Any]:
    data = {
        "alert": alert.id,
        "number": alert.number,
        "revision": alert.revision,
        "change": alert.change,
        "exercise": alert.event.sample,
        "severity": alert.severity,
        "headline": headline,
        "bluf": bluf,
        "place": event["place"],
        "disputed": alert.event.disputed,
        "owners": alert.event.owners,
        "stage": alert.stage,
        "rule": alert.rule,
        "title": alert.title,
        "reason": alert.reason.text,
        "differences": alert.differences,
        "link": link,
        "event": event,
    }
    return {"type": f"alert.{alert.change}", "timestamp": alert.at, "data": data}


def contract_event(event: Event) -> dict[str, Any]:
    """*event* as the command line and the webhook show it; what is not known is None."""
    return {
        "id": event.id,
        "number": event.number,
        "revision": event.revision,
        "type": event.type,
        "category": event.category,
        "place": contract_place(event.place),
        "occurred": _occurred(event.occurred),
        "first_reported": event.first_reported,
        "last_reported": event.last_reported,
        "actors": [_actor(actor) for actor in event.actors],
        "weapons": event.weapons,
        "killed": event.killed,
        "injured": event.injured,
        "losses": event.losses,
        "disputed": event.disputed,
        "articles": event.articles,
        "owners": event.owners,
        "confidence": event.confidence,
        "claims": [_claim(claim) for claim in event.claims],
        "evidence": [_evidence(evidence) for evidence in event.evidence],
        "sample": event.sample,
    }


def contract_place(place: Place) -> dict[str, Any]:
    """*place* with the fields that are promised."""
    promised = ("id", "name", "kind", "lat", "lon", "radius_km", "country", "admin1", "precision", "mgrs")
    return {name: getattr(place, name) for name in (*promised, "country_name", "also", "relative")}


def _occurred(occurred: Occurred | None) -> dict[str, Any] | None:
    return None if occurred is None else {"start": occurred.start, "end": occurred.end, "precision": occurred.precision}


def _actor(actor: Actor) -> dict[str, Any]:
    return {"id": actor.id, "name": actor.name, "role": actor.role, "named": actor.named}


def _claim(claim: Claim) -> dict[str, Any]:
    return {"question": claim.question, "answer": claim.answer, "by": claim.by, "quote": claim.quote, "article": claim.article}


def _evidence(evidence: Evidence) -> dict[str, Any]:
    named = ("article", "outlet", "published", "quote", "source", "owner", "status", "url")
    return {name: getattr(evidence, name) for name in named}


def _shorter(event: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """*event* whole, then with ever less in its lists: evidence goes first, as claims carry their own quotes."""
    evidence, claims = event["evidence"], event["claims"]
    yield event
    for kept in (n for n in STEPS if n < len(evidence)):
        yield {**event, "evidence": evidence[:kept], "evidence_omitted": len(evidence) - kept}
    for kept in (n for n in STEPS if n < len(claims)):
        yield {**event, "evidence": [], "evidence_omitted": len(evidence), "claims": claims[:kept], "claims_omitted": len(claims) - kept}
