"""Rule files in, rules out; or every mistake at once, with file and line."""

from datetime import timedelta
from pathlib import Path
from textwrap import dedent, indent

import pytest

from alerts.records import Confirm, Spike, Threshold
from alerts.rules.load import PLACE_KINDS, RulesError, load_rules

GOOD = """\
rules:
  - id: base
    title: Base attacked
    severity: urgent
"""


def mistakes_of(folder: Path, text: str, name: str = "r.yaml") -> list[str]:
    """What is wrong with a file of this text, without the folder's name."""
    (folder / name).write_text(text, encoding="utf-8")
    with pytest.raises(RulesError) as caught:
        load_rules(folder)
    assert str(caught.value) == "\n".join(caught.value.mistakes)
    return [m.removeprefix(f"{folder}/") for m in caught.value.mistakes]


def with_lines(*lines: str) -> str:
    """A good rule and more lines in it; the first of them is line 5."""
    return GOOD + indent(dedent("\n".join(lines)), "    ") + "\n"


def test_a_rule_needs_id_title_and_severity_and_has_defaults_for_the_rest(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text(GOOD)
    (rule,) = load_rules(tmp_path)
    assert (rule.id, rule.title, rule.severity, rule.line) == ("base", "Base attacked", "urgent", 2)
    assert rule.what.category == ("kinetic",)
    assert rule.threshold == Threshold(owners=1, articles=1, confidence=0.0)
    assert (rule.confirm, rule.novelty, rule.cooldown, rule.max_age) == (None, None, timedelta(0), timedelta(days=3))


def test_every_word_of_the_language_is_read(tmp_path: Path) -> None:
    (tmp_path / "r.yml").write_text(
        with_lines(
            "match: {place_kind: [air_base, airport], place: 'site:t4', country: [SY, NO], precision: exact,",
            "        type: armed_clash, category: [kinetic, strategic], family: ground, attacker: islamic-state, killed: 3}",
            "threshold: {owners: 2, articles: 3, confidence: 0.5}",
            "confirm: {owners: 3, within: 90min}",
            "novelty: 30d",
            "cooldown: 45min",
            "shadow: true",
            "resolve: 3d",
            "max_age: 12h",
        )
    )
    (rule,) = load_rules(tmp_path)
    assert (rule.where.place_kind, rule.where.place, rule.where.country) == (("air_base", "airport"), ("site:t4",), ("SY", "NO"))
    assert (rule.where.precision, rule.what.type, rule.what.family) == (("exact",), ("armed_clash",), ("ground",))
    assert (rule.what.category, rule.what.attacker, rule.what.killed) == (("kinetic", "strategic"), ("islamic-state",), 3)
    assert rule.threshold == Threshold(owners=2, articles=3, confidence=0.5)
    assert rule.confirm == Confirm(owners=3, within=timedelta(minutes=90))
    assert rule.shadow
    assert rule.resolve == timedelta(days=3)
    assert (rule.novelty, rule.cooldown, rule.max_age) == (timedelta(days=30), timedelta(minutes=45), timedelta(hours=12))


def test_the_shipped_rules_load() -> None:
    assert load_rules(Path(__file__).parents[3] / "deploy" / "rules")[0].id == "new-airbase-under-attack"


WORDS = (
    "id",
    "title",
    "severity",
    "match",
    "threshold",
    "confirm",
    "novelty",
    "after",
    "by",
    "spike",
    "shadow",
    "resolve",
    "cooldown",
    "max_age",
)


def test_a_file_with_three_mistakes_reports_all_three_with_their_lines(tmp_path: Path) -> None:
    assert mistakes_of(tmp_path, with_lines("match:", "  place_kind: airbase", "threshold:", "  owners: 0", "colour: red")) == [
        f"r.yaml:6: rule 'base', match: place_kind 'airbase' is not known; known are {', '.join(sorted(PLACE_KINDS))}",
        "r.yaml:8: rule 'base', threshold: owners is '0', but must be a whole number from 1 on",
        f"r.yaml:9: rule 'base': unknown key 'colour'; known are {', '.join(WORDS)}",
    ]


def test_mistakes_of_all_files_are_reported_together(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("rules: {}\n")
    assert [m[:9] for m in mistakes_of(tmp_path, GOOD.replace("urgent", "loud"), "b.yaml")] == ["a.yaml:1:", "b.yaml:4:"]


@pytest.mark.parametrize(
    ("line", "mistake"),
    [
        pytest.param("novelty: 3 weeks", "novelty is '3 weeks', but must be a span such as 30d, 6h or 45min, of", id="span"),
        pytest.param("max_age: 99999999999d", "max_age is '99999999999d', but must be a span such as", id="a span beyond the calendar"),
        pytest.param("cooldown: -1h", "cooldown is '-1h', but must be a span", id="a negative span"),
        pytest.param("cooldown: 30", "cooldown is '30', but must be a span", id="a span without unit"),
        pytest.param("novelty: 2d", "novelty is '2d', but must be whole days from 3d on, since events less than 48h apart", id="novelty"),
        pytest.param("novelty: 100h", "novelty is '100h', but must be whole days", id="novelty in hours"),
        pytest.param("threshold: {confidence: 1.5}", "confidence is '1.5', but must be a number from 0 to 1", id="confidence"),
        pytest.param("threshold: {confidence: nan}", "confidence is 'nan', but must be a number from 0 to 1", id="no number"),
        pytest.param("threshold: {owners: ²}", "owners is '²', but must be a whole number", id="a digit that is no number"),
        pytest.param("threshold: [2]", "threshold is a list, but must be a mapping of names to values", id="no mapping"),
        pytest.param("threshold: {owner: 2}", "threshold: unknown key 'owner'; known are owners, articles, confidence", id="inner key"),
        pytest.param("confirm: {owners: 1, within: 6h}", "confirm: owners is '1', but must be a whole number from 2 on", id="confirm"),
        pytest.param("confirm: {owners: 2}", "confirm has no 'within'; say how long to wait for them, such as 6h", id="confirm within"),
        pytest.param("match: {country: Syria}", "country is 'Syria', but must be an ISO 3166 code of two letters", id="country"),
        pytest.param("match: {type: []}", "type is an empty list; name at least one, or leave type out", id="an empty list"),
        pytest.param("match: {type: null}", "type is 'null', but must be a text", id="null"),
        pytest.param("match: {killed: many}", "killed is 'many', but must be a whole number from 1 on", id="killed"),
        pytest.param("match: {place: [[a]]}", "place is a list, but must be a text", id="a list in a list"),
        pytest.param(
            "match: {type: [withdrawal, siege], category: kinetic}",
            "category kinetic shuts out the strategic types or families named; leave category out",
            id="a type outside the category",
        ),
        pytest.param("title: Twice", "'title' stands here twice; keep one", id="a key twice"),
    ],
)
def test_a_mistake_says_where_what_came_and_what_to_do(tmp_path: Path, line: str, mistake: str) -> None:
    (found,) = mistakes_of(tmp_path, with_lines(line))
    assert found.startswith("r.yaml:5: ")
    assert mistake in found


@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        pytest.param(
            "    severity: urgent\n", "", "r.yaml:2: rule 'base' has no 'severity'; set it to flash, urgent or routine", id="none"
        ),
        pytest.param("urgent", "loud", "r.yaml:4: rule 'base': severity 'loud' is not known; known are flash, urgent, routine", id="loud"),
        pytest.param("urgent", "[]", "r.yaml:4: rule 'base': severity is a list, but must be a text", id="no severity"),
        pytest.param("urgent", "[flash, urgent]", "r.yaml:4: rule 'base': severity is a list, but must be a text", id="two severities"),
        pytest.param("Base attacked", "", "r.yaml:3: rule 'base': title is '', but must be a text", id="an empty title"),
        pytest.param(
            "id: base", "id: a|b", "r.yaml:2: a rule: id is 'a|b', but must be small letters, digits, '-', '_' and '.'", id="a bad id"
        ),
    ],
)
def test_what_a_rule_must_have(tmp_path: Path, old: str, new: str, mistake: str) -> None:
    assert mistake in mistakes_of(tmp_path, GOOD.replace(old, new))


