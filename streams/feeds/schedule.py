"""When a feed is asked next, and how: its interval and what its server said go in, a time and the reason for it come out."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import sha256

from streams.feeds.config import Feed
from streams.records import EPOCH, Part

LONGEST_RETRY_AFTER = timedelta(hours=6)
"""A server may ask for any silence; one of a week would blind a watch."""
LONGEST_CACHE = timedelta(minutes=30)
"""Cache headers and ttl are often a site's default and say nothing about its news (a 7-day header on a busy feed was seen)."""
LONGEST_BACK_OFF = timedelta(hours=1)
"""After failures; a feed is never given up."""
UNCONDITIONAL_AFTER = timedelta(hours=6)
"""Some servers keep answering "not modified" for ever; so often they are asked as if for the first time."""
FIRST_SPREAD = timedelta(seconds=10)
"""Within which all feeds are asked after a start."""
SHORTEST_AFTER_LOSS = timedelta(seconds=60)


class Plan(Part, frozen=True, kw_only=True):
    """When to ask next."""

    at: datetime
    reason: str


def first_ask(feed: Feed, due: datetime | None, *, now: datetime) -> Plan:
    """When to ask a feed after a start.

    Args:
        due: What was planned before the stop; None if it was never asked.
    """
    if feed.sample:
        return Plan(at=now, reason="an exercise starts at once")
    spread = now + FIRST_SPREAD * _phase(feed.name)
    if due is not None and due > spread:
        # However the clock or the interval changed since, nothing waits longer than any plan would have it.
        return Plan(at=min(due, now + max(LONGEST_RETRY_AFTER, timedelta(seconds=feed.every_seconds))), reason="as planned before the stop")
    return Plan(at=spread, reason="first time since the start")


def next_ask(
    feed: Feed,
    *,
    now: datetime,
    failures: int = 0,
    retry_after: timedelta | None = None,
    cache: timedelta | None = None,
    possible_loss: bool = False,
) -> Plan:
    """When to ask *feed* again after an answer at *now*.

    Args:
        failures: In a row, this one included; 0 after a good answer.
        retry_after: What the server asked for by that header.
        cache: The longer of max-age and ttl; not heeded after a failure.
        possible_loss: Nothing of the last document was in this one.
    """
    interval = timedelta(seconds=feed.every_seconds)
    if retry_after is not None and retry_after > interval:
        return Plan(at=now + min(retry_after, max(LONGEST_RETRY_AFTER, interval)), reason="the server asked to wait (Retry-After)")
    if failures > 1:
        wait = max(interval, min(interval * 2 ** min(failures - 1, 12), LONGEST_BACK_OFF))
        return Plan(at=now + wait, reason=f"{failures} failures in a row")
    if possible_loss:
        shorter = min(interval, max(interval / 2, SHORTEST_AFTER_LOSS))
        return Plan(at=now + shorter, reason="entries may have been missed: asked sooner")
    if cache is not None and not failures and cache > interval:
        return Plan(at=now + max(interval, min(cache, LONGEST_CACHE)), reason="the feed is cached that long (max-age or ttl)")
    return Plan(at=_on_grid(feed, now, interval), reason="its interval")


def _on_grid(feed: Feed, now: datetime, interval: timedelta) -> datetime:
    """The feed's own point of its interval, at least half an interval away: feeds stay spread, however long answers take."""
    phase = interval * _phase(feed.name)
    at = EPOCH + phase + interval * ((now + interval - EPOCH - phase) // interval)
    return at if at - now >= interval / 2 else at + interval


def _phase(name: str) -> float:
    """Where in an interval a feed lies, from 0 up to 1: by its name, so that a restart moves nothing."""
    return int.from_bytes(sha256(name.encode()).digest()[:4]) / 2**32


def is_conditional(last_full: datetime | None, *, now: datetime) -> bool:
    """Whether the server may be told what we have; else it is asked for everything.

    Args:
        last_full: When it last gave the whole document; None never.
    """
    return last_full is not None and now - last_full < UNCONDITIONAL_AFTER


def is_possible_loss(before: Collection[str], after: Collection[str]) -> bool:
    """Whether entries may have come and gone unseen: both documents have some, and share none."""
    return bool(before) and bool(after) and set(before).isdisjoint(after)


def read_retry_after(header: str | None, *, now: datetime) -> timedelta | None:
    """Read Retry-After (RFC 9110, 10.2.3): seconds or a date. None if it says nothing that can be read; never negative."""
    text = (header or "").strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return timedelta(seconds=int(text))
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return max(timedelta(0), (at if at.tzinfo else at.replace(tzinfo=UTC)) - now)


def read_max_age(header: str | None) -> timedelta | None:
    """Read max-age from Cache-Control (RFC 9111, 5.2.2.1); None without one, or with no-cache or no-store."""
    parts = [part.strip().lower().partition("=") for part in (header or "").split(",")]
    names = {name: value.strip('" ') for name, _, value in parts}
    age = names.get("max-age", "")
    if names.keys() & {"no-cache", "no-store"} or not (age.isascii() and age.isdigit() and len(age) < 10):
        return None
    return timedelta(seconds=int(age))
