"""A changelog cut off anywhere gives the rows of a whole batch; a writer that lost its partition does no harm."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from streams.runtime.ledger import COMMIT, PART_BYTES, Commit, Ledger, Write
from streams.runtime.states import Row

Record = tuple[bytes, bytes | None, int]
batches = st.lists(
    st.dictionaries(st.tuples(st.sampled_from("kl"), st.sampled_from(["", "f"]), st.sampled_from("ab")), st.none() | st.binary(max_size=2)),
    max_size=12,
)
sizes = st.sampled_from([1, 8, PART_BYTES])
"""Of a commit's records: one row each, a few, all."""


def named(batch: dict[tuple[str, str, str], bytes | None]) -> dict[Row, bytes | None]:
    return {(k, f, e if f else ""): body for (k, f, e), body in batch.items()}


def contents(ledger: Ledger) -> tuple[int, dict[Row, bytes]]:
    return ledger.position, dict(ledger.rows())


def written(ledger: Ledger, rows: dict[Row, bytes | None], position: int) -> list[Record]:
    return [(key, value, ledger.epoch) for key, value in ledger.commit(rows, position)]


def whole(records: list[Record]) -> int:
    """How many records of a batch must be there for it to count: up to and with its commit."""
    return next(i for i, (key, _, _) in enumerate(records) if key == COMMIT) + 1


def recovered(log: list[Record], part_bytes: int = PART_BYTES) -> tuple[Ledger, list[Write]]:
    ledger = Ledger(part_bytes)
    for offset, (key, value, epoch) in enumerate(log):
        ledger.read(offset, key, value, epoch)
    return ledger, ledger.settle()


def compacted(log: list[Record]) -> list[Record]:
    """What compaction may leave: the last of each key, and no deletion."""
    last = {key: i for i, (key, _, _) in enumerate(log)}
    return [record for i, record in enumerate(log) if last[record[0]] == i and record[1] is not None]


@given(batches, st.integers(0, 200), st.booleans(), sizes)
def test_a_changelog_cut_off_anywhere_gives_the_state_after_some_whole_batch(
    steps: list[dict[tuple[str, str, str], bytes | None]], cut: int, compact: bool, part_bytes: int
) -> None:
    ledger, log = Ledger(part_bytes), list[Record]()
    ledger.settle()
    after, ends = [contents(ledger)], list[int]()
    for position, batch in enumerate(steps):
        records = written(ledger, named(batch), position)
        after.append(contents(ledger))
        ends.append(len(log) + whole(records))
        log += records
    kept = log[: min(cut, len(log))]
    found, _ = recovered(compacted(kept) if compact else kept)
    assert contents(found) == after[sum(end <= len(kept) for end in ends)]  # a batch whose commit is there counts whole


def test_what_a_writer_that_lost_its_partition_writes_is_passed_over_and_mended() -> None:
    old, _ = recovered([])
    log = written(old, {("k", "", ""): b"1"}, 0)
    new, _ = recovered(log)
    log += written(new, {("k", "", ""): b"2", ("l", "f", "a"): b"2"}, 1)
    late = written(old, {("k", "", ""): b"late", ("l", "f", "a"): None}, 1)
    found, mended = recovered([*log, *late])
    assert contents(found) == (1, {("k", "", ""): b"2", ("l", "f", "a"): b"2"})
    assert found.passed_over == 3
    assert recovered(compacted([*log, *late, *[(key, value, found.epoch) for key, value in mended]]))[0].of("k") == {("", ""): b"2"}


def test_an_epoch_is_higher_than_all_before_it() -> None:
    first, _ = recovered([])
    log = written(first, {}, 0)
    second, _ = recovered(log)
    assert second.epoch > first.epoch


def test_records_without_a_key_are_nobodys() -> None:
    ledger = Ledger()
    ledger.read(7, None, b"x", 0)
    assert (ledger.read_to, len(ledger)) == (7, 0)


def test_rows_of_a_batch_that_was_broken_off_are_not_lost_with_the_commits_after_it() -> None:
    first, _ = recovered([])
    log = written(first, {("k", "", ""): b"1"}, 0)[:1]  # killed between the commit and its row
    second, mended = recovered(log)
    log += [(key, value, second.epoch) for key, value in mended]
    log += written(second, {("l", "", ""): b"2"}, 1)
    for kept in (log, compacted(log)):
        assert contents(recovered(kept)[0]) == (1, {("k", "", ""): b"1", ("l", "", ""): b"2"})


@given(st.lists(st.tuples(batches.map(lambda b: b[0] if b else {}), st.integers(0, 9), st.booleans()), max_size=8), sizes)
def test_however_often_writers_are_killed_each_batch_counts_whole_or_not_at_all(
    lives: list[tuple[dict[tuple[str, str, str], bytes | None], int, bool]], part_bytes: int
) -> None:
    log, wanted = list[Record](), dict[Row, bytes]()
    for position, (batch, lasts, compact) in enumerate(lives):
        ledger, mended = recovered(log, part_bytes)
        assert dict(ledger.rows()) == wanted
        records = written(ledger, named(batch), position)
        log += [*[(key, value, ledger.epoch) for key, value in mended], *records][:lasts]
        if lasts >= len(mended) + whole(records):  # the commit is there
            wanted = {row: body for row, body in (wanted | named(batch)).items() if body is not None}
        log = compacted(log) if compact else log
    assert dict(recovered(log)[0].rows()) == wanted


def test_a_batch_too_large_for_one_record_is_committed_in_parts() -> None:
    ledger, _ = recovered([], part_bytes=100)
    rows: dict[Row, bytes | None] = {("k", "told", f"{n}"): b"x" * 60 for n in range(5)}
    records = written(ledger, rows, 7)
    commits = [value for key, value, _ in records if key.startswith(COMMIT) and value is not None]
    assert [len(msgspec.msgpack.decode(c, type=Commit).rows) for c in commits] == [1, 1, 1, 1, 1]
    assert max(map(len, commits)) < 150
    assert contents(recovered(records[:5])[0]) == (7, rows)
    assert contents(recovered(records[:4])[0]) == (-1, {})


def test_a_part_written_over_by_a_batch_that_was_broken_off_is_no_part_of_the_one_before() -> None:
    ledger, _ = recovered([], part_bytes=1)
    log = written(ledger, {("k", "", ""): b"1", ("l", "", ""): b"1"}, 0)
    log += written(ledger, {("k", "", ""): b"2", ("l", "", ""): b"2"}, 0)[:1]
    for kept in (log, compacted(log)):
        assert contents(recovered(kept)[0]) == (0, {("k", "", ""): b"1", ("l", "", ""): b"1"})
