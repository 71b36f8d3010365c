"""When feeds are asked."""

from datetime import UTC, datetime, timedelta

import pytest

from streams.feeds.config import Feed
from streams.feeds.schedule import (
    Plan,
    first_ask,
    is_conditional,
    is_possible_loss,
    next_ask,
    read_max_age,
    read_retry_after,
)

NOW = datetime(2026, 3, 1, 12, 0, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def feed(**changes: object) -> Feed:
    fields: dict[str, object] = {"name": "wire", "url": "https://wire.example.org/", "outlet": "W", "owner": "W", "every_seconds": 300}
    return Feed(**(fields | changes))


def wait(plan: Plan) -> timedelta:
    return plan.at - NOW


@pytest.mark.parametrize(
    ("given", "least", "most", "reason"),
    [
        pytest.param({}, 2.5, 7.5, "interval", id="a good answer: the interval"),
        pytest.param({"failures": 1}, 2.5, 7.5, "interval", id="one failure: the interval"),
        pytest.param({"failures": 2}, 10, 10, "2 failures", id="two failures: twice the interval"),
        pytest.param({"failures": 60}, 60, 60, "60 failures", id="many failures: an hour, never given up"),
        pytest.param({"retry_after": 20 * MINUTE}, 20, 20, "Retry-After", id="the server asks for 20 minutes"),
        pytest.param({"retry_after": timedelta(days=9), "failures": 3}, 360, 360, "Retry-After", id="the server asks for days: 6 hours"),
        pytest.param({"retry_after": timedelta(seconds=5)}, 2.5, 7.5, "interval", id="the server asks for less than the interval"),
        pytest.param({"cache": 20 * MINUTE}, 20, 20, "cached", id="cached 20 minutes"),
        pytest.param({"cache": timedelta(days=7)}, 30, 30, "cached", id="cached a week: half an hour"),
        pytest.param({"cache": timedelta(0)}, 2.5, 7.5, "interval", id="not cached"),
        pytest.param({"cache": 20 * MINUTE, "failures": 1}, 2.5, 7.5, "interval", id="an error page is cached: not heeded"),
        pytest.param(
            {"possible_loss": True, "cache": 20 * MINUTE}, 2.5, 2.5, "missed", id="a possible loss: half the interval, cached or not"
        ),
    ],
)
def test_the_next_question(given: dict[str, object], least: float, most: float, reason: str):
    plan = next_ask(feed(), now=NOW, **given)
    assert least * MINUTE <= wait(plan) <= most * MINUTE
    assert reason in plan.reason


def test_a_slow_feed_is_not_asked_sooner_by_back_off_or_cache():
    slow = feed(every_seconds=7200)
    assert wait(next_ask(slow, now=NOW, failures=9)) == 2 * HOUR
    assert wait(next_ask(slow, now=NOW, possible_loss=True)) == HOUR


def test_a_quick_feed_is_not_asked_more_often_for_a_possible_loss_than_a_minute():
    assert wait(next_ask(feed(every_seconds=60), now=NOW, possible_loss=True)) == MINUTE
    assert wait(next_ask(feed(every_seconds=2), now=NOW, possible_loss=True)) == timedelta(seconds=2)


def test_a_feed_keeps_its_place_in_the_interval():
    first = next_ask(feed(), now=NOW).at
    assert next_ask(feed(), now=first + timedelta(seconds=3)).at == first + 5 * MINUTE


def test_feeds_are_spread_over_the_interval():
    places = {next_ask(feed(name=f"f{n}"), now=NOW).at for n in range(50)}
    assert len(places) > 40


def test_a_start_asks_everybody_within_seconds():
    assert timedelta(0) <= wait(first_ask(feed(), None, now=NOW)) <= timedelta(seconds=10)
    assert wait(first_ask(feed(sample=True), NOW + HOUR, now=NOW)) == timedelta(0)
    assert wait(first_ask(feed(), NOW - HOUR, now=NOW)) <= timedelta(seconds=10)


def test_a_start_keeps_a_plan_but_no_impossible_one():
    assert wait(first_ask(feed(), NOW + HOUR, now=NOW)) == HOUR
    assert wait(first_ask(feed(), NOW + timedelta(days=400), now=NOW)) == 6 * HOUR


def test_every_six_hours_the_whole_document_is_asked_for():
    assert not is_conditional(None, now=NOW)
    assert is_conditional(NOW - 5 * HOUR, now=NOW)
    assert not is_conditional(NOW - 6 * HOUR, now=NOW)


def test_a_possible_loss_needs_two_documents_with_nothing_in_common():
    assert is_possible_loss(["a"], ["b"])
    assert not is_possible_loss(["a", "b"], ["b"])
    assert not is_possible_loss([], ["b"])
    assert not is_possible_loss(["a"], [])


@pytest.mark.parametrize(
    ("header", "asked"),
    [
        ("120", timedelta(seconds=120)),
        ("Sun, 01 Mar 2026 12:10:01 GMT", 10 * MINUTE),
        ("Sun, 01 Mar 2020 12:00:00 GMT", timedelta(0)),
        ("soon", None),
        ("-5", None),
        ("", None),
        (None, None),
        ("9" * 40, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, asked: timedelta | None):
    assert read_retry_after(header, now=NOW) == asked


@pytest.mark.parametrize(
    ("header", "age"),
    [("public, max-age=600", 10 * MINUTE), ('Max-Age="60"', MINUTE), ("no-cache, max-age=600", None), ("max-age=x", None), (None, None)],
)
def test_max_age_is_read(header: str | None, age: timedelta | None):
    assert read_max_age(header) == age
