"""Decides which place a name means: a text and its toponyms go in, one `Place` or None with a reason for each comes out."""

import itertools
import re
from collections.abc import Sequence
from functools import lru_cache

import msgspec
import numpy as np

from streams.detection import doubts, facilities
from streams.detection.artefact import DEMONYM
from streams.detection.gazetteer import Candidate, Gazetteer, Reading
from streams.detection.geodesy import bearing, beyond, grid
from streams.detection.names import normalise
from streams.detection.senses import WEIGHTS, Hints, Name, choose, hints_of, names_of, rank
from streams.detection.toponyms import Modifier, Toponym, holder, lies_by, modifier, offset
from streams.records import FACILITIES, Place

_WORDS_AFTER = re.compile(r" (\w+(?: \w+)?)")
_BAND = re.compile(
    r" (?:militias?|militiamen|rebels?|fighters?|insurgents?|guerrillas?|gunmen|separatists?|cartel|clan|brigades?|front|gang)\b"
)
"""What makes somebody's name of a word that is a town's, too: "Fano militia" is not from Italy."""
_POSSESSIVE = frozenset({"'s ", "’s ", "s' ", "s’ "})
NEAR_KM = 10.0
"""What "near", "around" and "on the outskirts of" allow for."""
OFF_COURSE = 0.4
"""How far off, as a share of the distance, a point may be of which one of eight directions is told: half an eighth of the circle."""
OUTSIDE_KM = 2.0
"""From here on a deed is told to be away from a site, and not at it."""
AT_TOWN_KM = 3.0
"""Nearer than this a site is at the town, not so many km from it."""
_LEVEL_OF = {**dict.fromkeys(("admin1", "region", "sea", "island", "mountain"), "admin1"), "admin2": "admin2", "country": "country"}


class Located(msgspec.Struct, frozen=True):
    """What one document says of places."""

    toponyms: tuple[Toponym, ...]
    """In order of the text, without overlap."""
    places: tuple[Place | None, ...]
    """One for each toponym."""
    reasons: tuple[str | None, ...]
    """Why a place is None."""
    peoples: tuple[bool, ...]
    """Whether a name is an adjective or a people of the place that it was resolved to: "Malian", though there is a town of that name."""


def locate(gazetteer: Gazetteer, text: str, found: Sequence[Toponym], start: int = 0, end: int | None = None) -> Located:
    """Resolve every place name of a document, jointly: all that `toponyms.Search` *found* in ``text[start:end]``."""
    spans, readings = [(t.start, t.end) for t in found], [t.reading for t in found]
    capitals = frozenset(i for i, t in enumerate(found) if t.capital)
    places, reasons, peoples = _resolve(
        gazetteer, text, spans, readings, [t.modifier for t in found], hints_of(text[start:end]), capitals, given=False
    )
    return Located(tuple(found), tuple(places), tuple(reasons), tuple(peoples))


def resolve(gazetteer: Gazetteer, text: str, spans: Sequence[tuple[int, int]]) -> list[Place | None]:
    """Resolve spans that are given to be places, jointly; None where the gazetteer knows no such name.

    What the gazetteer does not know stands at what the text says it is in: ``Penn Park in Whittier``, ``Whittier's Penn Park``.

    Args:
        gazetteer: Where names are looked up.
        text: The whole document; its other words help to choose.
        spans: Character offsets [start, end) into *text*, in any order.
    """
    readings = [_reading(gazetteer, text, low, high) for low, high in spans]
    modifiers = [modifier(text, low, high) for low, high in spans]
    for i, (low, high) in enumerate(spans):
        if not len(readings[i].places) and (held := holder(text, low, high)):
            readings[i], modifiers[i] = gazetteer.read(text[slice(*held)]), "near"
    return _resolve(gazetteer, text, list(spans), readings, modifiers, hints_of(text), given=True)[0]


