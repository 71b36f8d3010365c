"""The case that Tocsin was born from, through `tocsin replay`: an attack on an airbase, told by outlets that contradict each other.

The original belongs to its publishers and lies beside the project, not in it; tests/golden/river-story.txt tells a like story in our words.
"""

import json
import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from alerts.commands.replay import replay
from streams.detection.detector import Detector
from streams.records import Article, Mention
from streams.settings import read_settings

PUBLISHED = datetime(2016, 12, 13, 5, tzinfo=UTC)
ISLAMIC_STATE = "islamic_state"


def run(text: str, outlet: str, folder: Path) -> list[dict[str, Any]]:
    """The alert revisions that `tocsin replay` writes for one entry."""
    asked = {"id": "entry", "title": None, "text": text, "outlet": outlet, "published": PUBLISHED.isoformat()}
    (folder / "in.jsonl").write_text(json.dumps(asked) + "\n")
    with (folder / "out.jsonl").open("wb") as out:
        replay([folder / "in.jsonl"], read_settings({}), out)
    return [json.loads(line) for line in (folder / "out.jsonl").read_text().splitlines()]


def mentions(detector: Detector, text: str) -> tuple[Mention, ...]:
    return detector.read([Article(id="entry", text=text, outlet="An aggregator", published=PUBLISHED, fetched=PUBLISHED)])[0]


def at(found: Sequence[Mention], name: str) -> list[Mention]:
    """Current kinetic mentions at a place whose name has *name* in it."""
    return [m for m in found if m.current and m.category == "kinetic" and m.place and name in m.place.name]


def km(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Great-circle distance."""
    p, q = math.radians(a[0]), math.radians(b[0])
    h = math.sin((q - p) / 2) ** 2 + math.cos(p) * math.cos(q) * math.sin(math.radians(b[1] - a[1]) / 2) ** 2
    return 2 * 6371.0 * math.asin(math.sqrt(h))


@pytest.fixture
def seed(shared: Callable[[str], Path]) -> str:
    return shared("seed/palmyra-2016-12-13.txt").read_text()


def test_exactly_one_new_alert_of_a_new_airbase_under_attack(seed: str, tmp_path: Path) -> None:
    alerts = [a for a in run(seed, "Rantburg", tmp_path) if a["rule"] == "new-airbase-under-attack"]
    assert [(a["change"], a["revision"]) for a in alerts] == [("new", 1)]
    place = alerts[0]["event"]["place"]
    assert place["kind"] == "air_base"
    assert km((place["lat"], place["lon"]), (34.52, 37.63)) <= 5


def test_the_event_at_the_airbase_has_day_attacker_and_weapons(seed: str, tmp_path: Path) -> None:
    event = next(a for a in run(seed, "Rantburg", tmp_path) if a["rule"] == "new-airbase-under-attack")["event"]
    assert event["type"] == "armed_clash"
    assert (event["occurred"]["start"], event["occurred"]["precision"]) == ("2016-12-12T00:00:00Z", "day")
    assert [a["id"] for a in event["actors"] if a["role"] == "attacker"] == [ISLAMIC_STATE]
    assert {"mortar", "rocket", "machine gun"} <= set(event["weapons"])


def test_its_evidence_is_verbatim_and_credits_the_tagged_outlets(seed: str, tmp_path: Path) -> None:
    for alert in run(seed, "Rantburg", tmp_path):
        assert alert["event"]["evidence"]
        for passage in alert["event"]["evidence"]:
            assert passage["quote"] in seed
            assert passage["outlet"] in {"ARA News", "Al-Manar", "Asharq Al-Awsat"}


def test_the_town_was_taken_on_the_day_before_and_its_airport_is_no_air_base(seed: str, detector: Detector) -> None:
    taken = [m for m in at(mentions(detector, seed), "Palmyra") if m.type == "non_state_actor_overtakes_territory"]
    assert any(m.occurred and m.occurred.start == datetime(2016, 12, 11, tzinfo=UTC) for m in taken)
    assert {m.place.kind for m in taken if m.place and "irport" in m.place.name} == {"airport"}


@pytest.mark.parametrize(
    "words",
    [
        "first took over Palmyra in May 2015",
        "Earlier in March",
        "has not conducted airstrikes",
        "near Raqqa were suspended",
        "rebels in Aleppo",
        "denied that any deal had been reached",
        "unacceptable conditions",
        "safe passage",
    ],
)
def test_history_denial_and_diplomacy_raise_and_date_nothing(seed: str, detector: Detector, words: str) -> None:
    assert words in seed
    current = [m for m in mentions(detector, seed) if m.current and m.category == "kinetic"]
    assert [m for m in current if words in m.evidence.quote] == []
    assert all(m.occurred is None or (m.occurred.start.year == 2016 and m.occurred.start.month == 12) for m in current)


def test_every_current_kinetic_mention_is_where_the_war_was(seed: str, detector: Detector) -> None:
    current = [m for m in mentions(detector, seed) if m.current and m.category == "kinetic" and m.place]
    assert {m.place.country for m in current if m.place} == {"SY"}


def test_russias_raids_and_dead_stand_as_its_claim(seed: str, detector: Detector) -> None:
    claims = [m for m in mentions(detector, seed) if m.current and "64 airstrikes" in m.evidence.quote]
    assert claims
    assert {(m.status, m.source) for m in claims} == {("claimed", "Russia")}
    assert any(m.killed and m.killed[0] == 300 for m in claims)


def test_a_like_story_in_our_words_comes_out_the_same_way(detector: Detector, tmp_path: Path) -> None:
    story = (Path(__file__).parent / "golden" / "river-story.txt").read_text()
    alerts = [a for a in run(story, "Roundup", tmp_path) if a["rule"] == "new-airbase-under-attack"]
    assert [a["change"] for a in alerts] == ["new"]
    event = alerts[0]["event"]
    assert "Shayrat" in event["place"]["name"]
    assert event["occurred"]["start"] == "2016-12-12T00:00:00Z"
    assert {e["outlet"] for e in event["evidence"]} == {"ARA News"}
    found = mentions(detector, story)
    towns = [m for m in at(found, "Qaryatayn") if m.type == "non_state_actor_overtakes_territory"]
    assert any(m.occurred and m.occurred.start.day == 11 for m in towns)
    current = [m for m in found if m.current and m.category == "kinetic"]
    for words in ("August 2015", "did not carry out", "had retaken", "Geneva"):
        assert not [m for m in current if words in m.evidence.quote], words


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    story = (Path(__file__).parent / "golden" / "river-story.txt").read_text()
    first = run(story, "Roundup", tmp_path)
    assert run(story, "Roundup", tmp_path) == first
