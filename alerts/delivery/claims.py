"""An event in; its claims as a table with one row a question and one column a source, its evidence as numbered entries out.

Answers that disagree stand side by side, each under who gave it. Nothing is averaged and nobody is preferred.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import msgspec

from alerts.delivery import assessment
from alerts.delivery.formats import date_time_group, plural
from alerts.delivery.layout import table
from alerts.delivery.phrases import answer, question
from alerts.records import Desk
from streams.records import Claim, Event, Evidence

COLUMNS = 3
"""Sources side by side: more make columns too narrow to read in 100."""
MOST_SOURCES = 9
MOST_PASSAGES = 12
"""In a message; the rest is counted, and all of it is behind the link."""
MOST_ANSWERS = 8
"""To one question; nobody reads a ninth at night, and the webhook carries them."""
MOST_NAMED = 4
"""Outlets with the same words that are named."""
WORD = re.compile(r"\w+")
WEB = re.compile(r"https?://\S{1,500}")
"""Links worth printing. Feeds are hostile: no ``javascript:``, nothing that fills the screen."""
NOT_STATED = "not stated"

BACKGROUND = {
    "historical": "background mention",
    "follow_up": "background mention",
    "denied": "denial",
    "negated": "denial",
    "attempted": "mention of a failed or foiled attempt",
    "threatened": "threat",
    "planned": "plan",
    "hypothetical": "mention of what could happen",
    "exercise": "exercise",
}


@dataclass(frozen=True)
class Source:
    """One column: an independent group behind at least one claim, under the name that came first."""

    owner: str
    name: str


@dataclass(frozen=True)
class Passage:
    """One numbered entry of the evidence."""

    n: int
    grade: str
    by: str
    quote: str
    url: str | None
    also: str
    """Who else has the same words: ``SANA, Tishreen and 3 more``; "" if nobody."""


def readable(event: Event) -> Event:
    """*event* with the best supported answers to each question, in their order; those that came first of equals."""
    kept: set[int] = set()
    for asked in dict.fromkeys(c.question for c in event.claims):
        ranked = sorted((-len(c.by), i) for i, c in enumerate(event.claims) if c.question == asked)
        kept |= {i for _, i in ranked[:MOST_ANSWERS]}
    return msgspec.structs.replace(event, claims=tuple(c for i, c in enumerate(event.claims) if i in kept))


def sources(event: Event) -> list[Source]:
    """The groups behind the claims, in the order of their first claim."""
    found: dict[str, Source] = {}
    for claim in event.claims:
        for name in claim.by:
            owner = assessment.owner(event, name, claim.article)
            found.setdefault(owner, Source(owner, _party(name, owner)))
    return list(found.values())


def _party(name: str, owner: str) -> str:
    """The name of the group: of a cited source that counts for itself its own, else that of the outlet."""
    cited = assessment.CITED.fullmatch(name)
    if not cited:
        return name
    return cited["source"] if cited["source"].casefold() == owner else cited["outlet"]


def side_by_side(event: Event, desk: Desk) -> list[str]:
    """The lines of the table; none without claims. More than three sources continue in a second table below."""
    lines = list[str]()
    for block in blocks(event, desk):
        lines += ([""] if lines else []) + table(block)
    left_out = len(sources(event)) - MOST_SOURCES
    return [*lines, f"  and {plural(left_out, 'more source')}"] if left_out > 0 else lines


def blocks(event: Event, desk: Desk) -> list[list[list[str]]]:
    """The table in blocks of at most three sources: rows of cells, the first row the head."""
    columns = sources(event)[:MOST_SOURCES]
    return [_block(event, desk, columns[start : start + COLUMNS]) for start in range(0, len(columns), COLUMNS)]


def _block(event: Event, desk: Desk, columns: list[Source]) -> list[list[str]]:
    head = [
        "Question",
        *(f"{source.name} ({assessment.letter(desk, source.owner, source.name)}{_digit(event, source)})" for source in columns),
    ]
    asked = dict.fromkeys((claim.question, question(claim, event)) for claim in event.claims)
    return [head, *([words, *(_cell(event, source, name, desk) for source in columns)] for name, words in asked)]


def _given(event: Event, source: Source, name: str | None = None) -> list[Claim]:
    return [c for c in event.claims if name in {None, c.question} and source.owner in assessment.owners(event, c)]


def _digit(event: Event, source: Source) -> str:
    """The one digit of all the source's claims; "" where they differ, and each cell has its own."""
    digits = {assessment.digit(event, claim) for claim in _given(event, source)}
    return f"{digits.pop()}" if len(digits) == 1 else ""


