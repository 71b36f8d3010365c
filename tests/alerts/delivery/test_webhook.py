"""Posting to a real server: what counts as delivered, what is tried again, and what is never dialled."""

import socket
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import ClientConnectorDNSError
from aiohttp.client_reqrep import ConnectionKey
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from alerts.delivery.answers import Answer
from alerts.delivery.signing import read_secrets
from alerts.delivery.webhook import in_words, open_session, post
from streams.addresses import Allowed
from tests.alerts.delivery.wire import CERTIFICATE, HERE, SECRET, Said, a_hook, to_hook

SECRETS = read_secrets(SECRET, name="HOOK")


async def posted(url: str, *, allowed: tuple[Allowed, ...] = HERE, seconds: float = 5.0, at: datetime | None = None) -> Answer:
    async with open_session(allowed, seconds=seconds) as session:
        return await post(session, to_hook(url), secrets=SECRETS, at=at or datetime.now(UTC))


async def test_a_post_arrives_signed_and_the_standards_own_package_believes_it() -> None:
    async with a_hook() as hook:
        answer = await posted(hook.url)
    assert answer == Answer(ok=True, detail="204 No Content")
    [(request, headers, body)] = hook.got
    assert request == "POST /hook/s3cret-path"
    assert headers["content-type"] == "application/json"
    assert headers["webhook-id"] == to_hook(hook.url).id
    assert Webhook(SECRET).verify(body, headers)["type"] == "alert.new"


async def test_a_body_that_was_touched_on_the_way_is_not_believed() -> None:
    async with a_hook() as hook:
        await posted(hook.url)
    [(_, headers, body)] = hook.got
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body.replace(b"urgent", b"routine"), headers)


async def test_a_failure_is_tried_again_and_a_repeat_bears_the_same_id() -> None:
    async with a_hook(Said(500, body="database\nis\x1b[31m down"), Said(200)) as hook:
        first, second = await posted(hook.url), await posted(hook.url)
    assert first == Answer(ok=False, detail="500 Internal Server Error: database is[31m down")
    assert second.ok
    assert hook.got[0][1]["webhook-id"] == hook.got[1][1]["webhook-id"]
    assert hook.got[0][2] == hook.got[1][2]


async def test_a_redirect_is_a_failure_and_is_not_followed() -> None:
    async with a_hook(Said(302, {"Location": "/internal"})) as hook:
        answer = await posted(hook.url)
    assert not answer.ok
    assert not answer.final
    assert "redirects are not followed" in answer.detail
    assert [request for request, *_ in hook.got] == ["POST /hook/s3cret-path"]


@pytest.mark.parametrize(
    ("said", "final", "wait"),
    [
        pytest.param(Said(410), True, None, id="gone is final"),
        pytest.param(Said(404), False, None, id="not found may be a receiver that is being deployed"),
        pytest.param(Said(401), False, None, id="a refused signature can be mended"),
        pytest.param(Said(429, {"Retry-After": "30"}), False, timedelta(seconds=30), id="too many, in seconds"),
        pytest.param(Said(503, {"Retry-After": "86400"}), False, timedelta(hours=1), id="a day is cut to an hour"),
        pytest.param(Said(503, {"Retry-After": "9" * 400}), False, timedelta(hours=1), id="an absurd number is cut to an hour"),
        pytest.param(Said(429, {"Retry-After": "-5"}), False, timedelta(seconds=1), id="a negative wish is a second"),
        pytest.param(Said(503, {"Retry-After": "soon"}), False, None, id="an unreadable wish is none"),
        pytest.param(Said(503, {"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}), False, timedelta(hours=1), id="the end of time"),
    ],
)
async def test_what_a_refusal_means(said: Said, final: bool, wait: timedelta | None) -> None:
    now = datetime.now(UTC)
    async with a_hook(said) as hook:
        answer = await posted(hook.url, at=now)
    assert (answer.ok, answer.final) == (False, final)
    assert answer.retry_after == (None if wait is None else now + wait)


async def test_a_date_in_retry_after_is_kept() -> None:
    wish = (datetime.now(UTC) + timedelta(minutes=10)).replace(microsecond=0)
    async with a_hook(Said(503, {"Retry-After": f"{wish:%a, %d %b %Y %H:%M:%S} GMT"})) as hook:
        answer = await posted(hook.url)
    assert answer.retry_after == wish


async def test_a_receiver_that_does_not_answer_in_time_is_tried_again() -> None:
    async with a_hook(Said(wait=5)) as hook:
        assert await posted(hook.url, seconds=0.2) == Answer(ok=False, detail="no answer within 0.2 s")


async def test_a_receiver_that_hangs_up_is_tried_again() -> None:
    async with a_hook(Said(hang_up=True)) as hook:
        answer = await posted(hook.url)
    assert answer == Answer(ok=False, detail="the receiver closed the connection without an answer")


async def test_of_an_endless_refusal_only_the_beginning_is_read() -> None:
    async with a_hook(Said(500, body="no " * 1000, endless=True)) as hook:
        answer = await posted(hook.url, seconds=2)
    assert answer.detail.startswith("500 Internal Server Error: no no no")
    assert answer.detail.endswith("[...]")
    assert len(answer.detail) < 300


def test_a_host_without_an_address_is_named() -> None:
    key = ConnectionKey("hook.example", 443, True, True, None, None, None)
    failed = ClientConnectorDNSError(key, socket.gaierror(socket.EAI_NONAME, "Name or service not known"))
    assert in_words(failed) == "host hook.example has no address: Name or service not known"


async def test_a_certificate_that_nobody_vouches_for_is_not_trusted() -> None:
    async with a_hook(tls=CERTIFICATE) as hook:
        answer = await posted(hook.url)
    assert answer.detail.startswith("the certificate of 127.0.0.1 is not accepted: ")
    assert hook.got == []


async def test_nobody_listening_is_said_in_words_without_the_path() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    answer = await posted(f"http://127.0.0.1:{port}/s3cret")
    assert answer == Answer(ok=False, detail=f"connection refused by 127.0.0.1 port {port}")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        pytest.param("not a url s3cret", "the receiver's url is not one", id="no url"),
        pytest.param("", "the receiver's url is not one", id="empty"),
        pytest.param("file:///etc/passwd", "the receiver's url is not one", id="no web address"),
    ],
)
async def test_a_url_that_leads_nowhere_is_an_answer(url: str, words: str) -> None:
    answer = await posted(url)
    assert words in answer.detail
    assert "s3cret" not in answer.detail
    assert not answer.ok


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "0.0.0.0", "127.1"])
async def test_this_machine_is_not_dialled_unless_allowed(host: str) -> None:
    async with a_hook() as hook:
        answer = await posted(f"http://{host}:{hook.port}/", allowed=())
    assert not answer.ok
    assert hook.got == []


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "[::ffff:169.254.169.254]",
        "[64:ff9b::a9fe:a9fe]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "10.0.0.1",
        "100.64.0.1",
    ],
)
async def test_no_socket_is_made_for_an_address_inside(host: str) -> None:
    answer = await posted(f"http://{host}/latest/meta-data", allowed=())
    assert "is not a public one" in answer.detail
    assert "add" in answer.detail


async def test_an_allowed_address_is_dialled_also_by_its_name() -> None:
    async with a_hook() as hook:
        assert (await posted(f"http://localhost:{hook.port}/")).ok
