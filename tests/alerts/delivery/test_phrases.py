"""The words for places and types: one for every type, short enough for a subject, and true to what is known."""

from dataclasses import dataclass
from typing import get_args

import pytest

from alerts.delivery.phrases import answer, called, happening, leading, located, names, phrases, words
from streams.records import FACILITIES, KINETIC, STRATEGIC, Claim, Outcome, Question
from tests.builders import a_claim, a_country, a_place, an_event, isis, palmyra, syrian_army, t4


@dataclass(frozen=True)
class Anything:
    """Takes the name of every placeholder there is."""

    names: tuple[str, ...] = ("attacker", "place", "where", "sort", "short")


def test_every_type_of_event_has_all_its_phrases() -> None:
    assert set(phrases()["types"]) == KINETIC | STRATEGIC
    for name, table in phrases()["types"].items():
        assert {"noun", "head", "active", "passive", "what", "statement"} <= set(table), name


def test_every_phrase_can_be_filled_and_every_head_fits_a_subject() -> None:
    filled = dict.fromkeys(Anything().names, "x")
    for table in phrases()["types"].values():
        for phrase in (table, table.get("site", {})):
            assert len(phrase.get("head", "")) <= 16
            for text in phrase.values():
                assert isinstance(text, dict) or text.format(**filled)


def test_every_kind_of_site_outcome_and_question_has_its_words() -> None:
    assert set(phrases()["kinds"]) >= FACILITIES
    assert set(phrases()["answers"]) >= set(get_args(Outcome))
    assert set(phrases()["questions"]) == set(phrases()["disputes"]) == set(get_args(Question))


@pytest.mark.parametrize("kind", ["air_base", "town", "volcano"])
@pytest.mark.parametrize("precision", ["exact", "near", "admin2", "admin1"])
@pytest.mark.parametrize("type_", sorted(KINETIC | STRATEGIC))
def test_every_event_has_a_first_sentence(type_: str, precision: str, kind: str) -> None:
    event = an_event(type=type_, place=a_place(kind=kind, precision=precision))
    assert "{" not in happening(event)
    assert ("near" in happening(event) or "area of" in happening(event)) is (precision == "near")


@pytest.mark.parametrize(
    ("name", "also", "expected"),
    [
        pytest.param("T4", ("Tiyas",), "T4 / Tiyas airbase", id="official and alias"),
        pytest.param("Tiyas Military Airbase", ("T-4", "T4"), "Tiyas / T-4 airbase", id="the noun is said once"),
        pytest.param("T4", ("T-4", "T4 Airport", "Tiyas"), "T4 / Tiyas airbase", id="a spelling is no alias"),
        pytest.param("T4 / Tiyas", (), "T4 / Tiyas airbase", id="both in the name"),
        pytest.param("T4 (Tiyas) airbase", ("Tiyas", "T-4"), "T4 / Tiyas airbase", id="both and the noun in the name"),
        pytest.param("Shayrat Air Base", (), "Shayrat airbase", id="no alias"),
        pytest.param("Airbase", (), "Airbase", id="nothing but the noun"),
    ],
)
def test_what_an_airbase_is_called(name: str, also: tuple[str, ...], expected: str) -> None:
    assert called(t4(name=name, also=also)) == expected


def test_a_town_needs_no_noun() -> None:
    assert called(palmyra(), joined="/") == "Palmyra/Tadmur"
    assert names(palmyra(also=())) == ("Palmyra", "")


def test_a_place_is_not_named_twice() -> None:
    assert located(a_country()) == "Syria"
    assert located(palmyra(name="Homs", also=())) == "Homs, Syria"


def test_near_a_base_is_not_the_base() -> None:
    event = an_event(place=t4(precision="near"))
    assert words(event)["head"] == "CLASHES"
    assert happening(event) == "Islamic State attacked near T4 (Tiyas) airbase, Homs, Syria, 12 DEC 16"


def test_without_an_attacker_nobody_is_named() -> None:
    assert happening(an_event(actors=())) == "T4 (Tiyas) airbase, Homs, Syria was attacked, 12 DEC 16"


def test_a_disputed_attacker_is_not_asserted() -> None:
    claims = (a_claim("attacker", "Islamic State"), a_claim("attacker", "Somebody else", "SANA"))
    assert "Islamic State" not in happening(an_event(claims=claims, disputed=True))


def test_who_is_named_by_fewer_or_is_the_target_too_does_not_lead() -> None:
    cast = (isis(), isis(id="army", name="Army"), isis(id="us", name="United States"), syrian_army(name="Army"))
    claims = (a_claim("attacker", "Islamic State", "A", "B"), a_claim("attacker", "Army", "A", "C"), a_claim("attacker", "United States"))
    assert leading(an_event(actors=cast, claims=claims)) == ["Islamic State"]


def test_a_crowd_of_attackers_is_not_asserted() -> None:
    cast = tuple(isis(id=name, name=name) for name in "ABC")
    assert happening(an_event(actors=cast)).startswith("T4 (Tiyas) airbase, Homs, Syria was attacked")


def test_two_attackers_are_both_named() -> None:
    assert happening(an_event(actors=(isis(), isis(id="b", name="B Group")))).startswith("Islamic State and B Group attacked")


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (a_claim("control", "partly_captured"), "PARTS TAKEN"),
        (a_claim("control", "attack repelled"), "REPELLED"),
        (a_claim("control", "not taken"), "NOT TAKEN"),
        (a_claim("control", "under_siege"), "UNDER SIEGE"),
        (a_claim("killed", "at least 3"), "at least 3"),
        (a_claim("happened", "Yes"), "YES"),
    ],
)
def test_an_answer_in_words(claim: Claim, expected: str) -> None:
    assert answer(claim) == expected
