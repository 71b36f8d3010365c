"""Chooses among the senses of a document's names: readings go in, the likeliest place of each comes out.

A linear score over what the whole document says: population, kind, containment, countries voted for, how well the other names agree. A name
has one sense per document. Weights were found on news corpora by random search, rounded; see docs/decisions/0003-gazetteer.md.
"""

import itertools
from collections import defaultdict
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from streams.detection import telephones, theatres
from streams.detection.artefact import CANONICAL, DEMONYM
from streams.detection.gazetteer import Gazetteer, Indices, Reading
from streams.detection.geodesy import EARTH_KM
from streams.detection.names import normalise
from streams.detection.overlay import KINDS
from streams.detection.telephones import Division
from streams.detection.toponyms import cue, division_after, enumerated
from streams.records import FACILITIES

Floats = NDArray[np.float64]

MOST_CANDIDATES = 150
"""Namesakes looked at, best known first: there are 300 San Joses."""
ANCHORS = 64
"""Senses of other names that agreement is measured with, likeliest first."""
FEW = 8
"""Values that are faster compared one by one than sorted."""
BLOCK = 2048
"""Candidates compared at a time, so that memory stays bounded."""
LARGE_TOWN = 50_000
"""People from which a town is known without its country."""
CHIEF_TOWN, CHIEF_SHARE = 15_000, 0.1
"""People of a town, and its share of the people of the division called after it, from which the name alone means the town."""


class Weights(msgspec.Struct, frozen=True):
    """How much each sign counts, in units of one power of ten of population times `population`."""

    population: float = 1.1
    country: float = 4.7
    admin1: float = 0.0
    admin2: float = -3.2
    site: float = -4.0
    named_site: float = 4.0
    """A site whose noun the text gives."""
    namesake: float = -2.4
    """A division called after a large town in it: ``Aleppo`` alone is the city."""
    area: float = 2.5
    """A region or sea of ours."""
    canonical: float = 2.4
    capital: float = 1.8
    """Of a country."""
    skeleton: float = -1.0
    vote: float = 8.0
    nation: float = 2.0
    """Its country is named in the document, or one who fights there is."""
    theatre: float = 4.0
    """One who fights in its country is named: counts beside `nation`."""
    dialled: float = 4.0
    """A telephone number of its state or province is given."""
    division: float = 1.7
    """Its first-level division is named in the document."""
    contained: float = 7.0
    """``Paris, Texas``."""
    near: float = 2.2
    near_scale_km: float = 200.0
    district: float = 1.7
    """One of the two is the district that the other lies in."""
    patience: float = 0.44
    """How much less a sense of another name helps for each unit that it lacks of the likeliest."""
    peer: float = 1.9
    """The names listed beside it are of its level."""
    unknown: float = 7.0
    """A place that is in no list: what the only sense of a name has to be likelier than before it tells of the others."""
    crowd: float = 0.27
    """What all other names together count beside the one that agrees best."""
    most: float = 12.5
    cue: float = 3.9
    no_country: float = -9.0
    """A country where the text says town, county or province: ``the city of Lebanon``, in Ohio."""


WEIGHTS = Weights()
COUNTRY, ADMIN1, _ADMIN2 = (KINDS.index(k) for k in ("country", "admin1", "admin2"))
_SETTLED = [KINDS.index(k) for k in ("city", "town", "village", "district")]
_AREAS = [KINDS.index(k) for k in ("region", "sea", "island", "mountain")]
_SITES = [KINDS.index(k) for k in FACILITIES if k in KINDS]
_LEVELS = {"country": [COUNTRY], "admin1": [ADMIN1], "admin2": [_ADMIN2], "settlement": _SETTLED}
OF_KIND = {level: np.isin(np.arange(len(KINDS)), kinds) for level, kinds in {**_LEVELS, "site": _SITES}.items()}
"""For each level, by kind number, whether a place of that kind is of it: a look-up, where `isin` would sort."""
_NUMBER_OF: dict[str | None, int] = {None: len(_LEVELS), **{level: number for number, level in enumerate(_LEVELS)}}
_AT_LEVEL = np.array([*(OF_KIND[level] for level in _LEVELS), np.zeros(len(KINDS), dtype=bool)])
"""By number of a level, the last for none, and kind number: whether a place of that kind is of it."""
_LEVEL_NUMBERS = np.array([next((n for n, kinds in enumerate(_LEVELS.values()) if k in kinds), len(_LEVELS)) for k in range(len(KINDS))])
_PARTS = frozenset({"settlement", "admin1", "admin2"})
"""Levels that no country is of."""
_LINKS = frozenset({" and ", " or ", ", and ", ", or "})
"""What stands between the last two names of a list."""


