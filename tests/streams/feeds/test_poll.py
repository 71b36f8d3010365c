"""From a server's answer to what is kept and published."""

import asyncio
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from streams.feeds.check import check
from streams.feeds.fetch import Fetched, open_sessions
from streams.feeds.memory import FeedMemory, Validators
from streams.feeds.parse import parse
from streams.feeds.poll import Answer, Poller, PollResult, judge_answer
from streams.records import Article
from tests.streams.feeds.documents import item, numbered, rss
from tests.streams.feeds.server import feed, serving

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
WIRE = feed("https://wire.example.org/rss")


class Kept:
    """A store in memory that shows what was committed, and can fail."""

    def __init__(self, memories: dict[str, FeedMemory] | None = None, *, fails: bool = False) -> None:
        self.commits: list[tuple[str, tuple[Article, ...]]] = []
        self.kept, self.fails = dict(memories or {}), fails

    def publish(self, feed_name: str, articles: Sequence[Article], memory: FeedMemory) -> None:
        if self.fails:
            raise OSError("no space left on device")
        self.commits.append((feed_name, tuple(articles)))
        self.kept[feed_name] = memory

    def memories(self) -> dict[str, FeedMemory]:
        return dict(self.kept)

    @property
    def titles(self) -> list[str | None]:
        return [article.title for _, articles in self.commits for article in articles]


def answer(document: bytes, memory: FeedMemory | None = None, *, now: datetime = NOW, etag: str = '"1"') -> Answer:
    memory = memory or FeedMemory()
    fetched = Fetched(status=200, body=document, validators=Validators(etag=etag))
    parsed = parse(document, feed="wire", shared_names=memory.shared_names)
    return judge_answer(WIRE, memory, fetched, parsed, now=now)


def test_a_first_document_is_published_with_our_time_and_its_outlet():
    got = answer(numbered([1, 2]))
    assert {a.title for a in got.articles} == {"Report 1", "Report 2"}
    assert all((a.fetched, a.outlet, a.feed, a.sample) == (NOW, "Frontline Wire", "wire", False) for a in got.articles)
    assert (got.result.status, got.result.new) == ("new", 2)
    assert got.memory.validators.etag == '"1"'


def test_what_is_known_is_not_published_again():
    got = answer(numbered([2, 1]), answer(numbered([1, 2])).memory)
    assert got.articles == ()
    assert got.result.status == "nothing new"


def test_an_edited_headline_is_a_revision_under_the_same_id():
    first = answer(rss(item(title="Base attacked")))
    second = answer(rss(item(title="Base attacked, army says repelled")), first.memory, now=NOW + timedelta(minutes=5))
    assert [a.id for a in second.articles] == [a.id for a in first.articles]
    assert (second.result.new, second.result.changed) == (0, 1)
    assert second.articles[0].fetched == NOW + timedelta(minutes=5)


def test_an_edited_date_raises_nothing():
    first = answer(rss(item(date="Sun, 01 Mar 2026 08:00:00 GMT")))
    assert answer(rss(item(date="Sun, 01 Mar 2026 11:00:00 GMT")), first.memory).articles == ()


def test_a_new_guid_for_the_same_page_and_words_raises_nothing():
    first = answer(rss(item()))
    second = answer(rss(item().replace("wire-1", "https-wire-1")), first.memory)
    assert second.articles == ()
    assert (second.result.reissued, second.result.possible_loss) == (1, False)


def test_of_a_first_document_what_is_older_than_a_week_is_remembered_and_not_published():
    document = rss(item(1, date="Fri, 20 Feb 2026 08:00:00 GMT"), item(2, date="Sat, 28 Feb 2026 08:00:00 GMT"), item(3))
    got = answer(document)
    assert {a.guid for a in got.articles} == {"wire-2", "wire-3"}
    assert got.result.backfilled == 1
    assert answer(document, got.memory).articles == ()


def test_an_old_entry_of_a_later_document_is_published():
    first = answer(rss(item(1)))
    later = answer(rss(item(1), item(2, date="Fri, 20 Feb 2026 08:00:00 GMT")), first.memory)
    assert [a.guid for a in later.articles] == ["wire-2"]


