"""Where the towns, villages and quarters of fronts lie, row by row of `fronts.tsv`, and what only looks like them."""

from pathlib import Path

import pytest

from streams.detection.gazetteer import Gazetteer
from streams.detection.geodesy import distance_km
from streams.detection.resolve import locate

ROWS = [
    line.split("\t") for line in Path(__file__).with_name("fronts.tsv").read_text("utf8").splitlines() if line and not line.startswith("#")
]
NEAR_KM = 15.0


@pytest.mark.parametrize(("expect", "sentence"), ROWS, ids=[sentence for _, sentence in ROWS])
def test_a_front_lies_where_it_is(gazetteer: Gazetteer, expect: str, sentence: str) -> None:
    lat, lon = map(float, expect.removeprefix("not ").split())
    places = [p for p in locate(gazetteer, sentence, gazetteer.search(sentence).names()).places if p is not None]
    away = {p.name: round(float(distance_km(p.lat, p.lon, lat, lon))) for p in places}
    assert any(km <= NEAR_KM for km in away.values()) != expect.startswith("not "), away
