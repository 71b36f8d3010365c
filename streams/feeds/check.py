"""Ask every feed once and say what was found: for `tocsin feeds check`. Remembers and publishes nothing."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from streams.feeds.config import Feed
from streams.feeds.fetch import Sessions, fetch, open_sessions
from streams.feeds.poll import MOST_AT_ONCE, MOST_AT_ONE_HOST, host_of, utc_now
from streams.feeds.sift import BACKFILL
from streams.feeds.worker import GuardedParser
from streams.records import Part


class Checked(Part, frozen=True, kw_only=True):
    """What one feed answered."""

    feed: str
    url: str
    reachable: bool
    """Its server answered, with whatever."""
    entries: int = 0
    newest: datetime | None = None
    """Date of the latest entry; None without one."""
    undated: int = 0
    """Entries without a date that can be read: when they came out stays unknown."""
    error: str | None = None
    advice: tuple[str, ...] = ()
    """What else is worth doing; often nothing."""

    @property
    def ok(self) -> bool:
        """Whether there is something to read."""
        return self.entries > 0


async def check(feeds: Sequence[Feed]) -> tuple[Checked, ...]:
    """Ask each feed for its whole document, a few at a time; answers come in the order of *feeds*."""
    everywhere = asyncio.Semaphore(MOST_AT_ONCE)
    hosts = {host: asyncio.Semaphore(MOST_AT_ONE_HOST) for host in Counter(map(host_of, feeds))}
    with GuardedParser() as parser:
        async with open_sessions() as sessions:

            async def one(feed: Feed) -> Checked:
                async with hosts[host_of(feed)], everywhere:
                    return await _check(feed, sessions, parser)

            return tuple(await asyncio.gather(*map(one, feeds)))


async def _check(feed: Feed, sessions: Sessions, parser: GuardedParser) -> Checked:
    fetched = await fetch(sessions.of(feed), feed)
    moved = (f"its server says that it moved for good: set url = {fetched.moved_to!r}",) if fetched.moved_to else ()
    if fetched.body is None:
        return Checked(feed=feed.name, url=feed.url, reachable=fetched.status is not None, error=fetched.error, advice=moved)
    parsed = await asyncio.to_thread(parser.parse, fetched.body, feed=feed.name, content_type=fetched.content_type, base=fetched.url)
    dates = [article.published for article in parsed.articles if article.published is not None]
    newest = max(dates, default=None)
    return Checked(
        feed=feed.name,
        url=feed.url,
        reachable=True,
        entries=parsed.entries,
        newest=newest,
        undated=len(parsed.articles) - len(dates),
        error=parsed.error or (None if parsed.entries else "it is a feed, but has no entries"),
        advice=moved + _advice(newest, len(parsed.articles), len(dates), shared=parsed.shared_names, now=utc_now()),
    )


def _advice(newest: datetime | None, articles: int, dated: int, *, shared: bool, now: datetime) -> tuple[str, ...]:
    found = []
    if newest is not None and newest < now - BACKFILL:
        found.append(f"its newest entry is of {newest:%Y-%m-%d}: the publisher may have left this address; look for a new one")
    if articles and not dated:
        found.append("none of its dates can be read: when its entries came out stays unknown, and 'on Monday' in them dates nothing")
    if shared:
        found.append("it gives one guid to several entries: they are told apart by their links")
    return tuple(found)
