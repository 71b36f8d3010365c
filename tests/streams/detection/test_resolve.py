"""A text and its toponyms go in, the places meant come out."""

import pytest

from streams.detection.gazetteer import Gazetteer
from streams.detection.geodesy import bearing, distance_km, grid
from streams.detection.resolve import locate, resolve
from streams.records import Place


def place_of(gazetteer: Gazetteer, text: str, name: str) -> Place | None:
    at = text.index(name)
    return resolve(gazetteer, text, [(at, at + len(name))])[0]


def test_t4_is_the_airbase_west_of_palmyra(gazetteer: Gazetteer) -> None:
    place = place_of(gazetteer, "Shells hit the T4 Military Airport.", "T4 Military Airport")
    assert place is not None
    assert (place.id, place.name, place.kind, place.precision) == ("tx:t4-tiyas", "T4 (Tiyas) airbase", "air_base", "exact")
    assert (place.country, place.country_name, place.admin1, place.admin1_code) == ("SY", "Syria", "Homs", "SY.11")
    assert "Tiyas" in place.also
    assert place.mgrs == "37S CU 74 20"
    assert place.relative in ("59 km W of Palmyra", "60 km W of Palmyra")


@pytest.mark.parametrize(
    ("text", "name", "place_id", "kind", "precision"),
    [
        pytest.param("A raid on Homs.", "Homs", "gn:169577", "city", "exact", id="the city, not its governorate"),
        pytest.param("A raid in Homs Province.", "Homs Province", "gn:169575", "region", "admin1", id="the type word in the span"),
        pytest.param("A raid in Homs province.", "Homs", "gn:169575", "region", "admin1", id="the type word behind it"),
        pytest.param("A raid in the eastern countryside of Homs.", "Homs", "gn:169575", "region", "admin1", id="capital"),
        pytest.param("A raid in the Homs countryside.", "Homs", "gn:169575", "region", "admin1", id="capital's countryside"),
        pytest.param("Raids in Damascus countryside.", "Damascus", "gn:170652", "region", "admin1", id="around another"),
        pytest.param("A raid near Palmyra.", "Palmyra", "gn:163808", "city", "near", id="near"),
        pytest.param("They hold the outskirts of Palmyra.", "Palmyra", "gn:163808", "city", "near", id="outskirts"),
        pytest.param("Clashes 12 km south of Palmyra.", "Palmyra", "gn:163808", "city", "near", id="a distance"),
        pytest.param("Syrian troops left.", "Syrian", "gn:163843", "country", "country", id="demonym"),
        pytest.param("U.S. troops left.", "U.S.", "gn:6252001", "country", "country", id="abbreviation"),
        pytest.param("A bomb in Paris.", "Paris", "gn:2988507", "city", "exact", id="the well-known one"),
        pytest.param("A fire in Paris, Texas.", "Paris", "gn:4717560", "town", "exact", id="what holds it decides"),
        pytest.param("A fire in Paris, Texas, on Monday.", "Paris, Texas", "gn:4717560", "town", "exact", id="both in one span"),
        pytest.param("Drones hit the Engels airbase.", "Engels airbase", "tx:engels", "air_base", "exact", id="the base, not the town"),
        pytest.param("Fighting at Palmyra airport.", "Palmyra airport", "tx:palmyra-airport", "airport", "exact", id="a town's airport"),
        pytest.param("A raid on the Manbij checkpoint.", "Manbij checkpoint", "gn:167357", "checkpoint", "near", id="town known"),
        pytest.param("Attacks across Darfur.", "Darfur", "tx:darfur", "region", "admin1", id="a region"),
        pytest.param("A ship was hit in the Gulf of Aden.", "Gulf of Aden", "tx:gulf-of-aden", "sea", "admin1", id="a sea"),
        pytest.param("Shells fell in northern Syria.", "northern Syria", "gn:163843", "country", "country", id="a direction"),
    ],
)  # fmt: skip
def test_a_span_is_the_place_meant(gazetteer: Gazetteer, text: str, name: str, place_id: str, kind: str, precision: str) -> None:
    place = place_of(gazetteer, text, name)
    assert place is not None
    assert (place.id, place.kind, place.precision) == (place_id, kind, precision)


def test_near_a_place_has_a_radius_of_ten_kilometres(gazetteer: Gazetteer) -> None:
    near, at = place_of(gazetteer, "A raid near Palmyra.", "Palmyra"), place_of(gazetteer, "A raid on Palmyra.", "Palmyra")
    assert near is not None
    assert at is not None
    assert near.radius_km == 10
    assert at.radius_km < 5
    assert len(near.mgrs) < len("37S CU 74 20")


def test_what_is_not_known_stays_unknown_and_says_why(gazetteer: Gazetteer) -> None:
    text = "Shells hit Xyzzyplugh."
    assert resolve(gazetteer, text, [(11, 21)]) == [None]
    assert resolve(gazetteer, text, []) == []


def test_the_other_names_of_a_document_decide(gazetteer: Gazetteer) -> None:
    at_home = place_of_all(gazetteer, "Clashes spread from Raqqa and Aleppo to Tripoli, Beirut and Baalbek.", "Tripoli")
    abroad = place_of_all(gazetteer, "Clashes spread from Benghazi and Misrata to Tripoli and Sirte in Libya.", "Tripoli")
    assert (at_home.country, abroad.country) == ("LB", "LY")


def place_of_all(gazetteer: Gazetteer, text: str, name: str) -> Place:
    located = locate(gazetteer, text)
    [place] = [p for t, p in zip(located.toponyms, located.places, strict=True) if text[t.start : t.end] == name and p]
    return place


def test_a_document_is_located_in_one_pass(gazetteer: Gazetteer) -> None:
    text = "HOMS, Syria (Reuters) - Militants stormed the T4 airport near Palmyra. Iraqi units watched T4 burn."
    located = locate(gazetteer, text)
    said = [
        (text[t.start : t.end], t.dateline, t.demonym, p.id if p else None) for t, p in zip(located.toponyms, located.places, strict=True)
    ]
    assert said == [
        ("HOMS", True, False, "gn:169577"),
        ("Syria", True, False, "gn:163843"),
        ("T4 airport", False, False, "tx:t4-tiyas"),
        ("Palmyra", False, False, "gn:163808"),
        ("Iraqi", False, True, "gn:99237"),
        ("T4", False, False, "tx:t4-tiyas"),
    ]
    assert located.reasons == (None,) * 6


def test_a_name_has_one_sense_in_a_document(gazetteer: Gazetteer) -> None:
    text = "Troops left Tripoli in Libya. A day later Tripoli was quiet."
    spans = [(i, i + 7) for i in range(len(text)) if text.startswith("Tripoli", i)]
    first, second = resolve(gazetteer, text, spans)
    assert first is not None
    assert first == second


@pytest.mark.parametrize(
    ("radius_km", "reference"),
    [(0.1, "37S CU 740 209"), (1.0, "37S CU 74 20"), (2.0, "37S CU 74 20"), (10.0, "37S CU 7 2"), (100.0, "37S CU")],
)
def test_the_digits_of_a_grid_reference_state_the_radius(radius_km: float, reference: str) -> None:
    assert grid(34.5225, 37.6272, radius_km) == reference


def test_distance_and_bearing() -> None:
    assert float(distance_km(34.5624, 38.284, 34.5225, 37.6272)) == pytest.approx(60.3, abs=0.5)
    assert bearing(34.5624, 38.284, 34.5225, 37.6272) == "W"
    assert bearing(0, 0, 1, 1) == "NE"
