"""What rules may name: what detection can say, in the words of its own tables."""

from datetime import timedelta
from pathlib import Path

import pytest

from alerts.commands.vocabulary import unknown_names
from alerts.records import After, What, Where
from alerts.rules.load import load_rules
from tests.alerts.saying import a_rule

SHIPPED = Path(__file__).parents[3] / "deploy" / "rules"


@pytest.mark.parametrize(
    ("what", "says"),
    [
        (What(attacker=("islamic_stat",)), "attacker 'islamic_stat' is nothing that detection says; did you mean 'islamic_state'?"),
        (What(target=("Syria",)), "target 'Syria' is nothing that detection says; did you mean 'syria'?"),
        (What(weapon=("mortr",)), "weapon 'mortr' is nothing that detection says; did you mean 'mortar'?"),
    ],
)
def test_a_name_that_is_never_said_is_a_mistake_and_the_nearest_is_told(what: What, says: str) -> None:
    for rule in (a_rule(what=what), a_rule(after=After(what=What(), within=timedelta(days=3), unless=what))):
        (line,) = unknown_names([rule])
        assert says in line
        assert line.startswith(f"{rule.file}:{rule.line}: rule '{rule.id}'")


def test_a_country_that_is_none_is_a_mistake() -> None:
    (line,) = unknown_names([a_rule(where=Where(country=("SY", "XX")))])
    assert "country 'XX' is nothing that detection says" in line


def test_the_rules_that_are_shipped_and_people_without_a_name_are_known() -> None:
    assert unknown_names(load_rules(SHIPPED)) == []
    assert unknown_names([a_rule(what=What(attacker=("government_forces", "unidentified_armed_group"), weapon=("mortar",)))]) == []
