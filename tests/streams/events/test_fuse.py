"""An event is a function of the set of its mentions: whatever their order, however often they come."""

import random
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.events.fuse import FUSE, KEPT
from streams.records import Event, Mention, Tick, Withdrawn
from streams.runtime.replay import outputs_of
from tests.streams.saying import BASE, NOON, TOWN, VILLAGE, on, said

DAY = NOON
NEXT_DAY = NOON + timedelta(days=1)


def events(log: Iterable[Any]) -> list[Event]:
    """Every revision that fuse writes for *log*."""
    return [e for e in outputs_of(FUSE, log) if isinstance(e, Event)]


def at_rest(log: Iterable[Any]) -> list[dict[str, Any]]:
    """The accepted events at the end, without what depends on the order: ids, revisions, and when they were said."""
    last = {e.id: e for e in events(log)}
    bare = [msgspec.to_builtins(e) for e in last.values() if e.accepted]
    for e in bare:
        for name in ("id", "revision", "at", "record"):
            e.pop(name)
    return sorted(bare, key=str)


def withdrawn(mention: Mention, *, later_hours: float) -> Withdrawn:
    return Withdrawn(id=mention.id, article=mention.article, key=mention.key, fetched=mention.fetched + timedelta(hours=later_hours))


def test_two_outlets_on_one_day_at_one_place_make_one_event_with_two_owners() -> None:
    made = events([said("ara", occurred=on(DAY)), said("sana", at=1, occurred=on(DAY))])
    assert [(e.revision, e.owners, e.articles) for e in made] == [(1, 1, 1), (2, 2, 2)]
    assert len({e.id for e in made}) == 1


def test_two_places_make_two_events() -> None:
    assert len(at_rest([said(place=TOWN), said(place=VILLAGE, article="b")])) == 2


def test_two_days_make_two_events() -> None:
    assert len(at_rest([said("a", occurred=on(DAY)), said("b", at=20, occurred=on(NEXT_DAY))])) == 2


def test_two_families_in_a_town_make_two_events_but_at_a_base_one() -> None:
    def both(place: Any) -> list[Mention]:
        return [said("a", place=place, occurred=on(DAY)), said("b", place=place, kind="air_drone_strike", occurred=on(DAY))]

    assert len(at_rest(both(TOWN))) == 2
    assert len(at_rest(both(BASE))) == 1


def test_a_mention_without_a_day_joins_what_was_reported_within_24_hours() -> None:
    assert len(at_rest([said("a", occurred=on(DAY)), said("b", at=23)])) == 1
    assert len(at_rest([said("a", occurred=on(DAY)), said("b", at=25)])) == 2


def test_a_repeat_writes_nothing() -> None:
    one = said()
    assert len(events([one, one, one])) == 1


def test_a_mention_without_a_place_makes_no_event() -> None:
    assert events([said(place=None)]) == []


@pytest.mark.parametrize("status", ["historical", "planned", "threatened", "exercise", "denied", "negated", "follow_up"])
def test_what_is_not_current_makes_no_event(status: str) -> None:
    assert events([said(status=status)]) == []


def test_history_is_kept_beside_the_event_and_counts_for_nothing() -> None:
    last = events([said("a"), said("b", at=1, status="historical", article="b")])[-1]
    assert (last.owners, last.articles, len(last.evidence), len(last.background)) == (1, 1, 1, 1)


def test_a_denial_disputes_the_event_without_ending_it() -> None:
    last = events([said("rebels", kind="armed_clash"), said("army", at=1, status="denied", article="b")])[-1]
    assert last.accepted
    assert last.disputed
    assert {(c.answer, c.by) for c in last.claims if c.question == "happened"} == {("yes", ("Rebels",)), ("no", ("Army",))}


def test_captured_and_repelled_stand_side_by_side() -> None:
    taken = said("rebels", place=TOWN, kind="non_state_actor_overtakes_territory", occurred=on(DAY))
    held = said("army", place=TOWN, at=1, outcome="repelled", occurred=on(DAY))
    last = events([taken, held])[-1]
    assert last.disputed
    assert {c.answer for c in last.claims if c.question == "control"} == {"taken", "attack repelled"}


def test_deaths_that_exclude_each_other_are_shown_and_never_averaged() -> None:
    last = events([said("a", killed=(3, 3)), said("b", at=1, killed=(0, 0))])[-1]
    assert last.disputed
    assert last.killed == (0, 3)
    assert [c.answer for c in last.claims if c.question == "killed"] == ["0", "3"]


