"""The reader of `deliveries`: makes each attempt that was planned, and repeats only what has no outcome."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from alerts.delivery.dispatch import AT_ONCE, EACH, READ, READER, Dispatch
from alerts.delivery.messages import render
from alerts.records import Delivery, Outcome
from alerts.topics import DELIVERIES, NOTIFICATIONS
from streams.records import Record
from streams.runtime.local import StoreLog
from streams.runtime.store import Batch, Store
from streams.topics import REJECTED, Topic
from tests.alerts.saying import at
from tests.builders import a_desk, a_receiver, an_alert

PATIENCE = 5.0
"""Seconds after which something that must happen is given up: never reached where all is well."""


class Sending:
    """A sender by hand: keeps what was attempted; holds back the receivers in ``held``; breaks at those in ``broken``."""

    def __init__(self, held: Iterable[str] = (), broken: Iterable[str] = ()) -> None:
        self.attempted: list[tuple[str, int]] = []
        self.open = {receiver: asyncio.Event() for receiver in held}
        self.broken = frozenset(broken)

    async def attempt(self, delivery: Delivery) -> Outcome:
        self.attempted.append((delivery.id, delivery.attempt))
        if delivery.receiver in self.broken:
            raise RuntimeError("no such thing as a host")
        if delivery.receiver in self.open:
            await self.open[delivery.receiver].wait()
        done = delivery.at + timedelta(seconds=1)
        return Outcome(delivery=delivery.id, receiver=delivery.receiver, attempt=delivery.attempt, at=done, ok=True, detail="204")


def a_delivery(receiver: str = "watch", attempt: int = 1, revision: int = 1) -> Delivery:
    note = render(an_alert(revision=revision), a_receiver(id=receiver), a_desk())
    return Delivery(id=note.id, receiver=receiver, state="pending", attempt=attempt, at=at(0), notification=note)


def an_end(of: Delivery) -> Delivery:
    return Delivery(id=of.id, receiver=of.receiver, state="delivered", attempt=of.attempt, at=at(0, 1), detail="204")


def plan(store: Store, *deliveries: Delivery) -> None:
    """Write *deliveries* as the stage does."""
    store.commit(Batch(records=[(DELIVERIES.name, d.at, DELIVERIES.encode(d)) for d in deliveries]))


def outcomes(store: Store) -> list[tuple[str, int]]:
    """Delivery and attempt of each outcome in the deliver stage's input log."""
    read = [NOTIFICATIONS.decode(body) for _, body in store.read(NOTIFICATIONS.name, 0, 10_000)]
    return [(o.delivery, o.attempt) for o in read]


@asynccontextmanager
async def at_work(store: Store, sender: Sending) -> AsyncIterator[Dispatch]:
    """A dispatch that runs, and is broken off at the end, as a process is that dies."""
    dispatch = Dispatch(StoreLog(store, DELIVERIES, READER), sender)
    task = asyncio.create_task(dispatch.run())
    try:
        yield dispatch
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(holds: Callable[[], bool]) -> None:
    """Let others work until *holds*."""
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110  the store calls nobody back about what others read from it
            await asyncio.sleep(0.001)


@pytest.fixture
def store(tmp_path: Path) -> Iterable[Store]:
    with Store(tmp_path / "state.db", durable=False) as store:
        yield store


async def test_every_planned_attempt_is_made_once_and_its_outcome_written(store: Store) -> None:
    deliveries = [a_delivery(r) for r in ("a", "b", "c")]
    plan(store, *deliveries)
    sender = Sending()
    async with at_work(store, sender):
        await until(lambda: len(outcomes(store)) == 3)
    assert sender.attempted == [(d.id, 1) for d in deliveries]
    assert store.position(READER)[0] == 3
    assert store.memories(READER) == {}


async def test_an_attempt_that_is_planned_while_it_waits_is_made(store: Store) -> None:
    sender = Sending()
    async with at_work(store, sender):
        await asyncio.sleep(0.01)
        plan(store, a_delivery("a"))
        await until(lambda: len(outcomes(store)) == 1)
        plan(store, a_delivery("a", attempt=2))
        await until(lambda: len(outcomes(store)) == 2)
    assert [attempt for _, attempt in sender.attempted] == [1, 2]


