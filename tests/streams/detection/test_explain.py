"""What people are told of how an article was read."""

import pytest

from streams.detection import nlp
from streams.detection.atlas import Atlas
from streams.detection.detector import Detector
from streams.detection.explain import explain
from streams.detection.gazetteer import Gazetteer
from tests.streams.detection.doubles import article
from tests.streams.detection.test_sentences_table import ROWS

SENTENCES = [sentence for *_, sentence in ROWS]

TEXT = (
    "BEIRUT (Reuters) - Rebels stormed the Shayrat airbase on Tuesday, killing 4 soldiers. The army denied that the base had been taken. "
    "The team fired its coach after a strike in Paris."
)


@pytest.fixture(scope="module")
def told(gazetteer: Gazetteer) -> str:
    return "\n".join(explain(Detector(Atlas(gazetteer), nlp.load()), article(TEXT)))


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("'stormed' at 26: frame assault, weight 1, by '~storm'", id="a trigger"),
        pytest.param("'fired its coach' at 141: frame none", id="a figure of speech"),
        pytest.param("who_armed +2.2", id="a sign"),
        pytest.param("when: 'Tuesday' = 2023-03-14", id="a day"),
        pytest.param("whom: 'the Shayrat airbase on Tuesday'", id="an argument"),
        pytest.param("published: 2023-03-15 09:00 UTC", id="when it came out"),
        pytest.param("status, the first that holds: denied by 'denied' above it;", id="a status and its cue"),
        pytest.param("tells: armed_clash, asserted, at Shayrat airbase", id="what a sentence tells"),
        pytest.param("no event: its signs add up to", id="why a trigger tells of nothing"),
        pytest.param("'BEIRUT' at 0, dateline", id="a dateline"),
        pytest.param("Paris (town, 33.66 -95.56, US)", id="a candidate that was not chosen"),
        pytest.param("armed_clash at Shayrat airbase (air_base, SY, exact, within 2 km); asserted", id="a mention"),
        pytest.param("may alert", id="that it may alert"),
        pytest.param("kept as evidence, as what is denied never alerts", id="why another may not"),
    ],
)
def test_it_is_told(told: str, line: str) -> None:
    assert line in told


def test_an_article_without_a_trigger_is_told_in_a_few_lines(detector: Detector) -> None:
    lines = list(explain(detector, article("A library opened.")))
    assert lines[2:] == ["triggers", "  none; nothing more was looked at", "places", "mentions", "  none"]


def test_what_is_followed_is_what_is_read(detector: Detector) -> None:
    """For every sentence of the table: one way through the cascade, so that no explanation can contradict a mention."""
    for sentence in SENTENCES:
        [read] = detector.read([article(sentence)])
        assert detector.follow(article(sentence)).mentions == read, sentence


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("The company was hit by a price war.", "left out: its signs could add up to too little at best"),
        ("Les rebelles ont pris la base dans la nuit, ont dit des habitants de la ville par radio: attack, attack.", "not in English (fr)"),
        ("An army officer spoke. The minister was hit by a scandal.", "left out: its s"),
    ],
)
def test_a_trigger_that_was_not_read_has_its_reason(detector: Detector, text: str, why: str) -> None:
    assert any(why in line for line in explain(detector, article(text))), list(explain(detector, article(text)))


def test_an_article_without_a_date_is_told_to_have_none(detector: Detector) -> None:
    lines = list(explain(detector, article("Rebels stormed the base on Tuesday.", published=None)))
    assert lines[1] == "published: unknown, so that nothing relative to it has a date"
