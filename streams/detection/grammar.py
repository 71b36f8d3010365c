"""What a sentence's grammar is, whoever found it: tokens with tags and dependencies."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Parse:
    """One parsed sentence, token by token."""

    words: Sequence[str]
    """Lower case."""
    tags: Sequence[str]
    """Penn Treebank."""
    deps: Sequence[str]
    heads: Sequence[int]
    """The index of each token's head; its own index at a root."""
    starts: Sequence[int]
    ends: Sequence[int]
    children: Sequence[Sequence[int]] = field(default_factory=list)


class Parser(Protocol):
    """What reads the grammar of sentences."""

    def parse(self, texts: Sequence[str]) -> list[Parse]:
        """One parse for each text, in order."""


def children_of(heads: Iterable[int]) -> list[list[int]]:
    """For each token its dependants, in order."""
    heads = list(heads)
    found: list[list[int]] = [[] for _ in heads]
    for index, head in enumerate(heads):
        if head != index:
            found[head].append(index)
    return found
