"""Times, positions and counts as officers read them; nothing invented."""

from datetime import UTC, datetime, timedelta

import pytest

from alerts.delivery.formats import coordinates, count, date_time_group, days, grid, legible, plural, stretch, when
from streams.records import DatePrecision, Occurred, Range
from tests.builders import t4


def occurred(start: str, end: str, precision: DatePrecision) -> Occurred:
    return Occurred(
        start=datetime.fromisoformat(start).replace(tzinfo=UTC), end=datetime.fromisoformat(end).replace(tzinfo=UTC), precision=precision
    )


@pytest.mark.parametrize(
    ("start", "end", "precision", "words"),
    [
        pytest.param("2016-12-12T10:00", "2016-12-12T11:00", "hour", "121000Z DEC 16 (to the hour)", id="an hour"),
        pytest.param("2016-12-12T10:00", "2016-12-12T14:00", "hour", "121000Z to 121400Z DEC 16", id="some hours"),
        pytest.param("2016-12-31T22:00", "2017-01-01T02:00", "hour", "312200Z DEC 16 to 010200Z JAN 17", id="over the year's end"),
        pytest.param("2016-12-12", "2016-12-13", "day", "12 DEC 16 (time not reported)", id="a day"),
        pytest.param("2016-12-11", "2016-12-13", "day", "11-12 DEC 16 (time not reported)", id="two days"),
        pytest.param("2016-11-30", "2016-12-02", "day", "30 NOV 16 - 01 DEC 16 (time not reported)", id="two days of two months"),
        pytest.param("2016-12-05", "2016-12-12", "week", "05-11 DEC 16 (day not reported)", id="a week"),
        pytest.param("2016-12-01", "2017-01-01", "month", "DEC 16 (day not reported)", id="a month"),
        pytest.param("2016-06-01", "2016-09-01", "month", "JUN 16-AUG 16 (day not reported)", id="a summer"),
        pytest.param("2015-01-01", "2016-01-01", "year", "2015 (month not reported)", id="a year"),
        pytest.param("2016-12-12", "2016-12-12", "day", "12 DEC 16 (time not reported)", id="a stretch of no length"),
    ],
)
def test_when_says_no_more_than_is_known(start: str, end: str, precision: DatePrecision, words: str) -> None:
    assert when(occurred(start, end, precision)) == words


def test_no_time_is_not_reported() -> None:
    assert when(None) == "not reported"
    assert days(None) == ""


def test_a_group_is_in_zulu_with_two_digit_parts() -> None:
    assert date_time_group(datetime(2016, 3, 2, 1, 5, tzinfo=UTC)) == "020105Z MAR 16"


def test_a_stretch_within_a_minute_is_one_group() -> None:
    at = datetime(2016, 12, 13, 5, 0, tzinfo=UTC)
    assert stretch(at, at + timedelta(seconds=30)) == "130500Z DEC 16"


@pytest.mark.parametrize(
    ("reference", "radius_km", "words"),
    [
        pytest.param("37SCU7420", 2.0, "37S CU 74 20 (+-2 km)", id="four digits"),
        pytest.param("37SCU740209", 0.1, "37S CU 740 209 (+-100 m)", id="six digits"),
        pytest.param("37SCU", 60.0, "37S CU (+-60 km)", id="the square alone"),
        pytest.param("37S CU 74 20", 1.0, "37S CU 74 20 (+-1 km)", id="spaced already"),
        pytest.param("", 2.0, "", id="none"),
        pytest.param("37SCU742", 2.0, "", id="an odd number of digits is no reference"),
    ],
)
def test_a_grid_reference_is_spaced_and_says_its_radius(reference: str, radius_km: float, words: str) -> None:
    assert grid(t4(mgrs=reference, radius_km=radius_km)) == words


@pytest.mark.parametrize(
    ("radius_km", "words"),
    [(0.1, "34.523N 37.627E"), (2, "34.52N 37.63E"), (30, "34.5N 37.6E"), (300, "35N 38E")],
)
def test_decimals_say_no_more_than_the_radius(radius_km: float, words: str) -> None:
    assert coordinates(t4(lat=34.5229, radius_km=radius_km)) == words


def test_south_and_west_are_letters_not_signs() -> None:
    assert coordinates(t4(lat=-33.45, lon=-70.67)) == "33.45S 70.67W"


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (None, "not reported"),
        ((None, None), "not reported"),
        ((0, None), "not reported"),
        ((23, None), "at least 23"),
        ((12, 15), "between 12 and 15"),
        ((3, 3), "3"),
        ((0, 0), "none"),
        ((None, 5), "up to 5"),
        ((0, 5), "up to 5"),
    ],
)
def test_a_count_in_words(number: Range | None, words: str) -> None:
    assert count(number) == words


def test_one_source_two_sources() -> None:
    assert (plural(1, "source"), plural(2, "source"), plural(0, "source")) == ("1 source", "2 sources", "0 sources")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        pytest.param("a\r\nb\tc\u2028d", "a b c d", id="one line"),
        pytest.param("\x1b[31mred\x07", "[31mred", id="no terminal escapes"),
        pytest.param("\u202eevil\u2069", "evil", id="no turning round"),
        pytest.param("می\u200cشود", "می\u200cشود", id="joiners are spelling"),
        pytest.param("Zürich 東京", "Zürich 東京", id="any script"),
    ],
)
def test_legible_text(text: str, kept: str) -> None:
    assert legible(text) == kept


def test_what_is_cut_is_marked() -> None:
    assert legible("word " * 10, 20) == "word word word [...]"
