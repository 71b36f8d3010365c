"""How many independent sources stand behind mentions: forty copies of one wire are one source."""

from collections.abc import Sequence

import numpy as np

from streams.records import Mention, Signature

PERMUTATIONS = 126
CONTAINED = 0.5
"""Share of the shorter text's shingles found in the longer from which it is a copy: finds copies cut to 60 % (research/feeds)."""
ENOUGH_SHINGLES = 20
"""Below this a text is too short to compare by shingles; then the headline decides."""


def owners(mentions: Sequence[Mention]) -> tuple[tuple[str, ...], ...]:
    """Group the owners of *mentions* into independent sources.

    Returns:
        The groups, each sorted; owners that carry one text stand in one group. Their number is the count of sources.
    """
    leader = {m.owner: m.owner for m in mentions}

    def find(owner: str) -> str:
        while leader[owner] != owner:
            owner = leader[owner]
        return owner

    texts = sorted({(m.owner, m.article): m for m in mentions if m.signature}.items())
    for i, ((owner, article), mention) in enumerate(texts):
        for (other, other_article), copy in texts[:i]:
            a, b = find(owner), find(other)
            if a != b and article != other_article and same_text(mention.signature, copy.signature):
                leader[max(a, b)] = min(a, b)
    groups: dict[str, list[str]] = {}
    for owner in sorted(leader):
        groups.setdefault(find(owner), []).append(owner)
    return tuple(tuple(group) for group in groups.values())


def same_text(a: Signature | None, b: Signature | None) -> bool:
    """Say whether one of two texts is (mostly) contained in the other."""
    if a is None or b is None:
        return False
    if min(a.shingles, b.shingles) < ENOUGH_SHINGLES:
        return bool(a.title) and a.title == b.title
    return containment(a, b) >= CONTAINED


def containment(a: Signature, b: Signature) -> float:
    """Estimate the share of the shorter text's shingles that the longer has, 0..1, from the Jaccard estimate of MinHash."""
    left, right = (np.frombuffer(s.minhash, dtype=">u4") for s in (a, b))
    jaccard = float(np.count_nonzero(left == right)) / PERMUTATIONS
    return min(1.0, jaccard * (a.shingles + b.shingles) / ((1 + jaccard) * min(a.shingles, b.shingles)))
