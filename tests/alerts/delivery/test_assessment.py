"""Likelihood, confidence and grades: by rule, apart from each other, and never more than a machine may say."""

import re

import pytest

from alerts.delivery.assessment import confidence, contradicts, digit, disputes, grade, letter, likelihood, number, probability
from streams.records import Range
from tests.builders import PARTS, a_claim, a_desk, a_passage, an_event


@pytest.mark.parametrize(
    ("chance", "word"),
    [
        (0.0, "almost no chance"), (0.049, "almost no chance"), (0.05, "very unlikely"), (0.2, "unlikely"), (0.45, "roughly even chance"),
        (0.55, "likely"), (0.799, "likely"), (0.8, "very likely"), (0.95, "almost certain"), (1.0, "almost certain"),
    ],
)  # fmt: skip
def test_likelihood_words_have_the_ranges_of_icd_203(chance: float, word: str) -> None:
    assert likelihood(chance) == word


YES, NO = a_claim("happened", "yes"), a_claim("happened", "no", "SANA")


@pytest.mark.parametrize(
    ("event", "word"),
    [
        pytest.param(an_event(owners=1, confidence=0.99), "likely", id="one source is at best likely"),
        pytest.param(an_event(owners=3, confidence=0.99), "very likely", id="almost certain is for an analyst"),
        pytest.param(an_event(owners=3, confidence=0.3), "unlikely", id="a ceiling is no floor"),
        pytest.param(an_event(owners=2, confidence=0.99, claims=(YES, NO)), "roughly even chance", id="one denies what one says"),
        pytest.param(
            an_event(owners=3, confidence=0.99, claims=(a_claim("happened", "yes", "A", "B"), NO)), "likely", id="one denies what two say"
        ),
        pytest.param(an_event(owners=1, confidence=0.99, claims=(NO,)), "roughly even chance", id="a denial alone"),
    ],
)
def test_support_caps_the_likelihood(event: object, word: str) -> None:
    assert likelihood(probability(event)) == word  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"owners": 0}, ("low", "No source stands behind it any more; nothing contradicts them yet.")),
        ({"owners": 1}, ("low", "One source; nothing contradicts it yet.")),
        ({"owners": 2}, ("moderate", "2 independent sources; nothing contradicts them yet.")),
        ({"owners": 3}, ("high", "3 independent sources; nothing contradicts them yet.")),
        ({"owners": 3, "disputed": True}, ("moderate", "3 independent sources; sources contradict each other.")),
    ],
)
def test_confidence_goes_by_independent_sources(changes: dict[str, int], expected: tuple[str, str]) -> None:
    assert confidence(an_event(claims=(), **changes)) == expected


CAPTURED, REPELLED = a_claim("control", "captured"), a_claim("control", "repelled", "SANA")


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        pytest.param((CAPTURED,), 3, id="one plausible source"),
        pytest.param((a_claim("control", "captured", "A", "B"),), 2, id="independent groups agree"),
        pytest.param((CAPTURED, REPELLED), 4, id="a comparable source contradicts"),
        pytest.param((a_claim("control", "captured", "A", "B"), REPELLED), 2, id="one against two is not comparable"),
        pytest.param((CAPTURED, a_claim("control", "repelled", "A", "B")), 4, id="two against one"),
        pytest.param((a_claim("control", "captured", by=()),), 6, id="nobody named"),
    ],
)
def test_the_digit_of_a_claim(claims: tuple[object, ...], expected: int) -> None:
    event = an_event(claims=claims, disputed=len(claims) > 1)
    assert digit(event, event.claims[0]) == expected


def test_outlets_of_one_owner_are_one_group() -> None:
    evidence = (a_passage(outlet="A", owner="house"), a_passage(outlet="B", owner="house"))
    event = an_event(claims=(a_claim("control", "captured", "A", "B"),), evidence=evidence)
    assert digit(event, event.claims[0]) == 3


def test_a_cited_source_is_the_group_not_the_outlets_that_cite_it() -> None:
    evidence = (a_passage(outlet="A", source="SANA", owner="sana"), a_passage(outlet="B", source="SANA", owner="sana"))
    event = an_event(claims=(a_claim("control", "repelled", "A", "B", "SANA"),), evidence=evidence)
    assert digit(event, event.claims[0]) == 3


