"""Twice as much text costs twice as much, also of text that was made to be slow: counted in calls, not in seconds."""

import re
import sys
from collections.abc import Callable, Sequence
from types import FrameType

import pytest

from streams.detection import parts, sentences
from streams.detection.atlas import Atlas
from streams.detection.detector import Detector
from streams.detection.gazetteer import Gazetteer
from streams.detection.grammar import Parse, children_of
from tests.streams.detection.doubles import article

LETTERS = 8_000
HOSTILE: dict[str, Callable[[int], str]] = {
    "news of war": lambda n: "Rebels shelled Homs on Monday, killing six soldiers. The army said it had retaken Palmyra.\n" * (n // 90),
    "trigger words": lambda n: "attack " * (n // 7),
    "no space at all": lambda n: "attackbomb" * (n // 10),
    "names of places": lambda n: "Homs Gao Paris Sake Kharkiv " * (n // 28) + "attacked soldiers",
    "places after commas": lambda n: "soldiers attacked Homs, Aleppo, Springfield, Texas, " * (n // 52),
    "a line for each attack": lambda n: "Rebels attacked\n" * (n // 16),
    "silent sentences that name a group": lambda n: (
        "Hezbollah took seats in parliament.\n" * (n // 36) + "Rebels attacked soldiers in Homs."
    ),
    "tagged parts": lambda n: "Rebels attack\n[ARANews] Rebels attacked soldiers in Homs.\n\n" * (n // 56),
    "hyphens": lambda n: "al-Homs-" * (n // 8) + " soldiers attacked",
    "datelines": lambda n: "HOMS (AP) - Rebels attacked soldiers.\n" * (n // 38),
}


class FlatParser:
    """A parser to which every sentence is a verb and its objects."""

    def parse(self, texts: Sequence[str]) -> list[Parse]:
        return [self._parse(text) for text in texts]

    def _parse(self, text: str) -> Parse:
        found = list(re.finditer(r"\w+", text))
        heads = [0] * len(found)
        return Parse(
            words=[m.group().lower() for m in found],
            tags=["VBD", *["NN"] * (len(found) - 1)],
            deps=["ROOT", *["dobj"] * (len(found) - 1)],
            heads=heads,
            starts=[m.start() for m in found],
            ends=[m.end() for m in found],
            children=children_of(heads),
        )


def calls(work: Callable[[], object]) -> int:
    """How many functions *work* calls, those of C among them."""
    count = 0

    def heard(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(heard)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("what", HOSTILE)
def test_twice_as_much_text_takes_twice_as_many_steps(gazetteer: Gazetteer, what: str) -> None:
    detector = Detector(Atlas(gazetteer), FlatParser())
    once, twice = (article(HOSTILE[what](n)) for n in (LETTERS, 2 * LETTERS))
    detector.read([once])  # names are remembered from here on
    steps = calls(lambda: detector.read([once]))
    assert calls(lambda: detector.read([twice])) < 2.4 * steps


def test_a_line_of_capitals_is_no_dateline_however_it_might_be_cut() -> None:
    """Cut into words in every way it would take longer than the test."""
    body = "A" * 60 + ": said nobody. Rebels attacked."
    [part] = parts.split(body, None, {})
    assert part.text in {0, 62}


@pytest.mark.parametrize("run", [" ", ".", "\n", "'"])
def test_a_long_run_of_one_sign_ends_at_most_one_sentence(run: str) -> None:
    found = sentences.split("Rebels attacked." + run * 20_000 + " soldiers fled")
    assert len(found) <= 2 + 20_000 // sentences.MAX_SENTENCE
