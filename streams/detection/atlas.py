"""The gazetteer as the detector asks it: a part of a text in, its place names with what they mean out."""

import re
from dataclasses import dataclass
from pathlib import Path

from streams.detection.gazetteer import FOLDER, Candidate, Gazetteer
from streams.detection.resolve import candidates, locate, resolve
from streams.detection.scene import NamedPlace
from streams.detection.toponyms import Toponym
from streams.records import Place

_ARTICLE = "[Aa]l|[Aa]d|[Aa]n|[Aa]r|[Aa]s|[Aa]sh|[Aa]t|[Aa]z|[Ee]l|[Ee]d|[Ee]s|[Ee]z"
_WORD = r"[A-Z][\w’']+"
_NAME = rf"(?:(?:{_ARTICLE})[- ])?{_WORD}(?:[- ](?:(?:{_ARTICLE})[- ])?{_WORD}){{0,2}}"
_AFTER_WORD = re.compile(
    r"\b(?:in|at|near|outside|inside|around|towards?|target(?:s|ed)?|(?:outskirts|countryside|north|south|east|west|suburbs?|vicinity) of) "
    rf"(?:(?:the|northern|southern|eastern|western|central|town|city|village) )*({_NAME})"
)
"""Capitalised words where only a place stands: asked by their consonants when the plain look-up knows no such name."""
_TYPE_WORD = re.compile(r" (?:city|town|village|countryside|district|province)\b")
_BEFORE_TYPE = re.compile(rf"\b(?!at |as |an )({_NAME})$")
LONGEST = 80
"""Characters that such a name may have before its type word."""
CONTEXT = 12
"""Known names of the text that help to choose among namesakes."""


@dataclass(frozen=True)
class Atlas:
    """A `detector.Placer` over the built gazetteer."""

    gazetteer: Gazetteer

    @classmethod
    def load(cls, folder: Path | None = None, extra: Path | None = None) -> "Atlas":
        """Load the gazetteer from *folder*, by default from the package."""
        return cls(Gazetteer.load(folder or FOLDER, extra=extra))

    def names(self, text: str, start: int, end: int) -> "Names":
        """The place names in ``text[start:end]``."""
        return Names(self.gazetteer, text, start, end)

    def site(self, words: str, context: str) -> Place | None:
        """What a site's name means that the text only implies; None if no such site is known."""
        return resolve(self.gazetteer, words, [(0, len(words))])[0]

    def candidates(self, text: str, most: int) -> list[tuple[Toponym, list[tuple[Candidate, float]]]]:
        """Every place name of *text* with what it may mean and how well each fits, at most so many, best first."""
        return candidates(self.gazetteer, text, most)


class Names:
    """A `detector.Names` over the built gazetteer."""

    def __init__(self, gazetteer: Gazetteer, text: str, start: int, end: int) -> None:
        self._gazetteer, self._text, self._start, self._end = gazetteer, text, start, end
        self._search = gazetteer.search(text, start=start, end=end)

    def within(self, start: int, end: int) -> list[NamedPlace]:
        """What may be a place's name in ``text[start:end]``, in order, none of it resolved."""
        text = self._text
        known = [NamedPlace(t.start, t.end, text[t.start : t.end], None, demonym=t.demonym) for t in self._search.within(start, end)]
        proposed = [NamedPlace(low, high, text[low:high], None) for low, high in _proposals(text, start, end, known)]
        return sorted([*known, *proposed], key=lambda p: p.start)

    def places(self) -> list[NamedPlace]:
        """All place names, resolved jointly, in order."""
        text = self._text
        found = locate(self._gazetteer, text, self._search.names(), self._start, self._end)
        known = [
            NamedPlace(t.start, t.end, text[t.start : t.end], place, reason, t.demonym or people, t.dateline)
            for t, place, reason, people in zip(found.toponyms, found.places, found.reasons, found.peoples, strict=True)
        ]
        return sorted([*known, *self._romanised(known)], key=lambda p: p.start)

    def _romanised(self, known: list[NamedPlace]) -> list[NamedPlace]:
        """Names spelt another way than the gazetteer does: "Deir Ezzor". Taken only in a country that the text speaks of."""
        text, start, end = self._text, self._start, self._end
        spans = _proposals(text, start, end, known)
        readings = {s: self._gazetteer.read(text[slice(*s)]) for s in spans}
        spans = [s for s in spans if len(readings[s].places) and (not readings[s].only_sites or _is_coded(text[slice(*s)]))]
        if not spans:
            return []
        context = [(p.start, p.end) for p in known if p.place and not p.dateline][:CONTEXT]
        moved = [(a - start, b - start) for a, b in (*spans, *context)]
        places = resolve(self._gazetteer, text[start:end], moved)[: len(spans)]
        countries = {p.place.country for p in known if p.place}
        unplaced = all(p.demonym for p in known if p.place)
        good = (
            (s, p)
            for s, p in zip(spans, places, strict=True)
            if p and (p.country in countries or (unplaced and _is_arabic(text[slice(*s)])))
        )
        return [NamedPlace(a, b, text[a:b], p) for (a, b), p in good]


def _is_coded(name: str) -> bool:
    """ "T4": no other thing that people fight in is called so."""
    return any(c.isdigit() for c in name)


def _is_arabic(name: str) -> bool:
    return bool(
        re.match(r"(?:[Aa][ldnrstz]h?|[Ee][ldsz])[- ]|(?:Deir|Jabal|Tell?|Kafr|Wadi|Ain|Ein|Ras|Jisr|Bab|Beit|Khan|Umm|Abu|Qasr) ", name)
    )


def _proposals(text: str, start: int, end: int, known: list[NamedPlace]) -> list[tuple[int, int]]:
    """Where a place's name seems to stand that is not among the known, in order and without overlap; linear in both."""
    spans = [m.span(1) for m in _AFTER_WORD.finditer(text, start, end)]
    for kind in _TYPE_WORD.finditer(text, start, end):
        begin = max(start, kind.start() - LONGEST)
        if text[kind.start() - 1].isalnum() and (name := _BEFORE_TYPE.search(text[begin : kind.start()])):
            spans.append((begin + name.start(1), kind.start()))
    found = []
    at = free = 0
    for low, high in sorted(spans):
        while at < len(known) and known[at].end <= low:
            at += 1
        if low >= free and not (at < len(known) and known[at].start < high):
            found.append((low, high))
        free = max(free, high)
    return found
