"""Times, positions and counts in; the words and groups that watch officers read out."""

import re
import unicodedata
from datetime import datetime, timedelta

from streams.records import Occurred, Place, Range

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
"""Not strftime's: those change with the locale."""

UNKNOWN = "not reported"
"""What stands where no source gave a fact."""

JOINERS = "\u200c\u200d"
"""Invisible, but part of how Persian, Urdu and Indic names are spelt."""

GRID = re.compile(r"(\d{0,2}[A-Z])([A-Z]{2})((?:\d\d){0,5})")


def legible(text: str, limit: int | None = None) -> str:
    """Put hostile text on one line: no line breaks, terminal escapes, or controls that turn the reading direction.

    Args:
        limit: Longest answer in characters; what is cut is marked ``[...]``. None does not cut.
    """
    words = " ".join(text.split())
    if not words.isprintable():  # as most text is: then nothing is to be left out
        words = "".join(c for c in words if c in JOINERS or unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co"})
    return words if limit is None or len(words) <= limit else f"{words[: limit - 6].rstrip()} [...]"


def date_time_group(at: datetime) -> str:
    """``131005Z DEC 16``: day, hour and minute in Zulu."""
    return f"{at:%d%H%M}Z {month(at)}"


def stretch(first: datetime, last: datetime) -> str:
    """``130500Z to 131005Z DEC 16``; one group where both are the same minute."""
    start, end = date_time_group(first), date_time_group(last)
    if start == end:
        return start
    return f"{first:%d%H%M}Z to {end}" if month(first) == month(last) else f"{start} to {end}"


def month(at: datetime) -> str:
    """``DEC 16``."""
    return f"{MONTHS[at.month - 1]} {at:%y}"


def day(at: datetime) -> str:
    """``12 DEC 16``."""
    return f"{at.day:02d} {month(at)}"


def days(occurred: Occurred | None) -> str:
    """When, for a sentence: ``12 DEC 16``, ``11-12 DEC 16``, ``DEC 16``; "" where no source gave a time."""
    if occurred is None:
        return ""
    first, last = occurred.start, _last(occurred)
    match occurred.precision:
        case "year":
            return _span(f"{first.year}", f"{last.year}")
        case "month":
            return _span(month(first), month(last))
        case _ if month(first) == month(last):
            return f"{_span(f'{first.day:02d}', f'{last.day:02d}')} {month(last)}"
        case _:
            return f"{day(first)} - {day(last)}"


def when(occurred: Occurred | None) -> str:
    """When, with what is not known said: ``12 DEC 16 (time not reported)``. Hours are never invented."""
    if occurred is None:
        return UNKNOWN
    match occurred.precision:
        case "hour":
            return _hours(occurred)
        case "day":
            return f"{days(occurred)} (time {UNKNOWN})"
        case "week" | "month":
            return f"{days(occurred)} (day {UNKNOWN})"
        case "year":
            return f"{days(occurred)} (month {UNKNOWN})"


def _hours(occurred: Occurred) -> str:
    if occurred.end - occurred.start <= timedelta(hours=1):
        return f"{date_time_group(occurred.start)} (to the hour)"
    return stretch(occurred.start, occurred.end)


def _last(occurred: Occurred) -> datetime:
    """The last moment within: ``end`` itself is outside."""
    return max(occurred.start, occurred.end - timedelta(microseconds=1))


def _span(first: str, last: str) -> str:
    return first if first == last else f"{first}-{last}"


def coordinates(place: Place) -> str:
    """``34.52N 37.63E``, with no more decimals than the radius bears out (0.01 degrees are about 1 km)."""
    decimals = 3 if place.radius_km <= 0.1 else 2 if place.radius_km <= 10 else 1 if place.radius_km <= 50 else 0
    north, east = "N" if place.lat >= 0 else "S", "E" if place.lon >= 0 else "W"
    return f"{abs(place.lat):.{decimals}f}{north} {abs(place.lon):.{decimals}f}{east}"


def radius(place: Place) -> str:
    """``+-2 km``, ``+-300 m``."""
    return f"+-{place.radius_km:.0f} km" if place.radius_km >= 1 else f"+-{place.radius_km * 1000:.0f} m"


def grid(place: Place) -> str:
    """``37S CU 74 20 (+-2 km)``: the military grid reference as it is read out; "" where the place has none."""
    found = GRID.fullmatch(place.mgrs.replace(" ", "").upper())
    if found is None:
        return ""
    zone, square, digits = found.groups()
    half = len(digits) // 2
    return f"{' '.join(part for part in (zone, square, digits[:half], digits[half:]) if part)} ({radius(place)})"


def count(number: Range | None) -> str:
    """``at least 23``, ``between 12 and 15``, ``up to 5``, ``3``, ``none``; ``not reported``."""
    match number:
        case None | (None, None) | (0, None):
            return UNKNOWN
        case (0, 0):
            return "none"
        case (low, high) if low == high:
            return f"{low}"
        case (low, None):
            return f"at least {low}"
        case (None | 0, high):
            return f"up to {high}"
        case (low, high):
            return f"between {low} and {high}"


def plural(number: int, noun: str) -> str:
    """``1 source``, ``2 sources``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
