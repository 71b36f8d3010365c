"""The stage `judge`, whole: matches and control copies in, alerts out."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.judge import JUDGE, Judging, judge_step
from alerts.memory import Known
from alerts.records import Alert, Rule, Spike, Threshold, What, Where
from alerts.rules.situations import GAP
from alerts.topics import MATCHES
from streams.records import Event, Occurred, Tick
from streams.runtime.replay import outputs_of
from tests.alerts.saying import (
    DAY,
    HOUR,
    START,
    a_rule,
    a_verdict,
    again,
    alerts_of,
    at,
    happened,
    in_force,
    matched,
    tick,
    told,
    two_owners,
    withdrawn,
)
from tests.builders import a_claim, palmyra, t4

MINUTES_30 = timedelta(minutes=30)


# What is new


def test_the_first_attack_after_30_quiet_days_alerts_once() -> None:
    made = alerts_of([happened("old", at(-31)), happened("new", at(0))])
    assert told(made) == ["new", "new"]
    assert made[1].last_event == made[0].number
    assert made[1].quiet_days == 30


def test_an_attack_yesterday_at_the_same_base_makes_todays_no_new_alert() -> None:
    made = alerts_of([happened("yesterday", at(-1)), happened("today", at(0))])
    assert told(made) == ["new", "update"]


def test_events_less_than_48_hours_apart_are_one_alert_with_revisions() -> None:
    made = alerts_of([happened("a", at(0)), happened("b", at(1.9)), happened("c", at(3.8))])
    assert [(a.revision, a.change) for a in made] == [(1, "new"), (2, "update"), (3, "update")]
    assert len({a.id for a in made}) == len({a.number for a in made}) == 1


def test_a_further_day_is_named_in_the_difference() -> None:
    made = alerts_of([happened("a", at(0)), happened("b", at(1))])
    assert made[1].differences == ("GOES ON: armed clash, 13 DEC 16",)


def test_a_second_outbreak_after_the_novelty_window_alerts_under_a_new_id() -> None:
    made = alerts_of([happened("a", at(0)), happened("b", at(31))])
    assert told(made) == ["new", "new"]
    assert made[0].id != made[1].id
    assert made[0].number != made[1].number


def test_an_event_after_48_hours_but_within_30_days_is_silent() -> None:
    assert told(alerts_of([happened("a", at(0)), happened("b", at(3)), happened("c", at(29))])) == ["new"]


def test_without_novelty_every_outbreak_alerts() -> None:
    assert told(alerts_of([happened("a", at(0)), happened("b", at(3))], a_rule(novelty=None))) == ["new", "new"]


def test_a_convoy_at_the_base_breaks_no_novelty() -> None:
    convoy = happened("convoy", at(-5), type="force_movement", category="strategic", family="posture")
    assert told(alerts_of([convoy, happened("attack", at(0))])) == ["new"]


def test_an_attack_elsewhere_breaks_no_novelty() -> None:
    assert told(alerts_of([happened("elsewhere", at(-5), place=palmyra(kind="air_base")), happened("here", at(0))])) == ["new", "new"]


def test_an_exercise_never_counts_in_the_novelty_of_real_events_nor_they_in_its() -> None:
    def exercise(name: str, days: float) -> Event:
        return happened(name, at(days), sample=True, key="exercise:drill:SY.11")

    made = alerts_of([exercise("drill", -5), happened("real", at(0)), exercise("drill again", 5)])
    assert [(a.change, a.event.sample) for a in made] == [("new", True), ("new", False)]
    assert told(alerts_of([happened("real", at(-5)), exercise("drill", 0)])) == ["new", "new"]


def test_an_event_that_ended_before_the_rule_looks_back_wakes_nobody_but_counts_for_novelty() -> None:
    old = happened("old", at(-5), told=at(0))
    assert alerts_of([old]) == []
    assert alerts_of([old, happened("today", at(0, 2))]) == []
    assert told(alerts_of([happened("today", at(0, 2))])) == ["new"]


def test_an_event_dated_in_the_future_of_its_reports_is_of_the_day_it_was_reported() -> None:
    slip = Occurred(start=at(3650), end=at(3651), precision="day")
    made = alerts_of([happened("typing error", at(0), occurred=slip), happened("b", at(10)), happened("c", at(50))])
    assert [a.event.id for a in made if a.change == "new"] == [made[0].event.id, happened("c", at(50)).id]


def test_an_event_below_the_threshold_waits_for_its_second_owner() -> None:
    rule = a_rule(threshold=Threshold(owners=2))
    first = happened("a", at(0))
    assert alerts_of([first], rule) == []
    assert told(alerts_of([first, again(first, at(0, 3), owners=2)], rule)) == ["new"]


def test_an_event_below_the_threshold_is_no_update_of_another_either() -> None:
    rule = a_rule(threshold=Threshold(owners=2))
    assert told(alerts_of([happened("a", at(0), owners=2), happened("rumour", at(1))], rule)) == ["new"]


# What changes


def test_a_repeat_changes_nothing() -> None:
    first = happened("a", at(0))
    assert told(alerts_of([first, first, first])) == ["new"]


def test_an_older_revision_that_arrives_late_changes_nothing() -> None:
    first = happened("a", at(0))
    second = again(first, at(0, 2), owners=2)
    assert [a.event.owners for a in alerts_of([second, first])] == [2]


def test_a_denial_is_said_despite_the_cooldown_and_names_who_denies() -> None:
    first = happened("a", at(0))
    denied = again(first, at(0, 1.1), claims=(a_claim("happened", "no", "SANA"),), disputed=True)
    made = alerts_of([first, denied], a_rule(cooldown=6 * HOUR))
    assert told(made) == ["new", "update"]
    assert made[1].differences == ("SANA DENIES it",)


def test_a_new_owner_within_the_cooldown_is_said_once_when_it_ends() -> None:
    first = happened("a", at(0))
    log = [first, again(first, at(0, 1.25), owners=2), tick(at(0, 1.4)), tick(at(0, 1.6)), tick(at(0, 9))]
    made = alerts_of(log, a_rule(cooldown=MINUTES_30))
    assert [(a.change, a.at) for a in made] == [("new", at(0, 1)), ("update", at(0, 1.5))]
    assert made[1].differences == ("1 MORE independent source",)


def test_what_two_events_owe_is_said_in_one_message_when_the_cooldown_ends() -> None:
    a, b = happened("a", at(0)), happened("b", at(0, 0.1), type="air_drone_strike", told=at(0, 1.1))
    log = [a, again(a, at(0, 1.05), owners=2), b, again(b, at(0, 1.2), killed=(3, 3)), tick(at(0, 2))]
    made = alerts_of(log, a_rule(cooldown=MINUTES_30))
    assert told(made) == ["new", "update"]
    assert set(made[1].differences) == {"1 MORE independent source", "ALSO: air drone strike, 12 DEC 16"}


def test_two_events_of_one_alert_that_take_turns_repeat_nothing() -> None:
    a, b = happened("a", at(0)), happened("b", at(1))
    log = [a, b, again(a, at(1, 2)), again(b, at(1, 3)), again(again(a, at(1, 2)), at(1, 4))]
    assert told(alerts_of(log)) == ["new", "update"]


def test_a_second_owner_confirms_at_once() -> None:
    first = happened("a", at(0))
    made = alerts_of([first, again(first, at(0, 1.1), owners=2)], a_rule(confirm=two_owners(), cooldown=6 * HOUR))
    assert [(a.stage, a.differences) for a in made] == [("preliminary", ()), ("confirmed", ("CONFIRMED by 2 independent sources",))]
    assert made[0].confirm_by == made[0].at + 6 * HOUR


def test_a_second_owner_of_three_is_no_confirmation_and_waits() -> None:
    first = happened("a", at(0))
    confirm = msgspec.structs.replace(two_owners(), owners=3)
    made = alerts_of([first, again(first, at(0, 1.1), owners=2)], a_rule(confirm=confirm, cooldown=6 * HOUR))
    assert told(made) == ["new"]


# What is taken back


def test_the_withdrawal_of_the_only_event_is_one_retraction() -> None:
    first = happened("a", at(0))
    gone = withdrawn(first, at(0, 3))
    made = alerts_of([first, gone, gone, again(gone, at(0, 4), evidence=())], a_rule(cooldown=6 * HOUR))
    assert told(made) == ["new", "retraction"]
    assert made[1].reason.text == "no source says so any more"
    assert made[1].event.evidence, "what is taken back is shown as it was said"


def test_an_event_that_was_never_said_is_never_retracted() -> None:
    silent = happened("b", at(5))
    assert told(alerts_of([happened("a", at(0)), silent, withdrawn(silent, at(5, 3))])) == ["new"]


def test_an_event_that_merges_into_another_of_the_situation_is_no_retraction() -> None:
    a, b = happened("a", at(0)), happened("b", at(0, 2))
    merged = withdrawn(b, at(0, 5), merged_into=a.id)
    made = alerts_of([a, b, again(a, at(0, 5)), merged])
    assert told(made) == ["new", "update"]


@pytest.mark.parametrize("first", ["heir", "ended"])
def test_a_merge_of_all_that_was_said_goes_on_under_the_heir_whichever_comes_first(first: str) -> None:
    a = happened("a", at(0), occurred=None)
    heir = happened("heir", at(0), told=at(0, 5), owners=2)
    merged = withdrawn(a, at(0, 5), merged_into=heir.id)
    news = [heir, merged] if first == "heir" else [merged, heir]
    made = alerts_of([a, *news, tick(at(1))], a_rule(cooldown=5 * HOUR))
    assert told(made) == ["new", "update"]
    assert made[1].id == made[0].id
    assert made[1].event.id == heir.id
    assert made[1].differences == ("1 MORE independent source",)


def test_what_an_heir_was_told_for_is_retracted_when_the_heir_is_withdrawn() -> None:
    a, heir = happened("a", at(0)), happened("heir", at(0), told=at(0, 3))
    log = [a, withdrawn(a, at(0, 3), merged_into=heir.id), heir, withdrawn(heir, at(0, 4))]
    assert told(alerts_of(log)) == ["new", "retraction"]


def test_the_withdrawal_of_the_first_event_while_the_second_stands_is_a_correction() -> None:
    a, b = happened("a", at(0)), happened("b", at(1))
    made = alerts_of([a, b, withdrawn(a, at(1, 3))], a_rule(cooldown=MINUTES_30))
    assert told(made) == ["new", "update", "correction"]
    assert made[2].event.id == b.id
    assert made[2].number == made[0].number, "an alert keeps its number"
    assert made[2].differences == ("WITHDRAWN: armed clash, 12 DEC 16: no source says so any more",)


def test_after_the_first_the_withdrawal_of_the_last_event_is_the_retraction() -> None:
    a, b = happened("a", at(0)), happened("b", at(1))
    made = alerts_of([a, b, withdrawn(a, at(1, 3)), withdrawn(b, at(1, 4))])
    assert told(made) == ["new", "update", "correction", "retraction"]


def test_two_alerts_that_a_late_event_joins_each_take_back_their_own() -> None:
    a, c = happened("a", at(0)), happened("c", at(3))
    bridge = happened("b", at(1.5), told=at(3, 2))
    made = alerts_of([a, c, bridge, withdrawn(c, at(3, 3))], a_rule(novelty=None))
    assert [(x.change, x.event.id) for x in made] == [("new", a.id), ("new", c.id), ("update", bridge.id), ("retraction", c.id)]
    assert made[3].id == made[1].id
    assert made[2].id == made[0].id


def test_an_event_that_leaves_the_rules_scope_is_taken_back() -> None:
    first = happened("a", at(0))
    civil = again(first, at(0, 3), place=t4(kind="airport"))
    made = alerts_of([first, matched(civil, gone=True)])
    assert told(made) == ["new", "retraction"]
    assert made[1].reason.text == "the place is not, or no longer, one that the rule looks at"


def test_a_toll_that_falls_below_the_rule_is_taken_back_and_a_toll_that_rises_again_is_reported_again() -> None:
    first = happened("a", at(0), killed=(25, 25))
    fell = again(first, at(0, 3), killed=(2, 2))
    made = alerts_of([first, fell, again(fell, at(0, 4), killed=(30, 30))], a_rule(what=What(killed=20)))
    assert told(made) == ["new", "retraction", "correction"]
    assert made[2].differences[0] == "REPORTED AGAIN after the retraction"
    assert [a.revision for a in made] == [1, 2, 3]


def test_a_dismissed_event_does_not_count() -> None:
    false = happened("false", at(-5))
    made = alerts_of([false, a_verdict(false, at(-4)), happened("real", at(0))])
    assert [(a.change, a.event.id) for a in made][-1] == ("new", happened("real", at(0)).id)
    assert told(alerts_of([false, happened("real", at(0))])) == ["new"]


def test_an_event_dismissed_after_it_was_said_is_taken_back_with_its_next_news() -> None:
    false = happened("false", at(0))
    made = alerts_of([false, a_verdict(false, at(0, 2)), again(false, at(0, 3), owners=2)])
    assert told(made) == ["new", "retraction"]
    assert made[1].reason.text == "an officer dismissed it"


def test_an_attack_that_a_false_one_kept_silent_is_said_when_the_false_one_is_withdrawn() -> None:
    false, real = happened("false", at(-5)), happened("real", at(0))
    made = alerts_of([false, real, withdrawn(false, at(0, 2))])
    assert [(a.change, a.event.id) for a in made] == [("new", false.id), ("retraction", false.id), ("new", real.id)]


# Rules that change


def test_rules_that_are_replaced_take_effect_from_there_on() -> None:
    deaf = a_rule(what=What(type=("siege",)))
    later = in_force(a_rule(), since=at(0, 5))
    assert told(alerts_of([happened("a", at(0)), later, happened("b", at(1))], deaf)) == ["new"]


def test_a_rule_edited_to_want_something_else_takes_back_nothing_that_is_still_so() -> None:
    first = happened("a", at(0))
    other = in_force(a_rule(what=What(type=("siege",))), since=at(0, 2))
    assert told(alerts_of([first, other, again(first, at(0, 3))])) == ["new"]


def test_a_rule_taken_out_of_force_says_nothing_new_but_still_retracts() -> None:
    first = happened("a", at(0))
    none = in_force(a_rule(id="other"), since=at(0, 2))
    more = again(first, at(0, 3), owners=5)
    made = alerts_of([first, none, more, happened("b", at(1)), withdrawn(more, at(1, 3))])
    assert told(made) == ["new", "retraction"]


def test_a_match_of_a_rule_that_was_never_in_force_is_passed_over() -> None:
    assert alerts_of([matched(happened("a", at(0)), rule="unknown")]) == []


def test_an_edited_title_keeps_windows_and_shows_from_the_next_revision_on() -> None:
    first = happened("a", at(0))
    renamed = in_force(a_rule(title="Airfield attacked"), since=at(0, 2))
    made = alerts_of([first, renamed, again(first, at(0, 3), owners=2), happened("b", at(10))])
    assert [(a.change, a.title) for a in made] == [("new", "New airbase under attack"), ("update", "Airfield attacked")]


def test_a_rule_made_louder_does_not_wait_for_the_cooldown() -> None:
    first = happened("a", at(0))
    louder = in_force(a_rule(severity="flash", cooldown=6 * HOUR), since=at(0, 1.1))
    made = alerts_of([first, louder, again(first, at(0, 1.2), owners=2)], a_rule(cooldown=6 * HOUR))
    assert made[1].differences == ("PRECEDENCE raised to FLASH", "1 MORE independent source")
    assert made[1].severity == "flash"


# Memory


def states_after(log: list[Any], rule: Rule) -> list[Known | None]:
    """The state after each entry."""
    known: Known | None = None
    out = []
    for entry in log:
        known, _ = judge_step(known, matched(entry) if isinstance(entry, Event) else entry, Judging(rules={rule.id: rule}))
        out.append(known)
    return out


def test_memory_ends_when_no_window_reaches_the_event_any_more() -> None:
    known = states_after([happened("a", at(0))], a_rule())[-1]
    assert known is not None
    due = JUDGE.due(known)
    assert due == at(0, 1) + 30 * DAY + 3 * DAY + GAP + 7 * DAY
    assert states_after([happened("a", at(0)), Tick(at=due)], a_rule())[-1] is None


def test_every_waking_moves_the_next_one_on_until_nothing_is_left() -> None:
    a = happened("a", at(0))
    log = [a, again(a, at(0, 1.1), owners=2), happened("b", at(1)), happened("old", at(-60), told=at(1, 1)), happened("c", at(9))]
    rule = a_rule(cooldown=MINUTES_30, novelty=3 * DAY)
    known, steps = states_after(log, rule)[-1], 0
    while known is not None:
        due = JUDGE.due(known)
        assert due is not None
        known = _woken(known, rule, due)
        steps += 1
        assert known is None or (later := JUDGE.due(known)) is None or later > due
    assert 3 <= steps <= 10


def _woken(known: Known, rule: Rule, due: Any) -> Known | None:
    return judge_step(known, Tick(at=due), Judging(rules={rule.id: rule}))[0]


def test_a_long_battle_forgets_its_beginning_and_is_not_retracted_for_it() -> None:
    battle = [happened(f"day {i}", at(i)) for i in range(60)]
    made = alerts_of(battle, a_rule(novelty=None))
    assert told(made) == ["new"] + ["update"] * 59
    known = states_after(battle, a_rule(novelty=None))[-1]
    assert known is not None
    assert len(known.history) <= 13
    assert all(len(s.told) <= 13 for s in known.said.values())


def test_what_was_forgotten_is_not_retracted_while_the_situation_goes_on() -> None:
    battle = [happened(f"day {i}", at(i)) for i in range(20)]
    last = battle[-1]
    made = alerts_of([*battle, withdrawn(last, at(19, 5))], a_rule(novelty=None))
    assert made[-1].change == "correction"
    assert made[-1].event.id == battle[-2].id


# Any order, any number of times


PLACES = ("p1", "p2")
events = st.builds(
    lambda place, hours, owners: (place, hours, owners),
    st.sampled_from(PLACES), st.sampled_from([0, 12, 30, 60, 96, 130]), st.sampled_from([1, 2]),
)  # fmt: skip


def made_of(drawn: list[tuple[str, float, int]]) -> list[Event]:
    """Distinct events, all heard of within six hours after the last."""
    return [
        happened(
            f"{place}{hours}{i}", START + hours * HOUR, told=START + 131 * HOUR + i * HOUR, owners=owners, place=t4(id=place, name=place)
        )
        for i, (place, hours, owners) in enumerate(drawn)
    ]


def must_be_told(events: list[Event], rule: Rule) -> set[str]:
    """Places with an event that is fresh enough, supported enough, and preceded by nothing in the novelty window."""
    out = set()
    for place in PLACES:
        times = sorted((e.occurred.start, e.owners) for e in events if e.place.id == place and e.occurred)
        fresh = [t for t, owners in times if t > START + 70 * HOUR and owners >= rule.threshold.owners]
        if fresh and times[0][0] > START + 70 * HOUR:
            out.add(place)
    return out


@settings(max_examples=60, deadline=None)
@given(st.lists(events, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_whoever_had_to_be_told_has_been_told_in_any_order(drawn: list[tuple[str, float, int]], random: Any) -> None:
    rule = a_rule(threshold=Threshold(owners=2))
    log = made_of(drawn)
    in_order = {a.event.place.id for a in alerts_of(log, rule) if a.change == "new"}
    shuffled = random.sample(log, len(log))
    out_of_order = {a.event.place.id for a in alerts_of(shuffled, rule) if a.change == "new"}
    assert out_of_order >= must_be_told(log, rule)
    assert in_order >= must_be_told(log, rule)


@settings(max_examples=60, deadline=None)
@given(st.lists(events, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_no_situation_as_known_then_has_two_new_alerts(drawn: list[tuple[str, float, int]], random: Any) -> None:
    log = made_of(drawn)
    random.shuffle(log)
    for heard in range(1, len(log) + 1):
        before, now = alerts_of(log[: heard - 1], a_rule(novelty=None)), alerts_of(log[:heard], a_rule(novelty=None))
        for new in (a for a in now[len(before) :] if a.change == "new"):
            spoken = {a.event.id for a in before if a.event.place.id == new.event.place.id}
            assert not spoken & _together(new.event, [e for e in log[:heard] if e.place.id == new.event.place.id])


def _together(event: Event, known: list[Event]) -> set[str]:
    """The ids that hang together with *event* by gaps under 48 hours, found by spreading from it."""
    found, size = {event.id: event}, 0
    while len(found) > size:
        size = len(found)
        for e in known:
            if any(abs(e.occurred.start - f.occurred.start) < GAP + HOUR for f in found.values() if e.occurred and f.occurred):
                found[e.id] = e
    return set(found)


@settings(max_examples=60, deadline=None)
@given(st.lists(events, min_size=1, max_size=5), st.integers(2, 3), st.randoms(use_true_random=False))
def test_feeding_every_match_two_or_three_times_changes_no_output(drawn: list[tuple[str, float, int]], times: int, random: Any) -> None:
    log = [matched(e) for e in made_of(drawn)]
    often: list[Any] = []
    for i, entry in enumerate(log):
        often += [entry, *random.choices(log[: i + 1], k=times - 1)]
    assert len({MATCHES.identity(e) for e in often}) == len(log)
    rules = in_force(a_rule(cooldown=MINUTES_30))
    assert outputs_of(JUDGE, [rules, *often]) == outputs_of(JUDGE, [rules, *log])


def test_the_state_survives_its_bytes() -> None:
    a = happened("a", at(0))
    known = states_after([a, again(a, at(0, 2), owners=2), happened("b", at(1))], a_rule(cooldown=6 * HOUR))[-1]
    assert msgspec.json.decode(msgspec.json.encode(known), type=Known) == known


def test_alerts_name_rule_and_place_in_their_id() -> None:
    other = a_rule(id="other", where=Where())
    a = happened("a", at(0))
    made = [x for x in outputs_of(JUDGE, [in_force(a_rule(), other), matched(a), matched(a, rule="other")]) if isinstance(x, Alert)]
    assert len({x.id for x in made}) == 2
    assert len({x.number for x in made}) == 1, "officers know the occurrence by one number, whatever rule speaks"


# Over


def test_an_alert_is_over_after_so_long_without_news_and_says_so_once() -> None:
    rule = a_rule(resolve=3 * DAY)
    made = alerts_of([happened("a", at(0)), tick(at(3)), tick(at(4)), tick(at(9))], rule)
    assert told(made) == ["new", "resolved"]
    assert made[1].at == at(3, 1)
    assert made[1].differences == ("OVER: nothing new for 3 days",)
    assert made[1].id == made[0].id


def test_news_puts_the_end_off() -> None:
    first = happened("a", at(0))
    made = alerts_of([first, again(first, at(2), owners=2), tick(at(4.9)), tick(at(6))], a_rule(resolve=3 * DAY))
    assert [(a.change, a.at) for a in made] == [("new", at(0, 1)), ("update", at(2)), ("resolved", at(5))]


def test_a_second_outbreak_after_the_first_is_over_is_a_new_alert_under_a_new_id() -> None:
    rule = a_rule(novelty=None, resolve=2 * DAY)
    made = alerts_of([happened("a", at(0)), tick(at(3)), happened("b", at(4))], rule)
    assert told(made) == ["new", "resolved", "new"]
    assert made[2].id != made[0].id


def test_what_is_over_is_still_taken_back() -> None:
    first = happened("a", at(0))
    made = alerts_of([first, tick(at(4)), withdrawn(first, at(5))], a_rule(resolve=3 * DAY))
    assert told(made) == ["new", "resolved", "retraction"]


def test_what_was_taken_back_is_not_said_to_be_over() -> None:
    first = happened("a", at(0))
    assert told(alerts_of([first, withdrawn(first, at(1)), tick(at(9))], a_rule(resolve=3 * DAY))) == ["new", "retraction"]


def test_evidence_that_comes_late_makes_what_was_over_go_on_under_its_id() -> None:
    first = happened("a", at(0))
    made = alerts_of([first, tick(at(4)), again(first, at(5), owners=2), tick(at(9))], a_rule(resolve=3 * DAY))
    assert told(made) == ["new", "resolved", "update", "resolved"]
    assert len({a.id for a in made}) == 1


def test_without_the_word_nothing_is_said_to_be_over() -> None:
    assert told(alerts_of([happened("a", at(0)), tick(at(9)), tick(at(40))])) == ["new"]


def test_a_rule_out_of_force_says_no_end() -> None:
    assert told(alerts_of([happened("a", at(0)), in_force(), tick(at(9))], a_rule(resolve=3 * DAY))) == ["new"]


def test_a_surge_is_over_when_its_window_has_passed() -> None:
    rule = a_rule(novelty=None, resolve=2 * DAY, spike=Spike(within=DAY, events=2))
    made = alerts_of([happened("a", at(0)), happened("b", at(0, 3)), tick(at(5))], rule)
    assert [(a.change, a.at) for a in made] == [("new", at(0, 4)), ("resolved", at(3, 3))]
