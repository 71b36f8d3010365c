"""What waits and is told in one digest: through the stage `deliver`, and as it reads."""

import io
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from alerts.delivery.deliver import DELIVER, GATHERED_FOR, WAITS
from alerts.delivery.digest import MOST_TOLD, gather, mark_delayed
from alerts.delivery.messages import render
from alerts.delivery.payload import MOST_BYTES
from alerts.delivery.send import Sender
from alerts.delivery.webhook import open_session
from alerts.records import Delivery, Flood, Notification, Outcome, Quiet, Receiver
from streams.runtime.replay import outputs_of
from tests.alerts.saying import HOUR, at, tick
from tests.builders import a_desk, a_receiver, an_alert

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
NIGHT = Quiet(start=0, end=9 * 60)
"""Of the story, which begins at six."""


def to(**changes: Any) -> Receiver:
    return a_receiver(**changes)


def a_note(name: str, when: datetime, receiver: Receiver, **changes: Any) -> Notification:
    """What is told of the alert *name*."""
    return render(an_alert(**{"id": name, "at": when, "severity": "routine", **changes}), receiver, a_desk())


def deliveries(*log: Any) -> list[Delivery]:
    out = outputs_of(DELIVER, log)
    assert all(isinstance(d, Delivery) for d in out), out
    return [d for d in out if isinstance(d, Delivery)]


def states(made: list[Delivery]) -> list[tuple[str, str]]:
    """State and subject of each delivery; "" where it carries nothing."""
    return [(d.state, d.notification.subject if d.notification else "") for d in made]


def late(note: Notification, when: datetime) -> Outcome:
    """The sender's word that the first attempt would come too late."""
    return Outcome(delivery=note.id, receiver=note.receiver.id, attempt=1, at=when, ok=False, late=True, detail="5 h late")


# Quiet hours


def test_what_comes_in_quiet_hours_is_one_digest_when_they_end() -> None:
    watch = to(quiet=NIGHT)
    one, two = a_note("a", at(0), watch), a_note("b", at(0, 1), watch)
    made = deliveries(one, two, tick(at(0, 2)), tick(at(0, 3)))
    assert [d.state for d in made] == ["held", "held", "gathered", "gathered", "pending"]
    digest = made[-1].notification
    assert digest is not None
    assert digest.gathers == (one.id, two.id)
    assert digest.subject == "[ROUTINE] DIGEST 2 alerts (2 routine), held in quiet hours"
    assert made[0].detail == "held in quiet hours; until 12 Dec 09:00Z"
    assert made[2].detail == f"told in digest {digest.id}"


def test_one_alone_is_told_as_it_is() -> None:
    note = a_note("a", at(0), to(quiet=NIGHT))
    made = deliveries(note, tick(at(0, 3)))
    assert [(d.state, d.attempt) for d in made] == [("held", 0), ("pending", 1)]
    assert made[-1].notification == note


def test_a_flash_and_what_comes_after_the_quiet_hours_wait_for_nothing() -> None:
    watch = to(quiet=NIGHT)
    assert [d.state for d in deliveries(a_note("a", at(0), watch, severity="flash"), a_note("b", at(0, 3), watch))] == [
        "pending",
        "pending",
    ]


def test_another_receiver_is_told_at_once() -> None:
    made = deliveries(a_note("a", at(0), to(quiet=NIGHT)), a_note("a", at(0), to(id="boss")))
    assert [(d.receiver, d.state) for d in made] == [("watch", "held"), ("boss", "pending")]


def test_a_repeat_of_what_is_held_or_was_gathered_changes_nothing() -> None:
    watch = to(quiet=NIGHT)
    one, two = a_note("a", at(0), watch), a_note("b", at(0, 1), watch)
    assert len(deliveries(one, one, two, tick(at(0, 3)), one, two)) == 5


def test_a_digest_that_fails_is_tried_again_like_any_other() -> None:
    watch = to(quiet=NIGHT)
    log = [a_note("a", at(0), watch), a_note("b", at(0, 1), watch), tick(at(0, 3))]
    digest = deliveries(*log)[-1]
    failed = Outcome(delivery=digest.id, receiver="watch", attempt=1, at=at(0, 3), ok=False, detail="503")
    made = deliveries(*log, failed, tick(at(0, 3) + WAITS[0]))
    assert (made[-1].id, made[-1].state, made[-1].attempt) == (digest.id, "pending", 2)


