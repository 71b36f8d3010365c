"""Where those fight whom a text names, whose telephone rings, and what that says of names that many places bear."""

import pytest

from streams.detection import telephones, theatres
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


@pytest.mark.parametrize(
    ("text", "divisions"),
    [
        ("Call the police at 519-555-0100.", {("CA", "Ontario")}),
        ("Call (806) 555-0101 or 1-806-555-0102.", {("US", "Texas")}),
        ("Offices: 212-555-0100, 305-555-0100, 206-555-0100, 312-555-0100.", set()),
        ("Call 800-555-0100 toll-free.", set()),
        ("The score was 519-661 in 2016-2017, item 519-661-56701.", set()),
    ],
)
def test_a_telephone_number_says_which_state(text: str, divisions: set[tuple[str, str]]) -> None:
    assert telephones.of(text) == divisions


@pytest.mark.parametrize(
    ("text", "division"),
    [
        ("Officers were called to a house in London. Anyone with information may call London police at 519-555-0100.", "Ontario"),
        ("Officers were called to a house in London.", None),
    ],
)
def test_a_name_means_the_town_whose_telephone_rings(gazetteer: Gazetteer, text: str, division: str | None) -> None:
    at = text.index("London")
    [place] = resolve(gazetteer, text, [(at, at + len("London"))])
    assert place is not None
    assert (place.admin1 == division) if division else (place.country == "GB")