class Name(msgspec.Struct):
    """One name of the document with all its namesakes."""

    reading: Reading
    places: Indices
    flags: Indices
    spans: list[int]
    within: list[str]
    """Normalised names that follow it after a comma or contain it."""
    wants: str | None
    peers: list[int]
    """Other names of the document that stand beside it in a list."""


def names_of(gazetteer: Gazetteer, text: str, spans: list[tuple[int, int]], readings: list[Reading]) -> list[Name]:
    """Gather the spans of one name; ``Homs`` and ``Homs Province`` are two, as they are two places."""
    found: dict[tuple[str, str | None, str | None, str | None], Name] = {}
    for i, (reading, (low, high)) in enumerate(zip(readings, spans, strict=True)):
        wants = reading.wants or cue(text, low, high)
        within = reading.within or division_after(text, high)
        if within and enumerated(text, high) and _are_peers(gazetteer, reading, within):
            within = None
        name = found.get((reading.key, reading.noun, wants, within))
        if name is None:
            places, flags = _best_known(gazetteer, reading)
            name = found[reading.key, reading.noun, wants, within] = Name(reading, places, flags, [], [], wants, [])
        name.spans.append(i)
        if within and within not in name.within:
            name.within.append(within)
    names = list(found.values())
    _link_peers(text, spans, names)
    return names


def _link_peers(text: str, spans: list[tuple[int, int]], names: list[Name]) -> None:
    """Note which names stand side by side in a list: such are of one level, as in ``Ohio, Oregon and New York``."""
    of_span = {span: number for number, name in enumerate(names) for span in name.spans}
    order = sorted(range(len(spans)), key=spans.__getitem__)
    for before, after in itertools.pairwise(order):
        gap = text[spans[before][1] : spans[after][0]]
        one, other = of_span[before], of_span[after]
        if one != other and (gap in _LINKS or (gap == ", " and enumerated(text, spans[before][1]))):
            names[one].peers.append(other)
            names[other].peers.append(one)


def _are_peers(gazetteer: Gazetteer, reading: Reading, other: str) -> bool:
    """Whether two names can both be countries, or both first-level divisions of one country."""
    mine, theirs = reading.places, gazetteer.read_division(other)
    kinds = gazetteer.kind_numbers
    if (kinds[mine] == COUNTRY).any() and (kinds[theirs] == COUNTRY).any():
        return True
    nations = gazetteer.places["country"]
    return bool(np.isin(nations[mine[kinds[mine] == ADMIN1]], nations[theirs[kinds[theirs] == ADMIN1]]).any())


def _best_known(gazetteer: Gazetteer, reading: Reading) -> tuple[Indices, Indices]:
    if len(reading.places) <= MOST_CANDIDATES:
        return reading.places, reading.flags
    order = np.argsort(-gazetteer.places["population"][reading.places].astype(np.int64), kind="stable")[:MOST_CANDIDATES]
    return reading.places[order], reading.flags[order]


class _Field(NamedTuple):
    """All senses of all names of a document, one beside the other: columns of equal length."""

    rows: Indices
    """Of the gazetteer."""
    owner: Indices
    """Number of the name that each is a sense of."""
    kinds: NDArray[np.uint8]
    country: Indices
    admin1: Indices
    admin2: Indices
    unit: Floats
    """Where each lies on the unit sphere: x, y, z."""


def _field(gazetteer: Gazetteer, names: Sequence[Name]) -> _Field:
    """Lay the senses of *names* out."""
    rows = np.concatenate([n.places for n in names])
    table = gazetteer.places[rows]
    owner = np.repeat(np.arange(len(names)), [len(n.places) for n in names])
    lat, lon = np.radians(table["lat"].astype(np.float64)), np.radians(table["lon"].astype(np.float64))
    unit = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)
    return _Field(rows, owner, gazetteer.kind_numbers[rows], table["country"].astype(np.int64), table["admin1"], table["admin2"], unit)