# A flood


def test_beyond_the_limit_messages_are_gathered_until_there_is_room() -> None:
    watch = to(flood=Flood(most=2, within=HOUR, flash=4))
    notes = [a_note(str(i), at(0) + i * MINUTE, watch) for i in range(6)]
    made = deliveries(*notes, tick(at(0, 1)))
    assert [d.state for d in made] == ["pending"] * 2 + ["held"] * 4 + ["gathered"] * 4 + ["pending"]
    digest = made[-1].notification
    assert digest is not None
    assert digest.subject == "[ROUTINE] DIGEST 4 alerts (4 routine), more than are told one by one"


def test_a_flash_comes_through_a_flood_up_to_its_own_limit() -> None:
    watch = to(flood=Flood(most=2, within=HOUR, flash=4))
    notes = [a_note(str(i), at(0) + i * MINUTE, watch, severity="flash" if i > 2 else "routine") for i in range(7)]
    assert [d.state for d in deliveries(*notes)] == ["pending", "pending", "held", "pending", "pending", "held", "held"]


def test_what_waited_goes_first_when_there_is_room_and_takes_it() -> None:
    watch = to(flood=Flood(most=1, within=HOUR, flash=4))
    notes = [a_note("a", at(0), watch), a_note("b", at(0, 0.5), watch), a_note("c", at(0, 1.01), watch)]
    assert [d.state for d in deliveries(*notes)] == ["pending", "held", "pending", "held"]


# After an outage of ours


def test_what_is_late_becomes_one_digest_that_says_so() -> None:
    watch = to(delayed_after=30 * MINUTE)
    notes = [a_note(str(i), at(0, i), watch) for i in range(3)]
    back = at(0, 7)
    made = deliveries(*notes, *(late(n, back + i * SECOND) for i, n in enumerate(notes)), tick(back + GATHERED_FOR))
    assert [d.state for d in made] == ["pending"] * 3 + ["held"] * 3 + ["gathered"] * 3 + ["pending"]
    digest = made[-1].notification
    assert digest is not None
    assert digest.delayed
    assert digest.subject == "[ROUTINE] DIGEST 3 alerts (3 routine), DELAYED: Tocsin could not send for up to 7 h"
    assert msgspec.json.decode(digest.payload)["delayed"] is True


def test_a_late_flash_comes_by_itself_and_says_how_late_it_is() -> None:
    watch = to(delayed_after=30 * MINUTE)
    flash = a_note("f", at(0), watch, severity="flash")
    made = deliveries(flash, late(flash, at(0, 5)))
    assert [(d.id, d.state, d.attempt) for d in made] == [(flash.id, "pending", 1), (flash.id, "pending", 2)]
    marked = made[-1].notification
    assert marked is not None
    assert marked.subject == f"DELAYED 5 h: {flash.subject}"
    assert marked.text.startswith("DELAYED by 5 h: Tocsin could not send.\nBLUF")
    assert "DELAYED by 5 h" in marked.html
    assert msgspec.json.decode(marked.payload)["delayed"] is True


def test_one_late_message_is_told_by_itself_and_marked() -> None:
    note = a_note("a", at(0), to(delayed_after=30 * MINUTE))
    made = deliveries(note, late(note, at(0, 5)), tick(at(0, 5) + GATHERED_FOR))
    assert [(d.state, d.attempt) for d in made] == [("pending", 1), ("held", 1), ("pending", 2)]
    assert states(made)[-1][1].startswith("DELAYED 5 h: ")


def test_the_word_that_it_is_late_counts_once() -> None:
    note = a_note("a", at(0), to(delayed_after=30 * MINUTE))
    assert len(deliveries(note, late(note, at(0, 5)), late(note, at(0, 5)))) == 2


def test_what_is_late_in_quiet_hours_waits_for_their_end() -> None:
    note = a_note("a", at(0.4), to(delayed_after=30 * MINUTE, quiet=NIGHT))
    made = deliveries(note, late(note, at(1)), tick(at(1) + GATHERED_FOR))
    assert [d.state for d in made] == ["pending", "held"]


