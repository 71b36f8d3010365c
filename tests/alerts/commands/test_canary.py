"""Canaries that come through, and canaries that do not."""

from datetime import UTC, datetime, timedelta

import msgspec

from alerts import canary
from alerts.commands.canary import PATIENCE, Canary
from alerts.records import Delivery, Notification, Outcome
from streams import metrics
from streams.records import Article

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)


class Watch:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.time = NOON

    def __call__(self) -> datetime:
        return self.time


def of(article: Article, at: datetime) -> tuple[Delivery, Outcome]:
    """The end of an article's way."""
    notification = Notification(
        id="n", alert="a", revision=1, change="new", rule=canary.NAME, severity="routine", receiver=canary.RECEIVER, at=article.at,
        subject="", text="",
    )  # fmt: skip
    delivery = Delivery(id="n", receiver=canary.NAME, state="pending", attempt=1, at=article.at, notification=notification)
    return delivery, Outcome(delivery="n", receiver=canary.NAME, attempt=1, at=at, ok=True, detail="")


def value(name: str) -> float:
    samples = (s for c in (metrics.CANARY_LOST, metrics.CANARY_SECONDS) for m in c.collect() for s in m.samples)
    return next(s.value for s in samples if s.name == name)


def test_one_that_comes_is_timed_and_one_that_does_not_is_lost_and_told_once() -> None:
    watch, told, put = Watch(), list[str](), list[Article]()
    lost, came = value("tocsin_canary_lost_total"), value("tocsin_canary_round_trip_seconds_count")
    out = Canary(put.extend, timedelta(minutes=5), watch, told.append)
    for _ in range(3):
        out.send()
        watch.time += timedelta(seconds=10)
    out.delivered(*of(put[0], watch.time))
    out.delivered(*of(put[0], watch.time))  # told twice, counted once
    watch.time += PATIENCE
    out.count_losses()
    out.count_losses()
    assert value("tocsin_canary_lost_total") == lost + 2
    assert value("tocsin_canary_round_trip_seconds_count") == came + 1
    assert told == ["a canary did not come through in 60 s: news may not, either; see the stages' lag"]
    out.send()
    out.delivered(*of(put[-1], watch.time))
    assert told[1:] == ["canary articles come through again"]


def test_one_of_an_earlier_run_is_nobodys() -> None:
    out = Canary(lambda _: None, timedelta(minutes=5), Watch(), lambda _: None)
    came = value("tocsin_canary_round_trip_seconds_count")
    out.delivered(*of(canary.article(NOON - timedelta(hours=1)), NOON))
    assert value("tocsin_canary_round_trip_seconds_count") == came


def test_each_canary_is_an_article_and_a_feed_of_its_own() -> None:
    one, other = canary.article(NOON), canary.article(NOON + timedelta(microseconds=1))
    assert one.id != other.id
    assert one.feed != other.feed
    assert canary.is_canary(one.feed)
    assert one.sample
    assert not canary.is_canary("reuters")
    assert msgspec.json.decode(msgspec.json.encode(one), type=Article) == one
