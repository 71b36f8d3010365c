"""What a sentence's grammar is, whoever found it: tokens with tags and dependencies."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
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


def children_of(heads: Sequence[int]) -> list[tuple[int, ...]]:
    """For each token its dependants, in order. Most have none, and share it: a sentence of a long article must not weigh a kilobyte."""
    found: list[tuple[int, ...]] = [()] * len(heads)
    for index, head in enumerate(heads):
        if head != index:
            found[head] = (*found[head], index)
    return found


def mended(parse: Parse) -> Parse:
    """Put right what small models often get wrong: "destroyed jets and captured parts of it" is two deeds, not captured parts.

    So is "shot fleeing villagers" one deed and not two.

    A past participle that seems to modify the noun behind it, where that noun is coordinated with a verb, is the second verb
    and the noun its object.
    """
    wrong = [
        token
        for token, dep in enumerate(parse.deps)
        if dep == "amod" and parse.tags[token] in {"VBN", "VBD"} and parse.words[token - 1] == "and" and _beside_verb(parse, token)
    ]
    fleeing = [t for t in range(1, len(parse.words)) if _is_participle_before_object(parse, t)]
    if not wrong and not fleeing:
        return parse
    deps, heads = list(parse.deps), list(parse.heads)
    for token in fleeing:
        noun = next(c for c in parse.children[token] if parse.deps[c] == "dobj")
        heads[noun], deps[noun] = parse.heads[token], "dobj"
        heads[token], deps[token] = noun, "amod"
    for token in wrong:
        noun = parse.heads[token]
        heads[token], deps[token] = parse.heads[noun], "conj"
        heads[noun], deps[noun] = token, "dobj"
    return replace(parse, deps=deps, heads=heads, children=children_of(heads))


def _is_participle_before_object(parse: Parse, token: int) -> bool:
    """ "Troops shot fleeing villagers": what seems a verb of its own between a deed and its object only describes the object."""
    objects = [c for c in parse.children[token] if parse.deps[c] == "dobj"]
    return (
        parse.deps[token] == "xcomp"
        and parse.tags[token] == "VBG"
        and parse.heads[token] == token - 1
        and parse.words[token - 1] in _DEEDS
        and objects == [token + 1]
    )


_DEEDS = frozenset(
    {"shot", "shoot", "shoots", "killed", "kill", "kills", "hit", "struck", "attacked", "bombed", "shelled", "targeted", "ambushed"}
)
"""Past and plain forms of verbs of violence, which take no verb behind them."""


def _beside_verb(parse: Parse, token: int) -> bool:
    noun = parse.heads[token]
    return noun > token and parse.deps[noun] == "conj" and parse.heads[noun] < token and parse.tags[parse.heads[noun]] in {"VBD", "VBN"}
