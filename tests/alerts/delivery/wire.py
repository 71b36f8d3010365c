"""Real receivers on this machine, for the tests of sending: a webhook server and a mail server, each on a free port."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from ssl import SSLContext

from aiohttp import web
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from alerts.delivery.messages import render
from alerts.records import Alert, Notification, Receiver
from streams.addresses import read_allowed
from tests.builders import a_desk, a_receiver, an_alert

CERTIFICATE = str(Path(__file__).with_name("localhost.pem"))
"""For localhost and 127.0.0.1, with its key; made for these tests and good for nothing else."""
HERE = read_allowed(["127.0.0.0/8"])
SECRET = "whsec_" + "c2l4dGVlbi1ieXRlcy1vZi1ub3RoaW5nLWF0LWFsbCE="


def server_context(certificate: str) -> SSLContext:
    """What a server with *certificate* speaks."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


@dataclass(frozen=True)
class Said:
    """One answer of the webhook server."""

    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    wait: float = 0.0
    hang_up: bool = False
    endless: bool = False


@dataclass
class Hook:
    """A webhook receiver that gives its answers in turn, the last one for ever, and keeps what it was sent."""

    answers: list[Said]
    scheme: str = "http"
    port: int = 0
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/hook/s3cret-path"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.got.append((f"{request.method} {request.path}", {k.lower(): v for k, v in request.headers.items()}, await request.read()))
        said = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        await asyncio.sleep(said.wait)
        if said.hang_up and request.transport is not None:
            request.transport.abort()
        if said.endless:
            return await _for_ever(request, said)
        return web.Response(status=said.status, headers=said.headers, text=said.body or None)


async def _for_ever(request: web.Request, said: Said) -> web.StreamResponse:
    stream = web.StreamResponse(status=said.status)
    await stream.prepare(request)
    with suppress(ConnectionError):
        while True:
            await stream.write(said.body.encode())
            await asyncio.sleep(0)
    return stream


@asynccontextmanager
async def a_hook(*answers: Said, tls: str | None = None) -> AsyncIterator[Hook]:
    """A running webhook receiver; with the certificate *tls* it speaks https."""
    hook = Hook(list(answers) or [Said()], scheme="https" if tls else "http")
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", hook.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=server_context(tls) if tls else None).start()
    hook.port = runner.addresses[0][1]
    try:
        yield hook
    finally:
        await runner.cleanup()


@dataclass
class Mailbox:
    """What a mail server got, and how it answers; "" accepts."""

    to: str = ""
    data: str = ""
    refused: str = ""
    port: int = 0
    got: list[bytes] = field(default_factory=list)

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802
        if self.to or address == self.refused:
            return self.to or "550 not here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.data:
            return self.data
        assert isinstance(envelope.content, bytes)
        self.got.append(envelope.content)
        return "250 kept"


class _Free(Controller):
    """A controller that says hello to the port it really has."""

    def _trigger_server(self) -> None:
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def a_mail_server(box: Mailbox, *, tls: SSLContext | None = None, **options: object) -> Iterator[Mailbox]:
    """A running mail server that hands what it gets to *box*; with *tls* it offers STARTTLS."""
    controller = _Free(box, hostname="127.0.0.1", port=0, tls_context=tls, **options)
    controller.start()
    box.port = controller.port
    try:
        yield box
    finally:
        controller.stop()


def to_hook(url: str, alert: Alert | None = None) -> Notification:
    """An alert for the webhook at *url*."""
    return render(alert or an_alert(), Receiver(id="ops", channel="webhook", url=url, secret_env="HOOK"), a_desk())


def to_mailbox(alert: Alert | None = None, **changes: object) -> Notification:
    """An alert for a mailbox."""
    return render(alert or an_alert(), a_receiver(**changes), a_desk())
