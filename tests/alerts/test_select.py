"""The stage `select`: events in, one match for each rule that an event may concern."""

from typing import Any

from alerts.records import Match, Rule, Where
from alerts.select import REMEMBERED, SELECT
from streams.records import Event
from streams.runtime.replay import outputs_of
from tests.alerts.saying import a_rule, again, at, happened, in_force, tick, withdrawn
from tests.builders import t4

ANY = a_rule(id="any", where=Where())


def matches(*log: Any, rules: tuple[Rule, ...] = (a_rule(), ANY)) -> list[tuple[str, bool, int]]:
    """Rule, gone, and revision of each match."""
    out = outputs_of(SELECT, [in_force(*rules), *log])
    assert all(isinstance(m, Match) for m in out), out
    return [(m.rule, m.gone, m.event.revision) for m in out if isinstance(m, Match)]


def airport(event: Event, hours: float) -> Event:
    """*event*, whose place proved to be civil."""
    return again(event, at(0, hours), place=t4(kind="airport"))


def test_an_event_goes_to_every_rule_whose_scope_it_is_in() -> None:
    assert matches(happened("a", at(0))) == [("new-airbase-under-attack", False, 1), ("any", False, 1)]
    assert matches(happened("a", at(0), place=t4(kind="airport"))) == [("any", False, 1)]


def test_an_event_that_leaves_a_scope_is_gone_from_there_once() -> None:
    first = happened("a", at(0))
    civil = airport(first, 2)
    assert matches(first, civil, again(civil, at(0, 3)))[2:] == [
        ("new-airbase-under-attack", True, 2), ("any", False, 2), ("any", False, 3),
    ]  # fmt: skip


def test_an_event_whose_place_is_another_is_gone_from_the_first() -> None:
    first = happened("a", at(0))
    out = outputs_of(SELECT, [in_force(ANY), first, again(first, at(0, 2), place=t4(id="site:k1"))])
    assert [(m.rule_key, m.gone) for m in out if isinstance(m, Match)] == [("site:t4", False), ("site:t4", True), ("site:k1", False)]


def test_a_withdrawn_event_is_told_to_all_who_heard_of_it() -> None:
    first = happened("a", at(0))
    assert matches(first, withdrawn(first, at(0, 2)))[2:] == [("new-airbase-under-attack", False, 2), ("any", False, 2)]


def test_a_repeat_and_an_older_revision_change_nothing() -> None:
    first = happened("a", at(0))
    second = again(first, at(0, 2))
    assert [r for _, _, r in matches(first, first, second, first, second)] == [1, 1, 2, 2]


def test_rules_that_are_replaced_take_effect_from_there_on() -> None:
    first = happened("a", at(0))
    log = [first, in_force(ANY, since=at(0, 1.5)), happened("b", at(0, 1))]
    assert matches(*log, rules=(a_rule(),)) == [("new-airbase-under-attack", False, 1), ("any", False, 1)]


def test_a_rule_taken_out_of_force_still_hears_of_what_it_heard_of() -> None:
    first = happened("a", at(0))
    log = [first, in_force(since=at(0, 1.5)), withdrawn(first, at(0, 2)), happened("b", at(0, 1))]
    assert matches(*log, rules=(a_rule(),)) == [("new-airbase-under-attack", False, 1), ("new-airbase-under-attack", False, 2)]


def test_an_edited_scope_takes_no_event_away_that_did_not_change() -> None:
    first = happened("a", at(0))
    elsewhere = in_force(a_rule(where=Where(country=("IQ",))), since=at(0, 1.5))
    assert matches(first, elsewhere, again(first, at(0, 2)), rules=(a_rule(),)) == [
        ("new-airbase-under-attack", False, 1), ("new-airbase-under-attack", False, 2),
    ]  # fmt: skip
    assert matches(first, elsewhere, airport(first, 2), rules=(a_rule(),))[1:] == [("new-airbase-under-attack", True, 2)]


def test_without_rules_nothing_matches() -> None:
    assert matches(happened("a", at(0)), rules=()) == []


def test_an_event_is_forgotten_after_nine_days_without_a_revision() -> None:
    first = happened("a", at(0))
    late = airport(first, 24 * 10)
    assert matches(first, tick(first.at + REMEMBERED), late, rules=(a_rule(),)) == [("new-airbase-under-attack", False, 1)]
    assert matches(first, airport(first, 24 * 8), rules=(a_rule(),))[1:] == [("new-airbase-under-attack", True, 2)]
