"""What counts as out of the ordinary: times of events in, yes or no out."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from alerts.records import Spike, Surge
from alerts.rules.spikes import chance, first_of, is_spike, number_until, open_surge, usual

NOON = datetime(2016, 12, 12, 12, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
A_DAY = Spike(within=DAY, events=5, over=28 * DAY, cold_start=10)


def before(days: float) -> datetime:
    return NOON - days * DAY


def test_the_window_holds_its_end_and_not_its_beginning() -> None:
    assert number_until([before(1), before(1) + timedelta(seconds=1), NOON, NOON + timedelta(seconds=1)], NOON, A_DAY) == 2
    assert first_of([before(1), before(0.5), NOON], NOON, A_DAY) == before(0.5)


def test_what_is_usual_is_counted_back_from_the_window_the_latest_first() -> None:
    starts = sorted([before(9), before(3), before(2.5), before(2), before(1.5), NOON])
    assert usual(starts, NOON, A_DAY, []) == [1, 2, 1, 0, 0, 0, 0, 0]


def test_less_than_the_history_asked_for_says_nothing_of_what_is_usual() -> None:
    assert usual([before(7.9), NOON], NOON, A_DAY, []) is None
    assert usual([before(8), NOON], NOON, A_DAY, []) is not None
    assert usual([before(30), NOON], NOON, Spike(within=DAY, events=5), []) is None


def test_windows_that_a_surge_reaches_into_are_left_out() -> None:
    starts = sorted([before(9), *(before(4 + i / 100) for i in range(40)), NOON])
    plain = usual(starts, NOON, A_DAY, [])
    spared = usual(starts, NOON, A_DAY, [Surge(start=before(4.4), end=before(4), count=40)])
    assert plain is not None
    assert spared is not None
    assert (max(plain), max(spared), len(plain) - len(spared)) == (40, 0, 1)


def test_five_after_a_month_of_nothing_are_a_spike_and_four_are_not() -> None:
    quiet = [0] * 28
    assert is_spike(5, quiet, A_DAY)
    assert not is_spike(4, quiet, A_DAY)


def test_without_history_the_number_for_a_cold_start_decides() -> None:
    assert not is_spike(9, None, A_DAY)
    assert is_spike(10, None, A_DAY)


def test_without_a_baseline_the_number_alone_decides() -> None:
    assert is_spike(5, None, Spike(within=DAY, events=5))


@pytest.mark.parametrize(("count", "expected"), [(20, False), (30, False), (60, True)])
def test_a_country_at_war_is_not_surprised_by_a_bad_day(count: int, expected: bool) -> None:
    at_war = [12, 20, 8, 15, 25, 9, 14, 18, 11, 22, 7, 16, 13, 19, 10, 24, 12, 17, 9, 21, 14, 8, 26, 15, 11, 18, 13, 20]
    assert is_spike(count, at_war, A_DAY) is expected


def test_the_chance_is_a_tail_that_falls_with_the_count_and_is_wider_where_counts_are_bursty() -> None:
    even, bursty = [4] * 28, [0, 12, 0, 4] * 7
    tails = [chance(n, even) for n in range(30)]
    assert tails == sorted(tails, reverse=True)
    assert tails[0] == 1.0
    assert chance(12, bursty) > 50 * chance(12, even)


def test_the_rate_of_false_alarms_is_near_the_chance_asked_for() -> None:
    random.seed(7)
    false = trials = 0
    for _ in range(400):
        rate = random.gammavariate(2, 2)
        days = [sum(random.random() < rate / 100 for _ in range(100)) for _ in range(60)]
        for day in range(28, 60):
            trials += 1
            false += chance(days[day], days[day - 28 : day]) <= 0.01
    assert false / trials < 0.015


def test_a_window_that_touches_a_surge_belongs_to_it() -> None:
    surge = Surge(start=before(3), end=before(1), count=9)
    assert open_surge([surge], NOON - timedelta(seconds=1), A_DAY) is surge
    assert open_surge([surge], NOON, A_DAY) is None
    assert open_surge([surge], before(4), A_DAY) is None