def test_a_withdrawal_by_the_only_source_ends_the_event() -> None:
    one = said()
    last = events([one, withdrawn(one, later_hours=1)])[-1]
    assert not last.accepted
    assert (last.revision, last.owners, last.merged_into) == (2, 0, None)


def test_a_withdrawal_by_one_of_two_sources_leaves_the_event_of_the_other() -> None:
    one, two = said("a", occurred=on(DAY)), said("b", at=1, occurred=on(DAY))
    last = events([one, two, withdrawn(one, later_hours=2)])[-1]
    assert (last.accepted, last.owners) == (True, 1)
    assert last.id == events([one])[0].id


def test_an_older_copy_of_a_withdrawn_mention_does_not_return() -> None:
    one = said()
    assert not events([one, withdrawn(one, later_hours=1), one])[-1].accepted


def test_two_events_that_turn_out_to_be_one_leave_a_forwarding_id() -> None:
    early, late = said("a", at=0), said("b", at=30)
    bridge = said("c", at=20, occurred=on(DAY))
    apart = events([early, late])
    assert len({e.id for e in apart}) == 2
    last = {e.id: e for e in events([early, late, bridge])}
    merged = [e for e in last.values() if e.merged_into]
    assert len(merged) == 1
    assert last[merged[0].merged_into or ""].accepted


def test_after_48_hours_of_silence_and_the_lateness_the_memory_is_empty_and_a_new_outbreak_is_a_new_event() -> None:
    again = said("b", at=100)
    made = events([said("a"), Tick(at=NOON + KEPT), again])
    assert len({e.id for e in made}) == 2
    assert made[-1].articles == 1


def test_an_exercise_meets_nobody_elses_mentions() -> None:
    real, drill = said("a"), said("b", sample=True, feed="sample-1")
    assert real.key != drill.key
    assert all(e.owners == 1 for e in events([real, drill]))


def test_of_very_many_reports_sixty_passages_stay_and_every_owner_and_denial_is_among_them() -> None:
    many = [said("loud", at=i / 100, article=f"a{i}", occurred=on(DAY)) for i in range(90)]
    late = [said("late", at=1, occurred=on(DAY)), said("army", at=1, status="denied", occurred=on(DAY))]
    last = events([*many, *late])[-1]
    assert (last.articles, len(last.evidence)) == (91, 60)
    assert {"loud", "late", "army"} == {e.owner for e in last.evidence}


PLACES = [BASE, TOWN, VILLAGE]
KINDS = ["armed_clash", "air_drone_strike", "non_state_actor_overtakes_territory", "shelling_artillery_missile_attack"]


@st.composite
def reports(draw: st.DrawFn) -> list[Mention]:
    """Up to nine mentions within the lateness, of few places and days, so that they meet."""
    return [
        said(
            draw(st.sampled_from(["ara", "sana", "sohr", "army"])),
            at=draw(st.sampled_from([0.0, 1.0, 2.5, 5.5])),
            place=draw(st.sampled_from(PLACES)),
            kind=draw(st.sampled_from(KINDS)),
            occurred=draw(st.sampled_from([None, on(DAY), on(DAY - timedelta(days=1))])),
            status=draw(st.sampled_from(["asserted", "claimed", "claimed", "denied", "historical"])),
            outcome=draw(st.sampled_from([None, "repelled", "partly_captured"])),
            killed=draw(st.sampled_from([None, (3, 3), (0, 0), (23, None)])),
            published=NOON + timedelta(hours=draw(st.sampled_from([-30.0, -20.0, -1.0, 0.0]))),
            article=f"article-{i}",
        )
        for i in range(draw(st.integers(1, 9)))
    ]


@st.composite
def a_week(draw: st.DrawFn) -> list[Mention]:
    """Up to eight mentions over five days of the same few days and places, so that memory runs out between some of them."""
    return [
        said(
            draw(st.sampled_from(["ara", "sana", "sohr"])),
            at=draw(st.sampled_from([0.0, 1.0, 30.0, 47.0, 53.0, 55.0, 101.0, 120.0])),
            place=draw(st.sampled_from([BASE, TOWN])),
            occurred=draw(st.sampled_from([None, on(DAY), on(NEXT_DAY)])),
            status=draw(st.sampled_from(["asserted", "claimed", "denied", "historical"])),
            article=f"article-{i}",
        )
        for i in range(draw(st.integers(1, 8)))
    ]