class Ranked(NamedTuple):
    """What a name may mean."""

    rows: Indices
    """Of the gazetteer."""
    scores: Floats
    inside: NDArray[np.bool_]
    """Whether it lies in what the text puts after the name."""


class Hints(NamedTuple):
    """What a document says of where it is about, besides places."""

    fought: AbstractSet[str] = frozenset()
    """Countries (ISO 3166) in which those fight whom it names: see `theatres`."""
    dialled: AbstractSet[Division] = frozenset()
    """States and provinces whose telephone numbers it gives: see `telephones`."""


NO_HINTS = Hints()


def hints_of(text: str) -> Hints:
    """The hints of a document."""
    return Hints(theatres.of(text), telephones.of(text))


def choose(gazetteer: Gazetteer, names: Sequence[Name], weights: Weights, hints: Hints = NO_HINTS) -> list[int | None]:
    """Choose one row of the gazetteer for each name; None where there is none to choose."""
    found = []
    for name, ranked in zip(names, rank(gazetteer, names, weights, hints), strict=True):
        best = int(np.argmax(ranked.scores)) if len(ranked.rows) else None
        found.append(None if best is None else _held(gazetteer, name, int(ranked.rows[best]), bool(ranked.inside[best])))
    return found


def rank(gazetteer: Gazetteer, names: Sequence[Name], weights: Weights, hints: Hints = NO_HINTS) -> list[Ranked]:
    """Score all that each name may mean, jointly."""
    sizes = [len(n.places) for n in names]
    if not sum(sizes):
        return [Ranked(n.places, np.zeros(0), np.zeros(0, dtype=bool)) for n in names]
    field = _field(gazetteer, names)
    rows = field.rows
    own = _own_score(gazetteer, names, rows, weights)
    containers = _containment(gazetteer, names, rows, field.owner)
    bonus = weights.contained * containers + weights.dialled * _dialled(gazetteer, field, hints.dialled)
    fought = np.zeros(len(gazetteer.countries), dtype=bool)
    if hints.fought:
        fought[[i for i, country in enumerate(gazetteer.countries) if country in hints.fought]] = True
    total = own
    for _ in range(2):
        total = own + bonus + _context_score(names, field, total + bonus, weights, fought)
    ends = np.cumsum(sizes)
    spans = [slice(e - s, e) for s, e in zip(sizes, ends, strict=True)]
    return [Ranked(rows[span], total[span], containers[span] > 0) for span in spans]


def _dialled(gazetteer: Gazetteer, field: _Field, divisions: AbstractSet[Division]) -> NDArray[np.bool_]:
    """Mark the candidates that lie in one of some *divisions*."""
    marks = np.zeros(len(field.rows), dtype=bool)
    for division in divisions:
        called = gazetteer.read_division(normalise(division.name))
        nations = [gazetteer.countries[n] for n in gazetteer.places["country"][called].tolist()]
        meant = called[(gazetteer.kind_numbers[called] == ADMIN1) & np.array([n == division.country for n in nations], dtype=bool)]
        marks |= np.isin(field.admin1, meant) & (field.kinds != ADMIN1)
    return marks


def _held(gazetteer: Gazetteer, name: Name, index: int, inside: bool) -> int:
    """Fall back on ``Missouri`` where no ``Holliday, Missouri`` is known, rather than take a Holliday elsewhere.

    Not for a town that is well known by itself, nor a division called after a town: "in Kherson, Moscow said".
    """
    place = gazetteer.places[index]
    if inside or not name.within or not OF_KIND["settlement"][place["kind"]] or place["population"] >= LARGE_TOWN:
        return index
    around = gazetteer.read_division(name.within[0])
    divisions = around[gazetteer.kind_numbers[around] == ADMIN1]
    if not len(divisions) or place["admin1"] in divisions:
        return index
    towns, flags = gazetteer.lookup(name.within[0])
    towns = towns[(flags & CANONICAL) > 0]
    if (gazetteer.places["population"][towns[OF_KIND["settlement"][gazetteer.kind_numbers[towns]]]] >= LARGE_TOWN).any():
        return index
    return int(divisions[np.argmax(gazetteer.places["population"][divisions])])


