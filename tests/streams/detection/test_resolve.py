"""A text and its toponyms go in, the places meant come out."""

import re

import pytest

from streams.detection.gazetteer import Gazetteer
from streams.detection.geodesy import bearing, beyond, distance_km, grid
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
        pytest.param("Fighters left the capital of Lebanon.", "Lebanon", "gn:272103", "country", "country", id="a country's capital"),
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
    located = locate(gazetteer, text, gazetteer.search(text).names())
    [place] = [p for t, p in zip(located.toponyms, located.places, strict=True) if text[t.start : t.end] == name and p]
    return place


def test_a_document_is_located_in_one_pass(gazetteer: Gazetteer) -> None:
    text = "HOMS, Syria (Reuters) - Militants stormed the T4 airport near Palmyra. Iraqi units watched T4 burn."
    located = locate(gazetteer, text, gazetteer.search(text).names())
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


def test_a_city_is_no_country(gazetteer: Gazetteer) -> None:
    place = place_of(gazetteer, "Tickets are sold by the city of Lebanon.", "Lebanon")
    assert place is not None
    assert (place.kind, place.country) == ("town", "US")


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


def spans_of(text: str) -> tuple[str, list[tuple[int, int]]]:
    """Take the brackets out of a text and give the spans that they enclosed."""
    plain, spans = "", []
    for part in re.split(r"(\[[^]]*\])", text):
        if part.startswith("["):
            spans.append((len(plain), len(plain) + len(part) - 2))
        plain += part.strip("[]")
    return plain, spans


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        pytest.param("A [Paris] man met [Honey Grove] friends; the [Lamar County] sheriff came.", ["Texas"] * 3, id="doubtful names agree"),
        pytest.param("Rain in [Georgia], [Oregon] and [New York].", ["Georgia", "Oregon", "New York"], id="a list is of one level"),
        pytest.param("Snow in [Wood], [Lucas] and [Henry] counties of [Ohio].", ["Ohio"] * 4, id="a type word behind a list"),
        pytest.param("A barn burnt in [Xyzzyton], [Missouri].", ["Missouri"] * 2, id="what holds an unknown place"),
        pytest.param("A fair in [Xyzzy Park] in [Whittier], [California].", ["California"] * 3, id="what an unknown site is in"),
        pytest.param("Games at [Whittier]'s [Xyzzy Park], [California].", ["California"] * 3, id="whose an unknown site is"),
        pytest.param("He studied in [Nashville] and at the [University of Memphis].", ["Tennessee"] * 2, id="a university's town"),
        pytest.param("Votes in [Quebec].", ["Quebec"], id="a province of which the town is a small part"),
    ],
)  # fmt: skip
def test_names_are_told_by_those_beside_them(gazetteer: Gazetteer, text: str, meant: list[str]) -> None:
    assert [place and place.admin1 for place in resolve(gazetteer, *spans_of(text))] == meant


@pytest.mark.parametrize(
    ("text", "places", "reason"),
    [
        pytest.param("Shells hit Idlib, Aleppo and Madaya.", ["SY"] * 3, None, id="a spelling of the country that the rest is in"),
        pytest.param("Raids on Idlib and Aleppo, said a man from Olney.", ["SY", "SY", None], "far from there", id="a small town far off"),
        pytest.param("Speaking in Moscow, he said that Palmyra had fallen.", ["RU", "SY"], None, id="a capital is where people speak"),
        pytest.param("Raids on Homs town in western Aleppo.", ["SY", "SY"], None, id="a large town may be told wrongly"),
        pytest.param("They left Olney in eastern Aleppo.", ["SY", "SY"], None, id="elsewhere, but known to lie by a town"),
        pytest.param("The UN left Kherson.", ["UA"], None, id="two capitals are no town in India"),
        pytest.param("They left Olney in western Ukraine.", [None, "UA"], "not where the text says", id="not in what is said to hold it"),
    ],
)
def test_a_sense_may_be_doubted(gazetteer: Gazetteer, text: str, places: list[str | None], reason: str | None) -> None:
    located = locate(gazetteer, text, gazetteer.search(text).names())
    assert [p and p.country for p in located.places] == places
    assert [r for r in located.reasons if r] == [] if reason is None else reason in " ".join(filter(None, located.reasons))


@pytest.mark.parametrize(
    ("text", "name", "away_km", "radius_km"),
    [
        pytest.param("Rockets hit a post 20 km west of Palmyra.", "Palmyra", 20, 8, id="distance and direction make a point"),
        pytest.param("Rockets hit a post 12km from Palmyra.", "Palmyra", 0, 12, id="a distance makes a circle"),
        pytest.param("They stopped 300 metres from the T4 base.", "T4 base", 0, 1, id="metres"),
        pytest.param("A mine ten miles north-east of the town of Kidal.", "Kidal", 16, 6.4, id="miles and words"),
    ],
)
def test_an_offset_is_kept(gazetteer: Gazetteer, text: str, name: str, away_km: float, radius_km: float) -> None:
    place, at = place_of(gazetteer, text, name), place_of(gazetteer, name, name)
    assert place is not None
    assert at is not None
    assert float(distance_km(place.lat, place.lon, at.lat, at.lon)) == pytest.approx(away_km, abs=0.5)
    assert place.radius_km == pytest.approx(radius_km, rel=0.5)
    assert place.precision == "near"


def test_a_direction_moves_a_point_that_way() -> None:
    assert bearing(34.5, 38.3, *beyond(34.5, 38.3, 20, "W")) == "W"
    assert bearing(-17.0, 179.9, *beyond(-17.0, 179.9, 50, "NE")) == "NE"


def test_a_countryside_lies_around_its_town(gazetteer: Gazetteer) -> None:
    place, town = place_of(gazetteer, "Raids in the countryside of Hama.", "Hama"), place_of(gazetteer, "Raids on Hama.", "Hama")
    assert place is not None
    assert town is not None
    assert (place.kind, place.precision) == ("region", "admin1")
    assert (place.lat, place.lon) == (town.lat, town.lon)
    assert place.radius_km > 50


def test_a_country_stands_in_its_middle_and_not_at_its_capital(gazetteer: Gazetteer) -> None:
    peru = place_of(gazetteer, "The Peruvian army left.", "Peruvian")
    assert peru is not None
    assert (round(peru.lat), round(peru.lon)) == (-10, -75)
    assert peru.radius_km > 500


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("A bomb killed 20 people in the Afghan capital on Tuesday.", "Kabul"),
        ("Rebels shelled Chad's capital on Monday.", "N'Djamena"),
        ("Clashes broke out in the Sudanese capital, Khartoum.", "Khartoum"),
        ("Fighters left Raqqa, their de facto Syrian capital.", "Raqqa"),
    ],
)
def test_the_capital_of_a_country_is_a_city(gazetteer: Gazetteer, text: str, name: str) -> None:
    found = locate(gazetteer, text, gazetteer.search(text).names())
    assert [p.name for p, people in zip(found.places, found.peoples, strict=True) if p and not people and p.precision != "country"] == [
        name
    ]


def test_so_many_kilometres_from_a_town_count_from_the_town_and_not_from_its_region(gazetteer: Gazetteer) -> None:
    text = "Militants attacked a convoy 40 km southeast of Menaka on Monday, in Mali."
    [place] = [p for p in locate(gazetteer, text, gazetteer.search(text).names()).places if p and p.precision != "country"]
    assert (place.kind, place.precision, round(place.radius_km)) == ("town", "near", 16)
