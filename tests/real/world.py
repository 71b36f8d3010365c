"""A small world on loopback: feeds whose news appears over time, and a webhook receiver that remembers every POST."""

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import product

PLACES = ("the T4 airbase", "the Shayrat airbase", "Palmyra", "Idlib", "Kharkiv", "Bakhmut", "El Fasher", "Khan Younis", "Goma", "Hodeidah")
DEEDS = (
    "Rebels shelled {place} on {day}, killing {n} people.",
    "An airstrike hit {place} on {day}, killing {n} people.",
    "Fighters stormed {place} on {day} and captured it after clashes with the army that left {n} soldiers dead.",
    "The army denied that {place} had been shelled.",
    "Gunmen attacked {place} on {day}, killing {n} soldiers.",
)


TWENTY = 20
"""Of so many entries, where news is unruly, one comes late, one twice, and one says more later."""


@dataclass
class World:
    """What there is to read, and what was received.

    Attributes:
        total: How many entries the feed will have in the end.
        per_second: How many appear each second.
    """

    total: int
    per_second: float
    port: int = 0
    started: float | None = None
    """When the feed was first asked for, which is when its news begins."""
    served_all: bool = False
    posts: list[tuple[str, bytes, float]] = field(default_factory=list)
    """webhook-id, body, and Unix time of each POST."""
    signed: list[tuple[str, bytes, dict[str, str]]] = field(default_factory=list)
    """webhook-id, body and headers of each POST."""
    refuse: int = 0
    """How many of the next POSTs are answered with 503."""
    texts: Sequence[str] = ()
    """What its entries say, in turn; without, a few deeds at a few places."""
    kept: int = 1_000_000
    """How many of the newest its document holds."""
    feeds: int = 1
    """How many documents its entries are dealt out to, in turn: ``/feed-0.xml`` and so on. One has any path."""
    unruly: bool = False
    """Whether of twenty entries one appears twenty later than it was published, one stands twice in its document, and one says more
    when twenty others have appeared."""
    etags: bool = False
    """Whether its documents have one, and who shows the latest is told that nothing is new."""
    asked: list[tuple[str, str | None, float]] = field(default_factory=list)
    """Path, If-None-Match and monotonic time of each GET."""

    @property
    def shown(self) -> int:
        """How many entries have appeared."""
        self.started = self.started or time.monotonic()
        return min(self.total, int((time.monotonic() - self.started) * self.per_second) + 1)

    def document(self, path: str = "") -> bytes:
        """The feed at *path* now, newest first."""
        shown = self.shown
        first = int("".join(c for c in path if c.isdigit())) if self.feeds > 1 else 0
        self.served_all = shown == self.total
        items = "".join(self._item(i, shown) for i in range(first, shown, self.feeds)[-self.kept :][::-1])
        return f"<?xml version='1.0'?><rss version='2.0'><channel><title>World</title>{items}</channel></rss>".encode()

    def _item(self, i: int, shown: int) -> str:
        """How entry *i* stands in a document when *shown* have appeared."""
        now, place, old = datetime.now(UTC), i % TWENTY if self.unruly else None, shown > min(i + TWENTY, self.total - 1)
        match place:
            case 3 if not old:
                return ""
            case 3:
                return f"<item>{_entry(i, now - timedelta(minutes=10), self.texts)}</item>"
            case 7:
                return f"<item>{_entry(i, now, self.texts)}</item>" * 2
            case 11 if old:
                return f"<item>{_entry(i, now, self.texts, more=' Residents said that it went on until the evening.')}</item>"
            case _:
                return f"<item>{_entry(i, now, self.texts)}</item>"

    def received(self) -> dict[str, set[bytes]]:
        """The bodies that came under each webhook-id."""
        out: dict[str, set[bytes]] = {}
        for name, body, _ in self.posts:
            out.setdefault(name, set()).add(body)
        return out

    def numbers(self) -> list[str]:
        """The number and revision of each first POST, in order."""
        seen, out = set[str](), list[str]()
        for name, body, _ in self.posts:
            if name not in seen:
                seen.add(name)
                data = json.loads(body)["data"]
                out.append(f"{data['number']}/{data['revision']}")
        return out


def _entry(i: int, now: datetime, texts: Sequence[str], *, more: str = "") -> str:
    place, deed = list(product(PLACES, DEEDS))[(i * 7) % (len(PLACES) * len(DEEDS))]
    text = texts[i % len(texts)] if texts else deed.format(place=place, day=f"{now:%A}", n=3 + i)
    name = f"<guid isPermaLink='false'>entry-{i}</guid><title>Report {i}</title>"
    return f"{name}<description>{text}{more}</description><pubDate>{format_datetime(now)}</pubDate>"


@contextmanager
def a_world(
    total: int = 0,
    per_second: float = 1.0,
    *,
    texts: Sequence[str] = (),
    etags: bool = False,
    kept: int = 1_000_000,
    feeds: int = 1,
    unruly: bool = False,
) -> Iterator[World]:
    """Serve a world until the block ends."""
    world = World(total=total, per_second=per_second, texts=texts, etags=etags, kept=kept, feeds=feeds, unruly=unruly)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            shown = self.headers["If-None-Match"]
            world.asked.append((self.path, shown, time.monotonic()))
            etag, document = f'"{world.shown}"', world.document(self.path)
            if world.etags and shown == etag:
                self._answer(304, b"", "application/rss+xml", etag)
            else:
                self._answer(200, document, "application/rss+xml", etag if world.etags else None)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if world.refuse > 0:
                world.refuse -= 1
                self._answer(503, b"", "text/plain")
                return
            world.signed.append((self.headers["webhook-id"], body, {k.lower(): v for k, v in self.headers.items()}))
            world.posts.append((self.headers["webhook-id"], body, time.time()))
            self._answer(204, b"", "text/plain")

        def _answer(self, status: int, body: bytes, kind: str, etag: str | None = None) -> None:
            self.send_response(status)
            if etag:
                self.send_header("ETag", etag)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    world.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield world
    finally:
        server.shutdown()
        server.server_close()
