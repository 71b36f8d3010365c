"""One question to one feed's server: a feed and what is known of it go in, the server's answer comes out, or why there is none.

The door to aiohttp for feeds. Whatever a server does (redirects into this network, endless or exploding answers, silence), the
question ends within its time and size, and touches no address that it may not.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urljoin, urlsplit

import aiohttp

from streams.addresses import is_public
from streams.feeds.config import Feed
from streams.feeds.guards import MAX_BYTES
from streams.feeds.memory import Validators
from streams.names import PatientResolver
from streams.records import Part

MAX_REDIRECTS = 5
REDIRECTS = frozenset({301, 302, 303, 307, 308})
PERMANENT = frozenset({301, 308})
USER_AGENT = "Tocsin/0.1 (news alerts; a feed reader)"
ACCEPT = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.8, */*;q=0.5"
MAX_HEADER = 1_000
"""Characters of a header that are kept."""
_CHUNK = 64 * 1024


class Fetched(Part, frozen=True, kw_only=True):
    """A server's answer."""

    status: int | None = None
    """Of HTTP; None if there was no answer."""
    body: bytes | None = None
    """The document, decompressed; None with any other status than 200."""
    error: str | None = None
    """Why there is no document, in words; None with 200 and 304."""
    validators: Validators = Validators()
    content_type: str | None = None
    retry_after: str | None = None
    cache_control: str | None = None
    url: str | None = None
    """Where the answer came from, after redirects."""
    moved_to: str | None = None
    """Where the feed now lives, by its server's word (301, 308): worth a line in the list of feeds."""

    @property
    def not_modified(self) -> bool:
        """The server says that we have it all."""
        return self.status == 304


class RefusedAddressError(OSError):
    """A name or redirect led to an address that feeds may not lead to."""


class Sessions:
    """The connections of a poller: those for feeds of the public internet, and those for feeds that may lie in this network."""

    def __init__(self, public: aiohttp.ClientSession, internal: aiohttp.ClientSession) -> None:
        self._public, self._internal = public, internal

    def of(self, feed: Feed) -> aiohttp.ClientSession:
        """The one for *feed*."""
        return self._internal if feed.allow_internal else self._public


@asynccontextmanager
async def open_sessions() -> AsyncIterator[Sessions]:
    """Open connections to feeds, and close them in the end.

    Proxies of the environment are not used: behind one, no address can be judged.
    """
    async with _session(_guarded_socket) as public, _session(_socket) as internal:
        yield Sessions(public, internal)


def _session(socket_factory: Any) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(
        resolver=PatientResolver(), socket_factory=socket_factory, limit=100, limit_per_host=2, ttl_dns_cache=60
    )
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False, max_field_size=16_384)


def _socket(info: Any) -> socket.socket:
    family, kind, protocol, _, _ = info
    return socket.socket(family, kind, protocol)


def _guarded_socket(info: Any) -> socket.socket:
    """A socket for exactly the address that is about to be dialled: after names are resolved, so that no name can lie."""
    address = info[4][0]
    if not is_public(address):
        raise RefusedAddressError(f"{address} is not on the public internet")
    return _socket(info)


async def fetch(session: aiohttp.ClientSession, feed: Feed, validators: Validators | None = None) -> Fetched:
    """Ask a feed's server for its document.

    Args:
        validators: Of the document that we have; None asks for the whole.

    Returns:
        Never raises for anything that a server or network does: see ``error``.
    """
    try:
        async with asyncio.timeout(feed.timeout_seconds):
            return await _follow(session, feed, validators or Validators())
    except TimeoutError:
        return Fetched(error=f"no complete answer within {feed.timeout_seconds:g} s; if the server is always slow, raise timeout_seconds")
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return Fetched(error=_in_words(error))


async def _follow(session: aiohttp.ClientSession, feed: Feed, validators: Validators) -> Fetched:
    url, moved_to, permanent = feed.url, None, True
    for _ in range(MAX_REDIRECTS + 1):
        async with session.get(url, headers=_headers(validators), allow_redirects=False) as response:
            location = response.headers.get("Location")
            if response.status not in REDIRECTS or not location:
                return await _answer(response, url=url, moved_to=moved_to)
            permanent = permanent and response.status in PERMANENT
            url = _next_hop(url, location, allow_internal=feed.allow_internal)
            moved_to = url if permanent else moved_to
    return Fetched(
        error=f"more than {MAX_REDIRECTS} redirects, the last to {_shown(url)}; open the address in a browser and take the one it ends at"
    )


