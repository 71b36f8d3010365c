"""States kept in rows: what comes back is what was put, whatever was written in between, and little is written for a little change."""

from datetime import datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.records import Part
from streams.runtime.states import CACHED, RowStates, StateError, waiting_in
from streams.stages import Stage
from tests.streams.runtime.test_stages import ECHOES, NOTES
from tests.streams.saying import NOON


class Item(Part, frozen=True, kw_only=True):
    """An entry of a large field."""

    n: int


class Shelf(Part, frozen=True, kw_only=True):
    """A state with two large fields."""

    label: str = ""
    items: dict[str, Item] = {}
    dates: dict[str, datetime] = {}


SHELF = Stage(
    name="shelf", input=NOTES, outputs=(ECHOES,), step=lambda state, record, control: (state, []), state=Shelf, rows=("items", "dates")
)


class Rows:
    """Rows in memory."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str, str], bytes] = {}

    def states(self) -> RowStates:
        return RowStates(SHELF, self.of, waiting_in(self.rows.items()))

    def of(self, key: str) -> dict[tuple[str, str], bytes]:
        return {(field, entry): body for (k, field, entry), body in self.rows.items() if k == key}

    def write(self, states: RowStates) -> dict[Any, bytes | None]:
        changes = states.changes()
        for row, body in changes.items():
            if body is None:
                del self.rows[row]  # deletes only what is there
            else:
                self.rows[row] = body
        return changes


def shelf(**items: int) -> Shelf:
    return Shelf(items={k: Item(n=n) for k, n in items.items()})


def test_one_changed_entry_of_many_is_one_row() -> None:
    rows = Rows()
    states, full = rows.states(), shelf(**{f"i{n}": n for n in range(1000)})
    states.put("k", full, None)
    assert len(rows.write(states)) == 1001
    states.put("k", msgspec.structs.replace(full, items={**full.items, "i7": Item(n=70)}), None)
    assert list(rows.write(states)) == [("k", "items", "i7")]


def test_the_order_of_entries_is_part_of_the_state() -> None:
    rows = Rows()
    states = rows.states()
    states.put("k", shelf(b=1, a=2, c=3), None)
    rows.write(states)
    states.put("k", shelf(c=3, b=1, d=4), None)
    rows.write(states)
    assert list(rows.states().get("k").items) == ["c", "b", "d"]


def test_who_waits_is_known_again_from_the_heads() -> None:
    rows = Rows()
    states = rows.states()
    states.put("late", shelf(a=1), NOON.replace(hour=15))
    states.put("early", shelf(a=1), NOON)
    states.put("never", shelf(a=1), None)
    rows.write(states)
    assert rows.states().next_due() == (NOON, "early")


def test_a_state_that_is_forgotten_leaves_no_row() -> None:
    rows = Rows()
    states = rows.states()
    states.put("k", shelf(a=1, b=2), NOON)
    rows.write(states)
    states.put("k", None, None)
    rows.write(states)
    assert rows.rows == {}
    assert rows.states().get("k") is None


def test_a_state_that_came_and_went_between_two_writes_leaves_no_row() -> None:
    rows = Rows()
    states = rows.states()
    states.put("k", shelf(a=1), None)
    states.put("k", None, None)
    assert rows.write(states) == {}


def test_a_head_of_the_format_before_rows_is_read_and_written_anew_in_rows() -> None:
    rows = Rows()
    rows.rows["k", "", ""] = msgspec.json.encode((None, shelf(a=1, b=2)))
    states = rows.states()
    assert states.get("k") == shelf(a=1, b=2)
    states.put("k", shelf(a=1, b=2, c=3), None)
    rows.write(states)
    assert set(rows.rows) == {("k", "", ""), ("k", "items", "a"), ("k", "items", "b"), ("k", "items", "c")}
    assert rows.states().get("k") == shelf(a=1, b=2, c=3)


def test_a_state_of_another_version_is_told_with_stage_and_key() -> None:
    rows = Rows()
    rows.rows["k", "", ""] = b'[null,{"label":5}]'
    with pytest.raises(StateError, match=r"stage shelf for 'k' is of another version of Tocsin .*TOCSIN_STATE or TOCSIN_KAFKA_PREFIX"):
        rows.states().get("k")


def test_states_beyond_the_cache_are_read_from_their_rows() -> None:
    rows = Rows()
    states = rows.states()
    for n in range(CACHED + 10):
        states.put(f"k{n}", shelf(a=n), None)
    rows.write(states)
    assert states.get("k0") == shelf(a=0)


puts = st.lists(
    st.tuples(
        st.sampled_from("xyz"),
        st.none() | st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 3)), max_size=6, unique_by=lambda e: e[0]),
        st.booleans(),
    ),
    max_size=30,
)


@given(puts)
def test_what_is_read_back_is_what_was_put(steps: list[tuple[str, list[tuple[str, int]] | None, bool]]) -> None:
    rows, wanted = Rows(), dict[str, Shelf | None]()
    states = rows.states()
    for key, items, write in steps:
        before = states.get(key)
        assert before == wanted.get(key)
        kept = before.items if before else {}
        new = None if items is None else Shelf(items={e: kept[e] if e in kept and kept[e].n == n else Item(n=n) for e, n in items})
        states.put(key, new, None)
        wanted[key] = new
        if write:
            rows.write(states)
    rows.write(states)
    again = rows.states()
    for key, state in wanted.items():
        assert again.get(key) == state
        assert state is None or list(again.get(key).items) == list(state.items)
