"""Forty copies of one wire are one source; two outlets that write for themselves are two."""

import random

import pytest

from streams.detection.signature import sign
from streams.events.independence import Sources, owners
from streams.records import Mention
from tests.streams.events import plain
from tests.streams.flow import Flow
from tests.streams.saying import said

WORDS = [f"word{i}" for i in range(4000)]


def text(seed: int, length: int = 300) -> str:
    """A text of its own."""
    return " ".join(random.Random(seed).choices(WORDS, k=length))


def by(owner: str, body: str, title: str = "") -> Mention:
    """A mention in an article with this text."""
    return said(owner, signature=sign(body, title or None))


def test_forty_copies_of_one_wire_are_one_source() -> None:
    assert len(owners([by(f"outlet{i:02}", text(1)) for i in range(40)])) == 1


def test_a_copy_cut_to_60_percent_is_still_the_wires() -> None:
    whole = text(2)
    assert len(owners([by("wire", whole), by("paper", whole[: int(len(whole) * 0.6)])])) == 1


def test_two_texts_of_their_own_are_two_sources() -> None:
    assert len(owners([by("one", text(3)), by("two", text(4))])) == 2


def test_one_owner_counts_once_however_much_it_writes() -> None:
    assert len(owners([said("one", at=i, signature=None) for i in range(5)])) == 1


def test_short_items_are_copies_if_their_headlines_are_the_same() -> None:
    assert len(owners([by("a", "Five dead.", "Base attacked"), by("b", "Six dead.", "Base attacked")])) == 1
    assert len(owners([by("a", "Five dead.", "Base attacked"), by("b", "Five dead.", "Depot on fire")])) == 2


def test_short_items_are_copies_if_they_are_the_same_word_for_word_and_not_all_too_short() -> None:
    sentence = "Fighters stormed the airbase at dawn with mortars, rockets and machine guns."
    assert len(owners([by(f"outlet{i:02}", sentence) for i in range(40)])) == 1
    assert len(owners([by("a", sentence, "Base attacked"), by("b", sentence, "Fighters storm base")])) == 1
    assert len(owners([by("a", sentence), by("b", sentence.replace("dawn", "noon"))])) == 2
    assert len(owners([by("a", "Five dead."), by("b", "Five dead.")])) == 2


@pytest.mark.parametrize("copied", [0.3, 0.95])
@pytest.mark.parametrize("seed", range(4))
def test_sources_counted_on_in_any_order_are_those_of_the_whole(copied: float, seed: int) -> None:
    mentions = list(Flow(180, places=1, hours=4, copied=copied, revised=0.0, seed=seed))
    ordered = [((place,), mention) for place, mention in enumerate(mentions)]
    draw, sources = random.Random(seed), Sources()
    for order, mention in draw.sample(ordered, len(ordered)):
        sources.add(mention, order)
    assert sources.groups() == plain.owners(mentions)
    for left in (draw.sample(ordered, 150), draw.sample(ordered, 60), ordered):
        sources.recount(sorted(left, key=lambda pair: pair[0]))
        assert sources.groups() == plain.owners([mention for _, mention in sorted(left, key=lambda pair: pair[0])])
        assert sources.count() == len(sources.groups())
