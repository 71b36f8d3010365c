"""What people are told of feeds."""

from datetime import UTC, datetime

from alerts.commands.reporting import FeedReports, RiverReports, failures, tell_failures
from alerts.commands.work import STAGES
from streams import metrics
from streams.detection.revisions import Reading
from streams.errors import ExplainedError
from streams.feeds.poll import PollResult
from streams.records import Article
from tests.builders import a_mention, an_article

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def a_result(feed: str, *, failed: bool) -> PollResult:
    return PollResult(
        feed=feed,
        status="unreachable" if failed else "not modified",
        at=NOON,
        error="no answer" if failed else None,
        next_at=NOON,
        next_reason="its interval",
    )


def test_a_feed_that_fails_is_told_once_and_once_more_when_it_answers_again() -> None:
    told: list[str] = []
    reports = FeedReports(told.append)
    for failed in (True, True, False, False):
        reports.polled(a_result("wire", failed=failed))
    assert told == ["feed wire: no answer; asked again at 12:00:00Z", "feed wire: answers again"]


def test_no_more_than_three_are_named() -> None:
    told: list[str] = []
    reports = FeedReports(told.append)
    for i in range(5):
        reports.polled(a_result(f"feed-{i}", failed=True))
    assert len(told) == 3


def test_of_a_feed_that_another_polls_nothing_more_is_said() -> None:
    told: list[str] = []
    reports = FeedReports(told.append)
    reports.polled(a_result("wire", failed=True))
    reports.forget(["wire"])
    reports.polled(a_result("wire", failed=False))
    assert len(told) == 1


def test_failures_are_found_in_groups_and_told_once_each_in_their_own_words_or_with_their_origin() -> None:
    explained, odd = ExplainedError("no broker; start one"), KeyError("x")
    found = failures([None, 3, ExceptionGroup("g", [explained, ExceptionGroup("h", [odd])]), explained])
    assert found == [explained, odd, explained]
    told: list[str] = []
    tell_failures(found, told.append)
    assert told[0] == "failed: no broker; start one"
    assert told[1].startswith("failed: ")
    assert "KeyError: 'x'" in told[1]
    assert len(told) == 2


def test_articles_in_other_languages_are_counted_by_language() -> None:
    reports, before = RiverReports(print), value("fr")
    article = Article(id="a", text="Une base a été attaquée.")
    readings = [Reading(article=article, content="", mentions=(), language=language) for language in ("fr", None, "fr")]
    reports.heard(STAGES["detect"], [None, *readings], [], 0.1)
    assert value("fr") == before + 2


def value(language: str) -> float:
    return metrics.UNREAD.labels(language)._value.get()


def test_mentions_of_an_unknown_place_and_articles_dated_ahead_are_counted() -> None:
    reports, unplaced, misdated = RiverReports(print), metrics.UNPLACED._value.get(), metrics.MISDATED._value.get()
    mentions = (a_mention(place=None), a_mention(), a_mention(place=None))
    ahead = Reading(article=an_article(published=datetime(2030, 1, 1, tzinfo=UTC)), content="", mentions=mentions)
    reports.heard(STAGES["detect"], [ahead, Reading(article=an_article(), content="", mentions=())], [], 0.1)
    assert metrics.UNPLACED._value.get() == unplaced + 2
    assert metrics.MISDATED._value.get() == misdated + 1
