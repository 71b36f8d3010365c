"""What of a state file is to lie where, gone on with wherever that was broken off, and refused where it would not be whole."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from alerts.commands.migrate import Filling, MigrateError, Plan, chunks, fill, foreign, migrate, unknown
from alerts.commands.topics import READERS
from alerts.judge import JUDGE
from alerts.topics import CONTROL, DELIVERIES
from streams.detection.revisions import LastRevision
from streams.records import Verdict
from streams.runtime.layout import FEEDS, partition_of, state_name, topic_name
from streams.runtime.ledger import Ledger
from streams.runtime.rekey import Append
from streams.runtime.states import head_of
from streams.runtime.store import Batch, Moved, Store, StoreError
from streams.settings import read_settings
from streams.topics import ARTICLES, REJECTED, Rejected, copy_of
from tests.alerts.saying import at
from tests.builders import an_article

PARTITIONS = 3
ARTICLE_IDS = [f"article-{i}" for i in range(9)]
IN_FORCE = JUDGE.control_bytes(JUDGE.ungoverned)
COUNTS = (
    {topic_name("t", topic): PARTITIONS for _, topic in READERS}
    | {state_name("t", reader): PARTITIONS for reader, _ in READERS}
    | {"t.control": 1, "t.control.state": 1, "t.rejected": 1, "t.feeds": 2}
)


class Record(NamedTuple):
    key: bytes | None
    value: bytes | None


class BrokenOffError(Exception):
    """The process ended."""


@dataclass
class Memory:
    """A cluster and its logs in memory.

    Attributes:
        most: How many records it takes before whoever writes is broken off.
    """

    most: int = 10**9
    logs: dict[tuple[str, int], list[Record]] = field(default_factory=dict)
    first: int = 0

    def ends(self, topic: str) -> dict[int, int]:
        return {p: len(self.logs.get((topic, p), ())) for p in range(COUNTS[topic])}

    def starts(self, topic: str) -> dict[int, int]:
        return dict.fromkeys(range(COUNTS[topic]), self.first)

    def read(self, topic: str, partition: int, start: int, end: int) -> Iterator[Record]:
        yield from self.logs[topic, partition][start:end]

    def append(self, topic: str, records: Sequence[Append]) -> None:
        for record in records:
            if self.most == 0:
                raise BrokenOffError
            self.most -= 1
            self.logs.setdefault((topic, record.partition), []).append(Record(record.key, record.value))

    def ledger(self, reader: str, partition: int) -> Ledger:
        ledger = Ledger()
        for offset, record in enumerate(self.logs.get((state_name("t", reader), partition), ())):
            ledger.read(offset, record.key, record.value, 1)
        ledger.settle()
        return ledger


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Nine articles of which six were read, what is remembered of four of them, and a delivery that was done before its turn."""
    verdict = Verdict(event="e", accepted=False, by="watch", at=at(0))
    with Store(tmp_path / "tocsin.db", moving=True) as store:
        batch = Batch(records=[(ARTICLES.name, at(i), ARTICLES.encode(an_article(id=n, fetched=at(i)))) for i, n in enumerate(ARTICLE_IDS)])
        batch.records += [(DELIVERIES.name, at(0), DELIVERIES.encode(copy_of(verdict))), (DELIVERIES.name, at(1), b"poison")]
        batch.records += [(CONTROL.name, at(0), CONTROL.encode(verdict))]
        batch.records += [(REJECTED.name, at(2), REJECTED.encode(refused(ARTICLES.name, 4)))]
        remembered = head_of(LastRevision(fetched=at(0), content="c", made={}), at(9))
        batch.states = {("detect", name, "", ""): remembered for name in ARTICLE_IDS[:4]}
        batch.positions = {"detect": 6, "judge": 0, "send": 1}
        batch.controls = {"judge": IN_FORCE}
        batch.memory = {("send", "1"): b"1", ("feed", "world"): b"{}", ("control", "Verdict"): b"it"}
        store.commit(batch)
        yield store


