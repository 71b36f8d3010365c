"""Until when a message waits: the receiver's wishes and a time in, a time or nothing out."""

from datetime import UTC, datetime, timedelta

import pytest

from alerts.delivery.holding import flood_until, quiet_until, still_counted
from alerts.records import Flood, Quiet, Severity

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
BERLIN = Quiet(start=22 * 60, end=6 * 60, zone="Europe/Berlin", holds=("routine", "urgent"))


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("at", "until"),
    [
        (utc(2016, 12, 12, 20, 59, 59), None),
        (utc(2016, 12, 12, 21), utc(2016, 12, 13, 5)),
        (utc(2016, 12, 12, 23, 30), utc(2016, 12, 13, 5)),
        (utc(2016, 12, 13, 4, 59, 59), utc(2016, 12, 13, 5)),
        (utc(2016, 12, 13, 5), None),
        (utc(2016, 7, 12, 20), utc(2016, 7, 13, 4)),
        (utc(2016, 7, 12, 19, 59), None),
    ],
)
def test_quiet_hours_go_by_the_clock_on_the_wall_over_midnight(at: datetime, until: datetime | None) -> None:
    assert quiet_until(BERLIN, "routine", at) == until


def test_quiet_hours_within_a_day() -> None:
    noon = Quiet(start=12 * 60, end=13 * 60)
    assert quiet_until(noon, "routine", utc(2016, 12, 12, 12, 20)) == utc(2016, 12, 12, 13)
    assert quiet_until(noon, "routine", utc(2016, 12, 12, 13)) is None


def test_equal_start_and_end_mean_off() -> None:
    assert quiet_until(Quiet(start=600, end=600, holds=("routine",)), "routine", utc(2016, 12, 12, 10)) is None


@pytest.mark.parametrize(("severity", "waits"), [("routine", True), ("urgent", True), ("flash", False)])
def test_what_waits_is_what_the_receiver_says_and_never_a_flash(severity: Severity, waits: bool) -> None:
    assert (quiet_until(BERLIN, severity, utc(2016, 12, 12, 23)) is not None) is waits


def test_the_night_of_the_spring_is_an_hour_shorter_and_that_of_autumn_an_hour_longer() -> None:
    assert quiet_until(BERLIN, "routine", utc(2017, 3, 25, 21)) == utc(2017, 3, 26, 4)
    assert quiet_until(BERLIN, "routine", utc(2017, 10, 28, 20)) == utc(2017, 10, 29, 5)


def test_an_end_that_the_clock_skips_is_when_it_goes_on_and_of_two_ends_the_second_counts() -> None:
    early = Quiet(start=22 * 60, end=150, zone="Europe/Berlin")
    assert quiet_until(early, "routine", utc(2017, 3, 25, 23)) == utc(2017, 3, 26, 0, 30)
    assert quiet_until(early, "routine", utc(2017, 10, 28, 23)) == utc(2017, 10, 29, 1, 30)
    assert quiet_until(early, "routine", utc(2017, 10, 29, 1, 15)) == utc(2017, 10, 29, 1, 30)
    assert quiet_until(early, "routine", utc(2017, 10, 29, 1, 30)) is None


def test_every_minute_of_a_year_waits_for_an_end_that_lies_ahead() -> None:
    for zone in ("Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe", "Africa/Casablanca"):
        quiet = Quiet(start=23 * 60, end=150, zone=zone)
        at = utc(2017, 1, 1)
        while at < utc(2018, 1, 1):
            until = quiet_until(quiet, "routine", at)
            assert until is None or at < until <= at + 6 * HOUR, (zone, at, until)
            at += 17 * MINUTE


FLOOD = Flood(most=3, within=HOUR, flash=5)
NOON = utc(2016, 12, 12, 12)


def test_up_to_the_limit_each_is_told_and_the_next_waits_until_the_first_is_an_hour_old() -> None:
    sent = [NOON, NOON + MINUTE]
    assert flood_until(FLOOD, "urgent", sent, NOON + 2 * MINUTE) is None
    sent.append(NOON + 2 * MINUTE)
    assert flood_until(FLOOD, "urgent", sent, NOON + 3 * MINUTE) == NOON + HOUR
    assert flood_until(FLOOD, "urgent", sent, NOON + HOUR) is None


def test_a_flash_has_a_limit_of_its_own() -> None:
    sent = [NOON + i * MINUTE for i in range(5)]
    assert flood_until(FLOOD, "flash", sent[:4], NOON + 4 * MINUTE) is None
    assert flood_until(FLOOD, "flash", sent, NOON + 5 * MINUTE) == NOON + HOUR


def test_no_limit_no_count() -> None:
    assert flood_until(None, "urgent", [NOON] * 100, NOON) is None
    assert still_counted(None, [NOON], NOON) == ()


def test_what_is_counted_stays_as_short_as_the_limits() -> None:
    sent: tuple[datetime, ...] = ()
    for i in range(100):
        sent = still_counted(FLOOD, sent, NOON + timedelta(seconds=i))
    assert len(sent) == 5
    assert still_counted(FLOOD, sent, NOON + 2 * HOUR) == (NOON + 2 * HOUR,)
