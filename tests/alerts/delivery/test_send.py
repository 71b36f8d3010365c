"""One attempt by each channel: it always ends in an outcome, whatever the receiver, the network or the settings do."""

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from alerts.delivery.digest import gather
from alerts.delivery.mail import MailSettings
from alerts.delivery.messages import render
from alerts.delivery.send import Sender
from alerts.delivery.webhook import open_session
from alerts.records import Delivery, Notification, Outcome
from tests.alerts.delivery.wire import HERE, SECRET, Mailbox, Said, a_hook, a_mail_server, to_hook, to_mailbox
from tests.builders import a_desk, a_receiver, an_alert

NOW = datetime(2016, 12, 13, 5, 1, tzinfo=UTC)


def pending(notification: Notification, attempt: int = 1) -> Delivery:
    receiver = notification.receiver.id
    return Delivery(id=notification.id, receiver=receiver, state="pending", attempt=attempt, at=NOW, notification=notification)


async def attempted(
    delivery: Delivery, *, secret: str = SECRET, mail: MailSettings | None = None, terminal: io.StringIO | None = None
) -> Outcome:
    async with open_session(HERE, seconds=5) as session:
        sender = Sender(session=session, clock=lambda: NOW, terminal=terminal or io.StringIO(), secrets={"HOOK": secret}, mail=mail)
        return await sender.attempt(delivery)


async def test_a_webhook_that_fails_then_works() -> None:
    async with a_hook(Said(500), Said(200)) as hook:
        notification = to_hook(hook.url)
        first = await attempted(pending(notification))
        second = await attempted(pending(notification, attempt=2))
    assert first == Outcome(delivery=notification.id, receiver="ops", attempt=1, at=NOW, ok=False, detail="500 Internal Server Error")
    assert second == Outcome(delivery=notification.id, receiver="ops", attempt=2, at=NOW, ok=True, detail="200 OK")


async def test_gone_is_final_and_a_wish_to_wait_is_passed_on() -> None:
    async with a_hook(Said(429, {"Retry-After": "60"}), Said(410)) as hook:
        busy, gone = await attempted(pending(to_hook(hook.url))), await attempted(pending(to_hook(hook.url)))
    assert busy.retry_after == datetime(2016, 12, 13, 5, 2, tzinfo=UTC)
    assert (busy.final, gone.final) == (False, True)


@pytest.mark.parametrize(
    ("secret", "words"),
    [
        pytest.param("", "receiver ops: HOOK: no signing secret", id="not set"),
        pytest.param("whsec_dG9vIHNob3J0", "receiver ops: HOOK: secret 1 of 1 is 9 bytes long", id="too short"),
    ],
)
async def test_a_secret_that_cannot_sign_sends_nothing_and_can_be_mended(secret: str, words: str) -> None:
    async with a_hook() as hook:
        outcome = await attempted(pending(to_hook(hook.url)), secret=secret)
    assert words in outcome.detail
    assert (outcome.ok, outcome.final) == (False, False)
    assert hook.got == []


async def test_a_webhook_without_a_named_secret_sends_nothing() -> None:
    notification = render(an_alert(), a_receiver(channel="webhook", url="http://127.0.0.1:9/"), a_desk())
    outcome = await attempted(pending(notification))
    assert outcome.detail == "receiver watch: no secret_env; name the variable that holds its whsec_ secret"


async def test_an_email_goes_to_its_mailbox() -> None:
    with a_mail_server(Mailbox()) as box:
        outcome = await attempted(
            pending(to_mailbox()), mail=MailSettings(host="127.0.0.1", port=box.port, security="none", sender="w@example.org")
        )
    assert outcome.ok
    assert len(box.got) == 1


async def test_an_email_without_a_mail_server_says_what_to_set() -> None:
    outcome = await attempted(pending(to_mailbox()))
    assert (outcome.ok, outcome.detail) == (False, "no mail server is configured; set its host and sender")


async def test_the_terminal_shows_the_subject_and_what_is_known() -> None:
    terminal = io.StringIO()
    notification = render(an_alert(), a_receiver(channel="terminal"), a_desk())
    outcome = await attempted(pending(notification), terminal=terminal)
    lines = terminal.getvalue().splitlines()
    assert outcome.ok
    assert lines[1] == notification.subject
    assert lines[2].startswith("  BLUF   Islamic State attacked T4 (Tiyas) airbase")
    assert lines[-1].startswith("  LOSSES ")


async def test_a_terminal_that_is_closed_is_an_outcome() -> None:
    terminal = io.StringIO()
    terminal.close()
    outcome = await attempted(pending(render(an_alert(), a_receiver(channel="terminal"), a_desk())), terminal=terminal)
    assert not outcome.ok


async def test_null_takes_everything() -> None:
    assert (await attempted(pending(render(an_alert(), a_receiver(channel="null"), a_desk())))).ok


async def test_a_delivery_that_ended_is_not_attempted_again() -> None:
    ended = Delivery(id="d", receiver="ops", state="delivered", attempt=1, at=NOW)
    with pytest.raises(ValueError, match="delivery d to ops is delivered and carries no notification; attempt only pending ones"):
        await attempted(ended)


def overdue(waited: timedelta, *, attempt: int = 1, **changes: Any) -> Delivery:
    """A delivery to a terminal that lets half an hour pass, and that was planned so long ago."""
    receiver = a_receiver(channel="terminal", delayed_after=timedelta(minutes=30))
    notification = msgspec.structs.replace(render(an_alert(), receiver, a_desk()), **changes)
    return msgspec.structs.replace(pending(notification), at=NOW - waited, attempt=attempt)


async def test_what_comes_too_late_is_not_sent_and_said_to_be_late() -> None:
    terminal = io.StringIO()
    outcome = await attempted(overdue(timedelta(hours=5)), terminal=terminal)
    assert (outcome.ok, outcome.late, outcome.detail) == (False, True, "5 h late, so it goes into a digest")
    assert terminal.getvalue() == ""


@pytest.mark.parametrize(
    "delivery",
    [
        overdue(timedelta(minutes=30)),
        overdue(timedelta(hours=5), attempt=2),
        overdue(timedelta(hours=5), delayed=True),
        overdue(timedelta(hours=5), gathers=("a", "b")),
    ],
    ids=["in time", "tried before", "marked as late", "a digest"],
)
async def test_what_is_not_late_by_our_fault_alone_is_sent(delivery: Delivery) -> None:
    assert (await attempted(delivery, terminal=io.StringIO())).ok


async def test_the_terminal_shows_a_digest_whole() -> None:
    terminal = io.StringIO()
    receiver = a_receiver(channel="terminal")
    notes = [render(an_alert(id=str(i)), receiver, a_desk()) for i in range(3)]
    await attempted(pending(gather(notes, "quiet", NOW)), terminal=terminal)
    assert terminal.getvalue().count("Islamic State attacked") == 3
