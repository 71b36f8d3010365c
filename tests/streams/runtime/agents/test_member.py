"""What a member takes of what Faust hands it after partitions have come and gone; and what it says where the river is half grown."""

from typing import NamedTuple

import pytest

from streams.runtime.agents.member import elsewhere, in_order, unequal


class Message(NamedTuple):
    offset: int


@pytest.mark.parametrize(
    ("offsets", "taken"),
    [
        ([5, 6, 7], [5, 6, 7]),
        ([3, 4, 5], [5]),
        ([5, 6, 5, 6, 7], [5, 6, 7]),
        ([6, 5, 7], [6, 7]),
        ([1, 2], []),
    ],
    ids=["as they lie", "some known", "again", "behind a later one: its gap is told", "all known"],
)
def test_each_entry_beyond_the_position_is_taken_once_and_in_order(offsets: list[int], taken: list[int]) -> None:
    assert [m.offset for m in in_order([Message(o) for o in offsets], 4)] == taken


def test_a_half_grown_river_is_told_with_what_finishes_it() -> None:
    assert unequal("t.mentions", 3, "t.fuse.state", 7).startswith(
        "t.mentions has 3 partitions, but t.fuse.state has 7; if the river is being grown, finish it with `tocsin topics grow 7`; else"
    )
    assert elsewhere("t.fuse.state", 7, 2, "SY.11") == (
        "t.fuse.state: the state of 'SY.11' lies in partition 2, but its records come in 0; "
        "stop all workers and pollers and run `tocsin topics grow 7`, which puts every state in its place"
    )
