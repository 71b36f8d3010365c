"""How many independent sources stand behind mentions: forty copies of one wire are one source."""

from bisect import insort
from collections.abc import Iterable, Iterator, Sequence
from struct import Struct
from typing import Any

import numpy as np

from streams.records import Mention, Signature

PERMUTATIONS = 126
BANDS = 42
BANDED = Struct(f"{4 * PERMUTATIONS // BANDS}s" * BANDS)
"""42 bands of 3 numbers of 4 bytes: copies cut to 60 % share at least one, other texts hardly ever (docs/decisions/0006)."""
CONTAINED = 0.5
"""Share of the shorter text's shingles found in the longer from which it is a copy: finds copies cut to 60 % (docs/decisions/0006)."""
MOST_ALIKE = 50
"""Texts of one trait that a further one is compared with; what fifty share is boilerplate or one wire, found by other bands."""
ENOUGH_SHINGLES = 20
"""Below this a text is too short to compare by shingles; then the headline decides, or that it is the same word for word."""
ENOUGH_TO_COPY = 8
"""From so many shingles on (ten words) nobody hits on the same words by chance."""

Text = tuple[str, str]
"""Owner and article: of the mentions that an article makes in an owner's name, the last reported gives the text."""
Place = tuple[Any, ...]
"""A place in the order of report."""
Alike = dict[bytes, Text | list[Text]]
"""By a trait that texts must have in common to be worth comparing: who has it; where it is more than one, sorted."""


def owners(mentions: Sequence[Mention]) -> tuple[tuple[str, ...], ...]:
    """Group the owners of *mentions*, in order of report, into independent sources.

    Returns:
        The groups, each sorted; owners that carry one text stand in one group. Their number is the count of sources.
    """
    sources = Sources()
    sources.recount([((place,), mention) for place, mention in enumerate(mentions)])
    return sources.groups()


