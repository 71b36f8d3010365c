"""States moved to where more partitions put their keys: none is lost, none lies twice, wherever the move is broken off."""

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from streams.runtime import rekey
from streams.runtime.layout import partition_of
from streams.runtime.ledger import CONTROL, Ledger
from streams.runtime.rekey import batches, misplaced, steps
from streams.runtime.states import Row

Record = tuple[bytes, bytes | None, int]
Changelog = list[list[Record]]
KEYS = [f"k{i}" for i in range(12)]
DONE: Row = ("", "done", "17")


def recovered(log: list[Record]) -> tuple[Ledger, list[tuple[bytes, bytes | None]]]:
    ledger = Ledger()
    for offset, (key, value, epoch) in enumerate(log):
        ledger.read(offset, key, value, epoch)
    return ledger, ledger.settle()


def a_changelog(partitions: int, *, broken_off: bool = False) -> Changelog:
    """Each key has a head and an entry; each partition a control, a position and what is done beyond it."""
    out: Changelog = []
    for p in range(partitions):
        ledger, log = recovered([])[0], list[Record]()
        rows: dict[Row, bytes | None] = {CONTROL: b"in force", DONE: b"1"}
        for key in KEYS:
            if partition_of(key, partitions) == p:
                rows |= {(key, "", ""): key.encode(), (key, "told", "a"): b"A"}
        log += [(key, value, ledger.epoch) for key, value in ledger.commit(rows, 100 + p)]
        out.append(log[: -len(rows) // 2] if broken_off else log)
    return out


def contents(changelog: Changelog) -> list[tuple[int, dict[Row, bytes]]]:
    return [(ledger.position, dict(ledger.rows())) for ledger in (recovered(log)[0] for log in changelog)]


def wanted(before: int, after: int) -> list[tuple[int, dict[Row, bytes]]]:
    """What every partition should hold in the end."""
    out: list[tuple[int, dict[Row, bytes]]] = []
    for p in range(after):
        rows: dict[Row, bytes] = {CONTROL: b"in force"} | ({DONE: b"1"} if p < before else {})
        for key in KEYS:
            if partition_of(key, after) == p:
                rows |= {(key, "", ""): key.encode(), (key, "told", "a"): b"A"}
        out.append((100 + p if p < before else -1, rows))
    return out


def run(changelog: Changelog, most: int = 10**9) -> int:
    """Re-key it in place, as far as *most* records; how many were written."""
    found = [recovered(log) for log in changelog]
    written = 0
    for step in steps([ledger for ledger, _ in found], {p: mending for p, (_, mending) in enumerate(found)}):
        for append in step:
            if written == most:
                return written
            changelog[append.partition].append((append.key, append.value, append.epoch))
            written += 1
    return written


def grown(before: int, after: int, **how: bool) -> Changelog:
    """A changelog whose partitions were added and whose states were not moved yet."""
    return [*a_changelog(before, **how), *[[] for _ in range(after - before)]]


def test_every_state_moves_whole_and_what_is_of_a_partition_stays() -> None:
    changelog = grown(3, 7)
    run(changelog)
    assert contents(changelog) == wanted(3, 7)


def test_a_second_run_finds_nothing_to_do() -> None:
    changelog = grown(3, 7)
    assert run(changelog) > 0
    assert run(changelog) == 0


@given(st.integers(1, 5), st.integers(1, 4), st.lists(st.integers(0, 60), max_size=4), st.booleans())
def test_however_often_it_is_broken_off_nothing_is_lost_or_doubled(before: int, more: int, cuts: list[int], broken_off: bool) -> None:
    changelog = grown(before, before + more, broken_off=broken_off)
    for cut in cuts:
        run(changelog, cut)
        held = {row[0] for _, rows in contents(changelog) for row in rows}
        assert held >= set(KEYS)
    run(changelog)
    assert contents(changelog) == wanted(before, before + more)


def test_a_key_in_the_wrong_partition_is_found_and_what_has_no_key_is_at_home_anywhere() -> None:
    ledger, _ = recovered(a_changelog(1)[0])
    assert misplaced(ledger, 0, 1) is None
    key = misplaced(ledger, 0, 7)
    assert key in KEYS
    assert partition_of(key, 7) != 0
    assert misplaced(Ledger(), 3, 7) is None
    for row in [row for row, _ in ledger.rows() if row[0]]:
        ledger.commit({row: None}, 0)
    assert len(ledger) == 2
    assert misplaced(ledger, 5, 7) is None


def sizes(*lengths: int) -> Iterator[int]:
    return (len(batch) for batch in batches({("k", "f", str(i)): b"x" * length for i, length in enumerate(lengths)}))


def test_batches_fit_a_commit_record() -> None:
    big = rekey.BATCH_BYTES
    assert list(sizes()) == []
    assert list(sizes(big // 2, big // 2 - 10, 9)) == [2, 1]
    assert list(sizes(3 * big, 1, 1)) == [1, 2]
    assert list(sizes(*[1] * (2 * rekey.BATCH_ROWS + 1))) == [rekey.BATCH_ROWS, rekey.BATCH_ROWS, 1]
