"""A feed document goes in, its articles come out: RSS, Atom, RDF or JSON Feed, from whoever wrote it, however badly.

The only door to fastfeedparser and feedparser. Pure and never failing, but on hostile input it may be slow: what comes from the
network goes through `streams.feeds.worker` instead.
"""

import html
import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import fastfeedparser
import feedparser

from streams.feeds.dates import read_date
from streams.feeds.guards import MAX_ITEMS, RefusedDocumentError, admit
from streams.feeds.identity import article_id, canonical_link
from streams.feeds.text import plain_text, single_line
from streams.records import Article, Part

DATE_ELEMENTS = (b"pubdate", b"date", b"published", b"updated", b"issued", b"modified", b"created")
MAX_NAME = 1_000
"""Characters of a headline, author, guid or link that are kept."""
_TTL = re.compile(rb"<ttl>\s{0,99}(\d{1,6})\s{0,99}</ttl>", re.IGNORECASE)


class Entry(Part, frozen=True, kw_only=True):
    """One entry as a parser gives it: markup and all, dates as written."""

    guid: str | None = None
    link: str | None = None
    title: str | None = None
    summary: str | None = None
    content: str | None = None
    published: str | None = None
    updated: str | None = None
    author: str | None = None


class ParsedFeed(Part, frozen=True, kw_only=True):
    """What a document says."""

    entries: int
    error: str | None = None
    """What could not be read, and what to do; with ``entries`` above 0, what of the document is not all there."""
    articles: tuple[Article, ...] = ()
    """In the document's order, each id once, without ``fetched``, ``outlet`` and ``sample``."""
    ttl_seconds: int | None = None
    """How long the feed asks not to be asked again; None if it does not say."""
    shared_names: bool = False
    """The feed gives one guid to entries with different links, or one link to different headlines: alone, those are no names in it."""


class _Channel(Part, frozen=True, kw_only=True):
    link: str | None = None
    entries: tuple[Entry, ...] = ()


def parse(
    document: bytes, *, feed: str | None = None, content_type: str | None = None, base: str | None = None, shared_names: bool = False
) -> ParsedFeed:
    """Read a feed document. Never raises.

    Args:
        feed: Name of the feed, part of the articles' ids.
        content_type: The HTTP header; its charset helps where the document does not name one.
        base: Where the document came from, against which relative links are read; None: the feed's own link.
        shared_names: It was seen before that this feed's guids or links are no names.
    """
    try:
        admitted = admit(document, content_type=content_type, rewrite=dict.fromkeys(DATE_ELEMENTS, _rewrite_date))
    except RefusedDocumentError as refusal:
        return ParsedFeed(entries=0, error=str(refusal))
    channel, failure = _read_json(admitted.document) if admitted.json else _read_xml(admitted.document)
    entries = channel.entries[:MAX_ITEMS]
    if not entries:
        return ParsedFeed(
            entries=0, error="; ".join(filter(None, (failure, admitted.warning))) or None, ttl_seconds=_ttl(admitted.document)
        )
    shared = shared_names or _names_are_shared(entries)
    articles = [_article(entry, feed=feed, base=_base(base, channel.link), shared_names=shared) for entry in entries]
    unique: dict[str, Article] = {}
    for article in articles:
        unique.setdefault(article.id, article)
    return ParsedFeed(
        entries=len(entries),
        error=admitted.warning,
        articles=tuple(unique.values()),
        ttl_seconds=_ttl(admitted.document),
        shared_names=shared,
    )


def _read_xml(document: bytes) -> tuple[_Channel, str | None]:
    """The first reader that finds entries; if none does, what the last of them said."""
    named = any(mark in document for mark in (b"<guid", b"<id", b":about", b":guid", b":id"))
    failure: str | None = None
    for read in (_with_fastfeedparser, _with_feedparser):
        channel, failure = _attempt(read, document)
        if channel.entries:
            entries = channel.entries if named else tuple(Entry(**{**_fields(e), "guid": None}) for e in channel.entries)
            return _Channel(link=channel.link, entries=entries), None
    return _Channel(), failure


def _fields(entry: Entry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in entry.__struct_fields__}


def _attempt(read: Callable[[bytes], _Channel], document: bytes) -> tuple[_Channel, str | None]:
    try:
        return read(document), None
    # Foreign parsers raise whatever they like on bad input, and no document may stop the reading of feeds.
    except Exception as error:  # noqa: BLE001
        return _Channel(), f"the document cannot be read as a feed: {str(error)[:200] or type(error).__name__}"


def _with_fastfeedparser(document: bytes) -> _Channel:
    found = fastfeedparser.parse(document, include_tags=False, include_enclosures=False)
    return _Channel(link=_string(found["feed"].get("link")), entries=tuple(_entry(e) for e in found["entries"]))


def _with_feedparser(document: bytes) -> _Channel:
    # Not the bytes themselves: feedparser would open a file of that name.
    found = feedparser.parse(io.BytesIO(document), sanitize_html=False, resolve_relative_uris=False)
    if not found.entries and found.get("bozo_exception"):
        raise found.bozo_exception
    return _Channel(link=_string(found.feed.get("link")), entries=tuple(_entry(e) for e in found.entries))


