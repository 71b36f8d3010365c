"""What is remembered of a feed from one poll to the next; committed together with the articles that came of it."""

from datetime import datetime

import msgspec

from streams.records import Part


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
