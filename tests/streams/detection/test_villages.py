"""Where villages, towns and quarters of the front lie, and what is not one though it bears the name, row by row of `villages.tsv`."""

from pathlib import Path

import pytest

from streams.detection.gazetteer import Gazetteer
from streams.detection.resolve import locate

TABLE = Path(__file__).with_name("villages.tsv")
ROWS = [line.split("\t") for line in TABLE.read_text(encoding="utf8").splitlines() if line and not line.startswith("#")]


@pytest.mark.parametrize(("theatre", "expect", "sentence"), ROWS, ids=[f"{t}: {s[:60]}" for t, _, s in ROWS])
def test_a_village_is_told_from_its_namesakes(gazetteer: Gazetteer, theatre: str, expect: str, sentence: str) -> None:
    places = [p for p in locate(gazetteer, sentence, gazetteer.search(sentence).names()).places if p]
    if expect.startswith("-"):
        assert expect[1:] not in [p.name for p in places], theatre
    else:
        assert expect in [f"{p.name}/{p.kind}" for p in places], theatre
