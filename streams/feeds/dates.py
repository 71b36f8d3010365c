"""The dates of feeds: what a publisher wrote goes in, a moment in UTC comes out, or None. Never a guess, never now."""

import re
from datetime import UTC, datetime, timedelta, timezone

from streams.records import plausible

MONTHS = {m: n for n, m in enumerate(("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1)}
ZONE_HOURS: dict[str, float] = {
    "": 0, "z": 0, "ut": 0, "utc": 0, "gmt": 0, "wet": 0,
    "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7,
    "ast": -4, "adt": -3, "akst": -9, "akdt": -8, "hst": -10, "nst": -3.5, "ndt": -2.5,
    "bst": 1, "west": 1, "cet": 1, "cest": 2, "mez": 1, "mesz": 2, "eet": 2, "eest": 3, "sast": 2, "cat": 2, "eat": 3, "wat": 1,
    "msk": 3, "idt": 3,
    "pkt": 5, "sgt": 8, "hkt": 8, "pht": 8, "wib": 7, "jst": 9, "kst": 9,
    "awst": 8, "acst": 9.5, "acdt": 10.5, "aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13,
}  # fmt: skip
"""Hours east of Greenwich. RFC 822's names, then those of other regions that mean one thing only; a date without a zone is
read as UTC, as other readers do. "IST" is India, Israel and Ireland, so a date in it is not known."""

MAX_LENGTH = 100
"""Characters; no date is longer, and nothing longer is looked at."""
LARGEST_OFFSET = timedelta(hours=14)
"""Kiribati; an offset beyond it is a mistake, and the date with it unknown."""

_TIME = r"(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,]\d{1,9})?)?\s*([ap]\.?m\.?)?"
_RFC822 = re.compile(
    rf"(?:[^\W\d_]{{2,10}}\.?\s*,?\s*)?(\d{{1,2}})[\s-]+([^\W\d_]{{3,9}})\.?,?[\s-]+(\d{{4}}|\d{{2}})(?:,?\s+{_TIME}\s*(.*))?",
    re.IGNORECASE,
)
_AMERICAN = re.compile(
    rf"(?:[^\W\d_]{{2,10}}\.?\s*,?\s+)?([^\W\d_]{{3,9}})\.?\s+(\d{{1,2}}),?\s+(\d{{4}})(?:,?\s+(?:-\s+)?{_TIME}\s*(.*))?", re.IGNORECASE
)
_ISO = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})(?:(?:T|\s+)(\d{2}):?(\d{2})(?::?(\d{2})(?:[.,]\d{1,9})?)?\s*(.*))?", re.IGNORECASE)
_OFFSET = re.compile(r"(?:(etc/)?(?:gmt|utc?))?\s*([+-])\s*(\d{1,2})(?::?(\d{2}))?", re.IGNORECASE)


def read_date(raw: str | None) -> datetime | None:
    """Read a date as feeds write it: RFC 822 (also with names and offsets such as ``GMT+9``), ISO 8601, "May 4, 2025 10:00 EST".

    Returns:
        The moment in UTC; a day without a time is its midnight. None for whatever is not surely a day in a known zone.
    """
    return plausible(_read(raw))


def _read(raw: str | None) -> datetime | None:
    text = " ".join((raw or "")[: MAX_LENGTH + 1].split())
    if not text or len(text) > MAX_LENGTH:
        return None
    if match := _ISO.fullmatch(text):
        year, month, day, hour, minute, second, zone = match.groups()
        return _moment(year, int(month), day, (hour, minute, second, None), zone)
    if match := _RFC822.fullmatch(text):
        day, name, year, *clock, zone = match.groups()
    elif match := _AMERICAN.fullmatch(text):
        name, day, year, *clock, zone = match.groups()
    else:
        return None
    return _moment(_full_year(year), MONTHS.get(name[:3].lower(), 0), day, tuple(clock), zone)


def _full_year(year: str) -> str:
    """RFC 2822, 4.3: two digits below 50 are of this century."""
    return year if len(year) == 4 else f"{20 if int(year) < 50 else 19}{year}"


def _moment(year: str, month: int, day: str, clock: tuple[str | None, ...], zone: str | None) -> datetime | None:
    hour, minute, second, half = clock
    offset = _offset(zone or "")
    if offset is None:
        return None
    hours = int(hour or 0)
    if half:
        if not 1 <= hours <= 12:
            return None
        hours = hours % 12 + (12 if half[0] in "pP" else 0)
    try:
        # A leap second (:60) is written as the second before it: Python has none.
        local = datetime(
            int(year), month, int(day), hours, int(minute or 0), min(int(second or 0), 60) - (second == "60"), tzinfo=timezone(offset)
        )
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _offset(zone: str) -> timedelta | None:
    """The distance from UTC that *zone* names; None if it names none, or several."""
    zone = re.sub(r"\s*\([^()]*\)$", "", zone).strip()
    hours = ZONE_HOURS.get(zone.lower())
    if hours is not None:
        return timedelta(hours=hours)
    match = _OFFSET.fullmatch(zone)
    if match is None:
        return None
    posix, sign, whole, minutes = match.groups()
    offset = timedelta(hours=int(whole), minutes=int(minutes or 0))
    if offset > LARGEST_OFFSET or int(minutes or 0) > 59:
        return None
    # In the names of the time zone database (Etc/GMT+9) the sign is the other way round.
    return -offset if (sign == "-") != bool(posix) else offset
