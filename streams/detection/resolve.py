"""Decides which place a name means: a text and its toponyms go in, one `Place` or None with a reason for each comes out.

A linear score over what the whole document says (population, kind, containment, countries voted for, nearness of the other names);
a name has one sense per document. Weights were found on news corpora by random search, rounded; see docs/decisions/0003-gazetteer.md.
"""

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from streams.detection.artefact import CANONICAL, DEMONYM
from streams.detection.gazetteer import Candidate, Gazetteer, Indices, Reading
from streams.detection.geodesy import EARTH_KM, bearing, grid
from streams.detection.overlay import KINDS
from streams.detection.toponyms import Modifier, Toponym, cue, division_after, modifier
from streams.records import FACILITIES, Place

Floats = NDArray[np.float64]

MOST_CANDIDATES = 150
"""Namesakes looked at, best known first: there are 300 San Joses."""
ANCHORS = 24
"""Other names of the document that nearness is measured to."""
LARGE_TOWN = 50_000
"""People from which a town outshines the division that is called after it."""
NEAR_KM = 10.0
"""What "near", "around" and "on the outskirts of" allow for."""
AT_TOWN_KM = 3.0
"""Nearer than this a site is at the town, not so many km from it."""


class Weights(msgspec.Struct, frozen=True):
    """How much each sign counts, in units of one power of ten of population times `population`."""

    population: float = 1.1
    country: float = 4.5
    admin1: float = -0.5
    admin2: float = -1.7
    site: float = -2.7
    named_site: float = 5.8
    """A site whose noun the text gives."""
    namesake: float = -2.5
    """A division called after a large town in it: ``Aleppo`` alone is the city."""
    area: float = 2.3
    """A region or sea of ours."""
    canonical: float = 2.3
    capital: float = 1.0
    """Of a country."""
    skeleton: float = -1.0
    vote: float = 8.0
    division: float = 1.8
    """Its first-level division is named in the document."""
    contained: float = 5.0
    """``Paris, Texas``."""
    near: float = 2.8
    near_scale_km: float = 300.0
    cue: float = 3.5


WEIGHTS = Weights()
_COUNTRY, _ADMIN1, _ADMIN2 = (KINDS.index(k) for k in ("country", "admin1", "admin2"))
_SETTLED = [KINDS.index(k) for k in ("city", "town", "village", "district")]
_AREAS = [KINDS.index(k) for k in ("region", "sea", "island", "mountain")]
_SITES = [KINDS.index(k) for k in FACILITIES if k in KINDS]
_LEVELS = {"country": [_COUNTRY], "admin1": [_ADMIN1], "admin2": [_ADMIN2], "settlement": _SETTLED}
_OF_KIND = {level: np.isin(np.arange(len(KINDS)), kinds) for level, kinds in {**_LEVELS, "site": _SITES}.items()}
"""For each level, by kind number, whether a place of that kind is of it: a look-up, where `isin` would sort."""
_LEVEL_OF = {**dict.fromkeys(("admin1", "region", "sea", "island", "mountain"), "admin1"), "admin2": "admin2", "country": "country"}


class Located(msgspec.Struct, frozen=True):
    """What one document says of places."""

    toponyms: tuple[Toponym, ...]
    """In order of the text, without overlap."""
    places: tuple[Place | None, ...]
    """One for each toponym."""
    reasons: tuple[str | None, ...]
    """Why a place is None."""


class _Name(msgspec.Struct):
    """One name of the document with all its namesakes."""

    reading: Reading
    places: Indices
    flags: Indices
    spans: list[int]
    within: list[str]
    """Normalised names that follow it after a comma or contain it."""
    wants: str | None


def locate(gazetteer: Gazetteer, text: str, *, start: int = 0, end: int | None = None) -> Located:
    """Find and resolve every place name of a document, jointly. Call it once per document."""
    found = gazetteer.find(text, start=start, end=end)
    places, reasons = _resolve(gazetteer, text, [(t.start, t.end) for t in found], [t.reading for t in found], [t.modifier for t in found])
    return Located(tuple(found), tuple(places), tuple(reasons))


