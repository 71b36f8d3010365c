"""The canary's way through the river, beside real news: nobody hears of it, and it changes nothing for anybody."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from alerts import canary
from alerts.commands.river import configured, river
from alerts.records import Alert, Notification, Receiver, Route, RoutesInForce
from alerts.topics import ALERTS, NOTIFICATIONS
from streams.detection.detector import Detector
from streams.records import Article
from streams.runtime.replay import Replay
from streams.settings import read_settings

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
OFFICER = Receiver(id="officer", channel="null")
NEWS = "Rebels shelled the T4 airbase in the eastern countryside of Homs on Tuesday, killing six soldiers."


def told(detector: Detector, articles: list[Article], *, with_canary: bool) -> tuple[list[Alert], list[Notification]]:
    """What the shipped rules say of *articles*, to an officer who hears all, with the canary's rule beside them or not."""
    rules, _ = configured(read_settings({"TOCSIN_RULES": str(Path(__file__).parents[2] / "deploy" / "rules")}), at=NOON - timedelta(days=1))
    receivers = (OFFICER, canary.RECEIVER) if with_canary else (OFFICER,)
    made = Replay(river(detector))
    made.control(msgspec.structs.replace(rules, rules=(*rules.rules, canary.RULE)) if with_canary else rules)
    made.control(RoutesInForce(at=rules.at, receivers=receivers, routes=(Route(receivers=("officer",)),)))
    made.run(articles)
    alerts = [a for a in made.logs[ALERTS.name] if isinstance(a, Alert)]
    return alerts, [n for n in made.logs[NOTIFICATIONS.name] if isinstance(n, Notification)]


def some_news(at: datetime) -> Article:
    return Article(id="news", text=NEWS, outlet="Test Wire", published=at, fetched=at)


def test_each_canary_comes_out_at_nobody_as_of_the_time_it_was_put_in(detector: Detector) -> None:
    sent = [NOON + timedelta(minutes=5 * i) for i in range(3)]
    _, notifications = told(detector, [canary.article(at) for at in sent], with_canary=True)
    assert [(n.receiver.id, n.at) for n in notifications] == [(canary.RECEIVER.id, at) for at in sent]
    assert all(n.subject.startswith("[EXERCISE]") for n in notifications)


def test_real_news_is_told_as_if_there_were_no_canary(detector: Detector) -> None:
    news = some_news(NOON + timedelta(minutes=7))
    usual, to_officer = told(detector, [news], with_canary=False)
    assert to_officer
    alerts, notifications = told(detector, [*(canary.article(NOON + timedelta(minutes=m)) for m in (0, 6, 8)), news], with_canary=True)
    assert [a for a in alerts if not canary.of(a)] == usual
    assert [n for n in notifications if n.receiver == OFFICER] == to_officer


def test_a_sample_that_is_no_canary_is_not_for_its_rule(detector: Detector) -> None:
    article = msgspec.structs.replace(canary.article(NOON), feed="sample-1")
    alerts, _ = told(detector, [article], with_canary=True)
    assert not [a for a in alerts if canary.of(a)]
