"""The examples of docs/rules.md are loaded as they stand, and their tests are run through the stages that run live."""

import re
from functools import cache
from pathlib import Path

import pytest

from alerts.commands.rules import alerts_of_case
from alerts.rules.cases import Case, load_cases, verdict
from alerts.rules.load import NAME, PLACE_KINDS, load_rules
from streams.detection.detector import load_detector
from streams.records import FAMILIES, KINETIC, STRATEGIC

DOCUMENT = Path(__file__).parents[3] / "docs" / "rules.md"
RULES = DOCUMENT.parents[1] / "deploy" / "rules"
BLOCKS = re.findall(r"```(yaml|json|text)(?: (\S+))?\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.S)
EXAMPLES = [block for kind, _, block in BLOCKS if kind == "yaml"]

detector = cache(load_detector)


def folder_of(example: str, folder: Path) -> Path:
    """The example as a file of its own, with every file that the document gives beside it."""
    (folder / "rules.yaml").write_text(example, encoding="utf-8")
    for _, name, block in BLOCKS:
        if name:
            (folder / name).write_text(block, encoding="utf-8")
    return folder


def wrong(folder: Path, case: Case) -> list[str]:
    return verdict(case, alerts_of_case(case, load_rules(folder), detector() if case.reads else None))


def test_there_are_twelve_worked_examples_and_the_shipped_rule() -> None:
    assert len(EXAMPLES) == 13


@pytest.mark.parametrize("example", EXAMPLES[1:], ids=lambda example: example.split("id: ")[1].split()[0])
def test_an_example_does_what_it_says(example: str, tmp_path: Path) -> None:
    folder = folder_of(example, tmp_path)
    cases = load_cases(folder, load_rules(folder))
    assert cases
    assert {case.name: wrong(folder, case) for case in cases} == {case.name: [] for case in cases}


SHIPPED = load_cases(RULES, load_rules(RULES))


@pytest.mark.parametrize("case", SHIPPED, ids=lambda c: c.name)
def test_a_shipped_rule_does_what_its_tests_say(case: Case) -> None:
    assert wrong(RULES, case) == []


def test_every_shipped_rule_has_a_test_that_raises_it() -> None:
    rules = load_rules(RULES)
    assert len(rules) >= 12
    raised = {alert.rule for case in SHIPPED for alert in alerts_of_case(case, rules, detector() if case.reads else None)}
    assert raised == {rule.id for rule in rules}


def test_the_rule_it_opens_with_is_the_one_that_ships(tmp_path: Path) -> None:
    shipped = {r.id: r for r in load_rules(RULES)}["new-airbase-under-attack"]
    [shown] = load_rules(folder_of(EXAMPLES[0], tmp_path))
    assert [getattr(shown, f) for f in shown.__struct_fields__ if f not in ("file", "line")] == [
        getattr(shipped, f) for f in shipped.__struct_fields__ if f not in ("file", "line")
    ]


def test_every_word_that_is_read_is_taught() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    sources = [(DOCUMENT.parents[1] / "alerts" / "rules" / name).read_text(encoding="utf-8") for name in ("load.py", "cases.py")]
    read = {word for source in sources for word in re.findall(r'\.(?:take|inner|has)\("([a-z_]+)"', source)} - {"rules"}
    assert {"place_kind", "novelty", "within", "fence", "withdrawn"} <= read
    assert {word for word in read if f"`{word}`" not in text and f"`{word}: true`" not in text} == set()
    assert {word for word in PLACE_KINDS | KINETIC | STRATEGIC if f"`{word}`" not in text} == set()
    assert NAME.fullmatch("new-airbase-under-attack")


def test_families_are_those_of_detection() -> None:
    from streams.detection import lexicon

    assert {kind: info.family for kind, info in lexicon.load().types.items()} == FAMILIES