def resolve(gazetteer: Gazetteer, text: str, spans: Sequence[tuple[int, int]]) -> list[Place | None]:
    """Resolve spans that are given to be places, jointly; None where the gazetteer knows no such name.

    Args:
        gazetteer: Where names are looked up.
        text: The whole document; its other words help to choose.
        spans: Character offsets [start, end) into *text*, in any order.
    """
    readings = [gazetteer.read(text[low:high].strip(" \n\t.,;:()\"'“”‘’")) for low, high in spans]
    return _resolve(gazetteer, text, list(spans), readings, [modifier(text, low, high) for low, high in spans])[0]


def _resolve(
    gazetteer: Gazetteer, text: str, spans: list[tuple[int, int]], readings: list[Reading], modifiers: list[Modifier | None]
) -> tuple[list[Place | None], list[str | None]]:
    names = _names(gazetteer, text, spans, readings)
    chosen = choose(gazetteer, names, WEIGHTS)
    places: list[Place | None] = [None] * len(spans)
    reasons: list[str | None] = [None] * len(spans)
    for name, index in zip(names, chosen, strict=True):
        for span in name.spans:
            low, high = spans[span]
            if index is None:
                reasons[span] = f"no place of the name {text[low:high]!r} is known"
            else:
                places[span] = place_of(gazetteer, index, name.reading, modifiers[span])
    return places, reasons


def _names(gazetteer: Gazetteer, text: str, spans: list[tuple[int, int]], readings: list[Reading]) -> list[_Name]:
    """Gather the spans of one name; ``Homs`` and ``Homs Province`` are two, as they are two places."""
    found: dict[tuple[str, str | None, str | None, str | None], _Name] = {}
    for i, (reading, (low, high)) in enumerate(zip(readings, spans, strict=True)):
        wants = reading.wants or cue(text, low, high)
        within = reading.within or division_after(text, high)
        name = found.get((reading.key, reading.noun, wants, within))
        if name is None:
            places, flags = _best_known(gazetteer, reading)
            name = found[reading.key, reading.noun, wants, within] = _Name(reading, places, flags, [], [], wants)
        name.spans.append(i)
        if within and within not in name.within:
            name.within.append(within)
    return list(found.values())


def _best_known(gazetteer: Gazetteer, reading: Reading) -> tuple[Indices, Indices]:
    if len(reading.places) <= MOST_CANDIDATES:
        return reading.places, reading.flags
    order = np.argsort(-gazetteer.places["population"][reading.places].astype(np.int64), kind="stable")[:MOST_CANDIDATES]
    return reading.places[order], reading.flags[order]


def choose(gazetteer: Gazetteer, names: Sequence[_Name], weights: Weights) -> list[int | None]:
    """Choose one row of the gazetteer for each name; None where there is none to choose."""
    return [int(rows[np.argmax(scores)]) if len(rows) else None for rows, scores in scored(gazetteer, names, weights)]


def scored(gazetteer: Gazetteer, names: Sequence[_Name], weights: Weights) -> list[tuple[Indices, Floats]]:
    """The rows of the gazetteer that each name may mean, with the score of each; none where no place is called so."""
    sizes = [len(n.places) for n in names]
    if not sum(sizes):
        return [(n.places, np.zeros(0)) for n in names]
    rows = np.concatenate([n.places for n in names])
    owner = np.repeat(np.arange(len(names)), sizes)
    ends = np.cumsum(sizes)
    own = _own_score(gazetteer, names, rows, owner, weights)
    total = own
    containers = _containment(gazetteer, names, rows, [slice(e - s, e) for s, e in zip(sizes, ends, strict=True)])
    for _ in range(2):
        total = (
            own
            + weights.contained * containers
            + _context_score(gazetteer, names, rows, owner, total + weights.contained * containers, weights)
        )
    return [(rows[e - s : e], total[e - s : e]) for s, e in zip(sizes, ends, strict=True)]


