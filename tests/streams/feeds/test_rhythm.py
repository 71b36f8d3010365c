"""A feed's own pace."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from streams.feeds.rhythm import DAYS, LONGEST, Rhythm, expected_gap, heard

MONDAY = datetime(2023, 3, 13, tzinfo=UTC)
FIVE = timedelta(minutes=5)


def days(count: int, *, from_hour: int = 6, to_hour: int = 22, start: datetime = MONDAY) -> list[datetime]:
    """One entry an hour, from morning to evening, for so many days."""
    return [start + timedelta(days=d, hours=h) for d in range(count) for h in range(from_hour, to_hour + 1)]


def test_a_feed_that_sleeps_at_night_may_be_still_for_a_night_and_half_as_long_again() -> None:
    assert expected_gap(heard(Rhythm(), days(7)), FIVE) == timedelta(hours=12)


def test_a_feed_that_rests_at_week_ends_may_rest_at_week_ends() -> None:
    weeks = [at for week in range(3) for at in days(5, start=MONDAY + timedelta(weeks=week))]
    assert expected_gap(heard(Rhythm(), weeks), FIVE) == 1.5 * timedelta(days=2, hours=8)


def test_one_outage_teaches_nothing() -> None:
    usual = heard(Rhythm(), days(7))
    after = heard(usual, days(3, start=MONDAY + timedelta(days=11)))
    assert expected_gap(after, FIVE) == expected_gap(usual, FIVE)


def test_of_a_feed_that_is_hardly_known_no_less_than_a_day_is_expected() -> None:
    assert expected_gap(Rhythm(), FIVE) == timedelta(days=1)
    assert expected_gap(heard(Rhythm(), days(2)), FIVE) == timedelta(days=1)


def test_between_two_polls_nothing_can_be_heard() -> None:
    busy = [MONDAY + timedelta(minutes=m) for m in range(0, 6 * 24 * 60, 2)]
    assert expected_gap(heard(Rhythm(), busy), FIVE) == timedelta(minutes=15)


@given(st.lists(st.integers(0, 10 * 365 * 24 * 60).map(lambda m: MONDAY + timedelta(minutes=m)), max_size=60))
def test_what_is_kept_and_what_is_expected_is_bounded(times: list[datetime]) -> None:
    rhythm = heard(Rhythm(), times)
    assert len(rhythm.silences) <= DAYS
    assert timedelta(minutes=15) <= expected_gap(rhythm, FIVE) <= LONGEST
    assert rhythm.last == max(times, default=None)
