"""A log dealt out to partitions, and states laid into changelogs: what the stage gives for them, and where they go on, is the same."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.events.fuse import FUSE
from streams.records import Article, Mention, Place, Tick, Verdict
from streams.runtime import carry
from streams.runtime.carry import Dealt, Seal, beyond, by_partition, changelog, deal, replaced, seals, standing
from streams.runtime.layout import partition_of
from streams.runtime.ledger import CONTROL, Ledger, done_row
from streams.runtime.rekey import Append
from streams.runtime.replay import outputs_of
from streams.topics import ARTICLES, EVENTS, MENTIONS, REJECTED, Rejected, Retried, copy_of
from tests.builders import a_mention, an_article, t4

BEGAN = datetime(2016, 12, 12, 12, tzinfo=UTC)
PARTITIONS = 3


def log_of(*entries: object) -> list[tuple[int, bytes]]:
    """Entries of a log as the state file has them; the first were dropped when they were old."""
    return [(100 + i, e if isinstance(e, bytes) else ARTICLES.encode(e)) for i, e in enumerate(entries)]  # type: ignore[arg-type]


def article(name: str, seconds: float = 0) -> Article:
    return an_article(id=name, fetched=BEGAN + timedelta(seconds=seconds))


def tick(seconds: float) -> Tick:
    return Tick(at=BEGAN + timedelta(seconds=seconds))


VERDICT = copy_of(Verdict(event="e", accepted=False, by="watch", at=BEGAN))
NAMES = {partition_of(f"article-{i}", PARTITIONS): f"article-{i}" for i in range(20)}
"""An article for each partition."""


def lying(dealt: list[Dealt], partition: int) -> list[object]:
    """What lies in a partition."""
    found: list[object] = []
    for d in dealt:
        if d.place.partition == partition:
            try:
                found.append(ARTICLES.decode(d.value))
            except ValueError:
                found.append(d.value)
    return found


def dealt(entries: list[tuple[int, bytes]], position: int = 1000) -> list[Dealt]:
    return list(deal(ARTICLES, entries, PARTITIONS, position))


def test_an_entry_lies_under_its_key_in_its_keys_partition_with_offsets_counted_there() -> None:
    entries = [article(NAMES[0]), article(NAMES[2]), article(NAMES[0], 1)]
    assert [(d.source, d.place, d.key) for d in dealt(log_of(*entries))] == [
        (100, (0, 0), NAMES[0].encode()),
        (101, (2, 0), NAMES[2].encode()),
        (102, (0, 1), NAMES[0].encode()),
    ]
    assert lying(dealt(log_of(*entries)), 0) == [entries[0], entries[2]]


def test_a_control_copy_lies_in_every_partition_between_what_it_lay_between() -> None:
    entries = [article(NAMES[0]), VERDICT, article(NAMES[0], 1), article(NAMES[1])]
    found = dealt(log_of(*entries))
    assert [lying(found, p) for p in range(PARTITIONS)] == [entries[:3], [VERDICT, entries[3]], [VERDICT]]
    assert {d.key for d in found if d.source == 101} == {None}


def test_of_ticks_with_nothing_between_them_in_a_partition_the_last_is_left() -> None:
    a, b = article(NAMES[0], 2), article(NAMES[0], 4)
    found = dealt(log_of(tick(1), a, tick(3), tick(3.5), b, tick(5)))
    assert lying(found, 0) == [tick(1), a, tick(3.5), b, tick(5)]
    assert lying(found, 1) == [tick(5)]


def test_ticks_that_were_taken_in_are_not_merged_with_those_that_wait() -> None:
    found = dealt(log_of(tick(1), tick(2), tick(3)), position=102)
    assert lying(found, 1) == [tick(2), tick(3)]
    assert standing(found, PARTITIONS, 102).positions == [0, 0, 0]


def test_what_has_no_key_that_can_be_read_lies_in_the_first_partition() -> None:
    assert [(d.place, d.key, d.value) for d in dealt(log_of(b"poison"))] == [((0, 0), None, b"poison")]


@pytest.mark.parametrize(
    ("position", "positions", "waiting"),
    [(0, [-1, -1, -1], 4), (101, [0, -1, -1], 3), (103, [1, 0, -1], 1), (104, [2, 0, -1], 0), (1000, [2, 0, -1], 0)],
    ids=["nothing was taken in", "the first was", "three were", "all were", "all, and others that are not kept"],
)
def test_a_reader_stands_behind_what_it_had_taken_in(position: int, positions: list[int], waiting: int) -> None:
    entries = log_of(article(NAMES[0]), article(NAMES[1]), article(NAMES[0], 1), article(NAMES[0], 2))
    found = standing(dealt(entries, position), PARTITIONS, position, named={102})
    assert (found.positions, found.waiting, found.places) == (positions, waiting, {102: (0, 1)})


@given(st.lists(st.integers(0, 9), max_size=30), st.integers(0, 30))
def test_what_a_stage_gives_for_the_partitions_is_what_it_gave_for_the_log(turns: list[int], position: int) -> None:
    log: list[object] = []
    for i, turn in enumerate(turns):
        at = BEGAN + timedelta(hours=i)
        log.append(tick(i * 3600) if turn == 9 else VERDICT if turn == 8 else mention(turn % 4, i, at))
    entries = [(i, MENTIONS.encode(e)) for i, e in enumerate(log)]  # type: ignore[arg-type]
    found = list(deal(MENTIONS, entries, PARTITIONS, position))
    logs = [[MENTIONS.decode(d.value) for d in found if d.place.partition == p] for p in range(PARTITIONS)]
    given = sorted(EVENTS.encode(r) for log in logs for r in outputs_of(FUSE, log))
    assert given == sorted(EVENTS.encode(r) for r in outputs_of(FUSE, log))


def mention(place: int, number: int, at: datetime) -> Mention:
    there: Place = t4(id=f"place-{place}", admin1=f"Division {place}", admin1_code=f"SY.{place}")
    return a_mention(id=f"m-{number}", article=f"a-{number}", place=there, fetched=at, published=at)


def recovered(appends: list[Append], partition: int) -> Ledger:
    ledger = Ledger()
    for offset, a in enumerate(a for a in appends if a.partition == partition):
        ledger.read(offset, a.key, a.value, a.epoch)
    ledger.settle()
    return ledger


def test_a_changelog_has_each_row_in_its_keys_partition_and_says_how_far_that_was_read() -> None:
    rows = by_partition([((NAMES[0], "", ""), b"head"), ((NAMES[0], "told", "a"), b"A"), ((NAMES[1], "", ""), b"B")], PARTITIONS)
    rows[0] |= {CONTROL: b"in force", done_row(7): b"1"}
    appends = list(changelog(rows, [4, -1, -1]))
    ledgers = [recovered(appends, p) for p in range(PARTITIONS)]
    assert dict(ledgers[0].rows()) == rows[0]
    assert (ledgers[0].position, ledgers[0].control) == (4, b"in force")
    assert dict(ledgers[1].rows()) == rows[1]
    assert (ledgers[1].position, len(ledgers[2])) == (-1, 0)
    assert {a.partition for a in appends} == {0, 1}


def test_a_partition_without_states_still_says_how_far_it_was_read() -> None:
    appends = list(changelog({}, [-1, 3, -1]))
    assert recovered(appends, 1).position == 3
    assert {a.partition for a in appends} == {1}


def test_what_is_more_than_one_batch_all_says_the_same_position() -> None:
    names = [f"article-{i}" for i in range(2500)]
    rows = by_partition((((name, "", ""), b"x") for name in names), 1)
    appends = list(changelog(rows, [9]))
    assert sum(a.key == b"commit" for a in appends) == 3
    for cut in (1, 1200, len(appends)):
        assert recovered(appends[:cut], 0).position == 9, "a reader that starts too early would go on from too early a place"
    assert set(recovered(appends, 0).state_keys()) == set(names)


def a_rejected(**changes: object) -> Rejected:
    known = {"stage": "fuse", "topic": "mentions", "at": BEGAN, "reason": "no JSON", "stack": "", "body": b"poison", "offset": 7}
    return Rejected(**{**known, **changes})  # type: ignore[arg-type]


def test_what_was_set_aside_says_where_it_lies_now() -> None:
    places = {("mentions", 7): carry.Place(2, 5)}
    kept = REJECTED.decode(replaced(REJECTED.encode(a_rejected()), places))
    assert (kept.partition, kept.offset, kept.body) == (2, 5, b"poison")
    gone = REJECTED.decode(replaced(REJECTED.encode(a_rejected(topic="events")), places))
    assert (gone.partition, gone.offset) == (0, None)
    for other in (REJECTED.encode(Retried(id="r", at=BEGAN)), b"\xff"):
        assert replaced(other, places) == other


def records(*keys: str) -> list[Append]:
    return [Append(partition_of(key, PARTITIONS), 0, key.encode(), None) for key in keys]


def test_seals_are_of_the_first_records_of_each_partition() -> None:
    all_of = records("a", "b", "c", "d", "e", "f")
    lengths = {p: sum(r.partition == p for r in all_of[:3]) for p in {r.partition for r in all_of[:3]}}
    assert seals(all_of, lengths) == seals(all_of[:3], lengths)
    assert seals(all_of[:2], lengths).keys() < lengths.keys()
    assert list(beyond(all_of, lengths)) == all_of[3:]
    assert list(beyond(all_of, {})) == all_of


@pytest.mark.parametrize(
    "other", [(b"k", b"w"), (b"l", b"v"), (b"k", None), (None, b"v"), (b"kv", b""), (b"", b"kv")], ids=lambda pair: repr(pair)
)
def test_a_seal_shows_any_difference(other: tuple[bytes | None, bytes | None]) -> None:
    one, same, another = Seal(), Seal(), Seal()
    one.add(b"k", b"v")
    same.add(b"k", b"v")
    another.add(*other)
    assert one == same != another
