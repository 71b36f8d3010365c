"""The sample story of `tocsin up`: a feed, a webhook receiver and a mailbox on this machine, so that an alert is seen to arrive.

The story is an exercise: an invented day at a real place, told in three entries by outlets that do not exist.
"""

import asyncio
import mailbox
import secrets
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes
from email.utils import format_datetime
from html import escape
from pathlib import Path
from typing import Any

from aiohttp import web
from aiosmtpd.smtp import SMTP

from alerts.records import Receiver

SECRET = "TOCSIN_SAMPLE_SECRET"  # noqa: S105  the name of a variable
Told = Callable[[str], None]


@dataclass(frozen=True)
class Entry:
    """One entry of the sample feed."""

    after: timedelta
    """How long after the start it appears."""
    title: str
    text: str


STORY = (
    Entry(
        after=timedelta(0),
        title="Fighters storm airbase east of Homs",
        text="[ExerciseWire] Homs - Islamic State fighters stormed the T4 airbase in the eastern countryside of Homs on {day} "
        "behind mortar and rocket fire.\n\n"
        "The group destroyed three warplanes at the T4 airbase and captured parts of the base, a military source said.\n\n"
        "Islamic State first took nearby Palmyra in May 2015.",
    ),
    Entry(
        after=timedelta(seconds=15),
        title="Second report of fighting at the base",
        text="[ExercisePost] Daesh militants attacked the Tiyas military airport, west of Palmyra, on {day}, residents said. "
        "Heavy machine-gun fire was heard around the base for hours.",
    ),
    Entry(
        after=timedelta(seconds=30),
        title="Army speaks",
        text="[ExerciseStateAgency] The Syrian Army repelled an attack by ISIS on the T4 airbase on {day}, "
        "a military source told the agency.",
    ),
)


def feed_document(start: datetime, now: datetime) -> str:
    """The sample feed as RSS 2.0 at *now*: the entries that have appeared since *start*, dated when they appeared."""
    shown = [(i, e) for i, e in enumerate(STORY) if start + e.after <= now]
    items = "".join(
        f"<item><guid isPermaLink='false'>{start:%Y%m%dT%H%M%S}-{i}</guid><title>{escape(e.title)}</title>"
        f"<pubDate>{format_datetime(start + e.after)}</pubDate>"
        f"<description>{escape('<p>' + e.text.format(day=f'{start:%A}').replace(chr(10) * 2, '</p><p>') + '</p>')}</description></item>"
        for i, e in reversed(shown)
    )
    return f"<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel><title>Exercise</title>{items}</channel></rss>"


class Sample:
    """Everything of the sample that listens, on loopback.

    Args:
        folder: Where the mailbox is kept, as a Maildir.
        tell: Told in a line of what arrives.
        clock: The time now, in UTC.
    """

    def __init__(self, folder: Path, tell: Told, clock: Callable[[], datetime]) -> None:
        self._folder, self._tell, self._clock = folder, tell, clock
        self.start = clock()
        self.secret = f"whsec_{b64encode(secrets.token_bytes(32)).decode()}"
        self._runner: web.AppRunner | None = None
        self._mail: asyncio.Server | None = None
        self.port = 0
        self.mail_port = 0

    async def __aenter__(self) -> "Sample":
        app = web.Application()
        app.router.add_get("/feed.xml", self._feed)
        app.router.add_post("/alerts", self._webhook)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, shutdown_timeout=1)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self._mail = await asyncio.get_running_loop().create_server(lambda: SMTP(self), "127.0.0.1", 0)
        self.mail_port = self._mail.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._mail is not None:
            self._mail.close()
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def feed_url(self) -> str:
        """Of the sample feed."""
        return f"http://127.0.0.1:{self.port}/feed.xml"

    @property
    def receivers(self) -> tuple[Receiver, ...]:
        """The receivers on this machine."""
        return (
            Receiver(id="sample-webhook", channel="webhook", url=f"http://127.0.0.1:{self.port}/alerts", secret_env=SECRET),
            Receiver(id="sample-mailbox", channel="email", address="watch@localhost"),
        )

    async def _feed(self, _: web.Request) -> web.Response:
        return web.Response(text=feed_document(self.start, self._clock()), content_type="application/rss+xml")

    async def _webhook(self, request: web.Request) -> web.Response:
        body: dict[str, Any] = await request.json()
        data = body.get("data", {})
        what = f"{data.get('number')}/{data.get('revision')} {data.get('headline')}"
        self._tell(f"webhook received: {what} (webhook-id {request.headers['webhook-id']})")
        return web.Response(status=204)

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:  # noqa: N802  the name that aiosmtpd calls
        """Keep one mail."""
        message = message_from_bytes(envelope.content)
        box = mailbox.Maildir(self._folder, create=True)
        key = box.add(message)
        self._tell(f"mail received: {message['Subject']} (in {self._folder}/new/{key})")
        return "250 kept"
