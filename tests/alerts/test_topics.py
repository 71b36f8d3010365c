"""Records of one identity are repeats; records about different things never are."""

from itertools import pairwise
from typing import Any

import pytest

from alerts.desk import STAGES
from alerts.records import Acknowledgement, RoutesInForce, RulesInForce, Silence
from alerts.topics import CONTROL, MATCHES
from streams.records import Verdict
from tests.alerts.saying import again, at, happened, matched


def a_silence(name: str) -> Silence:
    return Silence(id=name, at=at(0), start=at(0), end=at(1), by="watch", reason="known")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(a_silence("a"), a_silence("b"), id="silences"),
        pytest.param(
            Verdict(event="a", accepted=False, by="w", at=at(0)), Verdict(event="b", accepted=False, by="w", at=at(0)), id="verdicts"
        ),
        pytest.param(Acknowledgement(alert="a", by="w", at=at(0)), Acknowledgement(alert="b", by="w", at=at(0)), id="acknowledgements"),
        pytest.param(RulesInForce(at=at(0), rules=()), RulesInForce(at=at(1), rules=()), id="rules at another time"),
        pytest.param(RulesInForce(at=at(0), rules=()), RoutesInForce(at=at(0), receivers=(), routes=()), id="rules and routes"),
    ],
)
def test_two_control_records_of_one_moment_are_told_apart(one: Any, other: Any) -> None:
    assert CONTROL.identity(one) != CONTROL.identity(other)


def test_a_match_is_named_by_rule_place_and_revision() -> None:
    first = happened("a", at(0))
    names = {MATCHES.identity(matched(e, rule=r)) for e in (first, again(first, at(0, 1))) for r in ("one", "two")}
    assert len(names) == 4


def test_every_stage_of_the_desk_reads_what_an_earlier_one_writes() -> None:
    for earlier, later in pairwise(STAGES):
        assert later.input in earlier.outputs
