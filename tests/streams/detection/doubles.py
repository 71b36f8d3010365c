"""Stand-ins of detection's tests: a gazetteer of a few towns, and articles with defaults."""

import re
from datetime import UTC, datetime
from typing import Any

import msgspec

from streams.detection.scene import NamedPlace
from streams.records import Article, Place

PUBLISHED = datetime(2023, 3, 15, 9, tzinfo=UTC)
"""A Wednesday."""
SITES = {"airbase": "air_base", "airport": "airport", "prison": "prison", "refugee camp": "camp", "port": "port"}
COUNTRIES = {"Estonia": "EE", "Germany": "DE", "Rwanda": "RW", "Syria": "SY", "Ukraine": "UA"}


class FewPlaces:
    """A placer that takes every capitalised word of a list for a town of that name, with a site's noun for that site."""

    def __init__(self, *names: str) -> None:
        self._names = re.compile(
            r"\b(" + "|".join(sorted(map(re.escape, [*names, *COUNTRIES]), key=len, reverse=True)) + r")(?: (" + "|".join(SITES) + r"))?\b"
        )

    def names(self, text: str, start: int, end: int) -> "FewNames":
        return FewNames(
            [NamedPlace(m.start(), m.end(), m.group(), place(m[1], SITES.get(m[2] or ""))) for m in self._names.finditer(text, start, end)]
        )

    def site(self, words: str, context: str) -> Place | None:
        town, _, noun = words.rpartition(" ")
        return place(words, SITES[noun]) if self._names.fullmatch(town) and noun in SITES else None


class FewNames:
    """What a `FewPlaces` found."""

    def __init__(self, found: list[NamedPlace]) -> None:
        self._found = found

    def within(self, start: int, end: int) -> list[NamedPlace]:
        return [msgspec.structs.replace(p, place=None) for p in self._found if start <= p.start < end]

    def places(self) -> list[NamedPlace]:
        return self._found


def place(name: str, kind: str | None = None) -> Place:
    """A place whose id is its name."""
    precision: Any = "country" if name in COUNTRIES else "exact"
    country = COUNTRIES.get(name, "XX")
    return Place(
        id=name,
        name=name,
        kind=kind or ("country" if name in COUNTRIES else "city"),
        lat=1.0,
        lon=2.0,
        radius_km=5.0,
        country=country,
        precision=precision,
    )


def article(text: str, **fields: Any) -> Article:
    """An article published on the Wednesday that all tests read on."""
    return Article(**{"id": "a1", "text": text, "outlet": "Test Wire", "published": PUBLISHED, "fetched": PUBLISHED, **fields})