def _reading(gazetteer: Gazetteer, text: str, low: int, high: int) -> Reading:
    """Read a span, with the facility noun that follows it if that makes it a site: ``Heathrow`` in "Heathrow airport"."""
    name = text[low:high].strip(" \n\t.,;:()\"'“”‘’")
    noun = _WORDS_AFTER.match(text, high)
    if noun and facilities.noun_at(normalise(noun[1]).split(), 0):
        whole = gazetteer.read(f"{name} {noun[1]}")
        if whole.sited and len(whole.places):
            return whole
    return gazetteer.read(name)


def _resolve(
    gazetteer: Gazetteer,
    text: str,
    spans: list[tuple[int, int]],
    readings: list[Reading],
    modifiers: list[Modifier | None],
    hints: Hints,
    capitals: frozenset[int] = frozenset(),
    *,
    given: bool,
) -> tuple[list[Place | None], list[str | None], list[bool]]:
    names = names_of(gazetteer, text, spans, readings)
    chosen = choose(gazetteer, names, WEIGHTS, hints)
    bands = frozenset(i for i, name in enumerate(names) if all(_BAND.match(text, spans[span][1]) for span in name.spans))
    verdicts = doubts.judge(gazetteer, names, chosen, _holders(text, spans, names), bands, given=given)
    places: list[Place | None] = [None] * len(spans)
    reasons: list[str | None] = [None] * len(spans)
    peoples = [False] * len(spans)
    for name, verdict in zip(names, verdicts, strict=True):
        for span in name.spans:
            low, high = spans[span]
            peoples[span] = name.reading.peopled and bool((name.flags[name.places == verdict.index] == DEMONYM).any())
            if verdict.index is None:
                reasons[span] = f"no place of the name {text[low:high]!r} is known"
            elif verdict.doubt:
                likely = gazetteer.candidate(verdict.index)
                reasons[span] = f"{text[low:high]!r} may be {likely.name} ({likely.country}), but {verdict.doubt}"
            else:
                index = (gazetteer.capital_of(verdict.index) if span in capitals else None) or verdict.index
                if offset(text, low) is not None:
                    index = gazetteer.town_among(name.places, index)  # "40 km southeast of Menaka" counts from the town
                peoples[span] = peoples[span] and span not in capitals
                place = place_of(gazetteer, index, name.reading, "near" if verdict.held else modifiers[span])
                away = offset(text, low) if place.precision == "near" else None
                places[span] = moved(place, *away) if away else place
    return places, reasons, peoples


def candidates(gazetteer: Gazetteer, text: str, most: int) -> list[tuple[Toponym, list[tuple[Candidate, float]]]]:
    """Every place name of a document with what it may mean and how well each fits, at most so many, best first."""
    found = gazetteer.search(text).names()
    names = names_of(gazetteer, text, [(t.start, t.end) for t in found], [t.reading for t in found])
    fitting: list[list[tuple[Candidate, float]]] = [[] for _ in found]
    for name, ranked in zip(names, rank(gazetteer, names, WEIGHTS, hints_of(text)), strict=True):
        best = np.argsort(-ranked.scores, kind="stable")[:most]
        for span in name.spans:
            fitting[span] = [(gazetteer.candidate(int(ranked.rows[i])), float(ranked.scores[i])) for i in best]
    return list(zip(found, fitting, strict=True))


def _holders(text: str, spans: list[tuple[int, int]], names: Sequence[Name]) -> dict[int, int]:
    """For each name that the text puts in or by another ("Khan al-Asal in western Aleppo", "London's Heathrow"), that other; by numbers."""
    of_span = {span: number for number, name in enumerate(names) for span in name.spans}
    found: dict[int, int] = {}
    ordered = list(itertools.pairwise(sorted(range(len(spans)), key=spans.__getitem__)))
    for one, other in ordered:
        if text[spans[one][1] : spans[other][0]] in _POSSESSIVE:
            found[of_span[other]] = of_span[one]
        elif lies_by(text, spans[one][1], spans[other][0]):
            found[of_span[one]] = of_span[other]
    for one, other in reversed(ordered):
        held_in = of_span[other] in found and text.startswith(" in ", spans[other][1])
        if held_in and text[spans[one][1] : spans[other][0]] in _LISTING:
            found.setdefault(of_span[one], found[of_span[other]])  # "Gara, Metina and Zap in northern Iraq"
    return found


