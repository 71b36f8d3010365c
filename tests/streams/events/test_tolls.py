"""How many died, by what is said of it from hour to hour."""

from datetime import timedelta

import pytest

from streams.events.claims import Tolls
from streams.events.clusters import report_order
from streams.records import Range
from tests.builders import PUBLISHED, a_mention

Said = tuple[str, float, Range]
"""Owner, hours after the first report, count."""


def counted(*said: Said) -> Range | None:
    """The range, heard in this order and in the opposite one."""
    found = set[Range | None]()
    for order in (said, said[::-1]):
        tolls = Tolls()
        for owner, hours, killed in order:
            mention = a_mention(id=f"{owner}-{hours}", owner=owner, published=PUBLISHED + timedelta(hours=hours), killed=killed)
            tolls.add(mention, killed, report_order(mention))
        found.add(tolls.range())
    [one] = found
    return one


@pytest.mark.parametrize(
    ("said", "killed"),
    [
        pytest.param([("a", 0, (5, 5)), ("b", 2, (23, 23)), ("c", 5, (41, None))], (41, None), id="a toll that rises is the last one"),
        pytest.param([("a", 0, (5, 5)), ("a", 0.1, (9, 9))], (9, 9), id="of one voice the last word stands"),
        pytest.param([("a", 0, (9, 9)), ("a", 3, (5, 5))], (5, 5), id="also where it takes some back"),
        pytest.param([("a", 0, (3, 3)), ("b", 0.1, (0, 0))], (0, 3), id="two at one time contradict each other"),
        pytest.param([("a", 0, (30, 30)), ("b", 4, (12, 12))], (12, 30), id="a later and lower count is another opinion"),
        pytest.param([("a", 0, (5, 5)), ("b", 2, (5, None))], (5, None), id="as many and perhaps more"),
    ],
)
def test_what_stands_of_several_counts(said: list[Said], killed: Range) -> None:
    assert counted(*said) == killed


def test_no_count_is_none() -> None:
    assert Tolls().range() is None
