"""Sending to a real mail server: what arrives, and what each refusal means."""

import email
import email.policy
from dataclasses import replace
from email.message import EmailMessage

import msgspec
import pytest

from alerts.delivery.answers import Answer
from alerts.delivery.mail import MailSettings, compose, send
from alerts.delivery.messages import render
from tests.alerts.delivery.wire import CERTIFICATE, Mailbox, a_mail_server, server_context, to_mailbox
from tests.builders import a_desk, a_receiver, an_alert, an_event, t4


def settings(box: Mailbox, **changes: object) -> MailSettings:
    return replace(MailSettings(host="127.0.0.1", port=box.port, security="none", sender="Watch <watch@alerts.example.org>"), **changes)


def plain(message: EmailMessage) -> str:
    """Its text part."""
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def read(data: bytes) -> EmailMessage:
    message = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


async def test_an_alert_arrives_as_it_was_written() -> None:
    notification = to_mailbox()
    with a_mail_server(Mailbox()) as box:
        answer = await send(notification, settings(box))
    message = read(box.got[0])
    assert answer == Answer(ok=True, detail="accepted by 127.0.0.1: kept")
    assert message["Subject"] == notification.subject
    assert message["To"] == "watch@example.org"
    assert message["Message-ID"] == notification.headers["Message-ID"]
    assert message["Auto-Submitted"] == "auto-generated"
    assert plain(message).replace("\r\n", "\n") == notification.text
    page = message.get_body(("html",))
    assert page is not None
    assert page.get_content().split() == notification.html.split()


async def test_names_in_other_scripts_arrive_whole() -> None:
    event = an_event(place=t4(name="Târgu Mureș", also=("المطار",)))
    notification = to_mailbox(an_alert(event=event))
    with a_mail_server(Mailbox()) as box:
        assert (await send(notification, settings(box))).ok
    message = read(box.got[0])
    assert message["Subject"] == notification.subject
    assert "Târgu Mureș (المطار)" in plain(message)


async def test_ids_of_a_long_host_arrive_whole() -> None:
    notification = render(
        an_alert(revision=2, change="update"), a_receiver(), a_desk(host=f"{'long.' * 15}example.org"), previous="<before@host>"
    )
    with a_mail_server(Mailbox()) as box:
        assert (await send(notification, settings(box))).ok
    message = read(box.got[0])
    for name in ("Message-ID", "In-Reply-To", "References"):
        assert message[name] == notification.headers[name]
    assert b"=?utf-8?" not in box.got[0]


async def test_one_refused_address_of_several_is_told_and_the_others_are_not_sent_twice() -> None:
    with a_mail_server(Mailbox(refused="gone@example.org")) as box:
        answer = await send(to_mailbox(address="watch@example.org, gone@example.org"), settings(box))
    assert answer == Answer(ok=True, detail="accepted by 127.0.0.1: kept; not for gone@example.org: 550 not here")


async def test_a_repeat_is_the_same_to_the_byte() -> None:
    with a_mail_server(Mailbox()) as box:
        await send(to_mailbox(), settings(box))
        await send(to_mailbox(), settings(box))
    assert box.got[0] == box.got[1]


@pytest.mark.parametrize(
    ("box", "final"),
    [
        pytest.param(Mailbox(to="550 no such user"), True, id="no such mailbox is final"),
        pytest.param(Mailbox(to="451 greylisted, come back"), False, id="greylisting is not"),
        pytest.param(Mailbox(data="554 looks like spam"), True, id="a refused message is final"),
        pytest.param(Mailbox(data="452 disk full"), False, id="a full disk is not"),
    ],
)
async def test_a_refusal_is_final_only_if_it_is_permanent(box: Mailbox, final: bool) -> None:
    with a_mail_server(box):
        answer = await send(to_mailbox(), settings(box))
    assert answer == Answer(ok=False, detail=box.to or box.data, final=final)


async def test_a_server_that_is_down_is_tried_again() -> None:
    with a_mail_server(Mailbox()) as box:
        down = settings(box)
    assert await send(to_mailbox(), down) == Answer(ok=False, detail=f"connection refused by 127.0.0.1 port {box.port}")


async def test_without_starttls_nothing_is_sent() -> None:
    with a_mail_server(Mailbox()) as box:
        answer = await send(to_mailbox(), settings(box, security="starttls"))
    assert not answer.ok
    assert not answer.final
    assert "STARTTLS" in answer.detail
    assert box.got == []


async def test_starttls_is_used_with_the_certificate_of_a_private_network() -> None:
    with a_mail_server(Mailbox(), tls=server_context(CERTIFICATE), require_starttls=True) as box:
        assert (await send(to_mailbox(), settings(box, security="starttls", ca_file=CERTIFICATE))).ok
        refused = await send(to_mailbox(), settings(box, security="starttls"))
    assert "certificate" in refused.detail
    assert len(box.got) == 1


async def test_a_wrong_password_can_be_mended_while_the_alert_waits() -> None:
    options = {"auth_required": True, "auth_require_tls": False, "auth_callback": lambda *_: False}
    with a_mail_server(Mailbox(), **options) as box:
        answer = await send(to_mailbox(), settings(box, username="watch", password="hunter2"))
    assert (answer.ok, answer.final) == (False, False)
    assert "check user name and password" in answer.detail
    assert "hunter2" not in answer.detail


def test_a_password_is_not_shown() -> None:
    assert "hunter2" not in repr(MailSettings(host="h", sender="s@h", password="hunter2"))


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"subject": "ATTACKED\r\nBcc: all@example.org"}, id="in the subject"),
        pytest.param({"headers": {"List-Id": "x\nBcc: all@example.org"}}, id="in a header"),
        pytest.param({"receiver": a_receiver(address="a@b.example\r\nBcc: all@example.org")}, id="in the address"),
    ],
)
async def test_a_line_break_cannot_smuggle_in_a_header(changes: dict[str, object]) -> None:
    forged = msgspec.structs.replace(to_mailbox(), **changes)
    with a_mail_server(Mailbox()) as box:
        answer = await send(forged, settings(box))
    assert (answer.ok, answer.final) == (False, True)
    assert box.got == []


def test_a_sender_that_is_no_address_is_told_so() -> None:
    with pytest.raises(ValueError, match="mail sender is '', which is no address"):
        compose(to_mailbox(), MailSettings(host="h", sender=""))


@pytest.mark.parametrize("address", [None, "", " "])
def test_a_receiver_without_address_is_told_so(address: str | None) -> None:
    with pytest.raises(ValueError, match="receiver watch: no address; give it one"):
        compose(to_mailbox(address=address), MailSettings(host="h", sender="s@h"))