def refused(topic: str, offset: int) -> Rejected:
    return Rejected(stage="detect", topic=topic, at=at(2), reason="broke", stack="", body=b"entry", offset=offset)


def run(store: Store, memory: Memory, out: io.StringIO | None = None) -> list[str]:
    """Carry *store* there; what does not belong there, in which case nothing is written."""
    fillings = Plan(store, "t", COUNTS).fillings()
    there = {f.name: memory.ends(f.name) for f in fillings}
    wrong = [line for f in fillings for line in foreign(f, there[f.name], memory, memory)]  # type: ignore[arg-type]
    for filling in () if wrong else fillings:
        fill(filling, there[filling.name], memory, out or io.StringIO())  # type: ignore[arg-type]
    return wrong


def test_logs_states_positions_controls_and_memories_lie_where_their_readers_look_for_them(store: Store) -> None:
    memory = Memory()
    assert run(store, memory) == []
    for i, name in enumerate(ARTICLE_IDS):
        p = partition_of(name, PARTITIONS)
        assert name.encode() in [r.key for r in memory.logs["t.articles", p]]
        assert bool(memory.ledger("detect", p).of(name)) is (i < 4)
    read = [sum(partition_of(name, PARTITIONS) == p for name in ARTICLE_IDS[:6]) - 1 for p in range(PARTITIONS)]
    assert [memory.ledger("detect", p).position for p in range(PARTITIONS)] == read
    assert [memory.ledger("judge", p).control for p in range(PARTITIONS)] == [IN_FORCE] * PARTITIONS
    assert [dict(memory.ledger("send", p).rows()) for p in range(PARTITIONS)] == [{("", "done", "1"): b"1"}, {}, {}]
    assert [memory.ledger("send", p).position for p in range(PARTITIONS)] == [0, 0, 0]
    assert (memory.ledger("control", 0).of("Verdict"), memory.ledger("control", 0).position) == ({("", ""): b"it"}, 0)
    assert memory.logs[f"t.{FEEDS}", partition_of("world", 2)] == [(b"world", b"{}")]


def test_what_was_set_aside_is_found_in_its_partition(store: Store) -> None:
    memory = Memory()
    run(store, memory)
    (record,) = memory.logs["t.rejected", 0]
    kept = REJECTED.decode(record.value or b"")
    assert memory.logs["t.articles", kept.partition][kept.offset].key == ARTICLE_IDS[4].encode()


def test_changelogs_come_before_the_logs_that_they_are_of(store: Store) -> None:
    names = [filling.name for filling in Plan(store, "t", COUNTS).fillings()]
    assert len(names) == len(set(names)) == 18
    for reader, topic in READERS:
        assert names.index(state_name("t", reader)) < min(names.index(topic_name("t", t)) for _, t in READERS), topic.name


def test_wherever_it_is_broken_off_it_is_gone_on_with_to_the_same_end(store: Store) -> None:
    whole = Memory()
    run(store, whole)
    total = sum(map(len, whole.logs.values()))
    for cut in range(total):
        memory = Memory(most=cut)
        with pytest.raises(BrokenOffError):
            run(store, memory)
        memory.most = 10**9
        assert run(store, memory) == []
        assert memory.logs == whole.logs
    assert total > 30


def test_once_more_it_writes_nothing_and_says_the_same(store: Store) -> None:
    memory, first, again = Memory(), io.StringIO(), io.StringIO()
    run(store, memory, first)
    memory.most = 0
    assert run(store, memory, again) == []
    assert again.getvalue() == first.getvalue()
    assert "t.articles: 9 records, 3 of them not taken in by detect yet\n" in first.getvalue()
    assert "t.feeds: 1 record, one for each feed that is known\n" in first.getvalue()


