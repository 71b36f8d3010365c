"""The metrics and their page."""

import re

import pytest

from alerts.commands.metrics_page import PAGE, page
from streams import metrics

NAMES = [line.split("`")[1] for line in page().splitlines() if line.startswith("| `tocsin")]


def test_the_page_is_what_the_code_declares() -> None:
    assert PAGE.read_text() == page(), "run `python -m alerts.commands.metrics_page`"


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_of_ours_and_in_a_base_unit(name: str) -> None:
    assert re.fullmatch(r"tocsin_[a-z_]+", name)
    assert not re.search(r"_(ms|milliseconds|minutes|hours|kb|mb|percent)(_|$)", name)


def test_labels_are_closed_sets() -> None:
    labels = {n for c in vars(metrics).values() for n in getattr(c, "_labelnames", ())}
    assert labels == {
        "feed", "status", "change", "topic", "stage", "direction", "partition", "verdict", "language", "kind", "type", "rule", "severity",
        "channel", "outcome", "receiver", "what", "version", "python", "reader",
    }  # fmt: skip
