"""Records with defaults, for tests: name only what the test is about. The default story is invented; only the place is real."""

from datetime import UTC, datetime, timedelta
from typing import Any

from alerts.records import Alert, Desk, Reason, Receiver
from streams.records import Actor, Article, Claim, Event, Evidence, Mention, Occurred, Place, Span, digest

PUBLISHED = datetime(2016, 12, 13, 5, 0, tzinfo=UTC)
ASSAULT = "Fighters of the group stormed the airport behind mortar and rocket fire."
PARTS = "They destroyed at least three warplanes and hold parts of the base, the source said."


def t4(**changes: Any) -> Place:
    """The airbase of the seed case, exactly."""
    known = {
        "id": "site:t4", "name": "T4 (Tiyas) airbase", "kind": "air_base",
        "lat": 34.5225, "lon": 37.6272, "radius_km": 2.0, "country": "SY",
        "admin1": "Homs", "mgrs": "37SCU7420", "admin1_code": "SY.11", "country_name": "Syria",
        "also": ("Tiyas", "T-4", "al-Tifor"), "relative": "59 km W of Palmyra",
    }  # fmt: skip
    return Place(**{**known, **changes})


def palmyra(**changes: Any) -> Place:
    """The town."""
    known = {
        "id": "gn:163960", "name": "Palmyra", "kind": "town", "lat": 34.5606, "lon": 38.2677, "radius_km": 5.0, "country": "SY",
        "admin1": "Homs", "mgrs": "37SDU32", "admin1_code": "SY.11", "country_name": "Syria", "also": ("Tadmur",),
    }  # fmt: skip
    return Place(**{**known, **changes})


def a_country(**changes: Any) -> Place:
    """A place of which only the country is known."""
    known = {
        "id": "country:SY", "name": "Syria", "kind": "country", "lat": 33.5, "lon": 36.3, "radius_km": 380.0, "country": "SY",
        "precision": "country", "mgrs": "37SBT", "country_name": "Syria",
    }  # fmt: skip
    return Place(**{**known, **changes})


def a_place(**changes: Any) -> Place:
    """Any place; the town unless told."""
    return palmyra(**changes)


def a_day(year: int = 2016, month: int = 12, day: int = 12) -> Occurred:
    """A whole day in UTC, its hour not known."""
    start = datetime(year, month, day, tzinfo=UTC)
    return Occurred(start=start, end=start + timedelta(days=1), precision="day")


def isis(**changes: Any) -> Actor:
    """The attacker of the seed case."""
    return Actor(**{"id": "islamic-state", "name": "Islamic State", "role": "attacker", "type": "non_state", "named": "ISIS", **changes})


def syrian_army(**changes: Any) -> Actor:
    """Its target."""
    return Actor(**{"id": "syrian-army", "name": "Syrian Army", "role": "target", "type": "state", **changes})


def an_article(**changes: Any) -> Article:
    """One article that tells of the assault."""
    known = {
        "id": "a1",
        "text": f"{ASSAULT} {PARTS}",
        "outlet": "ARA News",
        "published": PUBLISHED,
        "fetched": PUBLISHED + timedelta(seconds=40),
    }
    return Article(**{**known, **changes})


def a_mention(**changes: Any) -> Mention:
    """One mention of the assault on the airbase, from one outlet."""
    known = {
        "id": "m1", "article": "a1", "fetched": PUBLISHED + timedelta(seconds=40), "published": PUBLISHED, "type": "armed_clash",
        "category": "kinetic", "family": "ground", "status": "asserted", "confidence": 0.9, "place": t4(),
        "actors": (isis(), syrian_army()), "weapons": ("mortars",), "occurred": a_day(), "outlet": "ARA News", "owner": "ara news",
        "evidence": Span(start=0, end=len(ASSAULT), quote=ASSAULT),
    }  # fmt: skip
    return Mention(**{**known, **changes})


def a_claim(question: str = "happened", answer: str = "yes", *by: str, **changes: Any) -> Claim:
    """*answer* to *question*, given by *by*; by ARA News unless told."""
    known = {"question": question, "answer": answer, "by": by or ("ARA News",), "quote": ASSAULT, "article": "a1"}
    return Claim(**{**known, **changes})


def a_passage(**changes: Any) -> Evidence:
    """The assault, verbatim."""
    known = {"article": "a1", "outlet": "ARA News", "published": PUBLISHED, "quote": ASSAULT, "owner": "ara news"}
    return Evidence(**{**known, **changes})


def an_event(**changes: Any) -> Event:
    """The assault on the airbase as one outlet tells it."""
    known = {
        "id": digest("event", "t4"), "revision": 1, "at": PUBLISHED + timedelta(seconds=40), "key": "SY.11", "type": "armed_clash",
        "category": "kinetic", "family": "ground", "place": t4(), "occurred": a_day(), "first_reported": PUBLISHED,
        "last_reported": PUBLISHED, "actors": (isis(), syrian_army()), "weapons": ("mortars", "Grad rockets", "heavy machine guns"),
        "losses": "at least three warplanes", "articles": 1, "owners": 1, "confidence": 0.86,
        "claims": (
            a_claim("happened", "yes"),
            a_claim("control", "parts taken", "a military source (in ARA News)", quote=PARTS),
            a_claim("losses", "at least three warplanes", "a military source (in ARA News)", quote=PARTS),
        ),
        "evidence": (a_passage(), a_passage(quote=PARTS, source="a military source")),
    }  # fmt: skip
    return Event(**{**known, **changes})


def an_alert(**changes: Any) -> Alert:
    """The first report of the assault; `event` may be given whole."""
    event = changes.get("event") or an_event()
    known = {
        "id": digest("new-airbase-under-attack", "site:t4", "1"), "revision": 1, "change": "new", "number": event.number,
        "rule": "new-airbase-under-attack", "title": "New airbase under attack", "severity": "urgent",
        "at": event.at + timedelta(seconds=1),
        "reason": Reason(code="new", text="first accepted event at this place in 30 days"), "stage": "preliminary", "needed": 2,
        "confirm_by": event.at + timedelta(hours=6), "quiet_days": 30, "event": event,
    }  # fmt: skip
    return Alert(**{**known, **changes})


def a_receiver(**changes: Any) -> Receiver:
    """A watch officer's mailbox."""
    return Receiver(**{"id": "watch", "channel": "email", "address": "watch@example.org", **changes})


def a_desk(**changes: Any) -> Desk:
    """A desk with a console."""
    return Desk(**{"host": "alerts.example.org", "link": "https://alerts.example.org", **changes})
