"""Where those fight whom a text names, and what that says of names that many places bear."""

import pytest

from streams.detection import theatres
from streams.detection.gazetteer import Gazetteer
from streams.detection.resolve import resolve


@pytest.mark.parametrize(
    ("text", "countries"),
    [
        ("The spokesman said ISIL had stormed the town.", {"IQ", "SY"}),
        ("Houthis and AQAP fought.", {"YE", "SA"}),
        ("M23 entered the town.", {"CD", "UG"}),
        ("A taliban of words.", set()),
        ("The army shelled the town.", set()),
    ],
)
def test_who_is_named_says_where(text: str, countries: set[str]) -> None:
    assert theatres.of(text) == countries


@pytest.mark.parametrize(
    ("text", "name", "country"),
    [
        ("Speaking in Moscow, the spokesman said ISIL had stormed Palmyra.", "Palmyra", "SY"),
        ("The LNA bombed Tripoli, a spokesman said.", "Tripoli", "LY"),
    ],
)
def test_a_name_means_the_place_where_they_fight(gazetteer: Gazetteer, text: str, name: str, country: str) -> None:
    at = text.index(name)
    [place] = resolve(gazetteer, text, [(at, at + len(name))])
    assert place is not None
    assert place.country == country
