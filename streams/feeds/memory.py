"""What is remembered of a feed from one poll to the next; committed together with the articles that came of it."""

from datetime import datetime, timedelta

import msgspec

from streams.feeds.rhythm import Rhythm
from streams.records import Part

OWNER = "feed"
"""Of these memories in the state file."""
OLDEST_KEPT = timedelta(hours=1)
"""What is kept of a feed is never older than this, so that whoever takes it over asks neither for much again nor with stale validators."""
LONG_WAIT = timedelta(minutes=30)
"""A silence longer than any that our own plan gives a feed that answers: somebody asked for it, and it outlives us."""


class Validators(Part, frozen=True, kw_only=True):
    """What a server gave with a document, to be shown to it next time."""

    etag: str | None = None
    last_modified: str | None = None


class Seen(Part, frozen=True, kw_only=True):
    """What is remembered of one entry."""

    content: str
    """`identity.content_hash` of what it last said."""
    link: str = ""
    """Hash of its canonical link; "" without one."""


class FeedMemory(Part, frozen=True, kw_only=True):
    """All that the poller knows of one feed."""

    url: str = ""
    """That all this is of; validators of another address are not shown to a server."""
    validators: Validators = Validators()
    """Of the last document that was read and committed."""
    body: str = ""
    """Hash of that document."""
    seen: dict[str, Seen] = msgspec.field(default_factory=dict)
    """By article id, longest unseen first; at most `sift.MOST_SEEN` beyond the last document's."""
    current: tuple[str, ...] = ()
    """Ids of the last document's entries."""
    shared_names: bool = False
    ttl_seconds: int | None = None
    last_status: int | None = None
    last_error: str | None = None
    failures: int = 0
    """In a row."""
    last_asked: datetime | None = None
    last_full: datetime | None = None
    """When a whole document was last read; None: never, so that the next one is the first."""
    due: datetime | None = None
    """When it is asked next."""
    rhythm: Rhythm = Rhythm()


def reason_to_keep(kept: FeedMemory | None, now: FeedMemory) -> str | None:
    """Say why *now* is worth writing over *kept*, where a write costs a whole memory (100 KB); None if it is not.

    What would be published twice without it is. Validators and times alone are not: whoever goes on from the older memory asks once more,
    or for the whole document, in which nothing is new.

    Args:
        kept: What was last written; None if nothing is known to have been.
    """
    if kept is None:
        return "nothing is kept yet"
    if (kept.url, kept.seen, kept.current, kept.shared_names) != (now.url, now.seen, now.current, now.shared_names):
        return "other entries were seen"
    if kept.failures != now.failures:
        return "it began, went on or ceased to fail"
    if now.due is not None and now.last_asked is not None and now.due - now.last_asked > LONG_WAIT:
        return "its server asked for a long silence"
    if kept.last_asked is None or (now.last_asked is not None and now.last_asked - kept.last_asked >= OLDEST_KEPT):
        return "what is kept is old"
    return None
