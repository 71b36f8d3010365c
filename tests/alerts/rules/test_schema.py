"""The JSON Schema takes what the loader takes, and refuses what it refuses."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from alerts.records import What, Where
from alerts.rules.schema import schema
from tests.alerts.rules.test_rules_document import EXAMPLES, RULES

RULE: dict[str, Any] = {"id": "a", "title": "A", "severity": "urgent"}


def refused(document: Any) -> list[str]:
    return [error.message for error in jsonschema.Draft202012Validator(schema()).iter_errors(document)]


def test_the_file_beside_the_rules_is_what_the_command_prints() -> None:
    assert json.loads((RULES / "rules.schema.json").read_text(encoding="utf-8")) == schema()
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("text", [*EXAMPLES, (RULES / "default.yaml").read_text(encoding="utf-8")], ids=lambda text: text[:40])
def test_rules_that_are_good_are_taken(text: str) -> None:
    assert refused(yaml.safe_load(text)) == []


def test_it_has_every_clause_and_no_other() -> None:
    clauses = schema()["properties"]["rules"]["items"]["properties"]["match"]["properties"]
    assert set(clauses) == {*Where.__struct_fields__, *What.__struct_fields__}


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"severity": "loud"}, id="an unknown precedence"),
        pytest.param({"match": {"typ": "siege"}}, id="an unknown clause"),
        pytest.param({"match": {"type": "seige"}}, id="an unknown type"),
        pytest.param({"match": {"killed": 0}}, id="nobody killed"),
        pytest.param({"match": {"near": {"lat": 91, "lon": 0, "km": 5}}}, id="beyond the pole"),
        pytest.param({"novelty": "2d"}, id="less quiet than a situation has"),
        pytest.param({"confirm": {"owners": 1, "within": "6h"}}, id="confirmed by itself"),
        pytest.param({"id": "Two words"}, id="an id that is none"),
    ],
)
def test_what_is_wrong_is_marked(wrong: dict[str, Any], tmp_path: Path) -> None:
    assert refused({"rules": [RULE]}) == []
    assert refused({"rules": [RULE | wrong]})
