"""A changelog cut off anywhere gives the rows of a whole batch; a writer that lost its partition does no harm."""

from hypothesis import given
from hypothesis import strategies as st

from streams.runtime.ledger import Ledger, Write
from streams.runtime.states import Row

Record = tuple[bytes, bytes | None, int]
batches = st.lists(
    st.dictionaries(st.tuples(st.sampled_from("kl"), st.sampled_from(["", "f"]), st.sampled_from("ab")), st.none() | st.binary(max_size=2)),
    max_size=12,
)


def named(batch: dict[tuple[str, str, str], bytes | None]) -> dict[Row, bytes | None]:
    return {(k, f, e if f else ""): body for (k, f, e), body in batch.items()}


def contents(ledger: Ledger) -> tuple[int, dict[Row, bytes]]:
    return ledger.position, dict(ledger.rows())


def written(ledger: Ledger, rows: dict[Row, bytes | None], position: int) -> list[Record]:
    first, rest = ledger.commit(rows, position)
    return [(key, value, ledger.epoch) for key, value in (first, *rest)]


def recovered(log: list[Record]) -> tuple[Ledger, list[Write]]:
    ledger = Ledger()
    for offset, (key, value, epoch) in enumerate(log):
        ledger.read(offset, key, value, epoch)
    return ledger, ledger.settle()


def compacted(log: list[Record]) -> list[Record]:
    """What compaction may leave: the last of each key, and no deletion."""
    last = {key: i for i, (key, _, _) in enumerate(log)}
    return [record for i, record in enumerate(log) if last[record[0]] == i and record[1] is not None]


@given(batches, st.integers(0, 200), st.booleans())
def test_a_changelog_cut_off_anywhere_gives_the_state_after_some_whole_batch(
    steps: list[dict[tuple[str, str, str], bytes | None]], cut: int, compact: bool
) -> None:
    ledger, log = Ledger(), list[Record]()
    ledger.settle()
    after, ends = [contents(ledger)], [0]
    for position, batch in enumerate(steps):
        log += written(ledger, named(batch), position)
        after.append(contents(ledger))
        ends.append(len(log))
    kept = log[: min(cut, len(log))]
    found, _ = recovered(compacted(kept) if compact else kept)
    begun = sum(end < len(kept) for end in ends)  # a batch whose commit is there counts whole
    assert contents(found) == after[begun]


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


@given(st.lists(st.tuples(batches.map(lambda b: b[0] if b else {}), st.integers(0, 6), st.booleans()), max_size=8))
def test_however_often_writers_are_killed_each_batch_counts_whole_or_not_at_all(
    lives: list[tuple[dict[tuple[str, str, str], bytes | None], int, bool]],
) -> None:
    log, wanted = list[Record](), dict[Row, bytes]()
    for position, (batch, lasts, compact) in enumerate(lives):
        ledger, mended = recovered(log)
        assert dict(ledger.rows()) == wanted
        life = [*[(key, value, ledger.epoch) for key, value in mended], *written(ledger, named(batch), position)]
        log += life[:lasts]
        if lasts > len(mended):  # the commit is there
            wanted = {row: body for row, body in (wanted | named(batch)).items() if body is not None}
        log = compacted(log) if compact else log
    assert dict(recovered(log)[0].rows()) == wanted
