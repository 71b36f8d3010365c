"""Whether a rule may concern an event, whether the event counts there, and whether it is looked for."""

from typing import Any

import pytest

from alerts.records import What, Where
from alerts.rules.match import in_scope, matters, rule_key, wanted
from tests.alerts.saying import at, happened
from tests.builders import isis, syrian_army, t4


@pytest.mark.parametrize(
    ("where", "holds"),
    [
        pytest.param({}, True, id="no clause means anywhere"),
        pytest.param({"place_kind": ("air_base",)}, True, id="its kind"),
        pytest.param({"place_kind": ("airport", "air_base")}, True, id="one of several kinds"),
        pytest.param({"place_kind": ("airport",)}, False, id="another kind"),
        pytest.param({"place": ("site:t4",)}, True, id="its id"),
        pytest.param({"place": ("site:t44",)}, False, id="an id that only begins alike"),
        pytest.param({"country": ("SY",)}, True, id="its country"),
        pytest.param({"country": ("IQ", "LB")}, False, id="other countries"),
        pytest.param({"precision": ("exact", "near")}, True, id="its precision"),
        pytest.param({"precision": ("country",)}, False, id="another precision"),
        pytest.param({"place_kind": ("air_base",), "country": ("IQ",)}, False, id="all clauses must hold"),
    ],
)
def test_scope(where: dict[str, Any], holds: bool) -> None:
    assert in_scope(happened("a", at(0)), Where(**where)) is holds


@pytest.mark.parametrize(
    ("what", "event", "holds"),
    [
        pytest.param({}, {}, True, id="kinetic by default"),
        pytest.param({}, {"type": "force_movement", "category": "strategic"}, False, id="a convoy is not kinetic"),
        pytest.param({"category": ()}, {"type": "force_movement", "category": "strategic"}, True, id="any category"),
        pytest.param({"type": ("siege", "armed_clash")}, {}, True, id="one of several types"),
        pytest.param({"type": ("siege",)}, {}, False, id="another type"),
        pytest.param({"family": ("air",)}, {}, False, id="another family"),
        pytest.param({"attacker": ("islamic-state",)}, {}, True, id="its attacker"),
        pytest.param({"attacker": ("syrian-army",)}, {}, False, id="its target is no attacker"),
        pytest.param({"attacker": ("islamic-state",)}, {"actors": (isis(role="unknown"), syrian_army())}, False, id="a part not known"),
        pytest.param({"killed": 20}, {"killed": (20, None)}, True, id="at least twenty"),
        pytest.param({"killed": 20}, {"killed": (19, 50)}, False, id="the low end decides"),
        pytest.param({"killed": 20}, {"killed": (None, 50)}, False, id="up to fifty may be none"),
        pytest.param({"killed": 20}, {}, False, id="no toll reported"),
        pytest.param({"injured": 9}, {"injured": (9, None)}, True, id="at least nine hurt"),
        pytest.param({"injured": 9}, {"killed": (9, 9)}, False, id="dead are not hurt"),
        pytest.param({"target": ("syrian-army",)}, {}, True, id="its target"),
        pytest.param({"target": ("islamic-state",)}, {}, False, id="its attacker is no target"),
        pytest.param({"weapon": ("mortars", "drone")}, {}, True, id="one of its weapons"),
        pytest.param({"weapon": ("drone",)}, {}, False, id="another weapon"),
        pytest.param({"cross_border": True}, {"actors": (isis(id="israel", name="Israel", type="state"),)}, True, id="a state abroad"),
        pytest.param({"cross_border": True}, {"actors": (isis(id="syria", name="Syria", type="state"),)}, False, id="a state at home"),
        pytest.param({"cross_border": True}, {"actors": (isis(),)}, False, id="no state"),
        pytest.param(
            {"cross_border": True},
            {"actors": (isis(id="government_forces", name="government forces", type="state"),)},
            False,
            id="forces of no named state",
        ),
        pytest.param(
            {"cross_border": True}, {"actors": (isis(id="israel", name="Israel", type="state", role="target"),)}, False, id="hit abroad"
        ),
    ],
)
def test_what_is_looked_for(what: dict[str, Any], event: dict[str, Any], holds: bool) -> None:
    assert wanted(happened("a", at(0), **event), What(**what)) is holds


def test_an_event_that_is_not_looked_for_may_still_count() -> None:
    clash = happened("a", at(0))
    assert matters(clash, What(type=("siege",)))
    assert not matters(clash, What(category=("strategic",)))


def test_a_rule_counts_by_place_and_exercises_apart() -> None:
    assert rule_key(happened("a", at(0))) == "site:t4"
    assert rule_key(happened("a", at(0), place=t4(id="site:k1"))) == "site:k1"
    assert rule_key(happened("a", at(0), sample=True, key="exercise:drill:SY.11")) == "exercise:drill:SY.11:site:t4"