def test_an_id_that_stands_twice_is_reported_where_it_stands_again(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(GOOD)
    assert mistakes_of(tmp_path, GOOD, "b.yaml") == [
        f"b.yaml:2: rule 'base' stands in {tmp_path}/a.yaml:2 too; give one of them another id"
    ]


def test_a_file_that_is_no_yaml_is_reported_with_its_line(tmp_path: Path) -> None:
    (found,) = mistakes_of(tmp_path, "rules:\n  - id: 'open\n")
    assert found.startswith("r.yaml:3: no YAML: ")
    assert found.endswith("mend the indentation or quotes there")


def test_bytes_that_are_no_text_are_reported(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_bytes(b"rules: \xff\xfe")
    with pytest.raises(RulesError, match=r"r\.yaml:1: no YAML"):
        load_rules(tmp_path)


@pytest.mark.parametrize("text", ["", "# nothing yet\n"])
def test_an_empty_file_is_reported(tmp_path: Path, text: str) -> None:
    assert mistakes_of(tmp_path, text) == ["r.yaml:1: the file is empty; begin it with 'rules:', or take it away"]


def test_files_without_a_rule_are_reported_since_nobody_would_be_alerted(tmp_path: Path) -> None:
    assert mistakes_of(tmp_path, "rules: []\n") == ["r.yaml:1: no rule in any file; without rules nobody is ever alerted: write one"]


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        pytest.param("- id: base\n", "r.yaml:1: the file is a list, but must be a mapping of names to values", id="no rules key"),
        pytest.param("rules: yes\n", "r.yaml:1: rules is 'yes', but must be a list; put a dash before each rule", id="no list"),
        pytest.param("rules:\n  - base\n", "r.yaml:2: a rule is 'base', but must be a mapping of names to values", id="no rule"),
        pytest.param(GOOD + "rule: 1\n", "r.yaml:5: the file: unknown key 'rule'; known are rules, tests", id="another key"),
    ],
)
def test_the_shape_of_a_file(tmp_path: Path, text: str, mistake: str) -> None:
    assert mistake in mistakes_of(tmp_path, text)


