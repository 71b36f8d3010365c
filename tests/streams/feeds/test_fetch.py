"""What becomes of servers, good and bad. All of them are on this machine."""

import asyncio
import gzip
import socket

import pytest
from aiohttp import web

from streams.feeds.fetch import Fetched, fetch, open_sessions
from streams.feeds.memory import Validators
from tests.streams.feeds.server import Handler, feed, serving


async def ask(handler: Handler, *, validators: Validators | None = None, path: str = "/", **changes: object) -> Fetched:
    async with serving(handler) as url, open_sessions() as sessions:
        asked = feed(url + path, **changes)
        return await fetch(sessions.of(asked), asked, validators)


async def test_a_document_comes_with_its_validators_and_headers():
    async def handler(request: web.Request) -> web.Response:
        headers = {
            "ETag": '"v1"',
            "Last-Modified": "Sun, 01 Mar 2026 08:00:00 GMT",
            "Cache-Control": "max-age=60",
            "Content-Type": "text/xml",
        }
        return web.Response(body=b"<rss/>", headers=headers)

    got = await ask(handler)
    assert (got.status, got.body, got.error) == (200, b"<rss/>", None)
    assert got.validators == Validators(etag='"v1"', last_modified="Sun, 01 Mar 2026 08:00:00 GMT")
    assert (got.content_type, got.cache_control) == ("text/xml", "max-age=60")


async def test_validators_are_shown_to_the_server():
    shown: dict[str, str] = {}

    async def handler(request: web.Request) -> web.Response:
        shown.update(request.headers)
        return web.Response(status=304)

    got = await ask(handler, validators=Validators(etag='"v1"', last_modified="x"))
    assert (shown["If-None-Match"], shown["If-Modified-Since"]) == ('"v1"', "x")
    assert got.not_modified
    assert got.error is None


async def test_a_compressed_document_is_unpacked():
    async def handler(request: web.Request) -> web.Response:
        return web.Response(body=gzip.compress(b"<rss/>"), headers={"Content-Encoding": "gzip"})

    assert (await ask(handler)).body == b"<rss/>"


async def test_a_bomb_is_given_up_at_the_largest_size():
    bomb = gzip.compress(bytes(200_000_000), 1)

    async def handler(request: web.Request) -> web.Response:
        return web.Response(body=bomb, headers={"Content-Encoding": "gzip"})

    got = await ask(handler)
    assert got.body is None
    assert "8,388,608 bytes" in (got.error or "")


@pytest.mark.parametrize(
    ("status", "words"), [(500, "fault of its own"), (404, "no such page"), (410, "gone for good"), (403, "refuses us"), (418, "look at")]
)
async def test_a_bad_status_is_said_in_words(status: int, words: str):
    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=status, body=b"<rss/>")

    got = await ask(handler)
    assert (got.status, got.body) == (status, None)
    assert f"status {status}" in (got.error or "")
    assert words in (got.error or "")


async def test_a_server_that_asks_to_wait_is_heard():
    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=429, headers={"Retry-After": "120"})

    got = await ask(handler)
    assert (got.status, got.retry_after) == (429, "120")


async def test_a_server_that_never_finishes_is_left():
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"<rss>")
        await asyncio.sleep(30)
        return response

    got = await ask(handler, timeout_seconds=0.3)
    assert "within 0.3 s" in (got.error or "")


async def test_an_answer_that_breaks_off_is_said_in_words():
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b"<rss>")
        request.transport.close()
        return response

    got = await ask(handler)
    assert "broken off" in (got.error or "")


async def test_a_port_where_nobody_listens_is_said_in_words():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        asked = feed(f"http://127.0.0.1:{taken.getsockname()[1]}/")
        async with open_sessions() as sessions:
            got = await fetch(sessions.of(asked), asked)
    assert got.status is None
    assert "nobody answers" in (got.error or "")


async def test_a_name_that_does_not_exist_is_said_in_words():
    asked = feed("http://no-such-host.invalid/")
    async with open_sessions() as sessions:
        assert "no host 'no-such-host.invalid'" in ((await fetch(sessions.of(asked), asked)).error or "")


async def test_a_redirect_is_followed_and_a_lasting_one_reported():
    async def handler(request: web.Request) -> web.Response:
        if request.path == "/old":
            return web.Response(status=301, headers={"Location": "/new"})
        return web.Response(body=b"<rss/>")

    got = await ask(handler, path="/old")
    assert got.body == b"<rss/>"
    assert got.moved_to is not None
    assert got.moved_to.endswith("/new")


async def test_a_passing_redirect_is_no_move():
    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "/new"}) if request.path == "/" else web.Response(body=b"<rss/>")

    got = await ask(handler)
    assert (got.body, got.moved_to) == (b"<rss/>", None)


async def test_redirects_without_end_are_left():
    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": request.path + "x"})

    assert "more than 5 redirects" in ((await ask(handler)).error or "")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1"])
async def test_a_public_feed_may_not_lie_on_this_machine(host: str):
    asked = 0

    async def handler(request: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        return web.Response(body=b"<rss/>")

    async with serving(handler) as url, open_sessions() as sessions:
        public = feed(url.replace("127.0.0.1", host), allow_internal=False)
        got = await fetch(sessions.of(public), public)
    assert asked == 0
    assert got.body is None
    assert got.error


@pytest.mark.parametrize(
    "target", ["http://127.0.0.1:9/", "http://[::1]:9/", "http://localhost:9/", "http://169.254.169.254/meta", "http://10.0.0.1/"]
)
async def test_a_redirect_into_this_network_is_refused(target: str):
    """The first hop is allowed by a session for internal feeds; the second is judged as a public feed's."""

    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": target})

    async with serving(handler) as url, open_sessions() as sessions:
        public = feed(url, allow_internal=False)
        got = await fetch(sessions.of(feed(url)), public)
    assert "refused: a redirect leads to" in (got.error or "")
    assert "allow_internal" in (got.error or "")


async def test_a_redirect_to_a_file_is_refused():
    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "file:///etc/passwd"})

    assert "no http address" in ((await ask(handler)).error or "")


async def test_a_validator_that_is_no_text_is_not_kept():
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            b'HTTP/1.1 200 OK\r\nETag: "\xff\xfe"\r\nLast-Modified: yesterday\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<rss/>'
        )
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    asked = feed(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    async with server, open_sessions() as sessions:
        got = await fetch(sessions.of(asked), asked)
    assert got.body == b"<rss/>"
    assert got.validators == Validators(last_modified="yesterday")


async def test_an_answer_that_is_no_http_is_said_in_words():
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"SSH-2.0-OpenSSH_9.9\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    asked = feed(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    async with server, open_sessions() as sessions:
        got = await fetch(sessions.of(asked), asked)
    assert "no answer that can be read" in (got.error or "")


async def test_a_redirect_that_is_no_text_is_refused():
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: /\xff\xfe\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    asked = feed(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    async with server, open_sessions() as sessions:
        got = await fetch(sessions.of(asked), asked)
    assert "no http address" in (got.error or "")
    assert (got.error or "").isascii()
