"""The stage `deliver`: notifications and outcomes in, the next attempt of each out."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from alerts.delivery.deliver import ASKED_AT_MOST, DELIVER, REMEMBERED, WAITS, Outbox, deliver_step, next_attempt
from alerts.delivery.messages import render
from alerts.records import Delivery, Notification, Outcome
from streams.records import Tick
from streams.runtime.replay import outputs_of
from tests.alerts.saying import DAY, at, tick
from tests.builders import a_desk, a_receiver, an_alert

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def a_notification(receiver: str = "watch", revision: int = 1, when: datetime | None = None) -> Notification:
    return render(an_alert(revision=revision, at=when or at(0)), a_receiver(id=receiver), a_desk())


def ended(of: Notification, attempt: int = 1, when: datetime | None = None, **changes: Any) -> Outcome:
    """How an attempt ended: it failed, unless told."""
    known = {
        "delivery": of.id, "receiver": of.receiver.id, "attempt": attempt, "at": when or of.at + SECOND,
        "ok": False, "detail": "503 Service Unavailable",
    }  # fmt: skip
    return Outcome(**{**known, **changes})


def planned(*log: Any) -> list[tuple[str, str, int, datetime]]:
    """Receiver, state, attempt and time of each delivery."""
    out = outputs_of(DELIVER, log)
    assert all(isinstance(d, Delivery) for d in out), out
    return [(d.receiver, d.state, d.attempt, d.at) for d in out if isinstance(d, Delivery)]


def test_a_notification_is_attempted_at_once() -> None:
    assert planned(a_notification()) == [("watch", "pending", 1, at(0))]


def test_an_attempt_carries_what_to_send_and_an_end_does_not() -> None:
    n = a_notification()
    first, last = outputs_of(DELIVER, [n, ended(n, ok=True, detail="204 No Content")])
    assert isinstance(first, Delivery)
    assert isinstance(last, Delivery)
    assert (first.id, first.notification) == (n.id, n)
    assert (last.id, last.notification, last.state, last.detail) == (n.id, None, "delivered", "204 No Content")


def test_a_repeat_of_a_notification_changes_nothing_before_and_after_its_end() -> None:
    n = a_notification()
    assert len(planned(n, n)) == 1
    assert len(planned(n, ended(n, ok=True), n, n)) == 2


def test_a_failed_attempt_is_made_again_after_five_seconds_and_not_before() -> None:
    n = a_notification()
    failed = ended(n)
    assert planned(n, failed, tick(failed.at + 5 * SECOND - timedelta(microseconds=1)))[1:] == []
    assert planned(n, failed, tick(failed.at + 5 * SECOND))[1:] == [("watch", "pending", 2, failed.at + 5 * SECOND)]


def test_an_attempt_under_way_is_not_made_again_however_long_it_takes() -> None:
    assert len(planned(a_notification(), tick(at(0, 1)), tick(at(30)))) == 1


def test_the_schedule_is_followed_for_three_days_and_then_the_delivery_is_dead() -> None:
    n, when = a_notification(), at(0)
    log: list[Any] = [n]
    for attempt, wait in enumerate(WAITS, start=1):
        log += [ended(n, attempt, when), tick(when + wait)]
        when += wait
    made = planned(*log, ended(n, len(WAITS) + 1, when))
    assert [m[2] for m in made] == [*range(1, len(WAITS) + 2), len(WAITS) + 1]
    assert [m[3] - at(0) for m in made[1:-1]] == [sum(WAITS[:i], timedelta()) for i in range(1, len(WAITS) + 1)]
    assert made[-1][1] == "dead"
    assert 3 * DAY <= sum(WAITS, timedelta()) <= 4 * DAY
    assert list(WAITS) == sorted(WAITS)


@pytest.mark.parametrize(
    ("asked", "waited"),
    [
        pytest.param(10 * MINUTE, 10 * MINUTE, id="later than planned"),
        pytest.param(SECOND, 5 * SECOND, id="sooner than planned"),
        pytest.param(-DAY, 5 * SECOND, id="in the past"),
        pytest.param(365 * DAY, ASKED_AT_MOST, id="absurdly late"),
    ],
)
def test_retry_after_is_honoured_within_reason(asked: timedelta, waited: timedelta) -> None:
    n = a_notification()
    failed = ended(n, retry_after=n.at + SECOND + asked)
    assert planned(n, failed, tick(failed.at + DAY))[1][3] == failed.at + waited


def test_a_final_refusal_ends_the_delivery_at_once() -> None:
    n = a_notification()
    made = planned(n, ended(n, final=True, detail="410 Gone"), tick(at(1)))
    assert [m[1:3] for m in made] == [("pending", 1), ("dead", 1)]


def test_an_outcome_that_is_repeated_or_of_another_attempt_changes_nothing() -> None:
    n = a_notification()
    failed = ended(n)
    log = [n, failed, failed, ended(n, 2), tick(failed.at + 5 * SECOND), failed, ended(n, 7, ok=True)]
    assert [m[1:3] for m in planned(*log)] == [("pending", 1), ("pending", 2)]


def test_an_outcome_of_what_nobody_knows_leaves_nothing_behind() -> None:
    assert deliver_step(None, ended(a_notification()), None) == (None, [])
    assert deliver_step(None, Tick(at=at(0)), None) == (None, [])


def test_one_receiver_that_is_down_delays_no_other() -> None:
    down, up = a_notification("down"), a_notification("up")
    failed = ended(down)
    made = planned(down, up, failed, ended(up, ok=True), tick(failed.at + 5 * SECOND))
    assert [m[:3] for m in made] == [("down", "pending", 1), ("up", "pending", 1), ("up", "delivered", 1), ("down", "pending", 2)]


def test_what_is_due_together_is_attempted_in_order_of_its_time() -> None:
    late, early = a_notification(revision=2, when=at(0, 0.001)), a_notification(revision=1, when=at(0))
    log = [late, early, ended(late, when=at(0, 1)), ended(early, when=at(0, 1)), tick(at(0, 2))]
    out = [d for d in outputs_of(DELIVER, log) if isinstance(d, Delivery) and d.attempt == 2 and d.notification]
    assert [d.notification.revision for d in out if d.notification] == [1, 2]


def test_the_box_is_empty_a_week_after_the_last_end() -> None:
    n = a_notification()
    box, _ = deliver_step(None, n, None)
    box, _ = deliver_step(box, ended(n, ok=True), None)
    assert box is not None
    due = next_attempt(box)
    assert due == at(0) + SECOND + REMEMBERED
    assert deliver_step(box, Tick(at=due), None) == (None, [])
    assert next_attempt(Outbox()) is None


def test_every_waking_moves_the_next_one_on() -> None:
    n, other = a_notification(), a_notification(revision=2)
    box, _ = deliver_step(None, n, None)
    for record in (other, ended(n), ended(other, ok=True)):
        box, _ = deliver_step(box, record, None)
    dues = []
    while box is not None and (due := next_attempt(box)) is not None:
        dues.append(due)
        box, _ = deliver_step(box, Tick(at=due), None)
    assert dues == sorted(set(dues))
    assert len(dues) == 2