def candidates(gazetteer: Gazetteer, text: str, most: int) -> list[tuple[Toponym, list[tuple[Candidate, float]]]]:
    """Every place name of a document with what it may mean and how well each fits, at most so many, best first."""
    found = gazetteer.find(text)
    names = _names(gazetteer, text, [(t.start, t.end) for t in found], [t.reading for t in found])
    ranked: list[list[tuple[Candidate, float]]] = [[] for _ in found]
    for name, (rows, scores) in zip(names, scored(gazetteer, names, WEIGHTS), strict=True):
        best = np.argsort(-scores, kind="stable")[:most]
        for span in name.spans:
            ranked[span] = [(gazetteer.candidate(int(rows[i])), float(scores[i])) for i in best]
    return list(zip(found, ranked, strict=True))


def _own_score(gazetteer: Gazetteer, names: Sequence[_Name], rows: Indices, owner: Indices, weights: Weights) -> Floats:
    """Score what a candidate brings along: how many live there, its kind, whether the name is its own."""
    kinds = gazetteer.kind_numbers[rows]
    flags = np.concatenate([n.flags for n in names])
    people = gazetteer.places["population"][rows].astype(np.float64)
    score = weights.population * np.log10(people + 300)
    prior = _prior(weights)
    score += prior[kinds]
    score += weights.capital * gazetteer.is_capital[rows]
    score += weights.canonical * ((flags & (CANONICAL | DEMONYM)) > 0)
    score += weights.skeleton * (flags == 0)
    wanted = [_OF_KIND[n.wants][gazetteer.kind_numbers[n.places]] if n.wants else np.zeros(len(n.places), bool) for n in names]
    sited = np.array([n.reading.sited for n in names])[owner]
    score += weights.namesake * np.concatenate([_namesakes(gazetteer, n) for n in names])
    score += weights.cue * np.concatenate(wanted)
    score += weights.named_site * (sited & _OF_KIND["site"][kinds])
    return np.asarray(score)


def _namesakes(gazetteer: Gazetteer, name: _Name) -> NDArray[np.bool_]:
    """Mark the divisions among a name's candidates that hold a large town of the same name."""
    divisions = gazetteer.kind_numbers[name.places] == _ADMIN1
    if not divisions.any():
        return np.asarray(divisions)
    table = gazetteer.places[name.places]
    towns = _OF_KIND["settlement"][table["kind"]] & (table["population"] >= LARGE_TOWN)
    return np.asarray(np.isin(name.places, table["admin1"][towns]) & divisions)


def _prior(weights: Weights) -> Floats:
    prior = np.zeros(len(KINDS))
    prior[_COUNTRY], prior[_ADMIN1], prior[_ADMIN2] = weights.country, weights.admin1, weights.admin2
    prior[_SITES], prior[_AREAS] = weights.site, weights.area
    return prior


def _containment(gazetteer: Gazetteer, names: Sequence[_Name], rows: Indices, spans: Sequence[slice]) -> Floats:
    """Mark candidates that lie in what the text puts after their name: ``Paris, Texas``, ``Aleppo, Syria``.

    Args:
        spans: Where among *rows* the candidates of each name are.
    """
    marks = np.zeros(len(rows))
    table = gazetteer.places
    called: dict[str, list[int]] = {}
    for i, name in enumerate(names):
        called.setdefault(name.reading.key, []).append(i)
    for i, (name, mine) in enumerate(zip(names, spans, strict=True)):
        own = rows[mine]
        holds = np.concatenate([table["admin1"][own], table["admin2"][own]]) if name.within else own
        for within in name.within:
            around = gazetteer.read_division(within)
            inside = np.isin(table["admin1"][own], around) | np.isin(table["admin2"][own], around)
            nations = table["country"][around[gazetteer.kind_numbers[around] == _COUNTRY]]
            inside |= np.isin(table["country"][own], nations) & (gazetteer.kind_numbers[own] != _COUNTRY)
            marks[mine] += inside & ~np.isin(own, around)
            for j in called.get(within, ()):  # and Texas is then the one that holds a Paris
                if j != i:
                    marks[spans[j]] += 0.5 * np.isin(rows[spans[j]], holds)
    return marks


