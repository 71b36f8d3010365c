"""Rules that are put in force while events come in: nothing more is said for it, and nothing less."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.records import Alert, Match, Rule, Spike, Threshold, What, Where
from alerts.rules.match import rule_key
from streams.records import Event
from tests.alerts.saying import DAY, HOUR, a_rule, again, alerts_of, at, happened, in_force, tick, two_owners, withdrawn
from tests.builders import t4

RULES = {
    "novelty, confirmation and cooldown": a_rule(confirm=two_owners(), cooldown=3 * HOUR),
    "a threshold": a_rule(threshold=Threshold(owners=2), novelty=None),
    "an end": a_rule(resolve=3 * DAY, novelty=None),
    "a surge": a_rule(
        novelty=None, where=Where(), by="country", spike=Spike(within=DAY, events=3, over=28 * DAY, cold_start=4), cooldown=2 * HOUR
    ),
}


def story() -> list[tuple[datetime, Event]]:
    """Six weeks at three bases: quiet, a day of attacks that are confirmed, joined and denied, and a second outbreak."""
    first, second = happened("first", at(0)), happened("second", at(0, 9), place=t4(id="site:k1"))
    events = [
        happened("old", at(-20), place=t4(id="site:k2")),
        first,
        again(first, at(0, 2), owners=2),
        happened("joined", at(0, 5)),
        again(first, at(0, 6), revision=3, owners=3),
        second,
        happened("third", at(0, 10), place=t4(id="site:k2")),
        happened("fourth", at(0, 11), place=t4(id="site:k3")),
        withdrawn(second, at(0, 20)),
        happened("later", at(2.5)),
        happened("new outbreak", at(40)),
    ]
    return [(e.at, e) for e in events]


def said(rule: Rule, reloads: Sequence[tuple[int, Rule]]) -> list[tuple[Any, ...]]:
    """What is told of the story, but for titles, if before its entry of that number those rules come into force."""
    log: list[Any] = []
    for number, (when, event) in enumerate(story()):
        log += [in_force(changed, since=when) for place, changed in reloads if place == number]
        log += [Match(rule=rule.id, rule_key=rule_key(event, rule.by), event=event)]
    alerts: list[Alert] = alerts_of([*log, tick(at(60))], rule)
    return sorted((a.at, a.id, a.revision, a.change, a.stage or "", a.differences) for a in alerts)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
@given(places=st.lists(st.integers(0, 10), max_size=6))
@settings(max_examples=25, deadline=None)
def test_a_reload_at_any_time_changes_nothing_that_is_told(rule: Rule, places: list[int]) -> None:
    edited = [(place, msgspec.structs.replace(rule, title=f"Title {n}", line=n, file="moved.yaml")) for n, place in enumerate(places)]
    assert said(rule, edited) == said(rule, [])
    assert said(rule, [])


def test_other_rules_that_come_and_go_change_nothing_that_is_told() -> None:
    rule = RULES["novelty, confirmation and cooldown"]
    log = [(when, Match(rule=rule.id, rule_key=rule_key(e), event=e)) for when, e in story()]
    other = a_rule(id="other", what=What(type=("siege",)))
    busy = [entry for when, m in log for entry in (in_force(rule, other, since=when), m, in_force(rule, since=when))]
    alone = alerts_of([m for _, m in log], rule)
    assert sorted((a.id, a.revision, a.at) for a in alerts_of(busy, rule)) == sorted((a.id, a.revision, a.at) for a in alone)


def test_a_cooldown_that_is_edited_ends_at_its_new_length_counted_from_the_same_message() -> None:
    rule = a_rule(cooldown=10 * HOUR)
    first = happened("a", at(0))
    shorter = in_force(a_rule(cooldown=4 * HOUR), since=at(0, 2.5))
    made = alerts_of([first, again(first, at(0, 2), owners=2), shorter, again(first, at(0, 3), revision=3, owners=3), tick(at(1))], rule)
    assert [(a.change, a.at) for a in made] == [("new", at(0, 1)), ("update", at(0, 5))]


def test_a_rule_that_comes_back_goes_on_where_it_was() -> None:
    first = happened("a", at(0))
    log = [first, in_force(since=at(0, 2)), in_force(a_rule(), since=at(0, 3)), again(first, at(0, 4), owners=2)]
    made = alerts_of(log)
    assert [(a.change, a.revision) for a in made] == [("new", 1), ("update", 2)]