def _cell(event: Event, source: Source, name: str, desk: Desk) -> str:
    return "; ".join(_answer(event, source, claim, desk) for claim in _given(event, source, name)) or NOT_STATED


def _answer(event: Event, source: Source, claim: Claim, desk: Desk) -> str:
    where = reference(event, source, claim)
    letter = assessment.letter(desk, source.owner, source.name)
    graded = "" if _digit(event, source) else f" ({letter}{assessment.digit(event, claim)})"
    return f"{answer(claim)}{graded} [{where}]" if where else f"{answer(claim)}{graded}"


def reference(event: Event, source: Source, claim: Claim) -> int | None:
    """Number of the passage in which *source* makes *claim*; None where no passage of it is among the evidence."""
    own = [(n, e) for n, copies in enumerate(together(event)[:MOST_PASSAGES], 1) for e in copies if _speaks(e, source)]
    exact = [n for n, e in own if e.article == claim.article and e.quote == claim.quote]
    return next(iter([*exact, *(n for n, e in own if e.article == claim.article), *(n for n, _ in own)]), None)


def _speaks(evidence: Evidence, source: Source) -> bool:
    return source.owner == evidence.owner or assessment.speaks(evidence, source.name)


def passages(event: Event, desk: Desk) -> Iterator[Passage]:
    """The evidence, verbatim, numbered and graded."""
    before: Evidence | None = None
    for n, (evidence, *copies) in enumerate(together(event)[:MOST_PASSAGES], 1):
        url = next((e.url for e in (evidence, *copies) if WEB.fullmatch(e.url or "")), None)
        again = before is not None and (before.url == evidence.url and before.article == evidence.article)
        yield Passage(
            n,
            assessment.grade(event, evidence, desk),
            _credit(evidence, before),
            evidence.quote,
            None if again else url,
            _also(evidence, copies),
        )
        before = evidence


@lru_cache(maxsize=256)
def together(event: Event) -> tuple[tuple[Evidence, ...], ...]:
    """The evidence, passages in the same words together, the first of them first: a wire text is read once, whoever carries it."""
    found: dict[tuple[str, ...], list[Evidence]] = {}
    for evidence in event.evidence:
        found.setdefault((evidence.status, *WORD.findall(evidence.quote.casefold())), []).append(evidence)
    return tuple(map(tuple, found.values()))


def _also(evidence: Evidence, copies: Sequence[Evidence]) -> str:
    names = [name for name in dict.fromkeys(e.outlet or "outlet not known" for e in copies) if name != evidence.outlet]
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _credit(evidence: Evidence, before: Evidence | None) -> str:
    same = before is not None and (before.outlet, before.published) == (evidence.outlet, evidence.published)
    at = date_time_group(evidence.published) if evidence.published else "publication time not given"
    said = "same" if same else f"{evidence.outlet or 'outlet not known'}, {at}"
    cited = f", citing {evidence.source}" if evidence.source and evidence.source != evidence.outlet else ""
    return f"{said}{cited}{' (denial)' if evidence.status in {'denied', 'negated'} else ''}"


def not_counted(event: Event) -> list[str]:
    """What was read and left out of the count, and why; empty if nothing was."""
    kinds: dict[str, list[Evidence]] = {}
    for evidence in event.background:
        kinds.setdefault(BACKGROUND.get(evidence.status, "other mention"), []).append(evidence)
    lines = [f'{plural(len(found), name)} ("{found[0].quote}")' for name, found in kinds.items()]
    copies = event.articles - event.owners
    return [*lines, f"{plural(copies, 'more article')} by the same owners or of the same text"] if copies > 0 and event.owners else lines
