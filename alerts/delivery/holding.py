"""When a receiver is not to be told one by one: a message and the receiver's wishes in, until when it waits out."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from alerts.records import Flood, Quiet, Severity

ONE_DAY = timedelta(days=1)


def quiet_until(quiet: Quiet | None, severity: Severity, at: datetime) -> datetime | None:
    """When the quiet hours end that *at* lies in; None if it lies in none, or if such a message does not wait.

    The clock on the wall decides, so nights are shorter or longer by an hour when it is put forward or back. An end that the clock
    skips is when it goes on; of one that it shows twice, the second.
    """
    if quiet is None or severity not in quiet.holds or quiet.start == quiet.end:
        return None
    zone = zone_of(quiet.zone)
    there = at.astimezone(zone)
    now = there.hour * 60 + there.minute
    within = quiet.start <= now < quiet.end if quiet.start < quiet.end else now >= quiet.start or now < quiet.end
    if not within:
        return None
    day = there.date() if now < quiet.end else there.date() + ONE_DAY
    hour, minute = divmod(quiet.end, 60)
    end = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone, fold=1).astimezone(UTC)
    return end if end > at else at + timedelta(minutes=1)


@cache
def zone_of(name: str) -> ZoneInfo:
    """A time zone by its IANA name.

    Raises:
        KeyError, ValueError: There is none of that name.
    """
    return ZoneInfo(name)


def flood_until(flood: Flood | None, severity: Severity, sent: Sequence[datetime], at: datetime) -> datetime | None:
    """When there is room again for one more message; None if there is now.

    Args:
        sent: When the last messages went out, in order.
    """
    if flood is None:
        return None
    limit = flood.flash if severity == "flash" else flood.most
    recent = [t for t in sent if t > at - flood.within]
    return recent[-limit] + flood.within if len(recent) >= limit else None


def still_counted(flood: Flood | None, sent: Sequence[datetime], at: datetime) -> tuple[datetime, ...]:
    """Of the messages that went out, those that still count, *at* among them; () where nobody counts."""
    if flood is None:
        return ()
    return (*(t for t in sent if t > at - flood.within), at)[-max(flood.most, flood.flash) :]