async def test_deliveries_that_ended_are_not_attempted(store: Store) -> None:
    first = a_delivery("a")
    plan(store, an_end(first), a_delivery("b"), an_end(first))
    sender = Sending()
    async with at_work(store, sender):
        await until(lambda: len(outcomes(store)) == 1)
    assert sender.attempted == [(a_delivery("b").id, 1)]
    assert store.position(READER)[0] == 3


async def test_a_backlog_longer_than_one_reading_is_worked_off(store: Store) -> None:
    first = a_delivery("a")
    plan(store, *[an_end(first)] * READ, first, *[an_end(first)] * READ, a_delivery("b"))
    sender = Sending()
    async with at_work(store, sender):
        await until(lambda: len(outcomes(store)) == 2)
    assert [i for i, _ in sender.attempted] == [first.id, a_delivery("b").id]


async def test_a_slow_receiver_holds_up_nobody_else(store: Store) -> None:
    plan(store, a_delivery("slow"), a_delivery("quick"))
    sender = Sending(held=["slow"])
    async with at_work(store, sender):
        await until(lambda: len(outcomes(store)) == 1)
        assert outcomes(store) == [(a_delivery("quick").id, 1)]
        sender.open["slow"].set()
        await until(lambda: len(outcomes(store)) == 2)
    assert store.position(READER)[0] == 2


async def test_a_slow_receiver_with_a_long_queue_holds_up_nobody_else(store: Store) -> None:
    plan(store, *(a_delivery("slow", revision=i) for i in range(1, AT_ONCE + 6)), a_delivery("quick"))
    sender = Sending(held=["slow"])
    async with at_work(store, sender):
        await until(lambda: outcomes(store) == [(a_delivery("quick").id, 1)])
        assert len(sender.attempted) == EACH + 1
        sender.open["slow"].set()
        await until(lambda: len(outcomes(store)) == AT_ONCE + 6)
    assert store.position(READER)[0] == AT_ONCE + 6