@settings(max_examples=200, deadline=None)
@given(a_week(), st.lists(st.floats(0, 5.9), min_size=8, max_size=8), st.lists(st.integers(0, 180), max_size=6))
def test_neither_lateness_nor_ticks_show_in_the_events_at_rest(mentions: list[Mention], late: list[float], ticks: list[int]) -> None:
    arrivals: list[tuple[Any, int, Any]] = [
        (m.fetched + timedelta(hours=h), i, m) for i, (m, h) in enumerate(zip(mentions, late, strict=False))
    ]
    arrivals += [(NOON + timedelta(hours=h), -1, Tick(at=NOON + timedelta(hours=h))) for h in ticks]
    in_order = sorted(mentions, key=lambda m: (m.fetched, m.id))
    assert at_rest([record for _, _, record in sorted(arrivals, key=lambda a: a[:2])]) == at_rest(in_order)


def test_a_denial_stays_as_long_as_its_event() -> None:
    made = events([said("a", occurred=on(DAY)), said("army", at=1, status="denied", occurred=on(DAY)), said("b", at=30, occurred=on(DAY)),
                   Tick(at=NOON + timedelta(hours=55.5)), said("c", at=56, occurred=on(DAY))])  # fmt: skip
    assert (made[-1].owners, made[-1].disputed) == (3, True)


def test_a_denial_of_one_day_disputes_no_other() -> None:
    log = [said("a", occurred=on(DAY)), said("b", at=20, occurred=on(NEXT_DAY)), said("army", at=19, status="denied", occurred=on(DAY))]
    last = {e.occurred.start.day: e for e in events(log) if e.occurred}
    assert (last[2].disputed, last[3].disputed) == (True, False)


def test_an_exercise_without_a_feed_is_still_an_exercise() -> None:
    assert said("a", sample=True).key != said("a").key


def test_of_seventy_owners_and_a_late_denial_the_denial_is_quoted() -> None:
    many = [said(f"o{i}", at=i / 100, occurred=on(DAY)) for i in range(70)]
    last = events([*many, said("army", at=2, status="denied", occurred=on(DAY))])[-1]
    assert "denied" in {e.status for e in last.evidence}


@settings(max_examples=150, deadline=None)
@given(reports(), st.integers(0, 10_000))
def test_any_order_of_arrival_gives_the_same_events_at_rest(mentions: Sequence[Mention], seed: int) -> None:
    shuffled = random.Random(seed).sample(list(mentions), len(mentions))
    assert at_rest(shuffled) == at_rest(mentions)


@settings(max_examples=100, deadline=None)
@given(reports(), st.integers(0, 10_000))
def test_any_triple_duplication_gives_the_same_events_at_rest(mentions: Sequence[Mention], seed: int) -> None:
    tripled = [*mentions, *mentions, *mentions]
    assert at_rest(random.Random(seed).sample(tripled, len(tripled))) == at_rest(mentions)


@settings(max_examples=100, deadline=None)
@given(reports(), st.data())
def test_withdrawn_mentions_leave_the_events_of_the_others(mentions: Sequence[Mention], data: st.DataObject) -> None:
    gone = data.draw(st.sets(st.sampled_from(sorted(m.id for m in mentions))))
    log = [*mentions, *(withdrawn(m, later_hours=0.5) for m in mentions if m.id in gone)]
    assert at_rest(log) == at_rest([m for m in mentions if m.id not in gone])


@settings(max_examples=60, deadline=None)
@given(reports())
def test_every_event_ends_at_most_once_and_its_revisions_count_up(mentions: Sequence[Mention]) -> None:
    revisions: dict[str, list[Event]] = {}
    for e in events([*mentions, *(withdrawn(m, later_hours=0.5) for m in mentions)]):
        revisions.setdefault(e.id, []).append(e)
    for told in revisions.values():
        assert [e.revision for e in told] == list(range(1, len(told) + 1))
        assert all(e.accepted for e in told[:-1])
        assert not told[-1].accepted


def test_news_that_goes_on_keeps_the_earliest_report_and_an_earlier_one_that_comes_late_takes_its_place() -> None:
    first, again = said("ara", at=2, occurred=on(DAY)), said("sana", at=9, occurred=on(DAY))
    earlier = msgspec.structs.replace(said("afp", at=1, occurred=on(DAY)), fetched=again.fetched + timedelta(hours=1))
    reported = [e.first_reported for e in events([first, again, earlier])]
    assert reported == [first.published, first.published, earlier.published]
    assert len({e.id for e in events([first, again, earlier])}) == 1