def test_an_outlet_and_a_source_that_it_cites_are_one_group() -> None:
    event = an_event(claims=(a_claim("happened", "yes", "ARA News", "a military source (in ARA News)"),))
    assert digit(event, event.claims[0]) == 3
    assert digit(an_event(claims=event.claims, evidence=()), event.claims[0]) == 3


def test_two_parties_that_outlets_cite_are_two_groups() -> None:
    evidence = (a_passage(source="SANA", owner="sana"), a_passage(source="Amaq", owner="amaq"))
    event = an_event(claims=(a_claim("happened", "yes", "SANA (in ARA News)", "Amaq (in ARA News)"),), evidence=evidence)
    assert digit(event, event.claims[0]) == 2


def test_a_machine_never_says_1_or_5() -> None:
    for answers in (("yes",), ("yes", "no"), ("yes", "no", "maybe")):
        claims = tuple(a_claim("happened", answer, *"ABC"[: n + 1]) for n, answer in enumerate(answers))
        event = an_event(claims=claims, disputed=True)
        assert {digit(event, claim) for claim in claims} <= {2, 3, 4, 6}


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        pytest.param(("killed", "at least 3"), ("killed", "5"), False, id="overlapping counts"),
        pytest.param(("killed", "at least 23"), ("killed", "3"), True, id="counts apart"),
        pytest.param(("killed", "none"), ("killed", "3"), True, id="none and some"),
        pytest.param(("killed", "between 12 and 15"), ("killed", "up to 12"), False, id="touching"),
        pytest.param(("losses", "a tank"), ("losses", "two jeeps"), False, id="losses add up"),
        pytest.param(("control", "captured"), ("killed", "3"), False, id="other questions"),
        pytest.param(("control", "captured"), ("control", "Captured"), False, id="the same answer"),
        pytest.param(("attacker", "A"), ("attacker", "B"), False, id="two names by one source are two attackers"),
        pytest.param(("attacker", "A", "ARA News"), ("attacker", "B", "SANA"), True, id="two names by two sources"),
        pytest.param(("control", "taken"), ("control", "parts taken"), False, id="parts, then all"),
        pytest.param(("control", "parts taken"), ("control", "attack repelled"), True, id="lost and held"),
        pytest.param(("control", "besieged"), ("control", "taken"), True, id="an answer of no known side"),
    ],
)
def test_what_contradicts_what(one: tuple[str, ...], other: tuple[str, ...], expected: bool) -> None:
    assert contradicts(a_claim(*one), a_claim(*other)) is contradicts(a_claim(*other), a_claim(*one)) is expected


def test_several_attackers_are_no_dispute_beside_another_one() -> None:
    attackers = a_claim("attacker", "A"), a_claim("attacker", "B", "SANA")
    assert disputes(an_event(claims=(CAPTURED, REPELLED, *attackers), disputed=True)) == ("control",)
    assert disputes(an_event(claims=attackers, disputed=True)) == ("attacker",)


def test_only_what_fuse_calls_disputed_is_a_dispute() -> None:
    assert disputes(an_event(claims=(CAPTURED, REPELLED), disputed=True)) == ("control",)
    assert disputes(an_event(claims=(CAPTURED, REPELLED), disputed=False)) == ()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("at least 23", (23, None)), ("more than 1,200", (1200, None)), ("between 12 and 15", (12, 15)), ("12-15", (12, 15)),
        ("up to 5", (None, 5)), ("3", (3, 3)), ("none", (0, 0)), ("many", None),
    ],
)  # fmt: skip
def test_a_count_is_read_back(words: str, expected: Range | None) -> None:
    assert number(words) == expected


def test_a_letter_is_the_operators_and_f_until_then() -> None:
    desk = a_desk(grades={"SANA": "d"})
    assert letter(desk, "sana", "Daily Courier") == "D"
    assert letter(desk, "ara news", None) == "F"


def test_a_passage_bears_the_grade_of_its_most_doubtful_claim() -> None:
    event = an_event(claims=(a_claim(quote=PARTS), a_claim("control", "captured", quote=PARTS), REPELLED), disputed=True)
    assert grade(event, event.evidence[1], a_desk()) == "F4"
    assert grade(event, a_passage(outlet=None, source=None, owner="", article="other", quote="-"), a_desk()) == "F6"


def test_the_basis_never_has_a_likelihood_word_in_it() -> None:
    for owners in range(4):
        for disputed in (False, True):
            assert not re.search("likely|certain|chance", confidence(an_event(owners=owners, disputed=disputed))[1])