@pytest.mark.parametrize("spoil", ["another first", "one more", "one deleted"])
def test_what_is_not_ours_is_told_with_its_place_and_nothing_is_written(store: Store, spoil: str) -> None:
    memory = Memory()
    run(store, memory)
    log = memory.logs["t.articles", 1]
    match spoil:
        case "another first":
            log[0] = Record(log[0].key, b"other")
        case "one more":
            log.append(Record(b"k", b"v"))
        case "one deleted":
            memory.first = 1
    memory.most = 0
    wrong = run(store, memory)
    said = "t.articles: partition 1 is not empty, and what lies there is not the beginning of what is to be carried"
    assert said in wrong if spoil == "one deleted" else wrong == [said]


def test_what_goes_at_once_is_bounded_by_number_and_bytes() -> None:
    few = [Append(0, 0, b"k", b"x" * size) for size in (3, 5_000_000, 2)]
    assert [len(chunk) for chunk in chunks(iter(few))] == [2, 1]
    assert [len(chunk) for chunk in chunks(Append(0, 0, b"k", None) for _ in range(2001))] == [1000, 1000, 1]
    assert list(chunks(iter(()))) == []


def test_what_this_version_does_not_know_is_told_and_not_left_behind(store: Store) -> None:
    assert unknown(store) == []
    batch = Batch(records=[("rumours", at(0), b"")], positions={"guess": 3}, memory={("weather", "x"): b""})
    batch.states = {("guess", "k", "", ""): b"[null,{}]", ("detect", "k", "", ""): b'[null,{"of": "another version"}]'}
    store.commit(batch)
    told = unknown(store)
    assert [line.split(": ", 1)[1].split(";")[0] for line in told[:4]] == [
        f"holds what this Tocsin does not know, {kind} {name}"
        for kind, name in (("stage", "guess"), ("reader", "guess"), ("topic", "rumours"), ("owner", "weather"))
    ]
    assert "the states of stage detect are of another version of Tocsin" in told[4]
    assert len(told) == 5


def asked(path: Path, **more: str) -> Any:
    return read_settings({"TOCSIN_STATE": str(path), **more})


def test_without_brokers_or_a_file_it_says_what_to_name(tmp_path: Path) -> None:
    with pytest.raises(MigrateError, match="TOCSIN_KAFKA is not set, and says where"):
        migrate(asked(tmp_path / "tocsin.db"), io.StringIO())
    with pytest.raises(StoreError, match=r"tocsin\.db: there is no state file; name it with --state"):
        migrate(asked(tmp_path / "tocsin.db", TOCSIN_KAFKA="127.0.0.1:9"), io.StringIO())
    assert not (tmp_path / "tocsin.db").exists()


def test_a_file_in_use_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="in use by another tocsin"):
        migrate(asked(store.path, TOCSIN_KAFKA="127.0.0.1:9"), io.StringIO())


@pytest.mark.parametrize(
    ("done", "said"),
    [(False, "was begun to be carried into the topics t.* of Kafka at a:1; finish that with `tocsin migrate`, or go back to the copy"),
     (True, "was carried into the topics t.* of Kafka at a:1, and the river goes on there: start `tocsin work`, `deliver` and `poll`")],
    ids=["begun", "done"],
)  # fmt: skip
def test_a_file_that_went_away_is_opened_by_nobody_but_who_finishes_it(store: Store, done: bool, said: str) -> None:
    store.move(Moved(servers=("a:1",), prefix="t", done=done))
    store.close()
    with pytest.raises(StoreError) as caught:
        Store(store.path)
    assert said in str(caught.value)
    if done:
        with pytest.raises(StoreError):
            Store(store.path, moving=True)
    else:
        with Store(store.path, moving=True) as again:
            assert again.moved == Moved(servers=("a:1",), prefix="t")


def test_a_filling_is_told_with_what_it_has() -> None:
    out = io.StringIO()
    filling = Filling("t.articles", lambda: iter([Append(0, 0, b"k", b"v"), Append(2, 0, b"k", b"v")]), ", so to speak")
    assert fill(filling, {0: 1, 1: 0, 2: 0}, Memory(), out) == {0: 1, 2: 1}  # type: ignore[arg-type]
    assert out.getvalue() == "t.articles: 2 records, so to speak\n"
