"""The verbs that try rules: what their tests say, what they would have raised, and why they did or did not."""

import io
from pathlib import Path
from typing import Any

import msgspec
import pytest

from alerts.commands import rules as command
from alerts.commands.replay import ReplayError
from alerts.rules.cases import load_cases
from alerts.rules.load import RulesError, load_rules
from streams.records import Mention
from streams.settings import Settings, read_settings
from streams.topics import MENTIONS
from tests.alerts.saying import DAY, HOUR
from tests.builders import PUBLISHED, a_mention, palmyra

AIRBASE = """
rules:
  - id: airbase
    title: Airbase attacked
    severity: urgent
    match: {place_kind: air_base}
    confirm: {owners: 2, within: 6h}
    novelty: 30d
"""
HELD = """
tests:
  - name: it is told
    given:
      - {at: 0h, event: a, place_kind: air_base}
    expect:
      - {at: 0h, change: new}
"""


def in_folder(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "rules.yaml").write_text(text, encoding="utf-8")
    return folder


def settings(folder: Path) -> Settings:
    return msgspec.structs.replace(read_settings({}), rules=folder)


def told(**changes: Any) -> Mention:
    return a_mention(occurred=None, **changes)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Two owners on the base, a week later a third again, and shells on a town."""
    later = PUBLISHED + 7 * DAY
    mentions = [
        told(),
        told(id="m2", article="a2", owner="sana", outlet="SANA", fetched=PUBLISHED + HOUR, published=PUBLISHED + HOUR),
        told(id="m3", article="a3", owner="afp", outlet="AFP", fetched=later, published=later),
        told(id="m4", article="a4", place=palmyra(), fetched=PUBLISHED + HOUR, published=PUBLISHED + HOUR),
    ]
    path = tmp_path / "recorded.jsonl"
    path.write_bytes(b"".join(MENTIONS.encode(m) + b"\n" for m in sorted(mentions, key=lambda m: m.fetched)))
    return path


def test_tests_of_rules_hold_or_say_what_is_wrong(tmp_path: Path) -> None:
    good, out = in_folder(tmp_path / "good", AIRBASE + HELD), io.StringIO()
    assert command.test_rules(settings(good), out) == 0
    assert out.getvalue().endswith("1 of 1 tests of 1 rules hold\n")
    wrong = HELD.replace("{at: 0h, change: new}", "{at: 2h, change: new, stage: confirmed}")
    out = io.StringIO()
    assert command.test_rules(settings(in_folder(tmp_path / "bad", AIRBASE + wrong)), out) == 1
    assert "alert 1: at 0h, expected 2h; stage preliminary, expected confirmed" in out.getvalue()


def test_silence_where_an_alert_is_expected_and_an_alert_where_silence_is(tmp_path: Path) -> None:
    silent = HELD.replace("place_kind: air_base}", "place_kind: town}")
    out = io.StringIO()
    assert command.test_rules(settings(in_folder(tmp_path / "a", AIRBASE + silent)), out) == 1
    assert "alert 1 was not raised" in out.getvalue()
    loud = HELD.replace("expect:\n      - {at: 0h, change: new}", "expect: []")
    out = io.StringIO()
    assert command.test_rules(settings(in_folder(tmp_path / "b", AIRBASE + loud)), out) == 1
    assert "alert 1 was not expected: airbase at 0h, new, preliminary" in out.getvalue()


OVER = """
tests:
  - name: it is over after a week
    until: 9d
    given:
      - {at: 0h, event: a, place_kind: air_base}
    expect:
      - {at: 0h, change: new}
      - {at: 169h, change: resolved}
