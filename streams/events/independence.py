"""How many independent sources stand behind mentions: forty copies of one wire are one source."""

from collections.abc import Sequence

import numpy as np

from streams.records import Mention, Signature

PERMUTATIONS = 126
ROWS = 3
BAND = 4 * ROWS
"""42 bands of 3 numbers of 4 bytes: copies cut to 60 % share at least one, other texts hardly ever (docs/decisions/0006)."""
CONTAINED = 0.5
"""Share of the shorter text's shingles found in the longer from which it is a copy: finds copies cut to 60 % (docs/decisions/0006)."""
MOST_ALIKE = 50
"""Texts of one trait that a further one is compared with; what fifty share is boilerplate or one wire, found by other bands."""
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

    seen: dict[tuple[int, bytes | str], list[Mention]] = {}
    for mention in sorted({(m.owner, m.article): m for m in mentions if m.signature}.values(), key=lambda m: (m.owner, m.article)):
        for trait in traits(mention.signature):
            alike = seen.setdefault(trait, [])
            for other in alike:
                a, b = find(mention.owner), find(other.owner)
                if a != b and mention.article != other.article and same_text(mention.signature, other.signature):
                    leader[max(a, b)] = min(a, b)
            if len(alike) < MOST_ALIKE:
                alike.append(mention)
    groups: dict[str, list[str]] = {}
    for owner in sorted(leader):
        groups.setdefault(find(owner), []).append(owner)
    return tuple(tuple(group) for group in groups.values())


def traits(signature: Signature | None) -> list[tuple[int, bytes | str]]:
    """What two texts must have in common, at least one of them, to be worth comparing: a band of the signature, or the headline."""
    if signature is None:
        return []
    bands: list[tuple[int, bytes | str]] = [(i, signature.minhash[i * BAND : (i + 1) * BAND]) for i in range(PERMUTATIONS // ROWS)]
    return [(-1, signature.title)] if signature.shingles < ENOUGH_SHINGLES and signature.title else bands


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
