"""What other rule engines do wrong on news, from the words of articles to the alert: each behaviour by name."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from alerts.commands.river import river
from alerts.records import Alert, RulesInForce
from alerts.rules.load import load_rules
from alerts.topics import ALERTS
from streams.detection.detector import Detector, load_detector
from streams.records import EPOCH, Article, Event
from streams.runtime.replay import Replay
from streams.topics import EVENTS

SHIPPED = load_rules(Path(__file__).parents[1] / "deploy" / "rules")
NOON = datetime(2016, 12, 12, 12, 0, tzinfo=UTC)  # a Monday
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
STORMED = "Islamic State fighters stormed the T4 airbase in Homs on Monday with mortars and rockets."

detector = cache(load_detector)


def told(text: str, hours: float = 0, *, outlet: str = "First Wire", title: str | None = None, **changes: Any) -> Article:
    """An article that comes out, and is fetched, so many hours after noon; its id is that of its outlet and hour unless said."""
    at = NOON + hours * HOUR
    known = {"id": f"{outlet}@{hours}", "title": title, "text": text, "outlet": outlet, "published": at, "fetched": at}
    return Article(**{**known, **changes})


def said_of(*articles: Article, rule: str = "new-airbase-under-attack") -> list[Alert]:
    """What one of the shipped rules says of them."""
    return [a for a in _run(articles).logs[ALERTS.name] if isinstance(a, Alert) and a.rule == rule]


def events_of(*articles: Article) -> list[Event]:
    """The last revision of each event that is accepted in the end."""
    last = {e.id: e for e in _run(articles).logs[EVENTS.name] if isinstance(e, Event)}
    return [e for e in last.values() if e.accepted]


def _run(articles: tuple[Article, ...]) -> Replay:
    made = Replay(river(_reader()))
    made.control(RulesInForce(at=EPOCH, rules=SHIPPED))
    made.run(articles)
    return made


def _reader() -> Detector:
    return detector()


def changes(alerts: list[Alert]) -> Iterator[tuple[str, str | None]]:
    return ((a.change, a.stage) for a in alerts)


def test_forty_copies_of_one_wire_story_are_one_owner_preliminary_once_and_never_confirmed() -> None:
    copies = [told(f"(Reuters) - {STORMED}", i / 10, outlet=f"Paper {i}") for i in range(40)]
    assert list(changes(said_of(*copies))) == [("new", "preliminary")]
    [event] = events_of(*copies)
    assert (event.articles, event.owners) == (40, 1)


def test_an_agency_that_two_papers_cite_in_their_own_words_is_one_owner() -> None:
    one = told(f"(Reuters) - {STORMED}", outlet="Paper One")
    two = told("(Reuters) - Militants of the Islamic State group attacked the Tiyas air base on Monday, a monitor said.", 1, outlet="Two")
    assert list(changes(said_of(one, two))) == [("new", "preliminary")]


def test_whoever_cites_whoever_cites_an_outlet_is_that_outlet_and_confirms_nothing() -> None:
    chain = [
        told("The army repelled an Islamic State attack on the T4 airbase on Monday, Rudaw reported, citing Tass, which cited Al-Watan."),
        told("Islamic State militants attacked the T4 airbase on Monday, Al-Watan newspaper said.", 1, outlet="Second Wire"),
        told("IS fighters assaulted Tiyas airbase on Monday, Tass reported, citing Al-Watan.", 2, outlet="Third Wire"),
    ]
    assert list(changes(said_of(*chain))) == [("new", "preliminary")]
    [event] = events_of(*chain)
    assert (event.articles, event.owners) == (3, 1)


def test_two_outlets_in_their_own_words_confirm() -> None:
    second = told("Militants of the Islamic State group attacked the Tiyas air base on Monday, a monitor said.", 1, outlet="Second Wire")
    assert list(changes(said_of(told(STORMED), second))) == [("new", "preliminary"), ("update", "confirmed")]


def test_an_item_dated_2030_changes_nothing_but_what_it_says_itself() -> None:
    future = told("Rebels shelled the village of Kafr Zita.", -1, published=datetime(2030, 1, 1, tzinfo=UTC))
    alone = said_of(told(STORMED), told("Daesh assaulted Tiyas airbase, officials said on Monday.", 2, outlet="Second Wire"))
    beside = said_of(future, told(STORMED), told("Daesh assaulted Tiyas airbase, officials said on Monday.", 2, outlet="Second Wire"))
    assert [(a.id, a.revision, a.at) for a in beside] == [(a.id, a.revision, a.at) for a in alone]
    [early] = [e for e in events_of(future) if e.place.name != "T4 (Tiyas) airbase"]
    assert early.last_reported < NOON, "it is of the hour in which it was fetched"


def test_a_date_that_cannot_be_read_stays_unknown_over_a_hundred_polls() -> None:
    polls = [told("Islamic State fighters stormed the T4 airbase on Monday.", i, published=None, id="one") for i in range(100)]
    assert len(said_of(*polls)) == 1
    [event] = events_of(*polls)
    assert event.occurred is None
    assert event.first_reported == NOON


def test_an_edited_date_raises_nothing() -> None:
    polls = [told(STORMED, i, published=NOON + i * HOUR, id="one") for i in range(5)]
    assert list(changes(said_of(*polls))) == [("new", "preliminary")]


def test_a_second_outbreak_after_the_first_is_over_alerts_again_under_a_new_id() -> None:
    later = told("Islamic State fighters stormed the T4 airbase in Homs on Monday.", 24 * 42, outlet="Second Wire")
    first, second = said_of(told(STORMED), later)
    assert (first.change, second.change) == ("new", "new")
    assert first.id != second.id
    assert second.number != first.number


def test_a_week_later_it_is_no_new_base() -> None:
    later = told("Islamic State fighters stormed the T4 airbase in Homs on Monday.", 24 * 7, outlet="Second Wire")
    assert len(said_of(told(STORMED), later)) == 1


def test_t4_is_tiyas_and_taifor_and_isis_is_daesh_and_the_takfiri_group() -> None:
    [event] = events_of(
        told("ISIS fighters attacked the T4 airbase on Monday.", outlet="One"),
        told("Daesh militants stormed Tiyas military airport on Monday, residents said.", 1, outlet="Two"),
        told("The takfiri group assaulted the Taifor airbase on Monday, a source told us.", 2, outlet="Three"),
    )
    assert event.owners == 3
    assert event.place.name == "T4 (Tiyas) airbase"
    assert {a.id for a in event.actors if a.role == "attacker"} == {"islamic_state"}


def test_captured_and_repelled_are_one_event_disputed_with_both_quoted() -> None:
    [event] = events_of(
        told("Islamic State militants captured the T4 airbase on Monday, an activist said.", outlet="One"),
        told("The army repelled an assault by Islamic State on the T4 airbase on Monday, state media said.", 1, outlet="Two"),
    )
    assert event.disputed
    assert {c.answer for c in event.claims if c.question == "control"} == {"taken", "attack repelled"}
    assert {e.outlet for e in event.evidence} == {"One", "Two"}


def test_2015_in_passing_football_and_a_drill_wake_nobody() -> None:
    assert not said_of(
        told("The militants first took the T4 airbase in May 2015, analysts recalled."),
        told("Strikers bombarded the goal at Palmyra stadium in a siege that lasted all of the second half.", 1),
        told("Troops stormed the T4 airbase in an annual drill on Monday, the ministry said.", 2),
        told("If the T4 airbase is attacked, the army will answer, a general said.", 3),
    )


def test_what_is_known_only_to_a_country_is_no_base() -> None:
    assert not said_of(told("Militants attacked army positions in Syria on Monday, killing nine soldiers."))


def test_evidence_that_comes_three_hours_late_still_confirms() -> None:
    late = told("Militants of the Islamic State group attacked the Tiyas air base on Monday, a monitor said.", -3, outlet="Second Wire")
    late = told(late.text, 3, outlet="Second Wire", published=NOON - 3 * HOUR)
    after = told("Shells hit Idlib on Monday.", 2, outlet="Third Wire")
    assert list(changes(said_of(told(STORMED), after, late))) == [("new", "preliminary"), ("update", "confirmed")]


def test_what_is_told_of_no_known_place_raises_nothing() -> None:
    nowhere = told("Islamic State fighters stormed an airbase on Monday with mortars and rockets.")
    made = _run((nowhere,))
    assert [a for a in made.logs[ALERTS.name] if isinstance(a, Alert)] == []


def test_a_surge_over_many_villages_is_one_alert_that_says_what_is_usual() -> None:
    places = ["Kafr Zita", "Latamneh", "Morek", "Suran", "Khan Shaykhun", "Saraqib", "Maarat al-Numan", "Jisr al-Shughur"]
    before = [
        told(f"Rebels shelled the town of {places[day % 8]} in Syria.", -24.0 * 3 * day, outlet=f"Quiet {day}") for day in range(1, 8)
    ]
    today = [
        told(f"Government jets bombed the town of {place} in Syria on Monday, a monitor said.", i / 10) for i, place in enumerate(places)
    ]
    made = said_of(*before, *today, rule="fighting-surges")
    assert [a.change for a in made] == ["new"]
    assert made[0].surge.startswith("8 events in 24 h in Syria; usual are ")


def test_a_capture_is_not_confirmed_by_whoever_says_that_it_was_repelled() -> None:
    taken = told("Islamic State captured the T4 airbase in Homs on Monday, Amaq said.", outlet="Amaq")
    repelled = told("The Syrian army repelled an Islamic State attack on the T4 airbase on Monday, SANA said.", 1, outlet="SANA")
    again = told("Islamic State fighters captured the T4 airbase on Monday after a night of fighting, residents said.", 2, outlet="Third")
    overrun = said_of(taken, repelled, rule="military-site-overrun")
    assert {a.stage for a in overrun} == {"preliminary"}
    assert overrun[-1].event.disputed
    assert said_of(taken, repelled, again, rule="military-site-overrun")[-1].stage == "confirmed"


def test_a_toll_that_rises_past_a_rules_number_alerts() -> None:
    tolls = [
        told("An air strike on Maarat al-Numan in Idlib killed five people on Monday, residents said.", outlet="One"),
        told("The death toll of Monday's air strike on Maarat al-Numan in Idlib has risen to 23, rescuers said.", 3, outlet="Two"),
    ]
    assert not said_of(tolls[0], rule="mass-casualty-attack")
    assert said_of(*tolls, rule="mass-casualty-attack")
    [event] = events_of(*tolls)  # "in Idlib" only says where the town is
    assert (event.place.name, event.killed) == ("Maarat al-Numan", (23, 23))


def test_an_outlet_is_one_owner_however_its_name_is_written() -> None:
    [event] = events_of(
        told("Islamic State stormed the T4 airbase on Monday, Al-Watan reported.", outlet="Al-Watan"),
        told("Militants attacked the T4 airbase in Homs on Monday, Rudaw reported, citing Tass, which cited the Al-Watan newspaper.", 1),
    )
    assert event.owners == 1
