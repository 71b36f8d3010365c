"""An event's claims in; how likely it is, how sure we are, and the grade of each claim out. All of it is the machine's word."""

import re
from functools import lru_cache

from alerts.delivery.formats import plural
from alerts.records import Desk
from streams.records import Claim, Event, Evidence, Range

LIKELIHOOD: tuple[tuple[float, str], ...] = (
    (0.05, "almost no chance"),
    (0.20, "very unlikely"),
    (0.45, "unlikely"),
    (0.55, "roughly even chance"),
    (0.80, "likely"),
    (0.95, "very likely"),
    (1.01, "almost certain"),
)
"""ICD 203 (2015), part D.6.e(2)(a): upper bounds of its seven ranges, each word up to but not including its bound."""

ONE_SOURCE_CEILING = 0.79
"""``Event.confidence`` says how sure the reading is. That one source is right is at best *likely*, however clear its words."""
MACHINE_CEILING = 0.94
"""*Almost certain* is for an analyst to say."""
DENIED_CEILING = 0.54
"""As many groups say that it did not happen as say that it did: a roughly even chance at best. Fewer: likely at best."""

CITED = re.compile(r"(?P<source>.+) \(in (?P<outlet>.+)\)")
"""How a claim names a source that an outlet cites."""
NO = frozenset({"no", "denied", "false", "did not happen"})
HELD = frozenset({"attack repelled", "attack failed", "not taken", "repelled", "failed", "intercepted"})
LOST = frozenset({"taken", "parts taken", "taken by the government", "captured", "partly_captured"})
"""Answers on control: within one side they go together."""
ADDING = frozenset({"losses"})
"""Questions to which two answers add to each other rather than contradict."""
NUMBERED = frozenset({"killed", "injured"})


def likelihood(probability: float) -> str:
    """The word of ICD 203 for *probability* (0 to 1)."""
    return next(word for bound, word in LIKELIHOOD if probability < bound)


def probability(event: Event) -> float:
    """How likely it is that the event happened, capped by what kind of support there is."""
    no, yes = _groups(event, denials(event)), _groups(event, [c for c in event.claims if c.question == "happened" and not _is_denial(c)])
    if no and no >= max(yes, 1):
        return min(event.confidence, DENIED_CEILING)
    return min(event.confidence, ONE_SOURCE_CEILING if no or event.backing < 2 else MACHINE_CEILING)


def _groups(event: Event, claims: list[Claim]) -> int:
    """How many independent groups stand behind any of *claims*."""
    return len(frozenset().union(*(owners(event, claim) for claim in claims)))


def confidence(event: Event) -> tuple[str, str]:
    """Low, moderate or high, and the sentence that says on what basis. Never to be put in a sentence with a likelihood."""
    open_questions = disputes(event)
    basis = "No source stands behind it any more" if not event.owners else plural(event.owners, "independent source").capitalize()
    basis = "One source" if event.owners == 1 else basis
    if event.disputed:
        named = f" on {' and '.join(SUBJECT[question] for question in open_questions)}" if open_questions else ""
        return ("low" if event.owners < 3 or denials(event) else "moderate"), f"{basis}; sources contradict each other{named}."
    level = "low" if event.owners < 2 else "moderate" if event.owners == 2 else "high"
    return level, f"{basis}; nothing contradicts {'it' if event.owners == 1 else 'them'} yet."


SUBJECT = {
    "happened": "whether it happened",
    "control": "control",
    "killed": "the number killed",
    "injured": "the number injured",
    "attacker": "the attacker",
    "losses": "losses",
}


def denials(event: Event) -> list[Claim]:
    """The claims that it did not happen at all."""
    return [claim for claim in event.claims if _is_denial(claim)]


def _is_denial(claim: Claim) -> bool:
    return claim.question == "happened" and claim.answer.casefold() in NO


def disputes(event: Event) -> tuple[str, ...]:
    """The questions on which the claims contradict each other, in order of the claims; none where fuse saw no dispute.

    Several attackers are no dispute where another question already is: most often they fight each other there.
    """
    return _open_questions(event.claims) if event.disputed else ()


@lru_cache(maxsize=256)
def _open_questions(claims: tuple[Claim, ...]) -> tuple[str, ...]:
    found = dict.fromkeys(claim.question for claim in claims if any(contradicts(claim, other) for other in claims))
    return tuple(question for question in found if question != "attacker" or len(found) == 1)


