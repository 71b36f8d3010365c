"""A real HTTP server on this machine that says what a test wants it to say."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from streams.feeds.config import Feed

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    """Serve *handler* for every path; gives ``http://127.0.0.1:port``."""
    server = web.Server(handler)
    runner = web.ServerRunner(server, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    try:
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


def feed(url: str, **changes: object) -> Feed:
    """A feed on this machine."""
    fields = {
        "name": "wire",
        "outlet": "Frontline Wire",
        "owner": "Frontline",
        "allow_internal": True,
        "timeout_seconds": 5.0,
        "every_seconds": 60,
    }
    return Feed(url=url, **(fields | changes))
