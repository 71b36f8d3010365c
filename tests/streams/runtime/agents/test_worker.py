"""A member without partitions ends its worker while nobody reads what its group is to read; beside others at work it does not."""

import asyncio
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from streams.runtime.agents import worker
from streams.runtime.agents.worker import StuckError, Worker
from streams.settings import Kafka

Standing = dict[int, tuple[int, int]]


class Idle:
    """A member that has no partitions."""

    name, ready, failure, moved_at = "fuse", True, None, 0.0

    async def behind(self) -> dict[int, int]:
        return {}


class Watched(Worker):
    """A worker whose cluster says in turn how far the group is."""

    standings: list[Standing]

    def _standing_of(self, member: Any) -> Standing:
        return self.standings.pop(0) if len(self.standings) > 1 else self.standings[0]


def watched(*standings: Standing) -> Watched:
    made = Watched(Kafka(servers=("127.0.0.1:1",)), lambda: datetime.now(UTC))
    made.standings = list(standings)
    return made


@pytest.fixture(autouse=True)
def loggers() -> Iterator[None]:
    """A worker quietens libraries for the whole process; the next test gets them as they were."""
    levels = {name: logging.getLogger(name).level for name in ("faust", "mode", "aiokafka")}
    yield
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "DESERTED_EVERY", 0.0)
    monkeypatch.setattr(worker, "STUCK_SECONDS", 0.05)


async def looks(made: Watched, member: Any, times: int) -> None:
    for _ in range(times):
        await made._look_at(member)
        await asyncio.sleep(0.03)


async def test_what_nobody_reads_ends_the_worker() -> None:
    made = watched({0: (5, 9)})
    await looks(made, Idle(), 6)
    assert [type(failure) for failure in made._failures][:1] == [StuckError]
    assert "nobody takes in" in str(made._failures[0])


async def test_a_group_that_reads_on_or_has_read_all_leaves_an_idle_member_alone() -> None:
    reading = watched(*({0: (at, 100)} for at in range(10)))
    await looks(reading, Idle(), 6)
    done = watched({})
    await looks(done, Idle(), 6)
    assert reading._failures == done._failures == []
