"""The rule language as JSON Schema (draft 2020-12), for editors: they complete words and mark mistakes while a rule is written.

Made from the words that the loader knows; what only the loader can tell (ids that stand twice, files that are missing) is left to it.
"""

from typing import Any, get_args

from alerts.records import Change, Severity
from alerts.rules.cases import EVENT_WORDS, STAGES
from alerts.rules.load import COUNTRY, NAME, PLACE_KINDS
from streams.records import KINETIC, STRATEGIC, Category, Family, PlacePrecision

SPAN = {"type": "string", "pattern": r"^\d+(min|h|d)$", "examples": ["45min", "6h", "30d"]}
MOMENT = {"type": "string", "pattern": r"^-?\d+(min|h|d)$", "examples": ["0h", "45min", "-40d"]}
TEXT = {"type": "string", "minLength": 1}
ID = {"type": "string", "pattern": f"^{NAME.pattern}$"}


def schema() -> dict[str, Any]:
    """The schema of one rule file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Tocsin rules",
        "description": "docs/rules.md explains every word; `tocsin rules check` reads a file as the river does.",
        **_mapping({"rules": {"type": "array", "minItems": 1, "items": _rule()}, "tests": {"type": "array", "items": _test()}}, "rules"),
    }


def _rule() -> dict[str, Any]:
    return _mapping(
        {
            "id": ID,
            "title": TEXT,
            "severity": _word(get_args(Severity)),
            "match": _match(),
            "threshold": _mapping({"owners": _whole(1), "articles": _whole(1), "confidence": _between(0, 1)}),
            "confirm": _mapping({"owners": _whole(2), "within": SPAN}, "owners", "within"),
            "novelty": {"type": "string", "pattern": r"^([3-9]|\d{2,})d$", "examples": ["14d", "30d"]},
            "after": _mapping({**_deed(), "within": SPAN, "unless": _mapping(_deed())}, "within"),
            "by": _word(("place", "country")),
            "spike": _mapping(
                {"within": SPAN, "events": _whole(2), "over": SPAN, "history": SPAN, "cold_start": _whole(2), "chance": _between(0, 1)},
                "within", "events",
            ),
            "shadow": {"type": "boolean"},
            "resolve": SPAN,
            "cooldown": SPAN,
            "max_age": SPAN,
        },
        "id", "title", "severity",
    )  # fmt: skip


def _match() -> dict[str, Any]:
    circle = _mapping({"lat": _between(-90, 90), "lon": _between(-180, 180), "km": _between(0.1, 20_000)}, "lat", "lon", "km")
    return _mapping(
        {
            "place_kind": _several(_word(sorted(PLACE_KINDS))),
            "place": _several(TEXT),
            "watch_list": _several(TEXT),
            "country": _several({"type": "string", "pattern": f"^{COUNTRY.pattern}$"}),
            "precision": _several(_word(get_args(PlacePrecision))),
            "near": _several(circle),
            "fence": _several(TEXT),
            **_deed(),
        }
    )


def _deed() -> dict[str, Any]:
    return {
        "type": _several(_word(sorted(KINETIC | STRATEGIC))),
        "category": _several(_word(get_args(Category))),
        "family": _several(_word(get_args(Family))),
        "attacker": _several(TEXT),
        "target": _several(TEXT),
        "weapon": _several(TEXT),
        "killed": _whole(1),
        "injured": _whole(1),
        "cross_border": {"type": "boolean"},
    }


def _test() -> dict[str, Any]:
    given = _mapping({**{word: {} for word in EVENT_WORDS}, "at": MOMENT, "article": TEXT, "title": TEXT, "outlet": TEXT}, "at")
    expected = _mapping(
        {"at": MOMENT, "rule": ID, "change": _word(get_args(Change)), "stage": _word(STAGES), "severity": _word(get_args(Severity))}
    )
    words = {
        "name": TEXT,
        "rules": _several(ID),
        "given": {"type": "array", "items": given},
        "expect": {"type": "array", "items": expected},
        "until": SPAN,
    }
    return _mapping(words, "name", "given", "expect")


def _mapping(words: dict[str, Any], *needed: str) -> dict[str, Any]:
    return {"type": "object", "properties": words, "additionalProperties": False, **({"required": list(needed)} if needed else {})}


def _word(allowed: Any) -> dict[str, Any]:
    return {"enum": list(allowed)}


def _several(one: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}


def _whole(least: int) -> dict[str, Any]:
    return {"type": "integer", "minimum": least}


def _between(least: float, most: float) -> dict[str, Any]:
    return {"type": "number", "minimum": least, "maximum": most}
