"""The examples of docs/rules.md are loaded and do what the text beside them says."""

import re
from pathlib import Path

import pytest

from alerts.records import Rule
from alerts.rules.load import NAME, PLACE_KINDS, load_rules
from streams.records import KINETIC, STRATEGIC, Event
from tests.alerts.saying import DAY, HOUR, again, alerts_of, at, happened, matched, told, withdrawn
from tests.builders import isis, palmyra, t4

DOCUMENT = Path(__file__).parents[3] / "docs" / "rules.md"


def examples(folder: Path) -> dict[str, Rule]:
    """Every rule of the document by its id, each block loaded as a file of its own."""
    rules = {}
    for i, block in enumerate(re.findall(r"```yaml\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.S)):
        (folder / str(i)).mkdir()
        (folder / str(i) / "rules.yaml").write_text(block, encoding="utf-8")
        rules |= {rule.id: rule for rule in load_rules(folder / str(i))}
    return rules


@pytest.fixture
def rules(tmp_path: Path) -> dict[str, Rule]:
    return examples(tmp_path)


def changes(rule: Rule, *events: Event) -> list[str]:
    return told(alerts_of([matched(e, rule=rule.id) for e in events], rule))


def test_the_document_has_its_four_worked_examples_and_the_shipped_rule(rules: dict[str, Rule]) -> None:
    assert list(rules) == [
        "new-airbase-under-attack", "own-site-attacked", "mass-casualty-islamic-state", "town-changes-hands", "build-up-at-the-border",
    ]  # fmt: skip


def test_the_rule_it_opens_with_is_the_one_that_ships(rules: dict[str, Rule]) -> None:
    shipped = {r.id: r for r in load_rules(DOCUMENT.parents[1] / "deploy" / "rules")}["new-airbase-under-attack"]
    shown = rules["new-airbase-under-attack"]
    assert [getattr(shown, f) for f in shown.__struct_fields__ if f not in ("file", "line")] == [
        getattr(shipped, f) for f in shipped.__struct_fields__ if f not in ("file", "line")
    ]


def test_own_site_attacked_waits_for_two_owners_and_then_for_nothing(rules: dict[str, Rule]) -> None:
    rule, first = rules["own-site-attacked"], happened("a", at(0))
    second = again(first, at(0, 2), owners=2)
    assert changes(rule, first) == []
    assert changes(rule, first, second, again(second, at(0, 2.01), owners=3)) == ["new", "update"]


def test_a_mass_casualty_goes_by_the_low_end_and_is_taken_back_with_it(rules: dict[str, Rule]) -> None:
    rule, by = rules["mass-casualty-islamic-state"], (isis(id="islamic_state"),)
    assert changes(rule, happened("a", at(0), killed=(None, 50), actors=by)) == []
    assert changes(rule, happened("a", at(0), killed=(23, None), actors=(isis(id="islamic_state", role="target"),))) == []
    first = happened("a", at(0), killed=(23, None), actors=by)
    assert changes(rule, first, again(first, at(0, 2), killed=(4, 4))) == ["new", "retraction"]


def test_a_town_that_is_shelled_before_it_is_taken_alerts_when_it_is_taken(rules: dict[str, Rule]) -> None:
    rule = rules["town-changes-hands"]
    shelled = happened("shelled", at(-3), place=palmyra(), type="shelling_artillery_missile_attack", family="indirect")
    for kind, category in (("non_state_actor_overtakes_territory", "kinetic"), ("non_violent_transfer_of_territory", "strategic")):
        taken = happened("taken", at(0), place=palmyra(), type=kind, category=category)
        assert changes(rule, shelled, taken) == ["new"]
    assert rule.confirm is not None
    assert rule.confirm.within == 12 * HOUR


def test_a_build_up_is_said_of_quiet_places_and_a_week_late(rules: dict[str, Rule]) -> None:
    rule = rules["build-up-at-the-border"]
    assert rule.what.category == ("strategic",)
    moving = {"type": "force_movement", "category": "strategic", "family": "posture", "place": t4(kind="town")}
    late = happened("late", at(-6), told=at(0), **moving)
    assert changes(rule, late) == ["new"]
    assert changes(rule, late, withdrawn(late, at(0, 1))) == ["new", "retraction"]
    assert changes(rule, happened("a", at(-13), **moving), happened("b", at(0), **moving)) == ["new"]
    assert changes(rule, happened("fight", at(-13)), happened("b", at(0), **moving)) == ["new"], "fighting is of another category"
    assert rule.novelty == 14 * DAY


def test_every_word_that_is_read_is_taught() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    source = (DOCUMENT.parents[1] / "alerts" / "rules" / "load.py").read_text(encoding="utf-8")
    read = set(re.findall(r'\.(?:take|inner)\("([a-z_]+)"', source)) - {"rules"}
    assert {"place_kind", "novelty", "within"} <= read
    assert {word for word in read if f"`{word}`" not in text} == set()
    assert {word for word in PLACE_KINDS | KINETIC | STRATEGIC if f"`{word}`" not in text} == set()
    assert NAME.fullmatch("new-airbase-under-attack")
