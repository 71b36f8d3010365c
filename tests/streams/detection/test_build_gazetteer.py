"""The build chooses what names are worth keeping, and refuses a row that points nowhere."""

from typing import Any

import pytest

from streams.detection.artefact import CANONICAL, PLACE_BITS, SITE_HEAD, WEAK
from streams.detection.build_gazetteer import Draft, index, kind_of, overlaid, radius_of, romanised, useful
from streams.detection.overlay import OverlayRow


def row(**fields: Any) -> OverlayRow:
    usual: dict[str, Any] = {
        "name": "Falcon airbase",
        "aliases": ("~F1",),
        "kind": "air_base",
        "lat": 34.0,
        "lon": 37.0,
        "radius_km": 2.0,
        "country": "SY",
    }
    return OverlayRow(**{"country": "SY", "admin1": "", "provenance": "hand", "replaces": (), **usual, **fields})


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        pytest.param("Homs", True, id="a name"),
        pytest.param("Łódź", True, id="a name with diacritics"),
        pytest.param("WAS", False, id="an airport's code"),
        pytest.param("and", False, id="a romanisation without a capital"),
        pytest.param("Хомс", False, id="another script"),
        pytest.param("al-Bab", True, id="a small article before the capital"),
    ],
)
def test_only_names_that_english_text_can_hold_are_kept(name: str, kept: bool) -> None:
    assert useful(name) is kept


def test_a_settlement_grows_with_its_people() -> None:
    assert radius_of(0) == 1.0
    assert radius_of(100_000) < radius_of(1_000_000) < 15
    assert [kind_of(n) for n in (500, 5_000, 500_000)] == ["village", "town", "city"]


def test_a_hand_written_site_takes_the_place_of_the_record_it_names() -> None:
    old = Draft("oa:XX01", "Falcon Air Base", "air_base", 34.0, 37.0, "SY")
    old.call("Falcon Air Base", CANONICAL)
    others = {"oa:XX01": old}
    [ours] = overlaid([row(replaces=("oa:XX01",))], {}, others)
    assert others == {}
    assert ours.id == "tx:falcon"
    assert ours.names["falcon air base"] == CANONICAL
    assert ours.names["f1"] == SITE_HEAD | WEAK


def test_a_settlement_that_is_replaced_leaves_its_people_and_divisions() -> None:
    old = Draft("gn:1", "Qadsayya", "town", 33.5, 36.2, "SY", population=40_000)
    old.admin1, old.admin2 = "SY.08", "SY.08.1"
    [ours] = overlaid([row(name="Qudsaya", aliases=(), kind="town", replaces=("gn:1",))], {}, {"gn:1": old})
    assert (ours.population, ours.admin1, ours.admin2) == (40_000, "SY.08", "SY.08.1")


def test_a_row_that_replaces_nothing_known_is_refused() -> None:
    with pytest.raises(KeyError, match=r"overlay\.tsv: there is no place oa:XX99"):
        list(overlaid([row(replaces=("oa:XX99",))], {}, {}))


def test_a_row_in_an_unknown_division_is_refused() -> None:
    with pytest.raises(KeyError, match=r"Falcon airbase: SY has no first-level division 'Nowhere'"):
        list(overlaid([row(admin1="Nowhere")], {}, {}))


def test_a_name_of_several_places_lists_each_once_with_all_its_flags() -> None:
    trie, starts, postings = index([("homs", 7, 1), ("homs", 2, 1), ("homs", 7, 8), ("hama", 3, 1)])
    slot = trie["homs"]
    assert postings[starts[slot] : starts[slot + 1]].tolist() == [2 | 1 << PLACE_BITS, 7 | 9 << PLACE_BITS]


@pytest.mark.parametrize(
    ("key", "spellings"),
    [
        pytest.param("deir ez zor", ["deir zor", "deir ezzor"], id="article within"),
        pytest.param("ar raqqah", ["raqqah", "arraqqah"], id="article before"),
        pytest.param("homs", [], id="no article"),
    ],
)
def test_an_article_may_be_left_out_or_run_together(key: str, spellings: list[str]) -> None:
    assert list(romanised(key)) == spellings
