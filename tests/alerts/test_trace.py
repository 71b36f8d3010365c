"""The way of one article, as it is told."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from alerts.commands.river import configured, river
from alerts.commands.trace import TOPICS
from alerts.records import Delivery, Outcome, Receiver, Route, RoutesInForce
from alerts.trace import Passed, River, UnknownIdError, trace
from streams.detection.detector import Detector
from streams.events.passages import MOST_PASSAGES
from streams.records import Article
from streams.runtime.replay import Replay
from streams.settings import read_settings
from tests.builders import PUBLISHED, a_mention, a_passage, an_event

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
OFFICER = Receiver(id="officer", channel="webhook", url="https://hooks.example/secret-path", secret_env="TOCSIN_X_SECRET")
STORY = (
    ("first", "Wire", "Rebels shelled the T4 airbase in the eastern countryside of Homs on Tuesday, killing six soldiers."),
    ("second", "Post", "Gunmen fired rockets at the Tiyas military airport on Tuesday, residents said."),
    ("other", "Wire", "A car bomb in Mogadishu killed nine people on Tuesday."),
    ("library", "Wire", "The mayor opened a new library."),
)


@pytest.fixture(scope="module")
def kept(detector: Detector) -> River:
    """What a river keeps of the story."""
    rules, _ = configured(read_settings({}), at=NOON - timedelta(days=1))
    made = Replay(river(detector))
    made.control(rules)
    made.control(RoutesInForce(at=rules.at, receivers=(OFFICER,), routes=(Route(receivers=("officer",)),)))
    articles = [
        Article(id=f"{name}-0123456789", outlet=outlet, feed=outlet.lower(), text=text, published=at, fetched=at)
        for i, (name, outlet, text) in enumerate(STORY)
        if (at := NOON + timedelta(minutes=i))
    ]
    made.run(articles)
    found = River()
    for topic in TOPICS:
        for record in made.logs[topic.name]:
            found.take(record)
    for notification in list(found.notifications):
        outcome = Outcome(
            delivery=notification.id, receiver="officer", attempt=1, at=notification.at + timedelta(seconds=1), ok=True, detail="204"
        )
        found.take(outcome)
    return found


def kinds(passed: list[Passed]) -> list[str]:
    return [p.kind for p in passed]


def test_from_an_article_to_whoever_was_told(kept: River) -> None:
    passed = trace(kept, "first-0123456789")
    assert kinds(passed)[:5] == ["article", "mention", "event", "alert", "notification"]
    assert "outcome" in kinds(passed)
    assert [p.at for p in passed] == sorted(p.at for p in passed)
    assert "second" not in " ".join(p.id for p in passed if p.kind == "article")


def test_from_a_delivery_back_to_every_article_that_it_speaks_of(kept: River) -> None:
    last = max((n for n in kept.notifications if n.alert == kept.notifications[0].alert), key=lambda n: n.revision)
    passed = trace(kept, last.id)
    assert {p.id for p in passed if p.kind == "article"} == {"first-0123456789", "second-0123456789"}
    assert {p.id for p in passed if p.kind == "notification"} == {last.id}


def test_an_article_that_its_event_has_too_many_to_quote_still_leads_to_it() -> None:
    quoted = tuple(a_passage(article=f"a{i}", quote=f"The base was shelled, report {i} says.") for i in range(MOST_PASSAGES))
    event = an_event(evidence=quoted, claims=(), last_reported=PUBLISHED + timedelta(hours=2))
    found = River(mentions=[a_mention(article="late", published=PUBLISHED + timedelta(hours=1))], events=[event])
    assert event.id in {p.id for p in trace(found, found.mentions[0].id)}
    few = River(mentions=found.mentions, events=[an_event(evidence=quoted[1:], claims=(), last_reported=event.last_reported)])
    assert "event" not in kinds(trace(few, found.mentions[0].id))


@pytest.mark.parametrize("kind", ["mention", "event", "alert", "number"])
def test_any_name_on_the_way_leads_to_its_article(kept: River, kind: str) -> None:
    alert = next(a for a in kept.alerts if "T4" in a.event.place.name or "Tiyas" in a.event.place.name)
    mention = next(m for m in kept.mentions if m.article == "first-0123456789")
    name = {"mention": mention.id, "event": alert.event.id, "alert": alert.id[:10], "number": alert.number}[kind]
    passed = trace(kept, name)
    assert "first-0123456789" in {p.id for p in passed}
    assert "other-0123456789" not in {p.id for p in passed}


def test_an_article_in_which_nothing_was_found_says_so_and_what_to_ask(kept: River) -> None:
    [passed] = trace(kept, "library-0123456789")
    assert passed.text == 'from wire: "The mayor opened a new library."; nothing was found in it (`tocsin detect --explain` says why)'


def test_nobodys_address_and_no_secret_is_told(kept: River) -> None:
    told = " ".join(p.text for p in trace(kept, "first-0123456789"))
    assert "hooks.example" not in told
    assert "SECRET" not in told


def test_an_unknown_name_says_what_is_kept(kept: River) -> None:
    with pytest.raises(UnknownIdError, match=r"nothing is called 'nobody'; what is kept: 4 articles since 2026-03-03 12:00Z"):
        trace(kept, "nobody")
    with pytest.raises(UnknownIdError, match="at least 6 characters"):
        trace(kept, "fir")


def test_a_beginning_that_several_have_is_refused(kept: River) -> None:
    twice = River(articles=[kept.articles[0], Article(id="first-0123456788", text="x", published=NOON, fetched=NOON)])
    with pytest.raises(UnknownIdError, match=r"may be article first-0123456789, article first-0123456788; write more of it"):
        trace(twice, "first-012")


def test_what_waits_and_what_was_given_up_is_told(kept: River) -> None:
    notification = kept.notifications[0]
    dead = Delivery(
        id=notification.id, receiver="officer", state="dead", attempt=8, at=notification.at + timedelta(days=1), detail="no route"
    )
    passed = trace(River(**{**vars(kept), "deliveries": [*kept.deliveries, dead]}), notification.id)
    assert passed[-1].text == "to officer: dead, attempt 8: no route"


def test_a_mail_servers_words_are_told_without_the_address_in_them(kept: River) -> None:
    notification = kept.notifications[0]
    refused = Outcome(
        delivery=notification.id, receiver="officer", attempt=2, at=notification.at + timedelta(days=1), ok=False,
        detail="not for second.officer@force.example: 550 no such user",
    )  # fmt: skip
    passed = trace(River(**{**vars(kept), "deliveries": [*kept.deliveries, refused]}), notification.id)
    assert passed[-1].text == "to officer: attempt 2 failed: not for (address): 550 no such user"


def test_a_number_that_two_rules_speak_of_leads_to_both_alerts(kept: River) -> None:
    alert = next(a for a in kept.alerts if a.event.place.name == "T4 (Tiyas) airbase")
    other = msgspec.structs.replace(alert, id="0" * 32, rule="another-rule")
    passed = trace(River(**{**vars(kept), "alerts": [*kept.alerts, other]}), alert.number)
    assert {alert.id, other.id} <= {p.id for p in passed if p.kind == "alert"}


def test_an_event_that_no_rule_spoke_of_is_found_by_its_number(kept: River) -> None:
    event = kept.events[0]
    passed = trace(River(**{**vars(kept), "alerts": [], "notifications": [], "deliveries": []}), event.number)
    assert event.id in {p.id for p in passed}
    assert any("no rule spoke of it yet" in p.text for p in passed)


def test_a_whole_id_is_meant_where_it_also_begins_another(kept: River) -> None:
    longer = Article(id="first-01234567890", text="x", published=NOON, fetched=NOON)
    passed = trace(River(articles=[kept.articles[0], longer]), "first-0123456789")
    assert [p.id for p in passed] == ["first-0123456789"]
