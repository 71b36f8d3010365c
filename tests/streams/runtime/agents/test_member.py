"""What a consumer delivers is sorted by offsets: it may come again, or with something missing before it; a half-grown river is told."""

from types import SimpleNamespace
from typing import Any

import pytest

from streams.runtime.agents.member import elsewhere, sort_out, unequal


def events(*offsets: int) -> list[Any]:
    """Of one partition."""
    return [SimpleNamespace(message=SimpleNamespace(offset=offset)) for offset in offsets]


def offsets(some: list[Any]) -> list[int]:
    """Of events."""
    return [event.message.offset for event in some]


@pytest.mark.parametrize(
    ("delivered", "new", "known", "gap"),
    [
        pytest.param((5, 6, 7), [5, 6, 7], [], False, id="what follows is new"),
        pytest.param((3, 4, 5), [5], [3, 4], False, id="what was taken in is a repeat"),
        pytest.param((5, 6, 5, 6, 7), [5, 6, 7], [5, 6], False, id="a repeat within one delivery is one"),
        pytest.param((8, 9), [], [], True, id="entries before which some are missing must wait"),
        pytest.param((8, 9, 5, 6, 7, 8), [5, 6, 7, 8], [], True, id="what was missing may come after a seek"),
        pytest.param((5, 8), [5], [], True, id="what comes before a gap is taken in"),
    ],
)
def test_sorting_out(delivered: tuple[int, ...], new: list[int], known: list[int], gap: bool) -> None:
    found = sort_out(events(*delivered), 5)
    assert (offsets(found.new), offsets(found.known), found.gap) == (new, known, gap)


def test_a_half_grown_river_is_told_with_what_finishes_it() -> None:
    assert unequal("t.mentions", 3, "t.fuse.state", 7).startswith(
        "t.mentions has 3 partitions, but t.fuse.state has 7; if the river is being grown, finish it with `tocsin topics grow 7`; else"
    )
    assert elsewhere("t.fuse.state", 7, 2, "SY.11") == (
        "t.fuse.state: the state of 'SY.11' lies in partition 2, but its records come in 0; "
        "stop all workers and pollers and run `tocsin topics grow 7`, which puts every state in its place"
    )
