"""Files that break whoever reads them: each is a mistake with the file's name, and none may end the watch."""

from pathlib import Path

import pytest

from alerts.commands.configuration import Configuration, StoreBoard
from alerts.rules.load import RulesError, load_rules
from alerts.rules.receivers import load_receivers
from streams.runtime.store import Store
from streams.settings import read_settings
from tests.streams.saying import NOON

RULE = "rules:\n  - id: a\n    title: A\n    severity: routine\n    match: {fence: area.geojson}\n"
FENCES = {
    "coordinates that are no list": '{"type": "Polygon", "coordinates": 5}',
    "features that are no list": '{"type": "FeatureCollection", "features": 5}',
    "a polygon that is none": '{"type": "MultiPolygon", "coordinates": [null]}',
    "a polygon without a ring": '{"type": "MultiPolygon", "coordinates": [[]]}',
    "a hundred thousand brackets": "[" * 100_000,
}
RULES = {
    "half a character": 'rules:\n  - id: a\n    title: "\\ud800"\n    severity: routine\n    match: {type: siege}\n',
    "three thousand brackets": f"rules: {'[' * 3_000}{']' * 3_000}\n",
    "a number of five thousand digits": f"rules:\n  - id: a\n    title: A\n    threshold: {{owners: {'9' * 5_000}}}\n",
}


@pytest.mark.parametrize("fence", FENCES.values(), ids=FENCES.keys())
def test_a_fence_that_breaks_its_reader_is_a_mistake_of_its_file(tmp_path: Path, fence: str) -> None:
    (tmp_path / "a.yaml").write_text(RULE)
    (tmp_path / "area.geojson").write_text(fence)
    with pytest.raises(RulesError, match=r"area\.geojson"):
        load_rules(tmp_path)


@pytest.mark.parametrize("text", RULES.values(), ids=RULES.keys())
def test_a_rule_file_that_breaks_its_reader_is_a_mistake_of_that_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(RulesError, match=r"a\.yaml"):
        load_rules(tmp_path)


@pytest.mark.parametrize("named", ["../list.txt", "/etc/hostname"])
def test_a_file_outside_the_folder_whose_change_nobody_would_see_is_refused(tmp_path: Path, named: str) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    (tmp_path / "list.txt").write_text("T4\n")
    (rules / "a.yaml").write_text(RULE.replace("fence: area.geojson", f"watch_list: {named}"))
    with pytest.raises(RulesError, match=rf"a\.yaml:5: .*{named} lies outside"):
        load_rules(rules)


def test_so_is_a_receivers_file(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text(f"receivers: {'[' * 3_000}{']' * 3_000}\n")
    with pytest.raises(RulesError, match=r"r\.yaml"):
        load_receivers(tmp_path / "r.yaml")


@pytest.mark.parametrize("text", RULES.values(), ids=RULES.keys())
async def test_what_was_in_force_stays_and_the_watch_goes_on(tmp_path: Path, text: str) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "a.yaml").write_text("rules:\n  - id: a\n    title: A\n    severity: routine\n    match: {type: siege}\n")
    told: list[str] = []
    with Store(tmp_path / "s.db") as store:
        board = StoreBoard(store, ())
        configuration = Configuration(read_settings({"TOCSIN_RULES": str(rules)}), board, told.append, lambda: NOON)
        await configuration.enforce()
        before = board.in_force("RulesInForce")
        (rules / "a.yaml").write_text(text)
        await configuration.enforce()
        assert board.in_force("RulesInForce") == before is not None
        assert told[-1].endswith("what was in force stays")
