"""How many were killed and injured, and what materiel was lost, as one sentence says it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from typing import NamedTuple

from streams.records import Party, Range

_UNITS = {
    w: i
    for i, w in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ]
    )
}
_UNITS |= {w: 10 * i for i, w in enumerate(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 2)}
_VAGUE: dict[str, Range] = {
    "dozens": (24, None), "scores": (40, None), "hundreds": (200, None), "thousands": (2000, None), "tens": (20, None),
    "several": (2, None), "a dozen": (12, 12), "a number": (2, None), "a few": (2, None), "some": (2, None), "many": (2, None),
}  # fmt: skip
"""The lowest count each word allows; it says nothing of the highest."""
_WORD = "|".join(sorted(_UNITS, key=len, reverse=True))
_DIGITS = r"\d{1,3}(?:,\d{3})+|\d+(?!\w)"
_NUMBER = rf"(?:{_DIGITS}|(?:{_WORD})(?:-(?:{_WORD}))?|{'|'.join(_VAGUE)}|an?)"
_BOUND = (
    r"(?P<bound>at least|more than|over|no fewer than|not less than|up to|as many as|at most|fewer than|about|around|nearly|almost|some)"
)
_COUNT = rf"(?:{_BOUND}\s+)?(?P<number>{_NUMBER})(?:(?:\s+(?:to|or|-)\s+|[-–](?=\d))(?P<upper>\d+|(?:{_WORD})(?!\w)))?"
_BETWEEN_TWO = re.compile(rf"\bbetween ({_NUMBER}) and ({_NUMBER})(?!\w)", re.IGNORECASE)
_PEOPLE = r"(?:\s+(?!and\b|killed\b|dead\b|wounded\b|injured\b)(?!\d)[\w’'-]+){0,6}?"
_KILLED = r"(?:killed|dead|slain|died|martyred|massacred|executed|murdered|beheaded|lost their lives)"
_HURT = r"(?:wounded|injured|hurt|maimed)"
_BETWEEN = "have been|has been|had been|were|was|are|is|being|been|were reported|reportedly|confirmed|also|others?|more|people|feared"
_MIDDLE = rf"(?:\s+(?:{_BETWEEN}))*\s+"


_PARTY = (
    rf"{_COUNT}(?P<people>(?:\s+(?!and\b|of\b|killed\b|wounded\b)[\w’'-]+){{0,3}}?"
    r"\s+(?:\w+(?:s|men|women|man|woman|er|or)|people|children|child|police|personnel|militia|person|civilian|militant|rebel|guard|student|journalist|boy|girl)\b)"
)
_BEFORE = re.compile(rf"(?P<word>\w+(?=\s)|[^\w\s]|^)\s*\b{_PARTY}(?:,| and|, and| as well as)\s+$", re.IGNORECASE)
_AFTER = re.compile(
    rf"(?:\s+(?!and\b|of\b)[\w’'-]+){{1,4}}?(?:,| and|, and| as well as)\s+(?={_PARTY}(?:\s*[,.;:]|\s+(?:and|in|on|at|near|"
    r"during|when|as|after|by|across|from|since|over|dead|killed|wounded|injured)\b|\s*$))",
    re.IGNORECASE,
)
_COUNTED = re.compile(_PARTY, re.IGNORECASE)
_OPENING = frozenset({
    "that", "when", "where", "as", "after", "and", "while", "which", "who", "saying", "least", "than", "over", "about", "around", "nearly",
    "left", "leaving", "leaves", "leave", "in", "said", "says", "say", "reported",
})  # fmt: skip
"""What may stand before the first party of a count: all else is a deed of its own, "wounded four people and two soldiers were killed"."""
_ACTIVE = re.compile(rf"\s+(?:{_BOUND}\s+)?(?:{_NUMBER})\b(?!\s+(?:days|hours|weeks|months|years|km|miles))", re.IGNORECASE)


class _Counted(NamedTuple):
    people: str
    range: Range


@dataclass(frozen=True)
class Toll:
    """Counts as the text bounds them, of all together; None where it says nothing.

    Attributes:
        parties: Those whose dead or injured are counted apart, in order.
    """

    killed: Range | None = None
    injured: Range | None = None
    parties: tuple[Party, ...] = ()


def _verb(words: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{words})\s+{_COUNT}(?!\s*(?:km|kilometers|miles|days|hours|percent|%))", re.IGNORECASE)


def _passive(words: str) -> re.Pattern[str]:
    return re.compile(rf"\b{_COUNT}{_PEOPLE}{_MIDDLE}{words}\b", re.IGNORECASE)


_KILLED_PATTERNS = (
    _passive(_KILLED),
    _verb(
        r"kill(?:s|ed|ing)?|leav(?:e|es|ing)|left|claim(?:s|ed|ing) the lives of|deaths? of|massacr(?:e|ed|ing)|execut(?:ed|ing)"
        r"|toll\b[^.;:]{0,90}?\b(?:(?:rises|rose|risen|climbs|climbed|jumps|jumped|grew|grown) to|reaches|reached|(?:stands|stood) at)"
    ),
)
_HURT_PATTERNS = (_passive(_HURT), _verb(r"wound(?:s|ed|ing)?|injur(?:es|ed|ing)|hurting"))
_KILLED_SIGNS = (
    "kill", "dead", "slain", "died", "martyred", "massacr", "execut", "murdered", "beheaded", "lost their lives", "leav", "left", "claim",
    "death", "toll",
)  # fmt: skip
_HURT_SIGNS = ("wound", "injur", "hurt", "maimed")
"""Parts of words without one of which no pattern of the killed or the hurt can match: looked for first, as patterns are slow."""
_LOSS_SIGNS = ("destroy", "shot down", "downed", "knocked out", "sank", "sunk", "loss of")
_LEFT = re.compile(r"\s*(?:[\w’'-]+\s+){0,5}?(dead|killed|wounded|injured)\b", re.IGNORECASE)
_MATERIEL = (
    r"warplanes?|tanks?|helicopters?|jets?|aircraft|drones?|vehicles?|planes?|howitzers?|batter(?:y|ies)|launchers?|warships?|boats?"
    r"|depots?|guns?|bulldozers?|carriers?|trucks?|pickups?"
)
_LOSS = re.compile(
    r"\b(?:destroy(?:s|ed|ing)?|shot down|downed|knocked out|sank|sunk|loss of)\s+"
    rf"(?P<what>(?:{_BOUND}\s+)?{_NUMBER}\s+(?:[\w-]+\s+){{0,3}}?(?:{_MATERIEL}))\b",
    re.IGNORECASE,
)


@lru_cache(maxsize=4096)
def read(sentence: str) -> Toll:
    """The toll that *sentence* states: the parties that it counts side by side together; of several counts the highest."""
    lower = sentence.lower()
    if "between" in lower:
        sentence = _BETWEEN_TWO.sub(r"\1 to \2", sentence)
    killed, dead = _counts(_KILLED_PATTERNS, sentence, hurt=False) if _any_of(_KILLED_SIGNS, lower) else (None, ())
    injured, hurt = _counts(_HURT_PATTERNS, sentence, hurt=True) if _any_of(_HURT_SIGNS, lower) else (None, ())
    parties = [Party(people=p.people, killed=p.range) for p in dead] + [Party(people=p.people, injured=p.range) for p in hurt]
    return Toll(killed, injured, tuple(parties))


def _any_of(signs: Sequence[str], lower: str) -> bool:
    return any(map(lower.__contains__, signs))


def _counts(patterns: Sequence[re.Pattern[str]], sentence: str, *, hurt: bool) -> tuple[Range | None, tuple[_Counted, ...]]:
    """The highest count, with its parties if it is of several."""
    passive, _ = patterns
    found = list[tuple[Range, tuple[_Counted, ...]]]()
    for pattern in patterns:
        for match in pattern.finditer(sentence):
            if not _about_people(sentence, match, hurt=hurt) or (pattern is passive and _ACTIVE.match(sentence, match.end())):
                continue
            parties = _with_own(match, sentence, before=pattern is passive)
            total = reduce(_sum, [p.range for p in parties]) if parties else _range(match)
            found.append((total, parties))
    return max(found, key=lambda f: f[0][0] or f[0][1] or 0, default=(None, ()))


def _parties_before(sentence: str, match: re.Match[str]) -> list[_Counted]:
    """ "Ten rebels and [two soldiers were killed]"."""
    found, end = list[_Counted](), match.start()
    while (party := _BEFORE.search(sentence, max(0, end - LONGEST), end)) is not None:
        found.insert(0, _Counted(party["people"].strip(), _range(party)))
        end = party.start("bound") if party["bound"] else party.start("number")
        if party["word"] in {",", "and"}:
            end = party.start("word") + len(party["word"]) + 1
            continue
        return found if not party["word"].isalpha() or party["word"].lower() in _OPENING else []
    return found


def _parties_after(sentence: str, match: re.Match[str]) -> list[_Counted]:
    """ "[killed at least 40] rebels and 12 soldiers"."""
    found, end = list[_Counted](), match.end()
    while (people := _AFTER.match(sentence, end)) is not None:
        party = _COUNTED.match(sentence, people.end())
        if party is None:
            break
        found.append(_Counted(party["people"].strip(), _range(party)))
        end = party.end("upper") if party["upper"] else party.end("number")
    return found


def _with_own(match: re.Match[str], sentence: str, *, before: bool) -> tuple[_Counted, ...]:
    """All parties that are counted together with that of *match*; empty if it is the only one. A dog is no party."""
    others = _parties_before(sentence, match) if before else _parties_after(sentence, match)
    own = _COUNTED.match(sentence, match.start("bound") if match["bound"] else match.start("number")) if others else None
    mine = [_Counted(own["people"].strip(), _range(own))] if own else []
    return tuple([*others, *mine] if before else [*mine, *others])


LONGEST = 120
"""How far before a count, in characters, another party of it may begin."""


def _sum(a: Range, b: Range) -> Range:
    """Both together: at least what both are at least, and bounded only if both are."""
    low = (a[0] or 0) + (b[0] or 0)
    return (low or None, None if a[1] is None or b[1] is None else a[1] + b[1])


def losses(sentence: str) -> str | None:
    """Materiel lost, in the sentence's own words: ``at least three warplanes``; None if none is named."""
    match = _LOSS.search(sentence) if _any_of(_LOSS_SIGNS, sentence.lower()) else None
    return match["what"] if match else None


