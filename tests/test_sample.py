"""The sample story: three reports of an exercise become one alert that is confirmed and then disputed; README shows it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from alerts.commands.river import configured, river
from alerts.commands.sample import STORY, feed_document
from alerts.records import Notification
from alerts.topics import NOTIFICATIONS
from streams.detection.detector import Detector
from streams.feeds.parse import parse
from streams.records import EPOCH, Article
from streams.runtime.replay import Replay
from streams.settings import read_settings

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ROOT = Path(__file__).parents[1]
GOLDEN = ROOT / "tests" / "golden" / "sample-alert.txt"


@pytest.fixture(scope="module")
def told(detector: Detector) -> list[Notification]:
    """What a receiver gets of the sample story, told on a Monday."""
    found = parse(feed_document(START, START + timedelta(minutes=5)).encode(), feed="sample").articles
    articles = [
        msgspec.structs.replace(a, feed="sample", outlet="Exercise", sample=True, fetched=(a.published or EPOCH) + timedelta(seconds=1))
        for a in found
    ]
    return run(detector, articles)


def run(detector: Detector, articles: list[Article]) -> list[Notification]:
    made = Replay(river(detector))
    for record in configured(read_settings({}), at=EPOCH):
        made.control(record)
    made.run(articles)
    return [n for n in made.logs[NOTIFICATIONS.name] if isinstance(n, Notification)]


def test_it_raises_one_alert_in_three_revisions(told: list[Notification]) -> None:
    bases = [n for n in told if n.rule == "new-airbase-under-attack"]
    assert [(n.revision, n.change) for n in bases] == [(1, "new"), (2, "update"), (3, "update")]
    assert len(STORY) == 3


def test_it_is_an_exercise_everywhere(told: list[Notification]) -> None:
    assert all(n.sample and n.subject.startswith("[EXERCISE]") and "EXERCISE" in n.text.splitlines()[0] for n in told)


def test_the_last_word_is_as_it_was_read_and_approved(told: list[Notification]) -> None:
    """To accept another wording: delete the golden file, run this once, read it, and copy it into README."""
    last = [n for n in told if n.rule == "new-airbase-under-attack"][-1]
    shown = f"Subject: {last.subject}\n\n{last.text}"
    if not GOLDEN.exists():
        GOLDEN.write_text(shown)
        pytest.fail(f"there was no {GOLDEN.name}; it is written now: read it")
    assert shown == GOLDEN.read_text()


def test_readme_shows_that_alert() -> None:
    assert f"<!-- alert -->\n```\n{GOLDEN.read_text().rstrip()}\n```" in (ROOT / "README.md").read_text()
