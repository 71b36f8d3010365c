"""A pending delivery in; exactly one attempt made, and the fact of how it ended out. When, and whether again, is planned elsewhere."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TextIO

from alerts.delivery import mail, webhook
from alerts.delivery.answers import Answer
from alerts.delivery.mail import MailSettings
from alerts.delivery.signing import SecretError, read_secrets
from alerts.delivery.webhook import Session
from alerts.records import Delivery, Notification, Outcome
from alerts.spans import in_words


@dataclass(frozen=True)
class Sender:
    """What an attempt needs of the world.

    Attributes:
        session: Of `webhook.open_session`.
        clock: The time now, in UTC.
        terminal: Where alerts of the channel "terminal" are printed.
        secrets: Values of the variables that receivers name, such as the environment's.
        mail: None where no mail server is configured.
    """

    session: Session
    clock: Callable[[], datetime]
    terminal: TextIO
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    mail: MailSettings | None = None

    async def attempt(self, delivery: Delivery) -> Outcome:
        """Try *delivery* once. A fault of the receiver, the network or the settings is an outcome, not an error.

        Raises:
            ValueError: The delivery is not pending, so that there is nothing to send: the caller's mistake.
        """
        if delivery.state != "pending" or delivery.notification is None:
            raise ValueError(
                f"delivery {delivery.id} to {delivery.receiver} is {delivery.state} and carries no notification; attempt only pending ones"
            )
        if (behind := lateness(delivery, self.clock())) is not None:
            return Outcome(
                delivery=delivery.id, receiver=delivery.receiver, attempt=delivery.attempt, at=self.clock(),
                ok=False, late=True, detail=f"{in_words(behind)} late, so it goes into a digest",
            )  # fmt: skip
        answer = await self._send(delivery.notification)
        return Outcome(
            delivery=delivery.id,
            receiver=delivery.receiver,
            attempt=delivery.attempt,
            at=self.clock(),
            ok=answer.ok,
            final=answer.final,
            detail=answer.detail,
            retry_after=answer.retry_after,
        )

    async def _send(self, notification: Notification) -> Answer:
        match notification.receiver.channel:
            case "webhook":
                return await self._post(notification)
            case "email":
                return await self._mail(notification)
            case "terminal":
                return self._print(notification)
            case "null":
                return Answer(ok=True, detail="dropped, as the channel says")

    async def _mail(self, notification: Notification) -> Answer:
        if self.mail is None:
            return Answer(ok=False, detail="no mail server is configured; set its host and sender")
        return await mail.send(notification, self.mail)

    async def _post(self, notification: Notification) -> Answer:
        receiver = notification.receiver
        name = receiver.secret_env or ""
        if not name:
            return Answer(ok=False, detail=f"receiver {receiver.id}: no secret_env; name the variable that holds its whsec_ secret")
        try:
            secrets = read_secrets(self.secrets.get(name, ""), name=name)
        except SecretError as error:
            return Answer(ok=False, detail=f"receiver {receiver.id}: {error}")
        return await webhook.post(self.session, notification, secrets=secrets, at=self.clock())

    def _print(self, notification: Notification) -> Answer:
        try:
            self.terminal.write(compact(notification))
            self.terminal.flush()
        except (OSError, ValueError) as error:
            return Answer(ok=False, detail=f"the terminal takes nothing: {error}")
        return Answer(ok=True, detail="printed")


def lateness(delivery: Delivery, now: datetime) -> timedelta | None:
    """How long the first attempt has been waiting for us, if that is more than its receiver lets each come by itself; else None."""
    notification = delivery.notification
    if notification is None or delivery.attempt > 1 or notification.delayed or notification.gathers:
        return None
    limit, behind = notification.receiver.delayed_after, now - delivery.at
    return behind if limit is not None and behind > limit else None


def compact(notification: Notification) -> str:
    """The alert for a terminal: the subject, and the text up to its losses; a digest whole."""
    shown = notification.text if notification.gathers else "\n\n".join(notification.text.split("\n\n")[:2])
    head = "\n".join(f"  {line}".rstrip() for line in shown.splitlines())
    return f"\n{notification.subject}\n{head}\n"