async def test_after_a_night_without_us_the_officer_reads_one_digest_and_the_flash_by_itself() -> None:
    terminal, morning = io.StringIO(), at(0, 9)
    watch = to(channel="terminal", address=None, delayed_after=30 * MINUTE)
    log: list[Any] = [a_note(str(i), at(0, i), watch, severity="flash" if i == 2 else "urgent") for i in range(5)]
    async with open_session((), seconds=5) as session:
        sender = Sender(session=session, clock=lambda: morning, terminal=terminal)
        attempted = set[tuple[str, int]]()
        for _ in range(3):
            for d in deliveries(*log):
                if d.state == "pending" and (d.id, d.attempt) not in attempted:
                    attempted.add((d.id, d.attempt))
                    log.append(await sender.attempt(d))
            log.append(tick(morning + GATHERED_FOR))
    printed = terminal.getvalue()
    assert [d.state for d in deliveries(*log)].count("gathered") == 4
    assert printed.count("DELAYED 7 h: [FLASH]") == 1
    assert printed.count("[URGENT] DIGEST 4 alerts (4 urgent), DELAYED: Tocsin could not send for up to 9 h") == 1
    assert len(attempted) == 5 + 1 + 1


def test_a_thousand_alerts_in_a_minute_are_a_digest_and_a_flash_is_still_alone() -> None:
    watch = to(flood=Flood(most=20, within=HOUR, flash=60))
    notes = [a_note(str(i), at(0) + i * SECOND / 17, watch, severity="flash" if i == 700 else "urgent") for i in range(1_000)]
    made = deliveries(*notes, tick(at(0, 2)))
    sent = [d.notification for d in made if d.state == "pending" and d.notification]
    assert [len(n.gathers) for n in sent] == [0] * 21 + [979]
    assert [n.severity for n in sent].count("flash") == 1


# How it reads


def test_the_loudest_comes_first_and_of_each_alert_the_last_that_was_said() -> None:
    watch = to()
    held = [
        a_note("a", at(0), watch),
        a_note("b", at(0, 1), watch, severity="urgent"),
        a_note("a", at(0, 2), watch, revision=2, change="update", differences=("1 MORE independent source",)),
    ]
    digest = gather(held, "quiet", at(0, 3))
    assert digest.severity == "urgent"
    assert digest.text.index("\nURGENT\n") < digest.text.index("\nROUTINE\n")
    assert digest.text.count("BLUF") == 0
    assert "/2" in digest.text
    assert "Not shown: 1 earlier revision of these alerts." in digest.text
    assert digest.text.startswith("DIGEST 2 alerts, held in quiet hours\n       1 urgent, 1 routine; this message 120900Z DEC 16\n")
    assert all(len(line) <= 100 for line in digest.text.splitlines())


def test_a_retraction_is_said_to_be_one() -> None:
    digest = gather([a_note("a", at(0), to(), revision=2, change="retraction")], "flood", at(0, 1))
    assert "RETRACTED: " in digest.text


def test_the_digest_has_headers_of_its_own() -> None:
    digest = gather([a_note("a", at(0), to()), a_note("b", at(0), to())], "quiet", at(0, 3))
    assert digest.headers["Message-ID"] == f"<digest.{digest.id[:16]}@alerts.example.org>"
    assert digest.headers["List-Id"] == "digest <digest.alerts.example.org>"


@pytest.mark.parametrize("count", [2, 20, 70, 500, 2_000])
def test_a_program_gets_as_much_of_each_alert_as_a_webhook_may_carry(count: int) -> None:
    digest = gather([a_note(str(i), at(0), to()) for i in range(count)], "quiet", at(0, 3))
    body = msgspec.json.decode(digest.payload)
    assert len(bytes(digest.payload)) < MOST_BYTES
    assert body["type"] == "alert.digest"
    assert len(body["data"]["alerts"]) + body["data"]["alerts_omitted"] == count
    assert body["data"]["alerts"]
    assert digest.text.count("\n      Islamic State") == min(count, MOST_TOLD)


def test_hostile_words_are_escaped_in_html() -> None:
    digest = gather([a_note("a", at(0), to(), title="<script>x</script>"), a_note("b", at(0), to())], "quiet", at(0, 3))
    assert "<script>" not in digest.html
    assert "&lt;script&gt;" in digest.html


def test_a_marked_notification_keeps_its_id() -> None:
    note = a_note("a", at(0), to())
    assert mark_delayed(note, at(0, 1)).id == note.id
