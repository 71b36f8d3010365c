"""What people are told of how an article was read."""

import pytest

from streams.detection import nlp
from streams.detection.atlas import Atlas
from streams.detection.detector import Detector
from streams.detection.explain import explain
from streams.detection.gazetteer import Gazetteer
from tests.streams.detection.doubles import article

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
        pytest.param("status: denied, cued by 'denied'", id="a status and its cue"),
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


def test_an_article_without_a_trigger_is_told_in_a_few_lines(gazetteer: Gazetteer) -> None:
    lines = list(explain(Detector(Atlas(gazetteer), nlp.load()), article("A library opened.")))
    assert lines[1:] == ["triggers", "  none; nothing more was looked at", "places", "mentions", "  none"]
