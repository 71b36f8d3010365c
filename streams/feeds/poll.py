"""The loop that asks feeds: it waits, fetches, has documents parsed, hands over what is new, and decides nothing.

What to do with an answer is decided by `judge_answer` (pure); what lasts is written by the store, articles and memory in one.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Literal, Protocol
from urllib.parse import urlsplit

import msgspec

from streams.feeds.config import Feed
from streams.feeds.fetch import Fetched, Sessions, fetch, open_sessions
from streams.feeds.memory import FeedMemory, Validators
from streams.feeds.parse import ParsedFeed
from streams.feeds.rhythm import Rhythm, expected_gap, heard
from streams.feeds.schedule import first_ask, is_conditional, next_ask, read_max_age, read_retry_after
from streams.feeds.sift import Sifted, sift
from streams.feeds.worker import GuardedParser
from streams.records import Article, Part

MOST_AT_ONCE = 20
"""Questions in flight; more only wait for this machine's parsing."""
MOST_AT_ONE_HOST = 2

StatusWord = Literal["new", "nothing new", "not modified", "same document", "no feed", "unreachable", "refused by server"]


class PollResult(Part, frozen=True, kw_only=True):
    """What one question to one feed came to; for logs and metrics."""

    feed: str
    status: StatusWord
    at: datetime
    entries: int = 0
    new: int = 0
    changed: int = 0
    reissued: int = 0
    backfilled: int = 0
    error: str | None = None
    """In words, with what to do; with articles, what of the document was not all there."""
    possible_loss: bool = False
    """None of the entries before is in this document: some may have come and gone unseen."""
    moved_to: str | None = None
    next_at: datetime
    next_reason: str
    seconds: float = 0.0
    """From asking to knowing."""
    last_entry: datetime | None = None
    """When the feed last had a new entry; None if that is not known."""
    expected_gap: timedelta | None = None
    """How long it may be still by its own rhythm; None if nothing is known of it."""

    @property
    def failed(self) -> bool:
        """Whether there was no feed to read."""
        return self.status in ("no feed", "unreachable", "refused by server")


class Store(Protocol):
    """Where articles go, and where memories come from. Called from worker threads, never two calls at a time."""

    def publish(self, feed_name: str, articles: Sequence[Article], memory: FeedMemory) -> None:
        """Write the articles, and the memory only if all of them were written; whatever it raises stops the poller.

        *articles* is often empty. A store may leave a memory unwritten that differs in nothing worth keeping.
        """

    def memories(self) -> Mapping[str, FeedMemory]:
        """What was last committed for each feed, by its name."""


class Answer(Part, frozen=True, kw_only=True):
    """What follows from a server's answer: these three belong together."""

    articles: tuple[Article, ...]
    memory: FeedMemory
    result: PollResult


def judge_answer(feed: Feed, memory: FeedMemory, fetched: Fetched, parsed: ParsedFeed | None, *, now: datetime) -> Answer:
    """Decide what an answer means: what to publish, what to remember, when to ask again.

    Args:
        parsed: What the document says; None if there is none, or the same as before.
    """
    if fetched.error is not None:
        status: StatusWord = "unreachable" if fetched.status is None else "no feed" if fetched.status == 200 else "refused by server"
        return _failed(feed, memory, fetched, status, fetched.error, now=now)
    if fetched.not_modified or parsed is None:
        return _unchanged(feed, memory, fetched, now=now)
    if not parsed.entries and (parsed.error or memory.current):
        error = parsed.error or "the feed has no entries any more; if that stays so, look at the address in a browser"
        return _failed(feed, memory, fetched, "no feed", error, now=now)
    return _read(feed, memory, fetched, parsed, now=now)


def _read(feed: Feed, memory: FeedMemory, fetched: Fetched, parsed: ParsedFeed, *, now: datetime) -> Answer:
    sifted = sift(feed, parsed.articles, seen=memory.seen, current=memory.current, first=memory.last_full is None, now=now)
    cache = _cache(fetched, parsed.ttl_seconds)
    plan = next_ask(
        feed, now=now, retry_after=read_retry_after(fetched.retry_after, now=now), cache=cache, possible_loss=sifted.possible_loss
    )
    kept = FeedMemory(
        url=feed.url,
        # A document that was cut short is to be sent again as a whole.
        validators=Validators() if parsed.error else fetched.validators,
        body="" if parsed.error else body_hash(fetched.body),
        seen=sifted.seen,
        current=sifted.current,
        shared_names=parsed.shared_names,
        ttl_seconds=parsed.ttl_seconds,
        last_status=fetched.status,
        last_error=parsed.error,
        last_asked=now,
        last_full=now,
        due=plan.at,
        rhythm=_rhythm(memory, parsed, sifted, now=now),
    )
    result = PollResult(
        feed=feed.name,
        status="new" if sifted.publish else "nothing new",
        at=now,
        entries=parsed.entries,
        new=sifted.new,
        changed=sifted.changed,
        reissued=sifted.reissued,
        backfilled=sifted.backfilled,
        error=parsed.error,
        possible_loss=sifted.possible_loss,
        moved_to=fetched.moved_to,
        next_at=plan.at,
        next_reason=plan.reason,
    )
    return Answer(articles=sifted.publish, memory=kept, result=result)


