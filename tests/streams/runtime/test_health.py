"""The pages of a process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from streams import metrics
from streams.runtime.health import AddressError, serve_health


@asynccontextmanager
async def pages(*, ready: str | None = None, live: str | None = None) -> AsyncIterator[str]:
    health = await serve_health(("127.0.0.1", 0), ready=lambda: ready, live=lambda: live)
    try:
        yield f"http://127.0.0.1:{health.port}"
    finally:
        await health.close()


async def get(url: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status, await answer.text()


async def test_what_is_well_says_so():
    async with pages() as url:
        assert await get(f"{url}/health/live") == (200, "ok\n")
        assert await get(f"{url}/health/ready") == (200, "ok\n")


async def test_what_is_wrong_is_told_with_503():
    async with pages(ready="waits for its leases") as url:
        assert await get(f"{url}/health/live") == (200, "ok\n")
        assert await get(f"{url}/health/ready") == (503, "waits for its leases\n")


async def test_metrics_are_on_the_same_port():
    metrics.READY.set(1)
    async with pages() as url:
        status, text = await get(f"{url}/metrics")
    assert status == 200
    assert "tocsin_ready 1.0" in text


async def test_an_address_that_is_taken_is_told_with_what_to_do():
    async with pages() as url:
        port = int(url.rsplit(":", 1)[1])
        with pytest.raises(AddressError, match=f"127.0.0.1:{port} cannot be used .*; set TOCSIN_METRICS to another address"):
            await serve_health(("127.0.0.1", port), ready=lambda: None, live=lambda: None)
