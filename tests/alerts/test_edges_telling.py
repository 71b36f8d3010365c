"""Edges of what is told, to whom, and in which order, that other alert systems got wrong once: rule by rule, stage by stage."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.commands.configuration import StoreBoard
from alerts.delivery.deliver import DELIVER, GATHERED_FOR, WAITS
from alerts.delivery.messages import render
from alerts.desk import STAGES
from alerts.records import (
    Alert,
    Delivery,
    Flood,
    Inhibition,
    Notification,
    Outcome,
    Quiet,
    Receiver,
    Route,
    RoutesInForce,
    RulesInForce,
    Where,
)
from alerts.routes import ROUTE
from alerts.topics import ALERTS, NOTIFICATIONS
from streams.records import EPOCH, Event
from streams.runtime.replay import Replay, outputs_of
from streams.runtime.store import Store, peek
from streams.topics import EVENTS, copy_of
from tests.alerts.rules.test_live import Live
from tests.alerts.saying import DAY, HOUR, a_rule, again, alerts_of, at, happened, in_force, tick, told, two_owners, withdrawn
from tests.builders import a_desk, a_receiver, an_alert, t4

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


# Tell or do not tell


def test_what_is_first_heard_of_when_it_is_withdrawn_is_told_to_nobody() -> None:
    gone = withdrawn(happened("a", at(0)), at(0, 2))
    assert alerts_of([gone, gone, tick(at(9))], a_rule(resolve=2 * DAY)) == []


def test_what_stands_unchanged_is_told_once_however_long_it_stands() -> None:
    standing = first = happened("a", at(0))
    log: list[Any] = [first]
    for day in range(1, 30):
        standing = again(standing, at(day), articles=day)
        log += [standing, tick(at(day, 1))]
    assert told(alerts_of(log, a_rule(cooldown=6 * HOUR))) == ["new"]


def test_a_first_word_waits_for_no_cooldown_not_even_that_of_another_place() -> None:
    here = happened("a", at(0))
    there = happened("k1", at(0, 0.1), told=at(0, 1.1), place=t4(id="site:k1"))
    made = alerts_of([here, again(here, at(0, 1.05), owners=2), there, tick(at(0, 8))], a_rule(cooldown=6 * HOUR))
    assert [(a.change, a.event.place.id, a.at) for a in made] == [
        ("new", "site:t4", at(0, 1)),
        ("new", "site:k1", at(0, 1.1)),
        ("update", "site:t4", at(0, 7)),
    ]


def test_what_came_and_went_within_the_cooldown_is_not_told_when_it_ends() -> None:
    first = happened("a", at(0))
    second = again(first, at(0, 2), owners=2)
    assert told(alerts_of([first, second, again(second, at(0, 3), owners=1), tick(at(1))], a_rule(cooldown=6 * HOUR))) == ["new"]


def test_a_withdrawn_event_is_named_once_and_then_no_more() -> None:
    a, b = happened("a", at(0)), happened("b", at(1))
    gone = withdrawn(a, at(1, 3))
    made = alerts_of([a, b, gone, again(gone, at(1, 4), evidence=()), again(b, at(1, 5), owners=2)])
    assert told(made) == ["new", "update", "correction", "update"]
    assert [any("WITHDRAWN" in line for line in a.differences) for a in made] == [False, False, True, False]


def test_after_the_retraction_further_withdrawals_are_silent() -> None:
    a, b = happened("a", at(0)), happened("b", at(1))
    gone = withdrawn(b, at(1, 4))
    made = alerts_of([a, b, withdrawn(a, at(1, 3)), gone, again(gone, at(1, 5), evidence=()), tick(at(30))], a_rule(resolve=2 * DAY))
    assert told(made) == ["new", "update", "correction", "retraction"]


def test_an_alert_that_is_over_and_goes_on_ends_when_its_last_news_is_old_enough() -> None:
    a = happened("a", at(0))
    made = alerts_of([a, tick(at(3)), again(a, at(4), owners=2), tick(at(5.9)), tick(at(6))], a_rule(resolve=2 * DAY))
    assert [(x.change, x.at) for x in made] == [("new", at(0, 1)), ("resolved", at(2, 1)), ("update", at(4)), ("resolved", at(6))]


def test_confirmation_is_told_once_also_after_a_reload() -> None:
    rule = a_rule(confirm=two_owners(), cooldown=6 * HOUR)
    first = happened("a", at(0))
    second = again(first, at(0, 2), owners=2)
    made = alerts_of([first, second, in_force(rule, since=at(0, 3)), again(second, at(0, 4)), second, tick(at(2))], rule)
    assert [(a.change, a.stage) for a in made] == [("new", "preliminary"), ("update", "confirmed")]


def test_nothing_but_time_tells_an_end_where_no_news_comes_any_more(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    with Store(path) as store:
        asyncio.run(StoreBoard(store, STAGES).enforce(RulesInForce(at=EPOCH, rules=(a_rule(resolve=2 * DAY),))))
        live = Live(store)
        live.at(at(0, 1), EVENTS.encode(happened("a", at(0))))
        live.at(at(5))
    made = [a for body in peek(path, ALERTS.name) if isinstance(a := ALERTS.decode(body), Alert)]
    assert [(a.change, a.at) for a in made] == [("new", at(0, 1)), ("resolved", at(2, 1))]


# One rule keeps another still


BASE, WOUNDED = "new-airbase-under-attack", "many-wounded"


def routed(*inhibitions: Inhibition, since: datetime = EPOCH, **changes: Any) -> RoutesInForce:
    """Everything to the watch."""
    known = {"receivers": (a_receiver(),), "routes": (Route(receivers=("watch",)),), "inhibitions": inhibitions}
    return RoutesInForce(at=since, **{**known, **changes})


def told_by_the_desk(rules: tuple[str, ...], *events: Event, then: RoutesInForce | None = None) -> list[tuple[str, str]]:
    """Rule and change of each notification, if `BASE` speaks instead of `WOUNDED`; *then* comes into force before the last event."""
    desk = Replay(STAGES)
    desk.control(RulesInForce(at=EPOCH, rules=tuple(a_rule(id=rule, where=Where(), resolve=2 * DAY) for rule in rules)))
    desk.control(routed(Inhibition(by=(BASE,), rules=(WOUNDED,))))
    for event in events:
        desk.until(event.at)
        if then is not None and event is events[-1]:
            desk.control(then)
        desk.put(EVENTS, event)
    desk.until(events[-1].at + 5 * DAY)
    return [(n.rule, n.change) for n in desk.logs[NOTIFICATIONS.name] if isinstance(n, Notification)]


BASE_FIRST = pytest.param((BASE, WOUNDED), id="the one that speaks ends first")
WOUNDED_FIRST = pytest.param((WOUNDED, BASE), id="the one that is kept ends first")


@pytest.mark.parametrize("rules", [WOUNDED_FIRST, BASE_FIRST])
def test_of_two_that_end_together_only_the_end_of_the_one_that_spoke_is_told(rules: tuple[str, ...]) -> None:
    assert told_by_the_desk(rules, happened("a", at(0))) == [(BASE, "new"), (BASE, "resolved")]


TOLD_TOO_LATE = pytest.mark.xfail(strict=True, reason="what was kept is told for the first time in the moment in which it is withdrawn")


@pytest.mark.parametrize("rules", [WOUNDED_FIRST, pytest.param(*BASE_FIRST.values, id=BASE_FIRST.id, marks=TOLD_TOO_LATE)])
def test_of_two_that_are_withdrawn_together_only_what_was_told_is_taken_back(rules: tuple[str, ...]) -> None:
    a = happened("a", at(0))
    assert told_by_the_desk(rules, a, withdrawn(a, at(0, 3))) == [(BASE, "new"), (BASE, "retraction")]


def test_once_an_inhibition_is_taken_out_the_next_word_of_what_it_kept_is_told() -> None:
    a = happened("a", at(0))
    made = told_by_the_desk((BASE, WOUNDED), a, again(a, at(0, 4), owners=2), then=routed(since=at(0, 3)))
    assert made[:3] == [(BASE, "new"), (BASE, "update"), (WOUNDED, "update")]


# Routes


def test_routes_add_up_and_their_order_means_nothing() -> None:
    all_to_watch, flash_to_boss = Route(receivers=("watch",)), Route(receivers=("boss",), severity=("flash",))
    to = (a_receiver(), a_receiver(id="boss"))
    for routes in ((all_to_watch, flash_to_boss), (flash_to_boss, all_to_watch)):
        for severity, hearing in (("flash", ["watch", "boss"]), ("routine", ["watch"])):
            out = outputs_of(ROUTE, [copy_of(routed(receivers=to, routes=routes)), an_alert(severity=severity)])
            assert [n.receiver.id for n in out if isinstance(n, Notification)] == hearing


def test_a_reload_of_the_routes_tells_nothing_again() -> None:
    first = an_alert(at=at(0))
    log = [copy_of(routed()), first, copy_of(routed(since=at(0, 1))), first, tick(at(0, 2)), copy_of(routed(since=at(1))), first]
    assert len(outputs_of(ROUTE, log)) == 1


# Attempts


def a_note(revision: int, when: datetime, change: str = "new", to: Receiver | None = None, **changes: Any) -> Notification:
    return render(an_alert(**{"revision": revision, "change": change, "at": when, **changes}), to or a_receiver(), a_desk())


def ended(note: Notification, when: datetime, *, ok: bool, attempt: int = 1, **changes: Any) -> Outcome:
    known = {"detail": "204 No Content" if ok else "503 Service Unavailable"}
    return Outcome(**{"delivery": note.id, "receiver": note.receiver.id, "attempt": attempt, "at": when, "ok": ok, **known, **changes})


def attempts(*log: Any) -> list[tuple[str, int]]:
    """Receiver and revision of each attempt."""
    made = [d for d in outputs_of(DELIVER, log) if isinstance(d, Delivery) and d.state == "pending"]
    return [(d.receiver, d.notification.revision) for d in made if d.notification]


def test_a_receiver_that_is_well_gets_one_while_another_fails_and_that_one_gets_it_in_the_end() -> None:
    well, ill = a_note(1, at(0), to=a_receiver(id="well")), a_note(1, at(0), to=a_receiver(id="ill"))
    log: list[Any] = [well, ill, ended(well, at(0) + SECOND, ok=True)]
    when = at(0) + SECOND
    for attempt, wait in enumerate(WAITS[:3], start=1):
        log += [ended(ill, when, ok=False, attempt=attempt), tick(when + wait)]
        when += wait
    out = [d for d in outputs_of(DELIVER, [*log, ended(ill, when, ok=True, attempt=4)]) if isinstance(d, Delivery)]
    assert [(d.receiver, d.attempt) for d in out if d.state == "pending"] == [("well", 1), ("ill", 1), ("ill", 2), ("ill", 3), ("ill", 4)]
    assert [(d.receiver, d.attempt) for d in out if d.state == "delivered"] == [("well", 1), ("ill", 4)]


def test_after_the_last_refusal_nothing_is_attempted_and_the_next_word_is() -> None:
    first, second = a_note(1, at(0)), a_note(2, at(0, 1), "update")
    gone = ended(first, at(0) + SECOND, ok=False, final=True)
    assert attempts(first, gone, tick(at(0, 0.9)), first, second, tick(at(9))) == [("watch", 1), ("watch", 2)]


def test_quiet_hours_hold_no_message_back_twice() -> None:
    night = a_receiver(quiet=Quiet(start=0, end=9 * 60), flood=Flood(most=1, within=HOUR, flash=3))
    note = a_note(1, at(0), to=night, severity="routine")
    assert attempts(note, tick(at(0, 3)), tick(at(0, 4)), note, tick(at(1))) == [("watch", 1)]


NIGHT = a_receiver(quiet=Quiet(start=0, end=9 * 60))
LATE = a_receiver(delayed_after=30 * MINUTE)


def tried_again() -> list[Any]:
    """The first word fails, the second arrives, the first becomes due."""
    first, second = a_note(1, at(0)), a_note(2, at(0) + 2 * SECOND, "retraction")
    refused, arrived = ended(first, at(0) + SECOND, ok=False), ended(second, at(0) + 3 * SECOND, ok=True)
    return [first, refused, second, arrived, tick(at(0, 1))]


def after_an_outage() -> list[Any]:
    """The first word waits to be told as delayed, and the second comes meanwhile."""
    first, second = a_note(1, at(0), to=LATE), a_note(2, at(0, 5) + SECOND, "retraction", to=LATE)
    late = ended(first, at(0, 5), ok=False, late=True)
    return [first, late, second, ended(second, at(0, 5) + 2 * SECOND, ok=True), tick(at(0, 5) + GATHERED_FOR)]


def after_a_night() -> list[Any]:
    """The first word is held for the night, and the second is louder, as its rule is by then."""
    first, second = a_note(1, at(0), to=NIGHT, severity="routine"), a_note(2, at(0, 1), "retraction", to=NIGHT, severity="flash")
    return [first, second, ended(second, at(0, 1) + SECOND, ok=True), tick(at(0, 3))]


@pytest.mark.xfail(strict=True, reason="an older word goes on being attempted when a newer one of the same alert has arrived")
@pytest.mark.parametrize("log", [tried_again, after_an_outage, after_a_night])
def test_what_was_taken_back_is_not_told_as_news_afterwards(log: Callable[[], list[Any]]) -> None:
    revisions = [revision for _, revision in attempts(*log())]
    assert revisions[revisions.index(2) :] == [2]
