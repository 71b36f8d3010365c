"""What an entry is called, and what it says: ids that stay when a feed edits, hashes that change only when words do."""

from datetime import datetime
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from streams.records import Article, digest

TRACKING_PREFIXES = ("utm_", "at_", "mc_", "pk_", "ns_")
"""Beginnings of query parameters that say how a reader came, not what he reads (Google, AT Internet, Mailchimp, Matomo, comScore)."""
TRACKING_NAMES = frozenset(
    {"fbclid", "gclid", "dclid", "msclkid", "igshid", "cmpid", "ocid", "ftag", "ncid", "sref", "smid", "partner", "cmp", "traffic_source"}
)
DEFAULT_PORTS = {"http": 80, "https": 443}


def canonical_link(url: str) -> str:
    """Write *url* so that two links to one page are equal: no scheme, tracking parameters, fragment, ``www.`` or last slash.

    The answer is for comparing, not for opening. What is no http(s) link comes back as it is, without white space around it.
    """
    url = url.strip()
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return url
    if parts.scheme.lower() not in DEFAULT_PORTS or not parts.hostname:
        return url
    host = parts.hostname.removeprefix("www.")
    if port and port != DEFAULT_PORTS[parts.scheme.lower()]:
        host = f"{host}:{port}"
    path = quote(unquote(parts.path, errors="replace"), safe="/:@!$&'()*+,;=-._~").rstrip("/")
    return urlunsplit(("", host, path, _query(parts.query), "")).removeprefix("//")


def _query(query: str) -> str:
    """The parameters that name a page, in one order."""
    pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=None)
    return urlencode(sorted((k, v) for k, v in pairs if k.lower() not in TRACKING_NAMES and not k.lower().startswith(TRACKING_PREFIXES)))


def article_id(
    feed: str | None, *, guid: str | None, url: str | None, title: str | None, published: datetime | None, shared_names: bool = False
) -> str:
    """Name an entry by the best name its feed gives it: its guid, else its link, else its headline and date.

    Args:
        feed: Name of the feed; one guid in two feeds is two articles.
        shared_names: The feed gives one guid or link to several entries; then two of guid, link and headline make the name.
    """
    link = canonical_link(url) if url else None
    if shared_names and (guid or link):
        return digest(feed or "", canonical_link(guid) if guid else link or "", (link if guid and link else title) or "")
    if guid:
        return digest(feed or "", canonical_link(guid))
    if link:
        return digest(feed or "", link)
    return digest(feed or "", title or "", published.isoformat() if published else "")


def content_hash(article: Article) -> str:
    """What the article says: a hash over title and text alone, blind to white space, so that an edited date raises nothing."""
    return digest(" ".join((article.title or "").split()), " ".join(article.text.split()))[:16]
