"""One e-mail to one mailbox. The only door of this package to aiosmtplib."""

import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Literal

import aiosmtplib

from alerts.delivery.answers import MOST_DETAIL, Answer, of_mail
from alerts.delivery.formats import legible
from alerts.records import Notification

POLICY = SMTP.clone(max_line_length=998)
"""RFC 5322, 2.1.1. At the usual 78 a long Message-ID in References would be cut into encoded words, and the thread with it."""
Security = Literal["starttls", "tls", "none"]


@dataclass(frozen=True)
class MailSettings:
    """How mail leaves this house.

    Attributes:
        security: "starttls" refuses to go on where the server does not offer it; "none" is for a relay on this machine.
        username: "" sends without log-in.
        sender: The From address; its domain is also what we call ourselves.
        ca_file: Certificate authorities of a private network; "" takes the system's.
    """

    host: str
    sender: str
    port: int = 587
    security: Security = "starttls"
    username: str = ""
    password: str = field(default="", repr=False)
    ca_file: str = ""
    timeout_seconds: float = 30.0


def compose(notification: Notification, settings: MailSettings) -> EmailMessage:
    """The message as it goes out; a repeat is the same to the byte.

    Raises:
        ValueError: The receiver or the sender has no address, or a header holds a line break.
    """
    message = EmailMessage(policy=POLICY)
    message["From"] = settings.sender
    message["To"] = notification.receiver.address or ""
    if not message["To"].addresses:
        raise ValueError(f"receiver {notification.receiver.id}: no address; give it one, or another channel")
    if not message["From"].addresses:
        raise ValueError(f"mail sender is {settings.sender!r}, which is no address; set it to one of your domain")
    message["Date"] = format_datetime(notification.at)
    message["Subject"] = notification.subject
    for name, value in notification.headers.items():
        message[name] = value
    message.set_content(notification.text, cte="7bit" if notification.text.isascii() else "quoted-printable")
    if notification.html:
        message.add_alternative(notification.html, subtype="html", cte="quoted-printable")
        message.set_boundary(f"=_{notification.id[:24]}")  # else it is drawn by lot, and a repeat would be another message
    return message


async def send(notification: Notification, settings: MailSettings) -> Answer:
    """Send *notification* once, and say how it went. Raises nothing for the server's or the receiver's fault."""
    try:
        message = compose(notification, settings)
    except ValueError as error:
        return Answer(ok=False, final=True, detail=str(error))
    try:
        refused, response = await _hand_over(message, settings)
    except (aiosmtplib.SMTPException, OSError, ValueError) as error:
        return judge(error, settings)
    missed = "".join(f"; not for {address}: {reply.code} {reply.message}" for address, reply in refused.items())
    return Answer(ok=True, detail=legible(f"accepted by {settings.host}: {response}{missed}", MOST_DETAIL))


async def _hand_over(message: EmailMessage, settings: MailSettings) -> tuple[dict[str, aiosmtplib.SMTPResponse], str]:
    """Hand the message to the server; the recipients it refused while it took others, and its last word."""
    return await aiosmtplib.send(
        bytes(message),  # the library would lay an EmailMessage out anew, at 78 columns
        sender=message["From"].addresses[0].addr_spec,
        recipients=[address.addr_spec for address in message["To"].addresses],
        hostname=settings.host,
        port=settings.port,
        username=settings.username or None,
        password=settings.password or None,
        use_tls=settings.security == "tls",
        start_tls=settings.security == "starttls",
        tls_context=None if settings.security == "none" else ssl.create_default_context(cafile=settings.ca_file or None),
        timeout=settings.timeout_seconds,
        local_hostname=settings.sender.rpartition("@")[2].rstrip(">") or "localhost",
    )


def judge(error: Exception, settings: MailSettings) -> Answer:
    """What a failed attempt means: the mailbox's or the message's refusal may be final, a fault of ours never is."""
    where = f"{settings.host} port {settings.port}"
    match error:
        case aiosmtplib.SMTPRecipientsRefused(recipients=[refused, *_]):
            return of_mail(refused.code, refused.message)
        case aiosmtplib.SMTPDataError():
            return of_mail(error.code, error.message)
        case aiosmtplib.SMTPAuthenticationError():
            return of_mail(error.code, f"log-in refused by {where}; check user name and password: {error.message}", ends=False)
        case aiosmtplib.SMTPSenderRefused():
            return of_mail(error.code, f"sender {settings.sender} refused by {where}: {error.message}", ends=False)
        case aiosmtplib.SMTPTimeoutError() | TimeoutError():
            return Answer(ok=False, detail=f"no answer from {where} within {settings.timeout_seconds:g} s")
        case aiosmtplib.SMTPConnectError() if "refused" in str(error).casefold() or isinstance(error.__cause__, ConnectionRefusedError):
            return Answer(ok=False, detail=f"connection refused by {where}")
        case _:
            return Answer(ok=False, detail=legible(f"mail not sent by {where}: {error or type(error).__name__}", MOST_DETAIL))
