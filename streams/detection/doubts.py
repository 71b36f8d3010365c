"""Says which likeliest senses are not to be believed, and what is meant instead: "Wadi" is not in India where all else is in Syria."""

import itertools
from collections import Counter
from collections.abc import Sequence

import msgspec

from streams.detection.gazetteer import Gazetteer
from streams.detection.geodesy import distance_km
from streams.detection.senses import COUNTRY, LARGE_TOWN, OF_KIND, Name

BESIDE_KM = 100.0
"""How far beyond its edge a place may be from what it is said to be in or by."""
KNOWN_TOWN = 50_000
"""People below which a town has to fit with what else a text names."""
FIRM = 50
"""Well-known places of a text that a lesser one is held against."""
FAR_KM = 1000.0
"""A small town farther than this from all else that a text names is hardly meant."""


class Verdict(msgspec.Struct, frozen=True):
    """What to make of one name."""

    index: int | None
    """Row of the gazetteer; None if none is known."""
    doubt: str | None = None
    """Why the place is not to be believed; None if it is."""
    held: bool = False
    """The row is what the name lies in or by, not the thing itself."""


def judge(
    gazetteer: Gazetteer,
    names: Sequence[Name],
    chosen: Sequence[int | None],
    holders: dict[int, int],
    bands: frozenset[int],
    *,
    given: bool,
) -> list[Verdict]:
    """Judge the likeliest sense of each name of a document.

    Args:
        gazetteer: Where the places are.
        names: The names of a document.
        chosen: The likeliest sense of each.
        holders: Which name the text puts in or by which other; by their numbers.
        bands: Which names stand only in front of fighters, and may be of those.
        given: The names are known to be places: then those that lie elsewhere stand at what holds them, even if that is a country.
    """
    table = gazetteer.places
    sure = {i: c for i, (n, c) in enumerate(zip(names, chosen, strict=True)) if c is not None and n.flags.any()}
    nations = Counter(int(table["country"][c]) for c in sure.values())
    firm = dict(itertools.islice(((i, c) for i, c in sure.items() if i not in bands and _is_firm(gazetteer, c)), FIRM))
    verdicts = []
    for i, (name, index) in enumerate(zip(names, chosen, strict=True)):
        around = chosen[holders[i]] if i in holders else None
        others = [c for j, c in firm.items() if j != i]
        backed = index is not None and nations[int(table["country"][index])] > (i in sure)
        doubt = None if index is None else _doubt(gazetteer, name, index, around, others, backed=backed or not nations, given=given)
        if doubt is None:
            verdicts.append(Verdict(index))
        elif around is not None and _is_elsewhere(gazetteer, index, around) and (given or gazetteer.kind_numbers[around] != COUNTRY):
            verdicts.append(Verdict(around, held=True))
        else:
            other = _respelt(gazetteer, name, {int(table["country"][c]) for c in others} or set(nations))
            verdicts.append(Verdict(index, doubt) if other is None else Verdict(other))
    return verdicts


def _doubt(gazetteer: Gazetteer, name: Name, index: int, around: int | None, others: list[int], *, backed: bool, given: bool) -> str | None:
    """Say why *index* is not to be believed; None if it is. It is *backed* if another name of the document is in its country."""
    place = gazetteer.places[index]
    if not name.flags.any():
        return None if backed else "nothing else here is in that country"
    if not given and name.within:
        return None
    if _is_elsewhere(gazetteer, index, around):
        return "it is not where the text says that it lies"
    if not given and name.wants:
        return None
    if not _is_lesser(gazetteer, index) or not others or (given and backed):
        return None
    rows = gazetteer.places[others]
    away = float(distance_km(place["lat"], place["lon"], rows["lat"], rows["lon"]).min())
    return "everything else here is far from there" if away > FAR_KM else None


def _is_firm(gazetteer: Gazetteer, index: int) -> bool:
    """Whether a place is well known by itself and what a text is about: no country, nor a capital, where people only speak."""
    kind = gazetteer.kind_numbers[index]
    if kind == COUNTRY or gazetteer.capitals[index]:
        return False
    return bool(OF_KIND["admin1"][kind] or gazetteer.places["population"][index] >= LARGE_TOWN)


def _is_lesser(gazetteer: Gazetteer, index: int) -> bool:
    place = gazetteer.places[index]
    return bool(OF_KIND["settlement"][place["kind"]] and place["population"] < KNOWN_TOWN)


def _is_elsewhere(gazetteer: Gazetteer, index: int | None, around: int | None) -> bool:
    """Whether a lesser place lies neither in nor by what the text puts it in or by."""
    if index is None or around is None or not _is_lesser(gazetteer, index):
        return False
    one, other = gazetteer.places[index], gazetteer.places[around]
    if one["admin1"] == around:
        return False
    if other["kind"] == COUNTRY:
        return bool(one["country"] != other["country"])
    away = float(distance_km(one["lat"], one["lon"], other["lat"], other["lon"]))
    return away > BESIDE_KM + float(other["radius_km"])


def _respelt(gazetteer: Gazetteer, name: Name, nations: set[int]) -> int | None:
    """Give the place of *nations* whose name is spelt most like it; None if none is spelt much like it."""
    spelt = gazetteer.spelt_within(name.reading.key, nations)
    return int(spelt[0]) if len(spelt) else None