def test_a_folder_without_rule_files_is_reported(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing")
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(RulesError) as caught:
            load_rules(folder)
        assert caught.value.mistakes == (f"{folder}: no rule files; put at least one .yaml file there, or name another folder",)


def test_a_file_that_cannot_be_read_is_reported(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").mkdir()
    with pytest.raises(RulesError, match=r"r\.yaml: cannot be read \(Is a directory\); make it readable"):
        load_rules(tmp_path)


@pytest.mark.parametrize(
    ("clause", "categories"),
    [
        ("type: withdrawal", ("strategic",)),
        ("type: siege", ("kinetic",)),
        ("type: [siege, withdrawal]", ("kinetic", "strategic")),
        ("family: posture", ("strategic",)),
        ("family: [air, posture]", ("kinetic", "strategic")),
        ("killed: 3", ("kinetic",)),
    ],
)
def test_without_a_category_the_types_and_families_say_what_counts(tmp_path: Path, clause: str, categories: tuple[str, ...]) -> None:
    (tmp_path / "r.yaml").write_text(with_lines(f"match: {{{clause}}}"))
    assert load_rules(tmp_path)[0].what.category == categories


def test_a_spike_is_read_with_what_it_leaves_out(tmp_path: Path) -> None:
    (tmp_path / "r.yml").write_text(with_lines("by: country", "spike: {within: 6h, events: 5, over: 14d}"))
    (rule,) = load_rules(tmp_path)
    assert rule.by == "country"
    assert rule.spike == Spike(
        within=timedelta(hours=6), events=5, over=timedelta(days=14), history=timedelta(days=7), cold_start=10, chance=0.0001
    )


@pytest.mark.parametrize(
    ("lines", "mistake"),
    [
        (["spike: {within: 6h}"], "rule 'base', spike has no 'events'; say how many events at least, such as 5"),
        (["spike: {events: 5}"], "rule 'base', spike has no 'within'; say in how short a time, such as 24h"),
        (["spike: {within: 6h, events: 1}"], "rule 'base', spike: events is '1', but must be a whole number from 2 on"),
        (
            ["spike: {within: 6h, events: 5, over: 29h}"],
            "rule 'base', spike: over must be at least 5 times as long as within, or nothing is usual; make it longer",
        ),
        (
            ["by: country"],
            "rule 'base': by country counts the events of a whole country, which only spike does; leave by out, or add spike",
        ),
        (
            ["spike: {within: 6h, events: 5}", "novelty: 30d"],
            "rule 'base': novelty says nothing to a rule with spike, which counts many events; leave one of them out",
        ),
    ],
)
def test_a_spike_that_cannot_be_meant_is_refused(tmp_path: Path, lines: list[str], mistake: str) -> None:
    assert [m.split(": ", 1)[1] for m in mistakes_of(tmp_path, with_lines(*lines))] == [mistake]