def test_no_common_entry_is_a_possible_loss():
    got = answer(numbered([8, 9]), answer(numbered([1, 2])).memory)
    assert got.result.possible_loss
    assert not answer(numbered([2, 3]), answer(numbered([1, 2])).memory).result.possible_loss


@pytest.mark.parametrize(
    "document", [b"", b"<!DOCTYPE html><p>Sorry", rss(), b"<rss><channel><item><title>cut"], ids=["empty", "page", "no entries", "cut"]
)
def test_an_answer_that_is_no_feed_is_a_failure_and_leaves_everything_known(document: bytes):
    memory = answer(numbered([1, 2])).memory
    got = answer(document, memory, etag='"of the page"')
    assert got.result.status == "no feed"
    assert got.result.failed
    assert got.result.error
    assert (got.memory.failures, got.memory.validators, got.memory.seen) == (1, memory.validators, memory.seen)
    assert got.memory.last_full == memory.last_full


def test_a_document_that_was_cut_short_is_published_as_far_as_it_goes_and_asked_for_again():
    whole = numbered([1, 2, 3])
    got = answer(whole[: whole.index(b"part 3")])
    assert len(got.articles) == 2
    assert got.memory.validators == Validators()
    assert "cut short" in (got.result.error or "")
    assert [a.title for a in answer(whole, got.memory).articles] == ["Report 3"]


def test_a_good_answer_ends_a_row_of_failures():
    memory = FeedMemory(failures=4, last_error="status 500")
    assert (answer(numbered([1]), memory).memory.failures, answer(numbered([1]), memory).memory.last_error) == (0, None)


def test_not_modified_renews_validators_and_keeps_the_rest():
    memory = answer(numbered([1])).memory
    got = judge_answer(
        WIRE, memory, Fetched(status=304, validators=Validators(last_modified="later")), None, now=NOW + timedelta(minutes=1)
    )
    assert got.result.status == "not modified"
    assert got.memory.validators == Validators(etag='"1"', last_modified="later")
    assert got.memory.last_full == NOW


def test_a_feed_that_begins_to_share_a_guid_publishes_nothing_twice():
    first = answer(rss(item(1), item(2)))
    shared = rss(item(1), item(2), item(3).replace("wire-3", "wire-1"))
    second = answer(shared, first.memory)
    assert [a.url for a in second.articles] == ["https://wire.example.org/3"]
    assert second.memory.shared_names
    assert answer(rss(item(3).replace("wire-3", "wire-1")), second.memory).articles == ()


async def test_a_feed_is_asked_again_with_its_validators_and_only_what_is_new_is_committed():
    asked: list[str | None] = []
    document = numbered([1])

    async def handler(request: web.Request) -> web.Response:
        asked.append(request.headers.get("If-None-Match"))
        if asked[-1] == f'"{len(document)}"':
            return web.Response(status=304)
        return web.Response(body=document, headers={"ETag": f'"{len(document)}"'})

    store = Kept()
    async with serving(handler) as url, open_sessions() as sessions:
        wire = feed(url)
        poller = Poller([wire], store)
        first = [(await poller.ask(wire, sessions)).status for _ in range(2)]
        document = numbered([1, 2])
        # Another poller goes on from what was committed.
        poller.close()
        poller = Poller([wire], store)
        await poller.remember()
        second = (await poller.ask(wire, sessions)).status
        poller.close()
    assert first == ["new", "not modified"]
    assert second == "new"
    assert asked == [None, f'"{len(numbered([1]))}"', f'"{len(numbered([1]))}"']
    assert store.titles == ["Report 1", "Report 2"]


async def test_a_server_without_validators_that_sends_the_same_again_costs_no_reading():
    async def handler(request: web.Request) -> web.Response:
        return web.Response(body=numbered([1]))

    async with serving(handler) as url, open_sessions() as sessions:
        wire = feed(url)
        poller = Poller([wire], Kept())
        assert [(await poller.ask(wire, sessions)).status for _ in range(2)] == ["new", "same document"]
        poller.close()


