"""Find what may tell of an event: one scan of a text for anchor words, then the pattern of each where it stands."""

import re

import msgspec

from streams.detection.lexicon import Lexicon, Pattern


class Trigger(msgspec.Struct, frozen=True):
    """Words that may tell of an event, with their offsets in the text that was scanned."""

    start: int
    end: int
    frame: str
    weight: int
    pattern: str = ""

    def counted_from(self, start: int) -> "Trigger":
        """The same with its offsets counted from *start*."""
        return Trigger(self.start - start, self.end - start, self.frame, self.weight, self.pattern)


_STOP = re.compile(r"\n\s*\n|[.!?]\S?\s+[A-Z]")
"""Where a sentence or a headline ends: "after rocket fire\\n\\nJets hit" are two."""


def scan(text: str, folded: str, lexicon: Lexicon) -> list[Trigger]:
    """All triggers of *text*, in order, none of which goes over the end of a sentence; of overlapping ones the longest, then the heaviest.

    Args:
        folded: The same, as `lexicon.fold` gives it.
    """
    padded = " " + folded + " "
    found: list[Trigger] = []
    for _, start, end in lexicon.anchors.find_matches_as_indexes(padded, overlapping=True):
        anchor = padded[start + 1 : end - 1]
        found += (match for pattern in lexicon.patterns[anchor] if (match := _match(pattern, padded, start)))
    found = [t for t in found if not _STOP.search(text, t.start, t.end)]
    return _longest(found)


def _match(pattern: Pattern, padded: str, start: int) -> Trigger | None:
    match = pattern.regex.match(padded, start)
    return Trigger(start, match.end() - 1, pattern.frame, pattern.weight, pattern.source) if match else None


def _longest(found: list[Trigger]) -> list[Trigger]:
    """Drop what a better one overlaps: earlier first, then longer; of equal ones that which says "nothing", then the heavier."""
    kept: list[Trigger] = []
    for one in sorted(found, key=lambda t: (t.start, -(t.end - t.start), t.weight > 0, -t.weight)):
        last = kept[-1] if kept else None
        if last is None or one.start >= last.end:
            kept.append(one)
    return kept
