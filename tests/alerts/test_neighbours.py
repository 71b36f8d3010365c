"""The page of behaviours that others met: each test that it names exists, and what it says is not yet so is marked as such."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "decisions" / "0019-neighbours-behaviours.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(test_\w+)`", PAGE)))
EDGES = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests" / "alerts").glob("test_edges_*.py"))


@pytest.fixture(scope="module")
def known() -> set[str]:
    """Every test that there is."""
    return {name for path in (ROOT / "tests").rglob("test_*.py") for name in re.findall(r"def (test_\w+)", path.read_text("utf-8"))}


@pytest.mark.parametrize("name", NAMED)
def test_a_test_that_the_page_names_exists(name: str, known: set[str]) -> None:
    assert name in known


def test_every_test_of_an_edge_is_on_the_page() -> None:
    assert set(re.findall(r"def (test_\w+)", EDGES)) - set(NAMED) == set()


def test_what_is_not_yet_so_is_what_is_expected_to_fail() -> None:
    marked = re.findall(r"xfail\(.*?\ndef (test_\w+)", EDGES, flags=re.S)
    assert marked
    assert sorted(marked) == sorted(re.findall(r"\*\*Not yet\*\*.*`(test_\w+)`", PAGE))
