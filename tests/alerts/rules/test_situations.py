"""Events in, situations and the quiet before them out."""

from datetime import timedelta

import pytest

from alerts.rules.situations import GAP, Seen, last_before, seen, situations, when
from streams.records import Occurred
from tests.alerts.saying import HOUR, at, happened
from tests.builders import a_day


def a_seen(name: str, start: float, end: float | None = None, *, counts: bool = True) -> Seen:
    """Seen from *start* to *end*, in days."""
    whole = happened(name, at(start))
    over = at(start if end is None else end)
    return Seen(id=name, number=whole.number, revision=1, heard=over, start=at(start), end=over, counts=counts, wanted=counts)


def ids(chains: list[tuple[Seen, ...]]) -> list[str]:
    return ["".join(s.id for s in chain) for chain in chains]


@pytest.mark.parametrize(
    ("history", "chains"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param([a_seen("a", 0), a_seen("b", 1.99)], ["ab"], id="a little less than 48 hours"),
        pytest.param([a_seen("a", 0), a_seen("b", 2)], ["a", "b"], id="exactly 48 hours"),
        pytest.param([a_seen("c", 3), a_seen("a", 0), a_seen("b", 1.5)], ["abc"], id="in any order"),
        pytest.param([a_seen("a", 0, 5), a_seen("b", 1), a_seen("c", 6.5)], ["abc"], id="a long event holds what it spans"),
        pytest.param([a_seen("a", 0), a_seen("b", 1.5, counts=False), a_seen("c", 3)], ["a", "c"], id="what does not count joins nothing"),
    ],
)
def test_situations_are_cut_where_48_hours_are_quiet(history: list[Seen], chains: list[str]) -> None:
    assert ids(situations(history)) == chains
    assert ids(situations(reversed(history))) == chains


def test_the_last_event_before_is_the_one_that_ended_last() -> None:
    history = [a_seen("long", 0, 9), a_seen("short", 5), a_seen("dismissed", 8, counts=False), a_seen("later", 20)]
    before = last_before(at(20), history)
    assert before is not None
    assert before.id == "long"
    assert last_before(at(0), history) is None


def test_an_event_is_of_the_time_it_states() -> None:
    assert when(happened("a", at(0), told=at(1))) == (at(0), at(0, 1))


def test_without_a_stated_time_an_event_is_of_its_reports() -> None:
    assert when(happened("a", at(0), occurred=None, last_reported=at(0, 9))) == (at(0, 1), at(0, 9))


def test_a_day_that_is_not_over_when_it_is_reported_keeps_its_end() -> None:
    day = a_day()
    assert when(happened("a", at(0), occurred=day)) == (day.start, day.end)


def test_a_stated_month_is_taken_at_the_latest_it_can_have_been() -> None:
    month = Occurred(start=at(-11), end=at(20), precision="month")
    start, end = when(happened("a", at(0), occurred=month, told=at(0, 1)))
    assert (start, end) == (at(0, 1), at(1, 1))


def test_a_week_that_is_over_ends_where_it_ended() -> None:
    week = Occurred(start=at(-9), end=at(-2), precision="week")
    assert when(happened("a", at(0), occurred=week)) == (at(-2), at(-2))


def test_a_time_after_every_report_is_passed_over() -> None:
    for days in (2, 3650):
        slip = Occurred(start=at(days), end=at(days + 1), precision="day")
        assert when(happened("a", at(0), occurred=slip, told=at(0, 1))) == (at(0, 1), at(0, 1))


def test_a_clock_ahead_of_ours_by_hours_is_believed() -> None:
    ahead = Occurred(start=at(0, 8), end=at(0, 9), precision="hour")
    assert when(happened("a", at(0), occurred=ahead, told=at(0, 1))) == (at(0, 8), at(0, 9))


def test_memory_counts_from_the_last_that_was_heard() -> None:
    assert seen(happened("a", at(-7), told=at(0)), counts=True, wanted=True).last == at(0)
    assert seen(happened("a", at(0), occurred=a_day(), told=at(0, 1)), counts=True, wanted=True).last == a_day().end


def test_the_gap_is_48_hours() -> None:
    assert timedelta(days=2) == GAP
    assert GAP > HOUR