def _entry(found: Mapping[str, Any]) -> Entry:
    """Both parsers' entry: they give the same names to the same things, as far as they are used here."""
    contents = [value for part in found.get("content") or () if (value := _string(part.get("value")))]
    # Video feeds put their words into media:description; elsewhere it is a picture's caption, so it comes last.
    captions = [value for part in found.get("media_content") or () if (value := _string(part.get("description")))]
    return Entry(
        guid=_string(found.get("id")),
        link=_string(found.get("link")),
        title=_string(found.get("title")),
        summary=_string(found.get("description")) or _string(found.get("summary")) or next(iter(captions), None),
        content=max(contents, key=len, default=None),
        published=_string(found.get("published")),
        updated=_string(found.get("updated")),
        author=_string(found.get("author")),
    )


def _read_json(document: bytes) -> tuple[_Channel, str | None]:
    """JSON Feed 1.0 and 1.1 (jsonfeed.org)."""
    try:
        feed = json.loads(document)
        if not isinstance(feed, dict) or not isinstance(feed.get("items"), list):
            return _Channel(), "this is JSON, but no JSON Feed: it has no list of items"
    except (ValueError, RecursionError) as error:
        return _Channel(), f"this looks like JSON, but cannot be read: {str(error)[:200]}"
    items = [item for item in feed["items"][:MAX_ITEMS] if isinstance(item, dict)]
    return _Channel(link=_string(feed.get("home_page_url")), entries=tuple(map(_json_entry, items))), None


def _json_entry(item: dict[str, Any]) -> Entry:
    people = item.get("authors") if isinstance(item.get("authors"), list) else [item.get("author")]
    names = [_string(person.get("name")) for person in people or () if isinstance(person, dict)]
    written = _string(item.get("content_text"))
    return Entry(
        guid=_string(item.get("id")),
        link=_string(item.get("url")) or _string(item.get("external_url")),
        title=_escaped(_string(item.get("title"))),
        summary=_escaped(_string(item.get("summary"))),
        content=_string(item.get("content_html")) or _escaped(written),
        published=_string(item.get("date_published")),
        updated=_string(item.get("date_modified")),
        author=_escaped(", ".join(filter(None, names)) or None),
    )


def _escaped(text: str | None) -> str | None:
    """Plain text as markup."""
    return html.escape(text, quote=False) if text else None


def _article(entry: Entry, *, feed: str | None, base: str | None, shared_names: bool) -> Article:
    title, guid, url = single_line(entry.title), _short(entry.guid), _absolute(entry.link or _link_guid(entry.guid), base)
    published, updated = read_date(entry.published), read_date(entry.updated)
    title = title[:MAX_NAME] if title else None
    return Article(
        id=article_id(feed, guid=guid, url=url, title=title, published=published or updated, shared_names=shared_names),
        feed=feed,
        url=url,
        title=title,
        text=_text(entry),
        published=published or updated,
        updated=updated,
        author=_short(single_line(entry.author)),
        guid=guid,
    )


def _text(entry: Entry) -> str:
    """The full text where the feed gives it; its summary where the "full text" is shorter, as in "Read more"."""
    content, summary = plain_text(entry.content), plain_text(entry.summary)
    return content if len(content) >= len(summary) else summary


def _short(value: str | None) -> str | None:
    return value[:MAX_NAME] if value else None


def _link_guid(guid: str | None) -> str | None:
    return guid if guid and guid.startswith(("http://", "https://")) else None


def _absolute(link: str | None, base: str | None) -> str | None:
    """A link that can be opened: http(s) with a host; None for anything else (``javascript:``, a path without a base)."""
    try:
        joined = urljoin(base or "", (link or "").strip())
        parts = urlsplit(joined)
    except ValueError:
        return None
    usable = (
        parts.scheme in ("http", "https") and parts.netloc and len(joined) <= 2 * MAX_NAME and not re.search(r"[\s\x00-\x1f<>\"]", joined)
    )
    return joined if link and usable else None


def _base(base: str | None, link: str | None) -> str | None:
    return link if link and link.startswith(("http://", "https://")) else base


def _names_are_shared(entries: Sequence[Entry]) -> bool:
    """Whether two entries that are not one have the same guid, or without guids the same link."""
    seen: dict[str, str] = {}
    for entry in entries:
        link = canonical_link(entry.link) if entry.link else ""
        name, rest = (entry.guid, link or entry.title) if entry.guid else (link, entry.title)
        if name and seen.setdefault(name, rest or "") != (rest or ""):
            return True
    return False


def _rewrite_date(content: bytes) -> bytes:
    """The date as ISO 8601, or nothing: so no parser's own reading of a date is ever used (one takes ``GMT+9`` for GMT)."""
    raw = html.unescape(content.decode("utf-8", "replace").replace("<![CDATA[", "").replace("]]>", ""))
    date: datetime | None = read_date(raw)
    return date.astimezone(UTC).isoformat().replace("+00:00", "Z").encode() if date else b""


def _ttl(document: bytes) -> int | None:
    match = _TTL.search(document[:65_536])
    return int(match[1]) * 60 if match else None


def _string(value: object) -> str | None:
    """A field that is text; numbers are taken as written."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    # JSON can write half a character (a lone surrogate), which no UTF-8 holds.
    return str(value).encode("utf-8", "replace").decode().replace("\0", "").strip() or None
