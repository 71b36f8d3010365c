"""Where towns, villages and quarters of fronts lie, and what is not one though it bears the name, row by row of `fronts.tsv`."""

import re
from pathlib import Path

import pytest

from streams.detection.gazetteer import Gazetteer
from streams.detection.geodesy import distance_km
from streams.detection.resolve import locate
from streams.records import Place

TABLE = Path(__file__).with_name("fronts.tsv")
ROWS = [line.split("\t") for line in TABLE.read_text(encoding="utf8").splitlines() if line and not line.startswith("#")]
NEAR_KM = 15.0
_POINT = re.compile(r"(-?\d+\.\d+) (-?\d+\.\d+)")


@pytest.mark.parametrize(("theatre", "expect", "sentence"), ROWS, ids=[f"{t}: {s[:60]}" for t, _, s in ROWS])
def test_a_front_is_told_from_its_namesakes(gazetteer: Gazetteer, theatre: str, expect: str, sentence: str) -> None:
    places = [p for p in locate(gazetteer, sentence, gazetteer.search(sentence).names()).places if p]
    unwanted = theatre == "elsewhere" or (expect.startswith("-") and not _POINT.fullmatch(expect))
    meant = [p for p in places if is_meant(p, expect.removeprefix("-") if unwanted else expect)]
    assert bool(meant) != unwanted, [f"{p.name}/{p.kind}" for p in places]


def is_meant(place: Place, expect: str) -> bool:
    """Whether *place* is what a row names, by ``name``, ``name/kind`` or ``lat lon``."""
    point = _POINT.fullmatch(expect)
    if point:
        return float(distance_km(place.lat, place.lon, float(point[1]), float(point[2]))) <= NEAR_KM
    return expect in (place.name, f"{place.name}/{place.kind}")