def _context_score(gazetteer: Gazetteer, names: Sequence[_Name], rows: Indices, owner: Indices, base: Floats, weights: Weights) -> Floats:
    """Score how well each candidate fits with the likely senses of the other names."""
    likely = _softmax(base, owner, len(names))
    table = gazetteer.places
    country = table["country"][rows].astype(np.int64)
    votes = np.zeros(len(gazetteer.countries))
    np.add.at(votes, country, likely)
    own_votes = np.zeros((len(names), len(gazetteer.countries)))
    np.add.at(own_votes, (owner, country), likely)
    others = votes[country] - own_votes[owner, country]
    share = others / max(1.0, len(names) - 1.0)
    saturated = share * (1 - np.exp(-(len(names) - 1) / 1.5))
    named = rows[(gazetteer.kind_numbers[rows] == _ADMIN1) & (likely > 0.5)]
    division = np.zeros(len(rows), bool)
    if len(named):
        division = np.isin(table["admin1"][rows], named) & (gazetteer.kind_numbers[rows] != _ADMIN1)
    score = (
        weights.vote * saturated
        + weights.division * division
        + weights.near * _nearness(gazetteer, rows, owner, likely, weights.near_scale_km)
    )
    return np.asarray(score)


def _softmax(score: Floats, owner: Indices, count: int) -> Floats:
    top = np.full(count, -np.inf)
    np.maximum.at(top, owner, score)
    odds = np.exp(score - top[owner])
    total = np.zeros(count)
    np.add.at(total, owner, odds)
    return np.asarray(odds / total[owner])


def _nearness(gazetteer: Gazetteer, rows: Indices, owner: Indices, likely: Floats, scale_km: float) -> Floats:
    """Measure how near the likeliest senses of other names are: 0 far, towards 1 close by. Countries are no points to be near to."""
    pointed = np.where(gazetteer.kind_numbers[rows] == _COUNTRY, 0.0, likely)
    anchors = np.argsort(-pointed, kind="stable")[:ANCHORS]
    anchors = anchors[pointed[anchors] > 0.3]
    if not len(anchors):
        return np.zeros(len(rows))
    lat, lon = np.radians(gazetteer.places["lat"][rows].astype(np.float64)), np.radians(gazetteer.places["lon"][rows].astype(np.float64))
    unit = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)
    chord = np.clip(2 - 2 * unit @ unit[anchors].T, 0, 4)
    close = np.exp(-EARTH_KM * np.sqrt(chord) / scale_km) * pointed[anchors]
    close[owner[:, None] == owner[anchors][None, :]] = 0
    return np.asarray(np.minimum(1.0, close.max(axis=1) * 0.6 + close.sum(axis=1) * 0.15))


def place_of(gazetteer: Gazetteer, index: int, reading: Reading, loosened: Modifier | None) -> Place:
    """Write the chosen candidate as a place, as precise as the text allows."""
    candidate = gazetteer.candidate(index)
    if loosened == "countryside" and (division := gazetteer.governorate_of(index)) is not None:
        candidate, loosened = gazetteer.candidate(division), None
    kind, radius, precision = candidate.kind, candidate.radius_km, _LEVEL_OF.get(candidate.kind, "exact")
    if reading.noun and candidate.kind not in FACILITIES and precision == "exact":
        kind, radius, precision = reading.noun, max(NEAR_KM, radius), "near"
    elif (loosened or reading.called_after) and precision == "exact":
        radius, precision = max(NEAR_KM, radius), "near"
    return msgspec.structs.replace(gazetteer_place(gazetteer, candidate), kind=_public(kind), radius_km=radius, precision=precision,
                                   mgrs=grid(candidate.lat, candidate.lon, radius))  # fmt: skip


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