async def test_no_more_than_so_many_attempts_are_under_way_together(store: Store) -> None:
    receivers = [f"slow{i}" for i in range(AT_ONCE // EACH + 2)]
    plan(store, *(a_delivery(r, revision=i) for r in receivers for i in range(1, EACH + 1)))
    sender = Sending(held=receivers)
    async with at_work(store, sender):
        await until(lambda: len(sender.attempted) == AT_ONCE)
        await asyncio.sleep(0.01)
        assert len(sender.attempted) == AT_ONCE
        for receiver in receivers:
            sender.open[receiver].set()
        await until(lambda: len(outcomes(store)) == len(receivers) * EACH)


async def test_a_delivery_that_cannot_be_read_is_set_aside_and_the_others_go_on(store: Store) -> None:
    store.commit(Batch(records=[(DELIVERIES.name, a_delivery("a").at, b"no delivery")]))
    plan(store, a_delivery("quick"))
    async with at_work(store, Sending()):
        await until(lambda: len(outcomes(store)) == 1)
    [(_, body)] = store.read(REJECTED.name)
    refused = REJECTED.decode(body)
    assert (refused.stage, refused.topic, refused.body, refused.at) == (READER, DELIVERIES.name, b"no delivery", a_delivery("a").at)


async def test_after_a_crash_only_what_has_no_outcome_is_repeated_under_the_same_id(store: Store) -> None:
    slow, quick, ended = a_delivery("slow"), a_delivery("quick"), an_end(a_delivery("other"))
    plan(store, slow, quick, ended)
    before = Sending(held=["slow"])
    async with at_work(store, before):
        await until(lambda: len(outcomes(store)) == 1)
    assert set(before.attempted) == {(slow.id, 1), (quick.id, 1)}
    assert store.position(READER)[0] == 0, "the slow one has no outcome, so the next start must see it again"

    after = Sending()
    async with at_work(store, after):
        await until(lambda: len(outcomes(store)) == 2)
    assert after.attempted == [(slow.id, 1)]
    assert outcomes(store) == [(quick.id, 1), (slow.id, 1)]
    assert store.position(READER)[0] == 3
    assert store.memories(READER) == {}


async def test_after_a_second_crash_nothing_that_has_an_outcome_is_repeated(store: Store) -> None:
    plan(store, a_delivery("slow"), *(a_delivery("quick", revision=i) for i in range(1, 6)))
    async with at_work(store, Sending(held=["slow"])):
        await until(lambda: len(outcomes(store)) == 5)
    sender = Sending(held=["slow"])
    async with at_work(store, sender):
        await until(lambda: bool(sender.attempted))
        await asyncio.sleep(0.01)
    assert sender.attempted == [(a_delivery("slow").id, 1)]
    assert len(outcomes(store)) == 5


async def test_a_reopened_file_goes_on_where_the_process_died(tmp_path: Path) -> None:
    with Store(tmp_path / "state.db", durable=False) as store:
        plan(store, a_delivery("slow"), a_delivery("quick"))
        async with at_work(store, Sending(held=["slow"])):
            await until(lambda: len(outcomes(store)) == 1)
    with Store(tmp_path / "state.db", durable=False) as store:
        sender = Sending()
        async with at_work(store, sender):
            await until(lambda: len(outcomes(store)) == 2)
        assert sender.attempted == [(a_delivery("slow").id, 1)]


async def test_a_delivery_that_breaks_the_sender_fails_and_stops_no_other(store: Store) -> None:
    plan(store, a_delivery("cursed"), a_delivery("b"))
    async with at_work(store, Sending(broken=["cursed"])):
        await until(lambda: len(outcomes(store)) == 2)
    read = [NOTIFICATIONS.decode(body) for _, body in store.read(NOTIFICATIONS.name, 0, 10)]
    failed = next(o for o in read if o.receiver == "cursed")
    assert (failed.ok, failed.final, failed.at) == (False, False, at(0))
    assert failed.detail == "the sender broke: RuntimeError: no such thing as a host"


async def test_whoever_listens_hears_of_an_outcome_after_it_is_written(store: Store) -> None:
    heard: list[tuple[str, int]] = []
    plan(store, a_delivery("a"))

    def listen(delivery: Delivery, outcome: Outcome) -> None:
        heard.append((outcome.delivery, len(outcomes(store))))

    task = asyncio.create_task(Dispatch(StoreLog(store, DELIVERIES, READER), Sending(), listen).run())
    await until(lambda: bool(heard))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert heard == [(a_delivery("a").id, 1)]


async def test_a_dispatch_that_is_stopped_listens_no_more(store: Store) -> None:
    async with at_work(store, Sending()):
        await until(lambda: len(store.listeners) == 1)
    assert store.listeners == []


class SlowLog:
    """A log of deliveries that takes its time to write, as a cluster does; it remembers what it was told, in order."""

    position = 0

    def __init__(self, deliveries: Iterable[Delivery]) -> None:
        self.done: set[int] = set()
        self.written: list[tuple[set[str], int, set[int]]] = []
        """Deliveries whose facts were written, the position, and what was said to be done beyond it, of each writing."""
        self._entries = [(i, d.at, DELIVERIES.encode(d)) for i, d in enumerate(deliveries)]

    def read(self, limit: int) -> list[tuple[int, datetime, bytes]]:
        entries, self._entries = self._entries[:limit], self._entries[limit:]
        return entries

    @contextmanager
    def listening(self, listener: Callable[[], None]) -> Iterator[None]:
        yield

    async def record(self, facts: Sequence[tuple[Topic, Record]], position: int, done: Mapping[int, bool]) -> None:
        self.written.append(
            ({f.delivery for _, f in facts if isinstance(f, Outcome)}, position, {o for o, is_done in done.items() if is_done})
        )
        await asyncio.sleep(0.01)


async def test_nothing_is_said_to_be_done_before_its_outcome_is_written() -> None:
    deliveries = [a_delivery(f"r{i}") for i in range(8)]
    log = SlowLog(deliveries)
    task = asyncio.create_task(Dispatch(log, Sending()).run())
    await until(lambda: len(log.written) == len(deliveries))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    told = set[str]()
    for facts, position, done in log.written:
        told |= facts
        assert {deliveries[i].id for i in {*range(position), *done}} <= told