def _about_people(sentence: str, match: re.Match[str], *, hurt: bool) -> bool:
    """``left 12`` counts only before "dead" or "wounded"; "a" and "some" only with a person's noun are dropped as vague."""
    first = match.group().split()[0].lower()
    if _YEAR.fullmatch(match["number"]) and not _COUNTED.match(sentence, match.start("number")):
        return False
    if match["number"].lower() in {"a", "an", "some", "many"} and first in {"left", "leave", "leaving", "leaves"}:
        return False
    if first in {"left", "leave", "leaving", "leaves"}:
        after = _LEFT.match(sentence, match.end())
        return after is not None and (after[1].lower() in {"wounded", "injured"}) == hurt
    return not re.match(r"[.,]\d|%| per ?cent", sentence[match.end() : match.end() + 9]) or first.isdigit()


_YEAR = re.compile(r"(?:19|20)\d\d")


def number(words: str) -> Range:
    """What *words* count: ``dozens`` is at least 24; ``twenty-three`` is 23."""
    words = words.lower()
    if words in _VAGUE:
        return _VAGUE[words]
    if words in {"a", "an"}:
        return (1, 1)
    exact = int(words.replace(",", "")) if words[0].isdigit() else sum(_UNITS[part] for part in words.split("-"))
    return (exact, exact)


def _range(match: re.Match[str]) -> Range:
    low, high = number(match["number"])
    if match["upper"]:
        return (low, number(match["upper"])[1])
    match (match["bound"] or "").lower():
        case "at least" | "more than" | "over" | "no fewer than" | "not less than":
            return (low, None)
        case "up to" | "as many as" | "at most" | "fewer than":
            return (None, high if high is not None else low)
    return (low, high)
