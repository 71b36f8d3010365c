"""What was said last, what comes, and what follows: a table of sentences, after Alertmanager's test of `needsUpdate`."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from alerts.policy import Quiet, Say, first_word, moved, next_word
from alerts.records import Alert, Confirm, Rule, Threshold
from alerts.rules.situations import Seen, seen
from streams.records import Event
from tests.alerts.saying import DAY, HOUR, a_rule, at, happened
from tests.builders import a_claim, an_alert, t4

NOW = at(0, 2)
BASE = happened("a", at(0))


def me(event: Event, **changes: Any) -> Seen:
    return msgspec.structs.replace(seen(event, counts=True, wanted=True), **changes)


def before(days: float) -> Seen:
    return me(happened("before", at(-days)))


FIRST = [
    # id, rule, event, before, now, code, part of the text
    ("nothing on record", {}, {}, None, NOW, "new", "no accepted event at this place in the last 30 days (none on record)"),
    ("quiet for longer than asked", {}, {}, 31, NOW, "new", "no accepted event at this place in the last 30 days"),
    ("quiet for exactly as long as asked", {}, {}, 30 + 1 / 24, NOW, "new", "30 days"),
    ("an hour less than asked", {}, {}, 30, NOW, "not_novel", "30 days before; the rule asks for 30 days of quiet"),
    ("not quiet, but the rule does not ask", {"novelty": None}, {}, 3, NOW, "new", "the rule's match and threshold hold"),
    ("too few owners", {"threshold": Threshold(owners=2)}, {}, None, NOW, "below_threshold", "1 of 2 owners"),
    ("enough owners", {"threshold": Threshold(owners=2)}, {"owners": 2}, None, NOW, "new", "30 days"),
    ("too few articles", {"threshold": Threshold(articles=3)}, {"articles": 2}, None, NOW, "below_threshold", "2 of 3 articles"),
    ("too unsure", {"threshold": Threshold(confidence=0.9)}, {"confidence": 0.86}, None, NOW, "below_threshold", "0.86 of 0.90"),
    ("ended just within the look-back", {"max_age": HOUR}, {}, None, NOW, "new", "30 days"),
    ("ended longer ago", {"max_age": HOUR}, {}, None, at(0, 2.1), "stale", "the rule looks back 1 h"),
]


@pytest.mark.parametrize(("changes", "event", "days", "now", "code", "text"), [r[1:] for r in FIRST], ids=[r[0] for r in FIRST])
def test_first_word(changes: Any, event: Any, days: float | None, now: Any, code: str, text: str) -> None:
    subject = happened("a", at(0), **event)
    verdict = first_word(a_rule(**changes), subject, [me(subject)], None if days is None else before(days), now)
    assert verdict.code == code
    assert text in verdict.text
    assert isinstance(verdict, Say) == (code == "new")


def test_an_event_that_does_not_count_gets_no_first_word() -> None:
    assert first_word(a_rule(), BASE, [], None, NOW).code == "does_not_count"


def test_an_event_that_the_match_does_not_want_gets_no_first_word() -> None:
    assert first_word(a_rule(), BASE, [me(BASE, wanted=False)], None, NOW).code == "no_match"


def test_novelty_is_asked_of_the_whole_situation_not_of_its_last_event() -> None:
    began = me(happened("began", at(-1)))
    assert first_word(a_rule(), BASE, [began, me(BASE)], before(31.5), NOW).code == "new"
    assert first_word(a_rule(), BASE, [began, me(BASE)], before(30.5), NOW).code == "not_novel"


COOL = {"cooldown": 6 * HOUR}
CONFIRMING = {"confirm": Confirm(owners=2, within=6 * HOUR)}
NEXT = [
    # id, rule, what was said last, the event then, the event now, code, change, differences
    ("nothing changed", {}, {}, {}, {}, "unchanged", None, ()),
    ("only the wording", {}, {}, {}, {"weapons": ("mortars",)}, "unchanged", None, ()),
    ("an edited date", {}, {}, {}, {"last_reported": at(0, 1.5)}, "unchanged", None, ()),
    ("a new owner", {}, {}, {}, {"owners": 2}, "material_change", "update", ("1 MORE independent source",)),
    ("two new owners", {}, {}, {}, {"owners": 3}, "material_change", "update", ("2 MORE independent sources",)),
    ("an owner less", {}, {}, {"owners": 2}, {"owners": 1}, "unchanged", None, ()),
    ("a copy more", {}, {}, {}, {"articles": 40}, "unchanged", None, ()),
    ("a new owner in the cooldown", COOL, {}, {}, {"owners": 2}, "cooldown", None, ()),
    (
        "a confirmation", CONFIRMING, {"stage": "preliminary"}, {}, {"owners": 2},
        "material_change", "update", ("CONFIRMED by 2 independent sources",),
    ),
    (
        "a confirmation in the cooldown", COOL | CONFIRMING, {"stage": "preliminary"}, {}, {"owners": 2},
        "material_change", "update", ("CONFIRMED by 2 independent sources",),
    ),
    (
        "a third owner after the confirmation, in the cooldown", COOL | CONFIRMING, {"stage": "confirmed"}, {"owners": 2}, {"owners": 3},
        "cooldown", None, (),
    ),
    (
        "a denial in the cooldown", COOL, {}, {}, {"claims": (a_claim("happened", "no", "SANA"),), "disputed": True},
        "material_change", "update", ("SANA DENIES it",),
    ),
    (
        "a denial of the loss, said once", COOL, {}, {}, {"claims": (a_claim("control", "not taken", "Army"),), "disputed": True},
        "material_change", "update", ("Army DENIES the loss",),
    ),
    (
        "a second voice to the same denial", {}, {}, {"claims": (a_claim("happened", "no", "SANA"),)},
        {"claims": (a_claim("happened", "no", "SANA", "Tass"),)}, "unchanged", None, (),
    ),
    ("a dispute", COOL, {}, {}, {"disputed": True}, "material_change", "update", ("DISPUTED: sources contradict each other",)),
    ("the end of a dispute", COOL, {}, {"disputed": True}, {}, "material_change", "update", ("NO LONGER DISPUTED",)),
    (
        "another answer on control", {}, {}, {}, {"claims": (a_claim("control", "parts taken"),)},
        "material_change", "update", ("CONTROL: parts taken (ARA News)",),
    ),
    (
        "a higher toll", {}, {}, {"claims": (a_claim("killed", "3"),)},
        {"claims": (a_claim("killed", "3"), a_claim("killed", "12", "AFP"))},
        "material_change", "update", ("KILLED: 12 (AFP)",),
    ),
    ("a higher toll in the cooldown", COOL, {}, {}, {"claims": (a_claim("killed", "12"),)}, "cooldown", None, ()),
    (
        "another attacker, nobody credited", {}, {}, {}, {"claims": (msgspec.structs.replace(a_claim("attacker", "rebels"), by=()),)},
        "material_change", "update", ("ATTACKER: rebels (a source not named)",),
    ),
    ("materiel alone", {}, {}, {}, {"claims": (a_claim("losses", "two tanks"),)}, "unchanged", None, ()),
    (
        "another type in the cooldown", COOL, {}, {}, {"type": "siege"},
        "material_change", "correction", ("NOW siege, before armed clash",),
    ),
    (
        "a place farther off than its radius", {}, {}, {}, {"place": t4(name="Hill 7", lat=34.6)},
        "material_change", "correction", ("PLACE moved to Hill 7",),
    ),
    ("a place within its radius", {}, {}, {}, {"place": t4(lat=34.5325)}, "unchanged", None, ()),
    (
        "a louder rule in the cooldown", COOL | {"severity": "flash"}, {}, {}, {"owners": 2},
        "material_change", "update", ("PRECEDENCE raised to FLASH", "1 MORE independent source"),
    ),
    ("a louder rule without news", {"severity": "flash"}, {}, {}, {}, "unchanged", None, ()),
    ("a quieter rule in the cooldown", COOL | {"severity": "routine"}, {}, {}, {"owners": 2}, "cooldown", None, ()),
    (
        "news after a retraction, in the cooldown", COOL, {"change": "retraction"}, {}, {},
        "material_change", "correction", ("REPORTED AGAIN after the retraction",),
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "last", "then", "now", "code", "change", "differences"), [r[1:] for r in NEXT], ids=[r[0] for r in NEXT]
)
def test_next_word(changes: Any, last: Any, then: Any, now: Any, code: str, change: str | None, differences: tuple[str, ...]) -> None:
    was, is_now = happened("a", at(0), **then), happened("a", at(0), revision=2, **now)
    verdict = next_word(a_rule(**changes), said(was, **last), [(was, is_now)], [], NOW)
    assert verdict.code == code
    assert getattr(verdict, "change", None) == change
    assert getattr(verdict, "differences", ()) == differences
    if code == "cooldown":
        assert isinstance(verdict, Quiet)
        assert verdict.until == at(0, 1) + 6 * HOUR


def said(event: Event, **changes: Any) -> Alert:
    return an_alert(**{"event": event, "at": at(0, 1), "stage": None, "needed": None, **changes})


def test_the_cooldown_is_over_to_the_second() -> None:
    more = happened("a", at(0), revision=2, owners=2)
    rule, last = a_rule(**COOL), said(BASE)
    assert next_word(rule, last, [(BASE, more)], [], at(0, 7) - timedelta(seconds=1)).code == "cooldown"
    assert next_word(rule, last, [(BASE, more)], [], at(0, 7)).code == "material_change"


def test_nothing_left_is_a_retraction_that_says_why_and_comes_once() -> None:
    verdict = next_word(a_rule(**COOL), said(BASE), [], [(BASE, "an officer dismissed it")], NOW)
    assert isinstance(verdict, Say)
    assert (verdict.change, verdict.text, verdict.differences) == (
        "retraction", "an officer dismissed it", ("RETRACTED: an officer dismissed it",),
    )  # fmt: skip
    assert next_word(a_rule(), said(BASE, change="retraction"), [], [(BASE, "x")], NOW).code == "retracted"


def test_a_loss_among_others_is_a_correction_despite_the_cooldown() -> None:
    gone = happened("b", at(1), occurred=None)
    verdict = next_word(a_rule(**COOL), said(gone), [(BASE, BASE)], [(gone, "no source says so any more")], NOW)
    assert isinstance(verdict, Say)
    assert (verdict.change, verdict.event) == ("correction", BASE)
    assert verdict.differences == ("WITHDRAWN: armed clash, day not reported: no source says so any more",)


def test_an_event_that_joins_is_named_with_its_day() -> None:
    same, other = happened("b", at(1)), happened("c", at(1), type="air_drone_strike")
    for joined, words in ((same, "GOES ON: armed clash, 13 DEC 16"), (other, "ALSO: air drone strike, 13 DEC 16")):
        verdict = next_word(a_rule(), said(BASE), [(None, joined), (BASE, BASE)], [], NOW)
        assert isinstance(verdict, Say)
        assert (verdict.change, verdict.event, verdict.differences) == ("update", joined, (words,))


def test_spans_are_told_in_the_unit_that_people_use() -> None:
    for cooldown, ago, words in ((DAY * 9, DAY * 3, "3 days"), (DAY, HOUR * 5, "5 h"), (DAY, HOUR / 2, "30 min")):
        rule: Rule = a_rule(cooldown=cooldown)
        verdict = next_word(rule, said(BASE), [(BASE, happened("a", at(0), owners=2))], [], at(0, 1) + ago)
        assert verdict.text == f"the last message is {words} old"


def test_a_place_moves_when_it_is_farther_off_than_was_said() -> None:
    assert not moved(BASE, happened("a", at(0), place=t4(lat=34.54)))
    assert moved(BASE, happened("a", at(0), place=t4(lat=34.5425)))
    near = happened("a", at(0), place=t4(radius_km=10.0, precision="near"))
    assert not moved(near, happened("a", at(0), place=t4(lat=34.6)))
