"""What of a document is news: its articles and what is remembered go in, the articles to publish and the new memory come out."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from streams.feeds.config import Feed
from streams.feeds.identity import canonical_link, content_hash
from streams.feeds.memory import Seen
from streams.feeds.schedule import is_possible_loss
from streams.records import Article, Part, digest

BACKFILL = timedelta(days=7)
"""Of the first document of a feed, older entries are remembered and not published: what ended more than 7 days ago is history
to every rule (DESIGN section 3, rule 14), and a feed's whole archive would only delay today's news."""
MOST_SEEN = 1_000
"""Entries remembered beyond those of the last document; news feeds hold 10 to 80, so these are some weeks."""


class Sifted(Part, frozen=True, kw_only=True):
    """The outcome."""

    publish: tuple[Article, ...]
    """New and changed ones, oldest first, so that they lie in the log as they were told."""
    seen: dict[str, Seen]
    current: tuple[str, ...]
    new: int = 0
    changed: int = 0
    reissued: int = 0
    """Entries that came again word for word, with the same link, under another guid."""
    backfilled: int = 0
    """Entries of a first document that were too old to publish."""
    possible_loss: bool = False


def sift(feed: Feed, articles: Sequence[Article], *, seen: dict[str, Seen], current: Sequence[str], first: bool, now: datetime) -> Sifted:
    """Tell what is new, what has changed and what is known.

    Args:
        seen: What is remembered of entries, longest unseen first.
        current: Ids of the document before.
        first: No document of this feed was ever read.
        now: When the document was fetched; the articles' ``fetched``.
    """
    signs = {article.id: Seen(content=content_hash(article), link=_link(article)) for article in articles}
    known = {(sign.content, sign.link) for sign in seen.values() if sign.link}
    publish, counts = [], dict.fromkeys(("new", "changed", "reissued", "backfilled", "known"), 0)
    for article in articles:
        what = _judge(article, signs[article.id], seen.get(article.id), known=known, first=first, now=now)
        counts[what] += 1
        if what in ("new", "changed"):
            ours = {"feed": feed.name, "outlet": feed.outlet, "owner": feed.owner, "sample": feed.sample, "fetched": now}
            publish.append(msgspec.structs.replace(article, **ours))
    del counts["known"]
    return Sifted(
        publish=tuple(sorted(publish, key=lambda article: (article.published or now, article.id))),
        seen=_remembered(seen, signs),
        current=tuple(signs),
        # A known entry under a new guid shows that nothing was missed.
        possible_loss=is_possible_loss(current, signs) and not counts["reissued"],
        **counts,
    )


def _judge(article: Article, sign: Seen, before: Seen | None, *, known: set[tuple[str, str]], first: bool, now: datetime) -> str:
    if before is not None:
        return "known" if before.content == sign.content else "changed"
    if sign.link and (sign.content, sign.link) in known:
        return "reissued"
    if first and article.published is not None and article.published < now - BACKFILL:
        return "backfilled"
    return "new"


def _remembered(seen: dict[str, Seen], signs: dict[str, Seen]) -> dict[str, Seen]:
    others = [(name, sign) for name, sign in seen.items() if name not in signs]
    return dict(others[-MOST_SEEN:]) | signs


def _link(article: Article) -> str:
    return digest(canonical_link(article.url))[:16] if article.url else ""