def _own_score(gazetteer: Gazetteer, names: Sequence[Name], rows: Indices, weights: Weights) -> Floats:
    """Score what a candidate brings along: how many live there, its kind, whether the name is its own."""
    kinds = gazetteer.kind_numbers[rows]
    flags = np.concatenate([n.flags for n in names])
    people = gazetteer.places["population"][rows].astype(np.float64)
    score = weights.population * np.log10(people + 300)
    prior = _prior(weights)
    score += prior[kinds]
    score += weights.capital * gazetteer.capitals[rows]
    score += weights.canonical * ((flags & (CANONICAL | DEMONYM)) > 0)
    score += weights.skeleton * (flags == 0)
    levels, sizes = [n.wants for n in names], [len(n.places) for n in names]
    score += weights.namesake * np.concatenate([_namesakes(gazetteer, n) for n in names])
    score += weights.cue * _AT_LEVEL[np.repeat([_NUMBER_OF[level] for level in levels], sizes), kinds]
    score += weights.no_country * (np.repeat([level in _PARTS for level in levels], sizes) & (kinds == COUNTRY))
    score += weights.named_site * (np.repeat([n.reading.sited for n in names], sizes) & OF_KIND["site"][kinds])
    return np.asarray(score)


def _namesakes(gazetteer: Gazetteer, name: Name) -> NDArray[np.bool_]:
    """Mark the divisions among a name's candidates that hold a large town of the same name; of Quebec the town is too small a part."""
    divisions = gazetteer.kind_numbers[name.places] == ADMIN1
    if not divisions.any():
        return np.asarray(divisions)
    table = gazetteer.places[name.places]
    towns = OF_KIND["settlement"][table["kind"]] & (table["population"] >= CHIEF_TOWN)
    parts = gazetteer.places["population"][table["admin1"][towns]] * CHIEF_SHARE
    towns[towns] = table["population"][towns] >= parts
    if not towns.any():
        return np.zeros(len(table), dtype=bool)
    return np.asarray(np.isin(name.places, table["admin1"][towns]) & divisions)


def _prior(weights: Weights) -> Floats:
    prior = np.zeros(len(KINDS))
    prior[COUNTRY], prior[ADMIN1], prior[_ADMIN2] = weights.country, weights.admin1, weights.admin2
    prior[_SITES], prior[_AREAS] = weights.site, weights.area
    return prior


def _containment(gazetteer: Gazetteer, names: Sequence[Name], rows: Indices, owner: Indices) -> Floats:
    """Mark candidates that lie in what the text puts after their name: ``Paris, Texas``, ``Aleppo, Syria``."""
    marks = np.zeros(len(rows))
    if not any(name.within for name in names):
        return marks
    table = gazetteer.places
    starts = np.searchsorted(owner, np.arange(len(names) + 1)).tolist()
    called: dict[str, list[int]] = defaultdict(list)
    for i, name in enumerate(names):
        called[name.reading.key].append(i)
    for i, name in enumerate(names):
        mine = slice(starts[i], starts[i + 1])
        own = rows[mine]
        for within in name.within:
            around = gazetteer.read_division(within)
            inside = np.isin(table["admin1"][own], around) | np.isin(table["admin2"][own], around)
            nations = table["country"][around[gazetteer.kind_numbers[around] == COUNTRY]]
            inside |= np.isin(table["country"][own], nations) & (gazetteer.kind_numbers[own] != COUNTRY)
            marks[mine] += inside & ~np.isin(own, around)
            holds = np.concatenate([table["admin1"][own], table["admin2"][own]])
            for j in called[within]:  # and Texas is then the one that holds a Paris
                if j != i:
                    theirs = slice(starts[j], starts[j + 1])
                    marks[theirs] += 0.5 * np.isin(rows[theirs], holds)
    return marks