def _rhythm(memory: FeedMemory, parsed: ParsedFeed, sifted: Sifted, *, now: datetime) -> Rhythm:
    """The feed's pace with this document: of the first one by the times that it gives itself, then by when what is new was seen."""
    if memory.last_full is None:
        return heard(memory.rhythm, [a.published for a in parsed.articles if a.published is not None and a.published <= now])
    return heard(memory.rhythm, [now] if sifted.new else [])


def _with_rhythm(result: PollResult, feed: Feed, rhythm: Rhythm) -> PollResult:
    gap = expected_gap(rhythm, timedelta(seconds=feed.every_seconds))
    return msgspec.structs.replace(result, last_entry=rhythm.last, expected_gap=gap)


def _unchanged(feed: Feed, memory: FeedMemory, fetched: Fetched, *, now: datetime) -> Answer:
    retry = read_retry_after(fetched.retry_after, now=now)
    plan = next_ask(feed, now=now, retry_after=retry, cache=_cache(fetched, memory.ttl_seconds))
    new = fetched.validators
    kept = msgspec.structs.replace(
        memory,
        # Some servers renew validators of a document that is the same, and refuse the old ones.
        validators=Validators(etag=new.etag or memory.validators.etag, last_modified=new.last_modified or memory.validators.last_modified),
        last_status=fetched.status,
        last_error=None,
        failures=0,
        last_asked=now,
        last_full=memory.last_full if fetched.not_modified else now,
        due=plan.at,
    )
    status: StatusWord = "not modified" if fetched.not_modified else "same document"
    result = PollResult(
        feed=feed.name,
        status=status,
        at=now,
        entries=len(memory.current),
        moved_to=fetched.moved_to,
        next_at=plan.at,
        next_reason=plan.reason,
    )
    return Answer(articles=(), memory=kept, result=result)


def _failed(feed: Feed, memory: FeedMemory, fetched: Fetched, status: StatusWord, error: str, *, now: datetime) -> Answer:
    """A failure is counted; what is known of the feed stays as it was."""
    failures = memory.failures + 1
    plan = next_ask(feed, now=now, failures=failures, retry_after=read_retry_after(fetched.retry_after, now=now))
    kept = msgspec.structs.replace(memory, last_status=fetched.status, last_error=error, failures=failures, last_asked=now, due=plan.at)
    result = PollResult(
        feed=feed.name, status=status, at=now, error=error, moved_to=fetched.moved_to, next_at=plan.at, next_reason=plan.reason
    )
    return Answer(articles=(), memory=kept, result=result)


def _cache(fetched: Fetched, ttl_seconds: int | None) -> timedelta | None:
    said = [
        age for age in (read_max_age(fetched.cache_control), timedelta(seconds=ttl_seconds) if ttl_seconds else None) if age is not None
    ]
    return max(said, default=None)


def body_hash(body: bytes | None) -> str:
    """Names a document by its bytes; "" for none."""
    return sha256(body).hexdigest()[:32] if body else ""


def utc_now() -> datetime:
    """The clock of a running poller."""
    return datetime.now(UTC)