class Sources:
    """The independent sources of one occurrence, counted on with each mention, whatever the order in which they are added."""

    def __init__(self) -> None:
        self._leader: dict[str, str] = {}
        """By owner, one of its source that is less, or itself: links from text to copy, none of them too many."""
        self._own: dict[str, float] = {}
        self._sure: dict[str, float] = {}
        self._roots: list[str] = []
        self._texts: dict[Text, tuple[Place, Signature]] = {}
        self._linked: set[Text] = set()
        """Texts that a link rests on."""
        self._lesser: set[Text] = set()
        """Those that come before the other."""
        self._bands: tuple[Alike, ...] = ()
        """None until there is a second text."""
        self._titles: Alike = {}
        self._stale = False

    def add(self, mention: Mention, order: Place) -> None:
        """Count *mention* in."""
        self._vouch(mention.owner, mention.confidence)
        if mention.signature is not None:
            self._read((mention.owner, mention.article), order, mention.signature)

    def recount(self, mentions: Iterable[tuple[Place, Mention]]) -> None:
        """Count *mentions* and no others; what they have in common with those before is not compared again."""
        own: dict[str, float] = {}
        texts: dict[Text, tuple[Place, Signature]] = {}
        for order, m in mentions:
            own[m.owner] = max(own.get(m.owner, m.confidence), m.confidence)
            text = m.owner, m.article
            if m.signature is not None and (text not in texts or texts[text][0] < order):
                texts[text] = order, m.signature
        for text, (_, signature) in list(self._texts.items()):
            if text not in texts or texts[text][1] != signature:
                self._unread(text, signature)
        for owner in self._own.keys() - own.keys():  # no link rests on it, or all is compared anew
            del self._leader[owner]
        self._own = own
        self._leader |= {owner: owner for owner in own if owner not in self._leader}
        self._root()
        for text, (order, signature) in texts.items():
            if text in self._texts:
                self._texts[text] = order, signature
            else:
                self._read(text, order, signature)

    def _root(self) -> None:
        """Count the sources from the links."""
        self._sure = {}
        if not self._stale:
            for owner, confidence in self._own.items():
                root = self._find(owner)
                self._sure[root] = max(self._sure.get(root, confidence), confidence)
        self._roots = sorted(self._sure)

    def _vouch(self, owner: str, confidence: float) -> None:
        if owner not in self._own:
            self._leader[owner] = owner
            self._own[owner] = self._sure[owner] = confidence
            insort(self._roots, owner)
        elif confidence > self._own[owner]:
            self._own[owner] = confidence
            if not self._stale:
                root = self._find(owner)
                self._sure[root] = max(self._sure[root], confidence)

    def count(self) -> int:
        """How many independent sources there are."""
        self._settle()
        return len(self._roots)

    def confidences(self) -> Iterator[float]:
        """The highest confidence of each source, by the order of their least owners."""
        self._settle()
        return (self._sure[root] for root in self._roots)

    def groups(self) -> tuple[tuple[str, ...], ...]:
        """The owners of each source, sorted."""
        self._settle()
        groups: dict[str, list[str]] = {}
        for owner in sorted(self._leader):
            groups.setdefault(self._find(owner), []).append(owner)
        return tuple(tuple(group) for group in groups.values())

    def _settle(self) -> None:
        """Compare all texts anew, if one came or went that others were, or are now, compared by."""
        if not self._stale:
            return
        self._stale = False
        texts, self._texts = self._texts, {}
        self._leader = {owner: owner for owner in self._own}
        self._bands, self._titles, self._linked, self._lesser = (), {}, set(), set()
        self._root()
        for text in sorted(texts):
            self._read(text, *texts[text])

    def _find(self, owner: str) -> str:
        leader = self._leader
        while (above := leader[owner]) != owner:
            leader[owner] = leader[above]  # halves the way for the next
            owner = above
        return owner

    def _read(self, text: Text, order: Place, signature: Signature) -> None:
        known = self._texts.get(text)
        if known is not None and order < known[0]:
            return
        if self._texts and not self._bands:
            self._bands = tuple({} for _ in range(BANDS))
            for other, (_, its) in self._texts.items():
                self._enter(other, its)
        self._texts[text] = order, signature
        if known is None and self._bands:
            self._compare(text, signature)
        elif known is not None and known[1] != signature:
            self._stale = True

    def _compare(self, text: Text, signature: Signature) -> None:
        """Find the copies of *text*: among those that share a trait, of which only the first fifty are compared with all others."""
        if self._stale:
            return
        near: set[Text] = set()
        for alike in self._enter(text, signature):
            near.update(alike)
        for other in sorted(near):
            self._link(text, other, signature)

    def _enter(self, text: Text, signature: Signature) -> list[Sequence[Text]]:
        """Note the traits of *text*; give those that it is to be compared with, trait by trait."""
        near: list[Sequence[Text]] = []
        for trait, alike in self._traits(signature):
            have = alike.get(trait)
            if have is None:
                alike[trait] = text
            elif isinstance(have, tuple):
                near.append([have])
                alike[trait] = sorted((have, text))
            else:
                among_first = len(have) < MOST_ALIKE or text < have[MOST_ALIKE - 1]
                near.append(tuple(have) if among_first else have[:MOST_ALIKE])
                if among_first and len(have) >= MOST_ALIKE and have[MOST_ALIKE - 1] in self._lesser:
                    self._stale = True  # a link may rest on one that is no more among the first
                insort(have, text)
        return near

    def _traits(self, signature: Signature) -> Iterable[tuple[bytes, Alike]]:
        if signature.shingles < ENOUGH_SHINGLES:
            whole = signature.minhash if signature.shingles >= ENOUGH_TO_COPY else b""
            return [(trait, self._titles) for trait in (signature.title.encode(), whole) if trait]
        return zip(BANDED.unpack(signature.minhash), self._bands, strict=True)

    def _unread(self, text: Text, signature: Signature) -> None:
        del self._texts[text]
        self._stale = self._stale or text in self._linked
        for trait, alike in self._traits(signature) if self._bands and not self._stale else ():
            have = alike[trait]
            if isinstance(have, tuple):
                del alike[trait]
            else:
                self._stale = self._stale or (len(have) > MOST_ALIKE and text <= have[MOST_ALIKE - 1])  # and another comes among the first
                have.remove(text)
                alike[trait] = have if len(have) > 1 else have[0]

    def _link(self, text: Text, other: Text, signature: Signature) -> None:
        if self._stale:
            return
        a, b = self._find(text[0]), self._find(other[0])
        if a != b and text[1] != other[1] and same_text(signature, self._texts[other][1]):
            first, second = min(a, b), max(a, b)
            self._leader[second] = first
            self._sure[first] = max(self._sure[first], self._sure.pop(second))
            self._roots.remove(second)
            self._linked |= {text, other}
            self._lesser.add(min(text, other))


def same_text(a: Signature | None, b: Signature | None) -> bool:
    """Say whether one of two texts is (mostly) contained in the other."""
    if a is None or b is None:
        return False
    if min(a.shingles, b.shingles) < ENOUGH_SHINGLES:
        verbatim = a.minhash == b.minhash and a.shingles == b.shingles >= ENOUGH_TO_COPY
        return verbatim or (bool(a.title) and a.title == b.title)
    return containment(a, b) >= CONTAINED


def containment(a: Signature, b: Signature) -> float:
    """Estimate the share of the shorter text's shingles that the longer has, 0..1, from the Jaccard estimate of MinHash."""
    left, right = (np.frombuffer(s.minhash, dtype=">u4") for s in (a, b))
    jaccard = float(np.count_nonzero(left == right)) / PERMUTATIONS
    return min(1.0, jaccard * (a.shingles + b.shingles) / ((1 + jaccard) * min(a.shingles, b.shingles)))
