"""How many were killed and injured, and what materiel was lost, as one sentence says it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from streams.records import Range

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
_COUNT = rf"(?:{_BOUND}\s+)?(?P<number>{_NUMBER})(?:\s+(?:to|or|-)\s+(?P<upper>\d+))?"
_PEOPLE = r"(?:\s+(?!and\b|killed\b|dead\b|wounded\b|injured\b)(?!\d)[\w’'-]+){0,6}?"
_KILLED = r"(?:killed|dead|slain|died|martyred|massacred|executed|murdered|beheaded|lost their lives)"
_HURT = r"(?:wounded|injured|hurt|maimed)"
_BETWEEN = "have been|has been|had been|were|was|are|is|being|been|were reported|reportedly|confirmed|also|others?|more|people|feared"
_MIDDLE = rf"(?:\s+(?:{_BETWEEN}))*\s+"


@dataclass(frozen=True)
class Toll:
    """Counts as the text bounds them; None where it says nothing."""

    killed: Range | None = None
    injured: Range | None = None


def _verb(words: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{words})\s+{_COUNT}(?!\s*(?:km|kilometers|miles|days|hours|percent|%))", re.IGNORECASE)


def _passive(words: str) -> re.Pattern[str]:
    return re.compile(rf"\b{_COUNT}{_PEOPLE}{_MIDDLE}{words}\b", re.IGNORECASE)


_KILLED_PATTERNS = (
    _passive(_KILLED),
    _verb(
        r"kill(?:s|ed|ing)?|leav(?:e|es|ing)|left|claim(?:s|ed|ing) the lives of|deaths? of|massacr(?:e|ed|ing)|execut(?:ed|ing)"
        r"|toll (?:rises|rose|climbs) to"
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
    """The toll that *sentence* states; of several counts the highest."""
    lower = sentence.lower()
    killed = _counts(_KILLED_PATTERNS, sentence, hurt=False) if _any_of(_KILLED_SIGNS, lower) else None
    return Toll(killed, _counts(_HURT_PATTERNS, sentence, hurt=True) if _any_of(_HURT_SIGNS, lower) else None)


def _any_of(signs: Sequence[str], lower: str) -> bool:
    return any(map(lower.__contains__, signs))


def _counts(patterns: Sequence[re.Pattern[str]], sentence: str, *, hurt: bool) -> Range | None:
    return _highest([_range(m) for p in patterns for m in p.finditer(sentence) if _about_people(sentence, m, hurt=hurt)])


def losses(sentence: str) -> str | None:
    """Materiel lost, in the sentence's own words: ``at least three warplanes``; None if none is named."""
    match = _LOSS.search(sentence) if _any_of(_LOSS_SIGNS, sentence.lower()) else None
    return match["what"] if match else None


def _about_people(sentence: str, match: re.Match[str], *, hurt: bool) -> bool:
    """``left 12`` counts only before "dead" or "wounded"; "a" and "some" only with a person's noun are dropped as vague."""
    first = match.group().split()[0].lower()
    if match["number"].lower() in {"a", "an", "some", "many"} and first in {"left", "leave", "leaving", "leaves"}:
        return False
    if first in {"left", "leave", "leaving", "leaves"}:
        after = _LEFT.match(sentence, match.end())
        return after is not None and (after[1].lower() in {"wounded", "injured"}) == hurt
    return not re.match(r"[.,]\d|%| per ?cent", sentence[match.end() : match.end() + 9]) or first.isdigit()


def _highest(found: list[Range]) -> Range | None:
    return max(found, key=lambda r: r[0] or r[1] or 0, default=None)


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
        return (low, int(match["upper"]))
    match (match["bound"] or "").lower():
        case "at least" | "more than" | "over" | "no fewer than" | "not less than":
            return (low, None)
        case "up to" | "as many as" | "at most" | "fewer than":
            return (None, high if high is not None else low)
    return (low, high)