_LISTING = frozenset({", ", " and ", ", and ", " or "})


def place_of(gazetteer: Gazetteer, index: int, reading: Reading, loosened: Modifier | None) -> Place:
    """Write the chosen candidate as a place, as precise as the text allows."""
    return _written(gazetteer, index, reading.noun, reading.called_after, loosened)


@lru_cache(maxsize=1 << 14)
def _written(gazetteer: Gazetteer, index: int, noun: str | None, called_after: bool, loosened: Modifier | None) -> Place:
    candidate = town = gazetteer.candidate(index)
    if loosened == "countryside" and (division := gazetteer.governorate_of(index)) is not None:
        candidate, loosened = gazetteer.candidate(division), None
    kind, radius, precision = candidate.kind, candidate.radius_km, _LEVEL_OF.get(candidate.kind, "exact")
    if noun and candidate.kind not in FACILITIES and precision == "exact":
        kind, radius, precision = noun, max(NEAR_KM, radius), "near"
    elif (loosened or called_after) and precision == "exact":
        radius, precision = max(NEAR_KM, radius), "near"
    if noun == "air_base" and kind == "airport":
        kind = noun  # what the text calls a military airfield is one, whatever else flies there
    # a countryside lies around its town, wherever the middle of the province may be
    return msgspec.structs.replace(gazetteer_place(gazetteer, candidate), lat=town.lat, lon=town.lon, kind=_public(kind), radius_km=radius,
                                   precision=precision, mgrs=grid(town.lat, town.lon, radius))  # fmt: skip


def moved(place: Place, away_km: float, wind: str | None) -> Place:
    """Move a place to where the text puts the deed: ``20 km west of Palmyra``; without a direction it may be anywhere so far around.

    What lies kilometres off a base is no base.
    """
    if away_km >= OUTSIDE_KM and place.kind in FACILITIES:
        place = msgspec.structs.replace(place, kind="site")
    if wind is None:
        radius = away_km + place.radius_km - (NEAR_KM if place.radius_km == NEAR_KM else 0)
        return msgspec.structs.replace(place, radius_km=max(1.0, radius), mgrs=grid(place.lat, place.lon, max(1.0, radius)))
    lat, lon = beyond(place.lat, place.lon, away_km, wind)
    radius = max(1.0, OFF_COURSE * away_km)
    told, reference = f"{away_km:.0f} km {wind} of {place.name}", grid(lat, lon, radius)
    return msgspec.structs.replace(place, lat=round(lat, 5), lon=round(lon, 5), radius_km=radius, mgrs=reference, relative=told)


def _public(kind: str) -> str:
    """Divisions are regions and districts to everybody else."""
    return {"admin1": "region", "admin2": "district"}.get(kind, kind)


def gazetteer_place(gazetteer: Gazetteer, candidate: Candidate) -> Place:
    """Write a candidate as it stands in the gazetteer."""
    return Place(
        id=candidate.id, name=candidate.name, kind=candidate.kind, lat=candidate.lat, lon=candidate.lon, radius_km=candidate.radius_km,
        country=candidate.country, country_name=candidate.country_name, admin1=candidate.admin1, admin1_code=candidate.admin1_code,
        also=candidate.aliases[:6], relative=_relative(gazetteer, candidate),
    )  # fmt: skip


def _relative(gazetteer: Gazetteer, candidate: Candidate) -> str | None:
    """Give distance and direction from a town that people know; None for what is wider than a town or is such a town itself."""
    if candidate.kind in _LEVEL_OF or candidate.population >= 100_000:
        return None
    town = gazetteer.nearest_town(candidate.index)
    if town is None:
        return None
    row, away = town
    known = gazetteer.candidate(row)
    if away < AT_TOWN_KM:
        return f"at {known.name}"
    return f"{away:.0f} km {bearing(known.lat, known.lon, candidate.lat, candidate.lon)} of {known.name}"
