"""A confirmed alert whose sources take back what they said."""

from alerts.records import Threshold
from tests.alerts.saying import HOUR, a_rule, again, alerts_of, at, happened, tick, two_owners

RULE = a_rule(confirm=two_owners(), threshold=Threshold(owners=1), cooldown=24 * HOUR)


def said(*later: int) -> list[tuple[str, str | None, str]]:
    """Change, stage and first difference of what is said of an event that has two owners, then so many."""
    first = happened("e", at(0), owners=1)
    log = [(at(0), first), (at(0, 1), again(first, at(0, 1), owners=2))]
    log += [(at(0, 2 + i), again(first, at(0, 2 + i), revision=3 + i, owners=owners)) for i, owners in enumerate(later)]
    alerts = alerts_of([event for _, event in log] + [tick(at(3))], RULE)
    return [(a.change, a.stage, a.differences[0] if a.differences else "") for a in alerts]


def test_too_few_that_are_left_are_a_correction_at_once_and_the_alert_is_preliminary_again() -> None:
    assert said(1)[2:] == [("correction", "preliminary", "NO LONGER CONFIRMED: 1 independent source left")]


def test_another_source_confirms_again() -> None:
    assert [(change, stage) for change, stage, _ in said(1, 2)[2:]] == [("correction", "preliminary"), ("update", "confirmed")]


def test_as_many_as_are_needed_are_no_news() -> None:
    assert len(said(2)) == 2
