"""What came back from one attempt, in the receiver's own terms; in, and what it means for the delivery, out."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from alerts.delivery.formats import legible

SHORTEST, LONGEST = timedelta(seconds=1), timedelta(hours=1)
"""How long a receiver can make us wait: a negative wish is no wish to be flooded, and an alert of tomorrow is no alert."""
MOST_DETAIL = 200


@dataclass(frozen=True)
class Answer:
    """How one attempt ended.

    Attributes:
        final: No further attempt can succeed.
        detail: In words for the delivery's log; never an address with a secret in it.
        retry_after: The receiver's own wish; None if it has none.
    """

    ok: bool
    detail: str
    final: bool = False
    retry_after: datetime | None = None


def of_status(status: int, body: str = "", *, retry_after: str | None, at: datetime) -> Answer:
    """What a webhook's status means.

    2xx is delivered. 410 Gone is final: the receiver asks to be left alone. All else is tried again, a 404 or a 401 too:
    a receiver that is being deployed gives them for a minute, and an alert that was given up for that is lost.
    """
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "unknown status"
    said = legible(body, MOST_DETAIL)
    detail = f"{status} {phrase}" + (f": {said}" if said and not 200 <= status < 300 else "")
    if 200 <= status < 300:
        return Answer(ok=True, detail=detail)
    if 300 <= status < 400:
        return Answer(ok=False, detail=f"{status} {phrase}: redirects are not followed; give the receiver's final address")
    return Answer(ok=False, detail=detail, final=status == HTTPStatus.GONE, retry_after=wish(retry_after, at=at))


def wish(header: str | None, *, at: datetime) -> datetime | None:
    """Read a Retry-After: seconds or a date (RFC 9110, 10.2.3), held between a second and an hour from *at*; None if unreadable."""
    if header is None:
        return None
    text = header.strip()
    try:
        wanted = (
            at + timedelta(seconds=min(int(text), LONGEST.total_seconds())) if text.lstrip("-").isdigit() else parsedate_to_datetime(text)
        )
    except (ValueError, OverflowError):
        return None
    wanted = wanted if wanted.tzinfo else wanted.replace(tzinfo=UTC)
    return min(max(wanted, at + SHORTEST), at + LONGEST)


def of_mail(code: int, message: str, *, ends: bool = True) -> Answer:
    """What an SMTP refusal means: 5xx is final where it speaks of this mailbox or message, 4xx is to be tried again.

    Args:
        ends: False where the refusal speaks of us (log-in, sender): that can be mended while the alert waits.
    """
    return Answer(ok=False, detail=legible(f"{code} {message}", MOST_DETAIL), final=ends and 500 <= code < 600)
