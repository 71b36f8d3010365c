"""The stage `route`: alerts in, one notification for each receiver who is to hear."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from alerts.records import Alert, Hush, Inhibition, Notification, Route, RoutesInForce, Silence
from alerts.routes import REMEMBERED, ROUTE, SPEAKS, WAIT, Region, Routing, fold, next_waking
from streams.records import Event
from streams.runtime.replay import outputs_of
from streams.topics import ControlCopy, copy_of
from tests.alerts.saying import DAY, START, at, happened, tick
from tests.builders import a_receiver, an_alert

SECOND = timedelta(seconds=1)


def routes(*routes: Route, receivers: tuple[str, ...] = ("watch", "boss"), since: Any = START - 365 * DAY) -> ControlCopy:
    """From now on these routes; everything to both receivers unless told."""
    known = tuple(a_receiver(id=r, channel="terminal", address=None) for r in receivers)
    return copy_of(RoutesInForce(at=since, receivers=known, routes=routes or (Route(receivers=receivers),)))


def a_silence(start: Any, end: Any, **changes: Any) -> ControlCopy:
    """Nothing to anybody from *start* to *end*."""
    known = {"id": "s1", "at": START - DAY, "start": start, "end": end, "by": "watch", "reason": "known"}
    return copy_of(Silence(**{**known, **changes}))


def an_alert_at(when: Any, revision: int = 1, change: str = "new", event: Event | None = None, **changes: Any) -> Alert:
    """One revision of one alert."""
    return an_alert(**{"at": when, "revision": revision, "change": change, "event": event or happened("a", at(0)), **changes})


def heard(*log: Any) -> list[tuple[str, int, str]]:
    """Receiver, revision and change of each notification."""
    out = outputs_of(ROUTE, log)
    assert all(isinstance(n, Notification) for n in out), out
    return [(n.receiver.id, n.revision, n.change) for n in out if isinstance(n, Notification)]


def test_an_alert_goes_to_the_receivers_that_its_routes_name_each_once() -> None:
    both = routes(Route(receivers=("watch",)), Route(receivers=("watch", "boss"), rules=("new-airbase-under-attack",)))
    assert heard(both, an_alert_at(at(0))) == [("watch", 1, "new"), ("boss", 1, "new")]


def test_a_route_takes_its_rules_and_severities_alone() -> None:
    loud = routes(Route(receivers=("boss",), severity=("flash",)), Route(receivers=("watch",), rules=("other",)))
    assert heard(loud, an_alert_at(at(0))) == []
    assert heard(loud, an_alert_at(at(0), severity="flash")) == [("boss", 1, "new")]
    assert heard(loud, an_alert_at(at(0), rule="other")) == [("watch", 1, "new")]


def test_a_rule_on_trial_tells_nobody_but_those_who_were_told_before() -> None:
    assert heard(routes(), an_alert_at(at(0), shadow=True), an_alert_at(at(0, 1), 2, "update", shadow=True)) == []
    made = heard(routes(), an_alert_at(at(0)), an_alert_at(at(0, 1), 2, "retraction", shadow=True))
    assert made[2:] == [("watch", 2, "retraction"), ("boss", 2, "retraction")]


def test_a_repeat_and_an_older_revision_change_nothing() -> None:
    first, second = an_alert_at(at(0)), an_alert_at(at(0, 1), 2, "update")
    assert heard(routes(receivers=("watch",)), first, first, second, first, second) == [("watch", 1, "new"), ("watch", 2, "update")]


def test_a_revision_goes_also_to_those_whom_no_route_names_any_more() -> None:
    only_boss = routes(Route(receivers=("boss",)), since=at(0, 0.5))
    log = (routes(Route(receivers=("watch",))), an_alert_at(at(0)), only_boss, an_alert_at(at(0, 1), 2, "update"))
    assert heard(*log)[1:] == [("watch", 2, "update"), ("boss", 2, "update")]


def test_receivers_that_are_added_later_get_later_revisions() -> None:
    log = (routes(receivers=("watch",)), an_alert_at(at(0)), routes(since=at(0, 0.5)), an_alert_at(at(0, 1), 2, "update"))
    assert heard(*log) == [("watch", 1, "new"), ("watch", 2, "update"), ("boss", 2, "update")]


def test_a_retraction_goes_to_everyone_who_was_told_and_to_nobody_else() -> None:
    log = (routes(receivers=("watch",)), an_alert_at(at(0)), routes(since=at(0, 0.5)), an_alert_at(at(0, 1), 2, "retraction"))
    assert heard(*log)[1:] == [("watch", 2, "retraction")]


def test_a_retraction_of_what_nobody_was_told_goes_to_nobody() -> None:
    silent = a_silence(at(0), at(0, 0.5))
    assert heard(routes(), silent, an_alert_at(at(0)), an_alert_at(at(0, 1), 2, "retraction")) == []


def test_a_receiver_who_is_gone_is_told_nothing_more() -> None:
    log = (routes(), an_alert_at(at(0)), routes(receivers=("boss",), since=at(0, 0.5)), an_alert_at(at(0, 1), 2, "retraction"))
    assert heard(*log)[2:] == [("boss", 2, "retraction")]


# Silences


def test_a_silence_starts_and_ends_to_the_second() -> None:
    silent = a_silence(at(0, 1), at(0, 2))
    for when, told in ((at(0, 1) - SECOND, 1), (at(0, 1), 0), (at(0, 2) - SECOND, 0), (at(0, 2), 1)):
        assert len(heard(routes(receivers=("watch",)), silent, an_alert_at(when))) == told


def quieted(*silences: Hush, since: Any = START - 365 * DAY) -> ControlCopy:
    """Everything to one receiver, with silences of the file."""
    known = (a_receiver(id="watch", channel="terminal", address=None),)
    return copy_of(RoutesInForce(at=since, receivers=known, routes=(Route(receivers=("watch",)),), silences=silences))


def test_a_silence_of_the_file_holds_by_the_name_of_the_place_and_is_over_when_it_is_taken_out() -> None:
    drill = Hush(id="drill", start=at(0, 1), end=at(0, 2), by="duty officer", reason="a drill", places=("tiyas",))
    for when, told in ((at(0, 1) - SECOND, 1), (at(0, 1), 0), (at(0, 2) - SECOND, 0), (at(0, 2), 1)):
        assert len(heard(quieted(drill), an_alert_at(when))) == told
    elsewhere = msgspec.structs.replace(drill, places=("shayrat",))
    assert len(heard(quieted(elsewhere), an_alert_at(at(0, 1)))) == 1
    log = (quieted(drill), an_alert_at(at(0, 1)), quieted(since=at(0, 1.2)), an_alert_at(at(0, 1.5), 2, "update"))
    assert heard(*log) == [("watch", 2, "update")]


def test_a_file_that_is_read_again_ends_no_silence_of_another_kind() -> None:
    log = (quieted(), a_silence(at(0), at(0, 2)), quieted(since=at(0, 0.5)), an_alert_at(at(0, 1)))
    assert heard(*log) == []


def test_a_route_by_stage_tells_of_an_alert_when_it_is_confirmed() -> None:
    boss = routes(Route(receivers=("watch",)), Route(receivers=("boss",), stage=("confirmed",)))
    log = (an_alert_at(at(0), stage="preliminary"), an_alert_at(at(0, 1), 2, "update", stage="confirmed"))
    assert heard(boss, *log) == [("watch", 1, "new"), ("watch", 2, "update"), ("boss", 2, "update")]
    assert heard(boss, an_alert_at(at(0), stage=None)) == [("watch", 1, "new")]


def test_a_silence_of_one_receiver_leaves_the_other_hearing() -> None:
    assert heard(routes(), a_silence(at(0), at(1), receivers=("watch",)), an_alert_at(at(0))) == [("boss", 1, "new")]


def test_a_silence_covers_only_its_rules_and_places() -> None:
    for changes, told in (
        ({"rules": ("other",)}, 2),
        ({"rules": ("other", "new-airbase-under-attack")}, 0),
        ({"places": ("site:k1",)}, 2),
        ({"places": ("site:t4",)}, 0),
        ({"places": ("site:t4",), "rules": ("other",)}, 2),
    ):
        assert len(heard(routes(), a_silence(at(0), at(1), **changes), an_alert_at(at(0)))) == told


def test_a_silence_that_is_replaced_ends_when_the_new_one_says() -> None:
    log = (routes(receivers=("watch",)), a_silence(at(0), at(1)), a_silence(at(0), at(0, 1)), an_alert_at(at(0, 1)))
    assert heard(*log) == [("watch", 1, "new")]


def test_whoever_was_silenced_gets_the_next_revision() -> None:
    log = (routes(receivers=("watch",)), a_silence(at(0), at(0, 1)), an_alert_at(at(0)), an_alert_at(at(0, 1), 2, "update"))
    assert heard(*log) == [("watch", 2, "update")]


def test_a_retraction_within_a_silence_is_owed_and_comes_once_when_the_silence_ends() -> None:
    before = (routes(), an_alert_at(at(0)), a_silence(at(0, 0.5), at(0, 2), receivers=("watch",)))
    log = (*before, an_alert_at(at(0, 1), 2, "retraction"))
    assert heard(*log)[2:] == [("boss", 2, "retraction")]
    assert heard(*log, tick(at(0, 2) - SECOND))[3:] == []
    assert heard(*log, tick(at(0, 2)), tick(at(0, 3)), tick(at(90)))[3:] == [("watch", 2, "retraction")]


def test_a_retraction_is_owed_until_the_last_of_several_silences_ends() -> None:
    before = (routes(receivers=("watch",)), an_alert_at(at(0)), a_silence(at(0, 0.5), at(0, 2)), an_alert_at(at(0, 1), 2, "retraction"))
    longer = a_silence(at(0, 1), at(0, 5), id="s2")
    assert heard(*before, longer, tick(at(0, 4)))[1:] == []
    assert heard(*before, longer, tick(at(0, 5)))[1:] == [("watch", 2, "retraction")]


def test_what_is_reported_again_before_the_silence_ends_cancels_the_retraction() -> None:
    before = (routes(receivers=("watch",)), an_alert_at(at(0)), a_silence(at(0, 0.5), at(0, 2)), an_alert_at(at(0, 1), 2, "retraction"))
    assert heard(*before, an_alert_at(at(0, 1.5), 3, "correction"), tick(at(0, 3)))[1:] == []


def test_a_silence_that_ended_long_ago_is_forgotten() -> None:
    def silence(name: str, end: Any, made: Any) -> Silence:
        return Silence(id=name, at=made, start=at(0), end=end, by="watch", reason="known")

    control = fold(fold(Routing(), silence("old", at(1), at(0))), silence("new", at(9), at(3)))
    assert set(control.silences) == {"new"}


# Memory


def test_who_was_told_is_known_for_60_days() -> None:
    log = (routes(receivers=("watch",)), an_alert_at(at(0)))
    assert heard(*log, tick(at(60) - SECOND), an_alert_at(at(60) - SECOND, 2, "retraction"))[1:] == [("watch", 2, "retraction")]
    assert heard(*log, tick(at(60)), an_alert_at(at(60), 2, "retraction"))[1:] == []


def test_a_state_whose_alerts_are_forgotten_waits_for_nothing() -> None:
    assert next_waking(Region()) is None
    state, out = ROUTE.step(None, tick(at(0)), Routing())
    assert (state, out) == (None, [])
    assert timedelta(days=60) == REMEMBERED


def test_a_notification_is_named_by_alert_revision_and_receiver() -> None:
    def names(log: tuple[Any, ...]) -> list[str]:
        return [n.id for n in outputs_of(ROUTE, log) if isinstance(n, Notification)]

    log = (routes(), an_alert_at(at(0)), an_alert_at(at(0, 1), 2, "update"))
    assert len(set(names(log))) == 4
    later = msgspec.structs.replace(an_alert_at(at(0)), at=at(5))
    assert names((routes(), later))[0] == names(log)[0], "never a clock"


# One rule speaks instead of another


LOUD, SMALL = "new-airbase-under-attack", "many-wounded"


def inhibiting(*inhibitions: Inhibition, receivers: tuple[str, ...] = ("watch", "boss"), routes: tuple[Route, ...] = ()) -> ControlCopy:
    known = tuple(a_receiver(id=r, channel="terminal", address=None) for r in receivers)
    to = routes or (Route(receivers=receivers),)
    return copy_of(RoutesInForce(at=START - 365 * DAY, receivers=known, routes=to, inhibitions=inhibitions))


def loud(when: Any, revision: int = 1, change: str = "new", **changes: Any) -> Alert:
    return an_alert_at(when, revision, change, **{"id": "loud", "rule": LOUD, **changes})


def small(when: Any, revision: int = 1, change: str = "new", **changes: Any) -> Alert:
    return an_alert_at(when, revision, change, **{"id": "small", "rule": SMALL, **changes})


def told_of(*log: Any) -> list[tuple[str, str, int]]:
    """Rule, receiver and revision of each notification."""
    return [(n.rule, n.receiver.id, n.revision) for n in outputs_of(ROUTE, log) if isinstance(n, Notification)]


ONCE = Inhibition(by=(LOUD,), rules=(SMALL,))


def test_whoever_is_told_by_one_rule_is_not_told_of_the_same_event_by_another() -> None:
    assert told_of(inhibiting(ONCE), loud(at(0)), small(at(0))) == [(LOUD, "watch", 1), (LOUD, "boss", 1)]


def test_what_was_told_before_is_not_unsaid_and_goes_on_being_told() -> None:
    log = (inhibiting(ONCE), small(at(0)), tick(at(0) + WAIT))
    assert told_of(*log) == [(SMALL, "watch", 1), (SMALL, "boss", 1)]
    assert len(told_of(*log, loud(at(0, 1)))) == 4


def test_of_two_at_the_same_time_the_louder_speaks_whichever_comes_first() -> None:
    for first, second in ((small(at(0)), loud(at(0))), (loud(at(0)), small(at(0)))):
        assert told_of(inhibiting(ONCE), first, second, tick(at(0, 1))) == [(LOUD, "watch", 1), (LOUD, "boss", 1)]


def test_a_flash_and_a_rule_that_none_speaks_instead_of_wait_for_nothing() -> None:
    assert len(told_of(inhibiting(ONCE), small(at(0), severity="flash"))) == 2
    assert len(told_of(inhibiting(ONCE), loud(at(0)))) == 2


def test_what_waits_a_moment_is_told_once_as_it_was_last_said() -> None:
    log = (inhibiting(ONCE), small(at(0)), small(at(0) + SECOND, 2, "update"), tick(at(0) + WAIT))
    assert told_of(*log) == [(SMALL, "watch", 2), (SMALL, "boss", 2)]
    assert told_of(*log, small(at(0, 1), 3, "update"))[2:] == [(SMALL, "watch", 3), (SMALL, "boss", 3)]


def test_an_alert_does_not_keep_itself_still() -> None:
    both = Inhibition(by=(LOUD, "other"), rules=(LOUD, SMALL))
    assert len(told_of(inhibiting(both), loud(at(0)), loud(at(0, 1), 2, "update"))) == 4


def test_another_event_is_told_unless_the_place_decides() -> None:
    elsewhere = small(at(0), event=happened("b", at(0)), number="TOC-2016-OTHER")
    assert len(told_of(inhibiting(ONCE), loud(at(0)), elsewhere, tick(at(1)))) == 4
    by_place = Inhibition(by=(LOUD,), rules=(SMALL,), same="place")
    assert len(told_of(inhibiting(by_place), loud(at(0)), elsewhere, tick(at(1)))) == 2


def test_of_two_receivers_one_is_kept_from_it_and_one_is_not() -> None:
    only_watch = Inhibition(by=(LOUD,), rules=(SMALL,), receivers=("watch",))
    assert told_of(inhibiting(only_watch), loud(at(0)), small(at(0)), tick(at(1)))[2:] == [(SMALL, "boss", 1)]
    loud_to_watch = (Route(receivers=("watch",)), Route(receivers=("boss",), rules=(SMALL,)))
    assert told_of(inhibiting(ONCE, routes=loud_to_watch), loud(at(0)), small(at(0)), tick(at(1)))[1:] == [(SMALL, "boss", 1)]


@pytest.mark.parametrize("end", ["retraction", "resolved"])
def test_what_was_kept_is_told_when_its_inhibitor_is_over(end: str) -> None:
    log = (inhibiting(ONCE), loud(at(0)), small(at(0)), small(at(0, 1), 2, "update"), loud(at(0, 2), 2, end))
    assert told_of(*log)[4:] == [(SMALL, "watch", 2), (SMALL, "boss", 2)]


def test_what_is_over_keeps_nobody_still() -> None:
    assert len(told_of(inhibiting(ONCE), loud(at(0)), loud(at(0, 1), 2, "resolved"), small(at(0, 2)), tick(at(0, 3)))) == 6


def test_an_inhibitor_that_says_nothing_more_speaks_for_two_days() -> None:
    log = (inhibiting(ONCE), loud(at(0)), small(at(1.5)), tick(at(0) + SPEAKS - SECOND))
    assert len(told_of(*log)) == 2
    assert told_of(*log, tick(at(0) + SPEAKS))[2:] == [(SMALL, "watch", 1), (SMALL, "boss", 1)]


def test_an_inhibitor_that_speaks_again_speaks_longer() -> None:
    log = (inhibiting(ONCE), loud(at(0)), loud(at(0.5), 2, "update"), small(at(1)), tick(at(2.4)))
    assert told_of(*log)[4:] == []
    assert told_of(*log, tick(at(2.5)))[4:] == [(SMALL, "watch", 1), (SMALL, "boss", 1)]


def test_what_is_history_when_its_inhibitor_ends_is_told_no_more() -> None:
    log = (inhibiting(ONCE), loud(at(0)), small(at(0)), loud(at(1.9), 2, "update"), loud(at(3.5), 3, "resolved"))
    assert told_of(*log)[4:] == [(LOUD, "watch", 3), (LOUD, "boss", 3)]


def test_what_is_taken_back_while_it_is_kept_is_told_to_nobody() -> None:
    log = (inhibiting(ONCE), loud(at(0)), small(at(0)), small(at(0, 1), 2, "retraction"), loud(at(0, 2), 2, "retraction"))
    assert [entry for entry in told_of(*log) if entry[0] == SMALL] == []


def test_an_alert_that_was_silenced_keeps_nobody_still() -> None:
    night = a_silence(at(-1), at(0, 1), rules=(LOUD,))
    assert told_of(inhibiting(ONCE), night, loud(at(0)), small(at(0)), tick(at(0) + WAIT)) == [(SMALL, "watch", 1), (SMALL, "boss", 1)]


def test_the_end_of_an_alert_goes_to_those_who_were_told_of_it() -> None:
    log = (routes(Route(receivers=("watch",))), an_alert_at(at(0)), routes(since=at(0, 1)), an_alert_at(at(3), 2, "resolved"))
    assert heard(*log) == [("watch", 1, "new"), ("watch", 2, "resolved")]
