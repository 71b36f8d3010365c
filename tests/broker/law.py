"""What the tests of the law share: one input, one detector, the same input through the other runtimes, and the table of results."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from alerts.commands.river import configured, river
from streams.records import EPOCH, Article
from streams.runtime.local import Local
from streams.runtime.replay import Replay
from streams.runtime.store import Batch, Store
from streams.settings import read_settings
from streams.topics import ARTICLES, MENTIONS
from tests.conftest import SHARED
from tests.real.input import many_articles
from tests.real.law import Memoised, bodies
from tests.real.river import River

MANY = 5000
"""Articles of the full length."""


def lengths(few: int) -> pytest.MarkDecorator:
    """Have a test run with a *count* of few articles, and with many in `make law`."""
    return pytest.mark.parametrize("count", [few, pytest.param(MANY, marks=pytest.mark.law)])


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    scenario: str
    articles: int
    kills: int
    found: str
    seconds: float
    beside: float | None = None
    """Seconds that `replay` takes for the same articles in this run, reading them included."""


@dataclass
class Bench:
    """Of one run of the tests.

    Attributes:
        now: When the input was fetched, at most.
    """

    reader: Memoised
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    rows: list[Row] = field(default_factory=list)
    _inputs: dict[int, list[Article]] = field(default_factory=dict)
    _replays: dict[int, tuple[Replay, float]] = field(default_factory=dict)

    def articles(self, count: int) -> list[Article]:
        """The input, in order of arrival."""
        if count not in self._inputs:
            self._inputs[count] = many_articles(count, self.now, SHARED)
        return self._inputs[count]

    def replayed(self, count: int, of: River) -> tuple[Replay, float]:
        """The input through `replay` under the rules of a river, and the seconds it took the first time."""
        if count not in self._replays:
            began = time.perf_counter()
            made = replay(self.reader, self.articles(count), of)
            self._replays[count] = made, time.perf_counter() - began
        return self._replays[count]

    def told(self, row: Row) -> None:
        """Add a line to the table."""
        self.rows.append(row)


def replay(reader: Memoised, articles: Sequence[Article], of: River) -> Replay:
    """*articles* through `replay` under the rules of a river."""
    made = Replay(river(reader))
    for record in configured(read_settings(of.environment), at=EPOCH):
        made.control(record)
    made.run(articles)
    return made


def mentions_of_replay(made: Replay) -> dict[str, set[bytes]]:
    """By identity."""
    return bodies(MENTIONS, (r for r in made.logs[MENTIONS.name] if isinstance(r, MENTIONS.records)))


def mentions_of_local(reader: Memoised, articles: Sequence[Article], folder: Path) -> dict[str, set[bytes]]:
    """What the runtime `local` finds in *articles*, as they come; by identity."""
    with Store(folder / "local.db") as store:
        store.commit(Batch(records=[(ARTICLES.name, a.at, ARTICLES.encode(a)) for a in articles]))
        local, stop = Local(river(reader)[:1], store, lambda: datetime.now(UTC)), threading.Event()
        while local.turn(stop):
            pass
        read = (MENTIONS.decode(body) for _, body in store.read(MENTIONS.name))
        return bodies(MENTIONS, (r for r in read if isinstance(r, MENTIONS.records)))


def table(rows: Sequence[Row]) -> list[str]:
    """The lines of bench/README.md."""
    head = ["| scenario | articles | kills | found | seconds | beside replay, in the same run | ratio |", "|---|---|---|---|---|---|---|"]
    return head + [_line(row) for row in rows]


def _line(row: Row) -> str:
    beside, ratio = ("", "") if row.beside is None else (f"{row.beside:.0f} s", f"{row.seconds / row.beside:.1f}")
    return f"| {row.scenario} | {row.articles:,} | {row.kills or ''} | {row.found} | {row.seconds:.0f} | {beside} | {ratio} |"