def contradicts(one: Claim, other: Claim) -> bool:
    """Whether both cannot be true.

    Counts whose ranges overlap can (``at least 3`` and ``5``), two attackers can where one source names both, and a place can
    be taken in parts and then whole.
    """
    if one.question != other.question or one.answer.casefold() == other.answer.casefold() or one.question in ADDING:
        return False
    if one.question == "attacker" and set(one.by) & set(other.by):
        return False
    sides = [side for side in (HELD, LOST) for claim in (one, other) if claim.answer.casefold() in side]
    if one.question == "control" and len(sides) == 2:
        return sides[0] != sides[1]
    ranges = number(one.answer), number(other.answer)
    if one.question not in NUMBERED or None in ranges:
        return True
    (low, high), (other_low, other_high) = ((r[0] or 0, r[1]) for r in ranges if r is not None)
    return (high is not None and high < other_low) or (other_high is not None and other_high < low)


@lru_cache(maxsize=4096)
def number(words: str) -> Range | None:
    """Read a count back: ``at least 23`` is ``(23, None)``; None if there is none in it."""
    found = [int(n.replace(",", "")) for n in re.findall(r"\d[\d,]*", words)]
    if not found:
        return (0, 0) if re.search(r"\b(none|no one|nobody|zero)\b", words.casefold()) else None
    if len(found) > 1:
        return min(found), max(found)
    if re.search(r"\b(at least|more than|over|or more)\b|\+", words.casefold()):
        return found[0], None
    return (None, found[0]) if re.search(r"\b(up to|as many as|at most|fewer than)\b", words.casefold()) else (found[0], found[0])


@lru_cache(maxsize=512)
def owner(event: Event, name: str, article: str | None = None) -> str:
    """The owner behind the outlet or source *name*, by the evidence; its own name in lower case where none says."""
    said = [e for e in event.evidence if e.owner and speaks(e, name)]
    said.sort(key=lambda e: e.article != article)
    cited = CITED.fullmatch(name)
    return said[0].owner if said else (cited["outlet"] if cited else name).casefold()


def speaks(evidence: Evidence, name: str) -> bool:
    """Whether *name* is the outlet or the source of the passage, or both as ``a military source (in ARA News)``."""
    outlet, source = (evidence.outlet or "").casefold(), (evidence.source or "").casefold()
    cited = CITED.fullmatch(name)
    if cited and source:
        return (source, outlet) == (cited["source"].casefold(), cited["outlet"].casefold())
    return name.casefold() in {outlet, source}


def owners(event: Event, claim: Claim) -> frozenset[str]:
    """The independent groups behind *claim*."""
    return frozenset(owner(event, name, claim.article) for name in claim.by)


@lru_cache(maxsize=512)
def digit(event: Event, claim: Claim) -> int:
    """Credibility of *claim* by NATO's scale: 2 agreed by independent groups, 3 one plausible source, 4 contradicted, 6 cannot be judged.

    1 (confirmed) and 5 (improbable) are for people to say. The source's reliability plays no part: each half of a grade stands alone.
    """
    groups = len(owners(event, claim))
    if not groups:
        return 6
    others = event.claims if claim.question in disputes(event) else ()
    against = [len(owners(event, other)) for other in others if contradicts(claim, other)]
    if against and max(against) >= groups:
        return 4
    return 2 if groups >= 2 else 3


def letter(desk: Desk, *names: str | None) -> str:
    """Reliability A-F of the first of *names* (owner, outlet) that the operator has graded; F, cannot be judged, for all others."""
    grades = {name.casefold(): grade.upper() for name, grade in desk.grades.items()}
    return next((grades[name.casefold()] for name in names if name and name.casefold() in grades), "F")


def grade(event: Event, evidence: Evidence, desk: Desk) -> str:
    """Grade of one passage: its source's letter, and the digit of the most doubtful claim that it carries."""
    named = evidence.outlet or evidence.source
    own = [c for c in event.claims if c.article == evidence.article and c.quote == evidence.quote]
    own = own or [c for c in event.claims if any(speaks(evidence, name) for name in c.by)]
    digits = [digit(event, claim) for claim in own]
    credibility = max(digits) if digits else 3 if named else 6
    return f"{letter(desk, evidence.owner, evidence.outlet)}{credibility}"
