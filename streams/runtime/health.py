"""One small page server of a process: its metrics, whether it lives, and whether it is ready to work."""

from collections.abc import Awaitable, Callable

from aiohttp import web
from prometheus_client import REGISTRY
from prometheus_client.exposition import choose_encoder

from streams.errors import ExplainedError

Complaint = Callable[[], str | None]
"""None if all is well; else a sentence that says what is wrong. Called on the event loop: it must not block."""


class AddressError(ExplainedError):
    """The address of the pages cannot be used."""


class Health:
    """Pages that are being served."""

    def __init__(self, runner: web.AppRunner) -> None:
        self._runner = runner

    @property
    def port(self) -> int:
        """The port that was taken."""
        port: int = self._runner.addresses[0][1]
        return port

    async def close(self) -> None:
        """Serve them no more."""
        await self._runner.cleanup()


async def serve_health(address: tuple[str, int], ready: Complaint, live: Complaint) -> Health:
    """Serve ``/metrics``, ``/health/live`` and ``/health/ready``: 200 and "ok", or 503 and what is wrong.

    Args:
        address: Host and port; port 0 takes any free one.

    Raises:
        AddressError: Nothing can listen there.
    """
    app = web.Application()
    app.add_routes(
        [web.get("/metrics", _metrics), web.get("/health/live", _answering(live)), web.get("/health/ready", _answering(ready))],
    )
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    host, port = address
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        await runner.cleanup()
        raise AddressError(f"{host}:{port} cannot be used ({error.strerror}); set TOCSIN_METRICS to another address") from error
    return Health(runner)


def _answering(complaint: Complaint) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        wrong = complaint()
        return web.Response(text=f"{wrong or 'ok'}\n", status=503 if wrong else 200)

    return answer


async def _metrics(request: web.Request) -> web.Response:
    encode, kind = choose_encoder(request.headers.get("Accept", ""))
    return web.Response(body=encode(REGISTRY), headers={"Content-Type": kind})