"""


def test_a_test_goes_on_as_long_as_it_says_so_that_an_end_can_be_tried(tmp_path: Path) -> None:
    rules, out = AIRBASE + "    resolve: 7d\n", io.StringIO()
    assert command.test_rules(settings(in_folder(tmp_path / "a", rules + OVER)), out) == 0, out.getvalue()
    short = OVER.replace("    until: 9d\n", "")
    assert command.test_rules(settings(in_folder(tmp_path / "b", rules + short)), out) == 1
    assert "alert 2 was not raised" in out.getvalue()
    wrong = OVER.replace("{at: 0h, event", "{at: 10d, event")
    folder = in_folder(tmp_path / "c", rules + wrong)
    with pytest.raises(RulesError, match="until is 9d, before the last that is given"):
        load_cases(folder, load_rules(folder))


def test_rules_without_any_test_do_not_pass(tmp_path: Path) -> None:
    out = io.StringIO()
    assert command.test_rules(settings(in_folder(tmp_path / "rules", AIRBASE)), out) == 1
    assert "without a test: airbase" in out.getvalue()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("name: it is told", "nome: it is told"), "has no 'name'"),
        (("expect:", "expects:"), "has no 'expect'"),
        (("{at: 0h, event", "{at: noon, event"), "must be a span"),
        (("event: a,", "event: a, kill: 3,"), "unknown key 'kill'"),
        (("change: new}", "change: news}"), "'news' is not known"),
        (("given:", "rules: [other]\n    given:"), "there is no rule 'other'"),
    ],
)
def test_a_test_that_cannot_be_read_is_named_with_its_line(tmp_path: Path, change: tuple[str, str], says: str) -> None:
    folder = in_folder(tmp_path / "rules", AIRBASE + HELD.replace(*change))
    with pytest.raises(RulesError, match=says) as wrong:
        load_cases(folder, load_rules(folder))
    assert all("rules.yaml:" in line for line in wrong.value.mistakes)


def test_a_back_test_counts_by_rule_and_says_what_a_change_adds_and_loses(tmp_path: Path, recording: Path) -> None:
    old = in_folder(tmp_path / "old", AIRBASE)
    new = in_folder(tmp_path / "new", AIRBASE.replace("place_kind: air_base", "place_kind: town").replace("novelty: 30d", "novelty: 5d"))
    out = io.StringIO()
    assert command.backtest(settings(new), [recording], out, against=old) == 0
    first, _, rule, *_ = out.getvalue().splitlines()
    assert first.startswith("13 Dec 2016 to 20 Dec 2016: 2 days with news, 4 articles")
    assert rule.split() == ["airbase", "1", "0", "0", "0", "0", "0.50"]
    assert "1 alerts that the other rules would not have raised, 1 that they would have and these do not" in out.getvalue()
    assert [line[0] for line in out.getvalue().splitlines()[-2:]] == ["+", "-"]


def test_a_back_test_is_what_live_would_have_said(tmp_path: Path, recording: Path) -> None:
    folder, out = in_folder(tmp_path / "rules", AIRBASE), io.StringIO()
    assert command.backtest(settings(folder), [recording], out, as_json=True) == 0
    lines = [msgspec.json.decode(line) for line in out.getvalue().splitlines()]
    assert [(a["change"], a["stage"]) for a in lines] == [("new", "preliminary"), ("update", "confirmed")]


def test_it_is_explained_why_a_rule_alerted_or_did_not(tmp_path: Path, recording: Path) -> None:
    folder, out = in_folder(tmp_path / "rules", AIRBASE), io.StringIO()
    assert command.explain_rules(settings(folder), [recording], out, article="a1") == 0
    assert "airbase: alerted, TOC-2016-" in out.getvalue()
    out = io.StringIO()
    assert command.explain_rules(settings(folder), [recording], out, article="a3") == 0
    assert "airbase: silent, not_novel: TOC-2016-" in out.getvalue()
    assert "the rule asks for 30 days of quiet" in out.getvalue()
    out = io.StringIO()
    assert command.explain_rules(settings(folder), [recording], out, article="a4") == 0
    assert "airbase: silent, its match does not hold: place_kind" in out.getvalue()
    assert "FAILS  place_kind: town" in out.getvalue()
    with pytest.raises(command.NothingFoundError, match="no event TOC-2016-XXXXX"):
        command.explain_rules(settings(folder), [recording], out, number="TOC-2016-XXXXX")


def test_a_recording_with_a_broken_line_is_refused_with_its_line(recording: Path) -> None:
    with recording.open("ab") as file:
        file.write(b'{"record":"Mention"}\n')
    with pytest.raises(ReplayError, match=r"recorded\.jsonl:5: "):
        command.recorded(read_settings({}), [recording])