def _headers(validators: Validators) -> dict[str, str]:
    headers = {"User-Agent": USER_AGENT, "Accept": ACCEPT, "Accept-Encoding": "gzip, deflate"}
    if validators.etag:
        headers["If-None-Match"] = validators.etag
    if validators.last_modified:
        headers["If-Modified-Since"] = validators.last_modified
    return headers


def _next_hop(url: str, location: str, *, allow_internal: bool) -> str:
    """Where a redirect leads. An address written out is judged here, a name when it is dialled."""
    target = urljoin(url, location)
    parts = urlsplit(target)
    if parts.scheme not in ("http", "https") or not parts.hostname or not target.isprintable():
        raise RefusedAddressError(f"a redirect leads to {_shown(target)}, which is no http address")
    literal = parts.hostname.replace(".", "").isdigit() or ":" in parts.hostname
    if not allow_internal and (literal or parts.hostname == "localhost") and not is_public(parts.hostname):
        raise RefusedAddressError(f"a redirect leads to {_shown(target)}, which is not on the public internet")
    return target


async def _answer(response: aiohttp.ClientResponse, *, url: str, moved_to: str | None) -> Fetched:
    body, error = None, None
    if response.status == 200:
        body = await _body(response)
        if body is None:
            error = f"the document has more than the {MAX_BYTES:,} bytes that are read; the feed may offer a shorter one"
    elif response.status != 304:
        error = _status_in_words(response.status)
    return Fetched(
        status=response.status,
        body=body,
        error=error,
        validators=Validators(etag=_header(response, "ETag"), last_modified=_header(response, "Last-Modified")),
        content_type=_header(response, "Content-Type"),
        retry_after=_header(response, "Retry-After"),
        cache_control=_header(response, "Cache-Control"),
        url=url,
        moved_to=moved_to,
    )


def _header(response: aiohttp.ClientResponse, name: str) -> str | None:
    """A header that can be kept and sent back; None without one, and for bytes that are no text or too many."""
    value = response.headers.get(name)
    # aiohttp gives bytes that are no UTF-8 as surrogates, which neither JSON nor another request can hold.
    return value if value and len(value) <= MAX_HEADER and value.isascii() else None


async def _body(response: aiohttp.ClientResponse) -> bytes | None:
    """The document; None if it is too large, found out without holding more than that."""
    pieces, size = [], 0
    async for piece in response.content.iter_chunked(_CHUNK):
        size += len(piece)
        if size > MAX_BYTES:
            response.close()
            return None
        pieces.append(piece)
    return b"".join(pieces)


def _status_in_words(status: int) -> str:
    what = {
        401: "asks for a password; only public feeds can be read",
        403: "refuses us; the publisher may block readers of feeds",
        404: "has no such page; look for the feed's new address",
        410: "says that the feed is gone for good; take it out of the list",
        429: "says that it is asked too often; raise every_seconds",
    }.get(status)
    if what is None:
        what = "has a fault of its own; it is asked again later" if status >= 500 else "gives no document; look at the address in a browser"
    return f"status {status}: the server {what}"


def _in_words(error: Exception) -> str:
    """What a network error means, for whoever keeps the list of feeds."""
    refused = next((e for e in _causes(error) if isinstance(e, RefusedAddressError)), None)
    if refused is not None:
        return f"refused: {refused}; if the feed lies in your own network, set allow_internal = true for it"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"dns: there is no host {error.host!r}, or no way to the internet; check the address and this machine's network"
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError | ssl.SSLError):
        return f"tls: no trusted connection ({str(error)[:200]}); look at the address in a browser"
    if isinstance(error, aiohttp.ClientConnectorError):
        word = (
            "refused: nobody answers"
            if isinstance(error.os_error, ConnectionRefusedError)
            else f"unreachable: {error.os_error.strerror or error.os_error}"
        )
        return f"{word} at {error.host}:{error.port}; check the address and this machine's network"
    if isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientPayloadError | ConnectionError):
        return "broken off: the server closed the connection before the document was whole; it is asked again later"
    if isinstance(error, aiohttp.InvalidURL):
        return f"address: {str(error)[:200]!r} is none that can be opened; correct the url of the feed"
    return f"no answer that can be read ({type(error).__name__}: {str(error)[:200]}); look at the address in a browser"


def _causes(error: BaseException | None) -> list[BaseException]:
    """The error, what it came from, and what that holds."""
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        inner = getattr(error, "os_error", None)
        error = inner if isinstance(inner, BaseException) and inner not in found else error.__cause__ or error.__context__
    return found


def _shown(url: str) -> str:
    return ascii(url[:200])