async def test_validators_of_another_address_are_not_shown():
    async def handler(request: web.Request) -> web.Response:
        assert "If-None-Match" not in request.headers
        return web.Response(body=numbered([1]))

    old = FeedMemory(url="https://old.example.org/", validators=Validators(etag='"x"'), last_full=datetime.now(UTC))
    async with serving(handler) as url, open_sessions() as sessions:
        wire = feed(url)
        poller = Poller([wire], Kept({"wire": old}))
        await poller.remember()
        assert (await poller.ask(wire, sessions)).status == "new"
        poller.close()


async def test_a_failing_feed_stops_nobody_else_and_the_end_comes_when_asked():
    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=500) if request.path == "/bad" else web.Response(body=numbered([1]))

    results: list[PollResult] = []
    stop = asyncio.Event()

    def report(result: PollResult) -> None:
        results.append(result)
        if len({r.feed for r in results}) == 3:
            stop.set()

    store = Kept()
    async with serving(handler) as url:
        feeds = [
            feed(url + "/bad", name="bad", sample=True),
            feed("http://no-such-host.invalid/", name="gone", sample=True),
            feed(url, sample=True),
        ]
        async with asyncio.timeout(20):
            await Poller(feeds, store, report=report).run(stop)
    assert {r.feed: r.status for r in results} == {"bad": "refused by server", "gone": "unreachable", "wire": "new"}
    assert store.titles == ["Report 1"]
    assert all(article.sample for _, articles in store.commits for article in articles)


async def test_a_store_that_cannot_write_stops_the_poller_clearly():
    async def handler(request: web.Request) -> web.Response:
        return web.Response(body=numbered([1]))

    async with serving(handler) as url:
        with pytest.raises(ExceptionGroup) as stopped:
            await Poller([feed(url, sample=True)], Kept(fails=True)).run(asyncio.Event())
    assert "no space left" in str(stopped.value.exceptions[0])


async def test_a_check_says_what_each_feed_is_and_what_to_do():
    async def handler(request: web.Request) -> web.Response:
        bodies = {"/good": numbered([1, 2]), "/page": b"<html>", "/old": rss(item(date="Sun, 01 Mar 2020 08:00:00 GMT"))}
        return web.Response(body=bodies[request.path])

    async with serving(handler) as url:
        found = await check(
            [*(feed(url + path, name=path[1:]) for path in ("/good", "/page", "/old")), feed("http://no-such-host.invalid/", name="gone")]
        )
    good, page, old, gone = found
    assert (good.ok, good.entries, good.undated) == (True, 2, 2)
    assert (page.ok, page.reachable) == (False, True)
    assert "web page" in (page.error or "")
    assert "2020-03-01" in old.advice[0]
    assert (gone.reachable, gone.ok) == (False, False)


async def test_feeds_are_begun_and_ended_one_by_one_and_a_write_under_way_is_waited_for():
    asked: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(body=numbered([1]))

    class Slow(Kept):
        def publish(self, feed_name: str, articles: Sequence[Article], memory: FeedMemory) -> None:
            begun.set()
            assert let_go.wait(10)
            super().publish(feed_name, articles, memory)

    begun, let_go = threading.Event(), threading.Event()
    store = Slow()
    async with serving(handler) as url, asyncio.timeout(20):
        here, there = feed(url + "/here", name="here", sample=True), feed(url + "/there", name="there", sample=True)
        poller = Poller([here, there], store)
        async with poller.at_work():
            poller.begin([here], {})
            await asyncio.to_thread(begun.wait)
            ending = asyncio.create_task(poller.end([here]))
            await asyncio.sleep(0.05)
            assert not ending.done()
            let_go.set()
            await ending
            assert [name for name, _ in store.commits] == ["here"]
            poller.begin([here], store.memories())
            while asked.count("/here") < 2:  # noqa: ASYNC110  the server is asked by somebody else
                await asyncio.sleep(0.01)
        poller.begin([there], {})
    assert set(asked) == {"/here"}
    assert store.titles == ["Report 1"]