def _context_score(names: Sequence[Name], field: _Field, base: Floats, weights: Weights, fought: NDArray[np.bool_]) -> Floats:
    """Score how well each candidate fits with the likely senses of the other names, and with who fights where."""
    owner, country, kinds = field.owner, field.country, field.kinds
    likely = _softmax(base, owner, len(names), weights.unknown)
    cell = owner * len(fought) + country
    own_votes = np.bincount(cell, likely, minlength=len(names) * len(fought))
    votes = own_votes.reshape(len(names), -1).sum(axis=0)
    share = (votes[country] - own_votes[cell]) / max(1.0, len(names) - 1.0)
    saturated = share * (1 - np.exp(-(len(names) - 1) / 1.5))
    nations = fought.copy()
    nations[country[(kinds == COUNTRY) & (likely > 0.5)]] = True
    score = weights.vote * saturated + weights.nation * (nations[country] & (kinds != COUNTRY)) + _agreement(field, base, weights)
    score += weights.theatre * fought[country]
    named = field.rows[(kinds == ADMIN1) & (likely > 0.5)]
    if len(named):
        score += weights.division * (_among(field.admin1, named) & (kinds != ADMIN1))
    if any(name.peers for name in names):
        score += weights.peer * _peerage(names, field, likely)
    return np.asarray(score)


def _among(values: Indices, few: Indices) -> NDArray[np.bool_]:
    """Which *values* are one of a *few*: `isin` sorts, which costs more."""
    return (values[:, None] == few).any(axis=1) if len(few) < FEW else np.isin(values, few)


def _peerage(names: Sequence[Name], field: _Field, likely: Floats) -> Floats:
    """Measure how far the names listed beside a candidate's are of its level: countries, first-level divisions, districts, settlements."""
    level = _LEVEL_NUMBERS[field.kinds]
    levels = int(_LEVEL_NUMBERS.max()) + 1
    mass = np.bincount(field.owner * levels + level, likely, minlength=len(names) * levels).reshape(len(names), levels)
    beside = np.zeros_like(mass)
    for i, name in enumerate(names):
        if name.peers:
            beside[i] = mass[name.peers].mean(axis=0)
    return np.asarray(beside[field.owner, level])


def _softmax(score: Floats, owner: Indices, count: int, unknown: float) -> Floats:
    """Turn scores into odds among the senses of a name, one of which is always a place that nobody knows."""
    top = np.full(count, unknown)
    np.maximum.at(top, owner, score)
    odds = np.exp(score - top[owner])
    total = np.exp(unknown - top) + np.bincount(owner, odds, minlength=count)
    return np.asarray(odds / total[owner])


def _agreement(field: _Field, base: Floats, weights: Weights) -> Floats:
    """Measure how well one sense of each other name goes with a candidate: it lies near, or one is the district that the other is in.

    A sense that is not its name's likeliest counts less by what it lacks, so two names that are doubtful alone can agree on a place:
    a Richmond and a Madison County that holds it. Countries are no points to be near to.
    """
    rows, owner, unit, district = field.rows, field.owner, field.unit, field.admin2
    best = np.full(int(owner[-1]) + 1, weights.unknown)
    np.maximum.at(best, owner, base)
    lacks = np.where(field.kinds == COUNTRY, np.inf, best[owner] - base)
    anchors = np.argsort(lacks, kind="stable")[:ANCHORS]
    anchors = anchors[lacks[anchors] * weights.patience < weights.near + weights.district]
    if not len(anchors):
        return np.zeros(len(rows))
    anchors = anchors[np.argsort(owner[anchors], kind="stable")]
    owners = owner[anchors]
    starts = np.flatnonzero(np.concatenate([[True], owners[1:] > owners[:-1]]))
    score = np.zeros(len(rows))
    for low in range(0, len(rows), BLOCK):
        block = slice(low, low + BLOCK)
        chord = np.clip(2 - 2 * unit[block] @ unit[anchors].T, 0, 4)
        close = weights.near * np.exp(-EARTH_KM * np.sqrt(chord) / weights.near_scale_km)
        close += weights.district * ((district[block, None] == rows[anchors]) | (rows[block, None] == district[anchors]))
        close -= weights.patience * lacks[anchors]
        close[owner[block, None] == owners] = 0
        told = np.maximum.reduceat(np.maximum(close, 0), starts, axis=1)
        score[block] = told.max(axis=1) * (1 - weights.crowd) + np.minimum(told.sum(axis=1), weights.most) * weights.crowd
    return score
