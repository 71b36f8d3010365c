"""What the gate keeps from the parser: much of ordinary news, and nothing that would have told of anything."""

import itertools
from collections.abc import Sequence

import pytest

from streams.detection import nlp
from streams.detection.detector import Detector
from streams.detection.grammar import Parse, Parser
from streams.detection.scene import Draft
from tests.streams.detection.doubles import FewPlaces, article
from tests.streams.detection.test_sentences_table import ROWS, TOWNS

BETWEEN = "The group did not comment. Police arrested nobody, and a shot by the captain hit the post."
"""Said between two rows: of people who were named before, and of nothing that is a telling."""
PEACEFUL = [
    "The prime minister came under fire from her own party for the budget.",
    "Shares hit their highest level in three years on Tuesday.",
    "Her lawyers took the matter to the court in Oslo.",
    "A late strike by the captain won the match for Oslo.",
    "The storm hit the coast near Oslo and killed two sheep.",
]


class Counting:
    """A parser that remembers what it was given."""

    def __init__(self, parser: Parser) -> None:
        self._parser = parser
        self.given: list[str] = []

    def parse(self, texts: Sequence[str]) -> list[Parse]:
        self.given += texts
        return self._parser.parse(texts)


def everything(draft: Draft, *, place: bool) -> bool:
    """A gate that stands open."""
    return True


@pytest.fixture(scope="module")
def parser() -> Parser:
    return nlp.load()


def test_a_sentence_that_is_not_parsed_would_have_told_nothing(parser: Parser) -> None:
    places = FewPlaces(*TOWNS)
    alone = [article(sentence, id=str(i)) for i, (_, _, sentence) in enumerate(ROWS)]
    together = [
        article(f"{first} {BETWEEN} {second}", id=f"{i} and {i + 1}")
        for i, ((_, _, first), (_, _, second)) in enumerate(itertools.pairwise(ROWS))
    ]
    told = [Detector(places, parser).read(texts) for texts in (alone, together)]
    assert told == [Detector(places, parser, gate=everything).read(texts) for texts in (alone, together)]


@pytest.mark.parametrize("sentence", PEACEFUL)
def test_a_word_of_war_in_peaceful_news_is_not_parsed(parser: Parser, sentence: str) -> None:
    counting = Counting(parser)
    Detector(FewPlaces("Oslo"), counting).read([article(sentence)])
    assert counting.given == []


def test_places_are_not_looked_up_for_what_tells_nothing(parser: Parser) -> None:
    class NoPlaces(FewPlaces):
        def places(self, text: str, start: int, end: int) -> list:  # type: ignore[type-arg]
            raise AssertionError(f"looked up in {text!r}")

    assert Detector(NoPlaces("Oslo"), parser).read([article(" ".join(PEACEFUL))]) == [()]


def test_who_is_named_in_a_sentence_that_tells_nothing_is_still_the_group_of_the_next(parser: Parser) -> None:
    text = "Hezbollah took seats in parliament. The group attacked an army base in Oslo on Monday."
    [mentions] = Detector(FewPlaces("Oslo"), parser).read([article(text)])
    assert [a.id for m in mentions for a in m.actors if a.role == "attacker"] == ["hezbollah"]
