"""One partition of a stage: what was made to last is where the next owner goes on, wherever the one before was cut off."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from streams.records import Tick
from streams.runtime.agents.line import Line, decoded
from streams.runtime.agents.stage import BATCH_BYTES, fitting
from streams.runtime.layout import partition_of
from streams.runtime.ledger import Ledger
from streams.runtime.replay import outputs_of
from streams.topics import Rejected
from tests.streams.runtime.test_stages import ECHO, Note, at, verdict

Changelog = list[tuple[bytes, bytes | None, int]]


def owner(changelog: Changelog) -> Line:
    """Whoever has the partition next, by what the changelog says."""
    ledger = Ledger()
    for offset, (key, value, epoch) in enumerate(changelog):
        ledger.read(offset, key, value, epoch)
    changelog += [(key, value, ledger.epoch) for key, value in ledger.settle()]
    return Line(ECHO, 0, ledger)


def advance(line: Line, log: Sequence[Any], upto: int, changelog: Changelog) -> list[Any]:
    """Take in a batch up to and with offset *upto*; what it writes, and its changelog."""
    entries = log[line.position + 1 : upto + 1]
    batch = line.advance(entries, [None] * len(entries), range(upto - len(entries) + 1, upto + 1))
    changelog += [(key, value, line.ledger.epoch) for key, value in line.ledger.commit(batch.rows, batch.position)]
    return batch.written


LOG = [
    Note(key="a", at=at(0)), verdict("one", 1), Note(key="b", at=at(2)), Tick(at=at(11)), Note(key="a", at=at(12)), verdict("two", 13),
    Note(key="c", at=at(14)), Tick(at=at(40)), Note(key="a", at=at(41)), Tick(at=at(60)),
]  # fmt: skip


@given(st.lists(st.tuples(st.integers(1, 4), st.booleans(), st.booleans()), min_size=1, max_size=12), st.data())
def test_whoever_goes_on_after_a_cut_writes_what_the_step_gives_and_nothing_else(
    batches: list[tuple[int, bool, bool]], data: st.DataObject
) -> None:
    changelog: Changelog = []
    line, written = owner(changelog), list[Any]()
    for size, dies, before_it_lasts in [*batches, *[(4, False, False)] * 5]:
        upto = min(line.position + size, len(LOG) - 1)
        if upto <= line.position:
            break
        kept = len(changelog)
        written += advance(line, LOG, upto, changelog)
        if dies:
            if before_it_lasts:  # the outputs are out, the batch is not: it is done again
                del changelog[kept:]
            else:
                del changelog[data.draw(st.integers(kept + 1, len(changelog))) :]
            line = owner(changelog)
    expected = outputs_of(ECHO, LOG[: line.position + 1])
    assert {ECHOED(r) for r in written} == {ECHOED(r) for r in expected}


def ECHOED(record: Any) -> tuple[Any, str]:  # noqa: N802  reads as a set's members
    return record.at, record.text


def test_a_tick_is_asked_for_once_until_it_has_come() -> None:
    line = owner([])
    advance(line, LOG, 0, [])
    assert not line.tick_wanted(at(9))
    assert line.tick_wanted(at(10))
    assert not line.tick_wanted(at(11))
    advance(line, [LOG[0], Tick(at=at(10))], 1, [])
    assert not line.tick_wanted(at(11))  # nothing is due any more


def test_the_control_of_a_partition_is_kept_with_its_states() -> None:
    changelog: Changelog = []
    line = owner(changelog)
    advance(line, LOG, 1, changelog)
    written = advance(owner(changelog), [*LOG[:2], Tick(at=at(11))], 2, changelog)
    assert [r.text for r in written] == ["one"]


def test_messages_are_cut_into_batches_of_bounded_size_and_the_largest_goes_by_itself() -> None:
    sizes = [BATCH_BYTES // 2, BATCH_BYTES // 2, 10, 3 * BATCH_BYTES, 10, 10]
    cut = fitting([SimpleNamespace(value=b"x" * n) for n in sizes])
    assert [[len(m.value) for m in batch] for batch in cut] == [sizes[:2], [10], [3 * BATCH_BYTES], [10, 10]]


def test_an_entry_that_lies_where_its_key_does_not_belong_is_set_aside() -> None:
    note = Note(key="a", at=at(0))
    body, home = ECHO.input.encode(note), partition_of("a", 3)
    assert decoded(ECHO, body, at(0), home, 3) == note
    refused = decoded(ECHO, body, at(0), (home + 1) % 3, 3)
    assert isinstance(refused, Rejected)
    assert f"its key belongs in {home}" in refused.reason
    assert refused.body == body


def test_ticks_belong_in_every_partition() -> None:
    tick = Tick(at=at(1))
    assert [decoded(ECHO, ECHO.input.encode(tick), at(1), p, 3) for p in range(3)] == [tick] * 3