class Poller:
    """Asks each feed when it is due, and hands what is new to the store. A feed that fails is reported; nothing stops.

    Args:
        report: Told the result of every question; it must not block.
        clock: What time it is, in UTC.
    """

    def __init__(
        self,
        feeds: Iterable[Feed],
        store: Store,
        *,
        report: Callable[[PollResult], None] = lambda result: None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.feeds = tuple(feeds)
        self._store, self._report, self._clock = store, report, clock
        self._memories: dict[str, FeedMemory] = {}
        self._everywhere = asyncio.Semaphore(MOST_AT_ONCE)
        self._hosts = {host_of(feed): asyncio.Semaphore(MOST_AT_ONE_HOST) for feed in self.feeds}
        self._parser = GuardedParser()
        self._parsing, self._writing = asyncio.Lock(), asyncio.Lock()
        self._begin: Callable[[Feed], asyncio.Task[None]] | None = None
        self._polls: dict[str, asyncio.Task[None]] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Poll all feeds until *stop* is set, or the store raises (which is raised, in an `ExceptionGroup`)."""
        await self.remember()
        async with self.at_work():
            self.begin(self.feeds, self._memories)
            await stop.wait()

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """While the block runs, feeds can be begun and ended; at its end all are ended.

        Raises:
            ExceptionGroup: The store raised; the block was cancelled.
        """
        async with open_sessions() as sessions, AsyncExitStack() as stack:
            stack.callback(self.close)
            async with asyncio.TaskGroup() as tasks:
                self._begin = lambda feed: tasks.create_task(self._poll(feed, sessions), name=f"poll {feed.name}")
                try:
                    yield
                finally:
                    self._begin = None
                    for task in self._polls.values():
                        task.cancel()

    def begin(self, feeds: Iterable[Feed], memories: Mapping[str, FeedMemory]) -> None:
        """Poll *feeds* from now on, from these memories. Feeds that are being polled go on as they are.

        After the end of `at_work` nothing is begun any more.
        """
        for feed in feeds:
            if self._begin is not None and feed.name not in self._polls:
                self._memories[feed.name] = memories.get(feed.name, FeedMemory())
                self._polls[feed.name] = self._begin(feed)

    async def end(self, feeds: Iterable[Feed]) -> None:
        """Poll *feeds* no more; when this returns, a write that was under way is done."""
        polls = [task for feed in feeds if (task := self._polls.pop(feed.name, None)) is not None]
        for task in polls:
            task.cancel()
        if polls:
            await asyncio.wait(polls)

    def close(self) -> None:
        """End the process that reads documents."""
        self._parser.close()

    async def remember(self) -> None:
        """Take up the store's memories."""
        self._memories = dict(await asyncio.to_thread(self._store.memories))

    async def ask(self, feed: Feed, sessions: Sessions) -> PollResult:
        """Ask one feed once, now; commit what follows."""
        began = time.perf_counter()
        memory = self._memories.get(feed.name, FeedMemory())
        if memory.url not in ("", feed.url):
            memory = msgspec.structs.replace(memory, validators=Validators(), body="", failures=0)
        async with self._hosts[host_of(feed)], self._everywhere:
            full = not is_conditional(memory.last_full, now=self._clock())
            fetched = await fetch(sessions.of(feed), feed, None if full else memory.validators)
        now = self._clock()
        parsed = await self._parse(feed, memory, fetched)
        answer = judge_answer(feed, memory, fetched, parsed, now=now)
        await self._commit(feed, answer)
        self._memories[feed.name] = answer.memory
        result = _with_rhythm(answer.result, feed, answer.memory.rhythm)
        return msgspec.structs.replace(result, seconds=time.perf_counter() - began)

    async def _commit(self, feed: Feed, answer: Answer) -> None:
        """Have the store write; a write that was begun is waited for, also by a poller that is being stopped."""
        async with self._writing:
            writing = asyncio.ensure_future(asyncio.to_thread(self._store.publish, feed.name, answer.articles, answer.memory))
            try:
                await asyncio.shield(writing)
            except asyncio.CancelledError:
                await asyncio.wait([writing])
                writing.exception()  # seen; what it says of the store, the next write says again
                raise

    async def _parse(self, feed: Feed, memory: FeedMemory, fetched: Fetched) -> ParsedFeed | None:
        if fetched.body is None or (fetched.body and body_hash(fetched.body) == memory.body):
            return None
        async with self._parsing:
            return await asyncio.to_thread(
                self._parser.parse,
                fetched.body,
                feed=feed.name,
                content_type=fetched.content_type,
                base=fetched.url,
                shared_names=memory.shared_names,
            )

    async def _poll(self, feed: Feed, sessions: Sessions) -> None:
        memory = self._memories.get(feed.name, FeedMemory())
        at = first_ask(feed, memory.due, now=self._clock()).at
        while True:
            await asyncio.sleep(max(0.0, (at - self._clock()).total_seconds()))
            result = await self.ask(feed, sessions)
            self._report(result)
            at = result.next_at


def host_of(feed: Feed) -> str:
    """The host that a feed is asked of."""
    return urlsplit(feed.url).netloc.lower()
