"""Builders of mentions for the tests of `streams`: every argument has a default, nothing is shared."""

from datetime import UTC, datetime, timedelta
from typing import Any

from streams.records import Actor, Mention, Occurred, Place, Span, digest

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
FAMILIES = {
    "armed_clash": "ground",
    "non_state_actor_overtakes_territory": "ground",
    "government_regains_territory": "ground",
    "air_drone_strike": "air",
    "shelling_artillery_missile_attack": "indirect",
}
BASE = Place(
    id="tx:north-base",
    name="North airbase",
    kind="air_base",
    lat=34.0,
    lon=37.0,
    radius_km=2.0,
    country="SY",
    admin1="Homs",
    admin1_code="SY.11",
)
TOWN = Place(id="gn:1", name="Oldtown", kind="town", lat=34.5, lon=38.0, radius_km=5.0, country="SY", admin1="Homs", admin1_code="SY.11")
VILLAGE = Place(
    id="gn:2", name="Newham", kind="village", lat=34.6, lon=38.2, radius_km=2.0, country="SY", admin1="Homs", admin1_code="SY.11"
)


def on(day: datetime) -> Occurred:
    """The whole day of *day*."""
    start = day.replace(hour=0, minute=0)
    return Occurred(start=start, end=start + timedelta(days=1), precision="day")


def said(
    who: str = "agency",
    *,
    at: float = 0.0,
    place: Place | None = BASE,
    kind: str = "armed_clash",
    occurred: Occurred | None = None,
    **changes: Any,
) -> Mention:
    """A mention by the outlet *who*, published and fetched *at* hours after noon."""
    when = NOON + timedelta(hours=at)
    article = changes.pop("article", f"{who}-{at}")
    quote = changes.pop("quote", f"Rebels attacked, {who} reports.")
    fields: dict[str, Any] = {
        "id": digest(article, kind, place.id if place else "?"),
        "article": article,
        "fetched": when,
        "published": when,
        "type": kind,
        "category": "kinetic",
        "family": FAMILIES[kind],
        "status": "asserted",
        "confidence": 0.8,
        "place": place,
        "actors": (Actor(id="rebels", name="rebels", role="attacker", type="non_state"),),
        "occurred": occurred,
        "outlet": who.title(),
        "owner": who,
        "evidence": Span(start=0, end=len(quote), quote=quote),
    }
    return Mention(**(fields | changes))
