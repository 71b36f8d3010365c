"""An article's parts: what an aggregator put together from several outlets is taken apart again, and read part by part."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from streams.detection.lexicon import Outlet, fold

_TAG = re.compile(r"^[ \t]*\[([A-Z][\w .'&/-]{1,28})\][ \t]*(?=\S)", re.MULTILINE)
"""A tag stands at the beginning of a line and is a name, not "[the] president" nor "[TEXT]"."""
_CREDIT = r"(?:\([^()\n]{2,60}\)|/[^/\n]{2,40}/)?"
_DATELINE = re.compile(
    r"\s*(?:(?:[A-Z][\w.'’-]+(?!\w)|of|the|de|el|al|and|/)[ ,/]*){1,6}"
    rf"(?:,\s[A-Z][a-z]{{2,8}}\.? \d{{1,2}}(?:, \d{{4}})?)?\s*{_CREDIT}\s*"
    r"(?:--|[—–]|-(?=\s))\s*"
    r"|\s*\([A-Z][\w .'’-]{1,28}\)\s*(?:--|[—–]|-(?=\s))\s*"
    r"|\s*[A-Z][\w.'’-]+(?: [A-Z][\w.'’-]+)?:\s(?=[A-Z])"
    rf"|\s*(?:[A-Z][A-Z.'’-]{{2,}}(?![A-Z])[ ,]*){{1,4}}(?:,[^:\n(]{{2,30}})?{_CREDIT}:\s"
    r"|\s*[A-Z][\w.' -]{1,30}\s\((?:Reuters|AP|AFP|Xinhua|dpa|UPI|TASS)\)\s"
    r"|\s*[A-Z][A-Z.' -]{1,30}\s\([A-Z]{2,6}\)\s"
)
"""Place, date and agency before the first sentence: the writer's place, never the event's.

A word is taken whole or not at all; else a line of capitals could be cut into words in a million ways.
"""
_NOT_TAGS = frozenset(
    {"TEXT", "SPEECH", "PASSAGE OMITTED", "REPORT", "VIDEO", "PHOTO", "PHOTOS", "UPDATE", "UPDATED", "WATCH", "LIVE", "OPINION", "ANALYSIS"}
)


@dataclass(frozen=True)
class Part:
    """One outlet's text within an article's body: ``body[start:end]``, headline and all.

    Attributes:
        headline: Where its own headline lies, as offsets into the body; None without one.
        text: Where its text begins: after the tag and the dateline.
        outlet: Who is credited by the tag; None for an article that is all one outlet's.
    """

    start: int
    end: int
    headline: tuple[int, int] | None
    text: int
    outlet: str | None = None


def split(body: str, title: str | None, outlets: Mapping[str, Outlet]) -> list[Part]:
    """The parts of *body*, in order; one for an article of one outlet."""
    tags = [m for m in _TAG.finditer(body) if m[1].upper() not in _NOT_TAGS]
    if not tags:
        begin = len(title) + 2 if title else 0
        return [Part(0, len(body), (0, len(title)) if title else None, begin + _dateline(body, begin))]
    headlines = [_headline_before(body, m.start(), tags[i - 1].end() if i else 0) for i, m in enumerate(tags)]
    found = []
    for i, tag in enumerate(tags):
        nearest = headlines[i]
        following = headlines[i + 1] if i + 1 < len(tags) else None
        end = len(body) if i + 1 == len(tags) else following[0] if following else tags[i + 1].start()
        found.append(
            Part(nearest[0] if nearest else tag.start(), end, nearest, tag.end() + _dateline(body, tag.end()), name(tag[1], outlets))
        )
    return found


def name(tag: str, outlets: Mapping[str, Outlet]) -> str:
    """The proper name of a tagged outlet; the tag as written if nobody knows it."""
    known = outlets.get(" ".join(fold(tag).split()))
    return known.name if known else tag


def _headline_before(body: str, tag: int, floor: int) -> tuple[int, int] | None:
    """The block of lines before a tag: its first line is the headline, what follows is the aggregator's comment.

    Only what stands after the last blank line that ends a paragraph of the part before; a line that ends like a sentence
    of running text is no headline.
    """
    lines: list[tuple[int, int]] = []
    end = tag
    while end > floor and len(lines) < 4:
        end = end - 1 if body[end - 1 : end] == "\n" else end
        start = max(body.rfind("\n", floor, end) + 1, floor)
        line = body[start:end].strip()
        if not line:
            if lines:
                break
            end = start
            if start == floor:
                break
            continue
        lines.append((start, start + len(body[start:end].rstrip())))
        end = start
    return _first_headline(body, lines)


def _first_headline(body: str, lines: list[tuple[int, int]]) -> tuple[int, int] | None:
    """Of the lines above a tag, nearest first, the uppermost that can be a headline."""
    for start, end in reversed(lines):
        if end - start <= 160 and body[end - 1] not in '.!?”"':
            return start, end
    return None


def _dateline(body: str, start: int) -> int:
    """How many characters the dateline at *start* takes; 0 without one."""
    match = _DATELINE.match(body, start, start + 140)
    return match.end() - start if match else 0
