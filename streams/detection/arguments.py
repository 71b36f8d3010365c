"""Who did it, to whom, with what and where: the arguments of a word in a parsed sentence, as sets of tokens."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from streams.detection.grammar import Parse
from streams.detection.lexicon import wordlist

CLAUSES = frozenset({"relcl", "acl", "advcl", "ccomp", "parataxis"})
AGAINST = frozenset({"on", "against", "at", "into", "upon", "toward", "towards", "onto", "to", "of", "in", "inside", "with", "over"})
DYING = ("die", "dies", "died", "dying", "dead", "fell", "suffer", "suffered", "sustained")
"""Verbs whose subject it happens to."""
RELATIVE = frozenset({"that", "which", "who", "whom"})


@dataclass(frozen=True)
class Arguments:
    """Token indices around one trigger.

    Attributes:
        head: The trigger's own token.
        verb: The verb of its clause: itself, or the light verb it hangs on; None where there is none.
        who: The phrase of whoever acts.
        whom: The phrase of whoever or whatever it is done to.
        means: The phrases after "with", "using", "by means of".
    """

    head: int
    verb: int | None
    who: frozenset[int]
    whom: frozenset[int]
    means: frozenset[int]


def is_verb(parse: Parse, token: int) -> bool:
    """Whether the tagger took it for a verb."""
    return parse.tags[token].startswith("V") or parse.tags[token] == "MD"


def head_of(parse: Parse, start: int, end: int) -> int | None:
    """The token of ``[start, end)`` (characters) that governs the others; None if no token lies there."""
    inside = [i for i, (a, b) in enumerate(zip(parse.starts, parse.ends, strict=True)) if a < end and b > start and parse.words[i].strip()]
    if not inside:
        return None
    tops = [i for i in inside if parse.heads[i] not in inside or parse.heads[i] == i]
    return next(
        (i for i in tops if is_verb(parse, i)), next((i for i in tops if parse.tags[i].startswith("N")), tops[0] if tops else inside[0])
    )


def phrase(parse: Parse, token: int) -> frozenset[int]:
    """*token* with everything below it, without clauses of their own."""
    found, waiting = {token}, [token]
    while waiting:
        for child in parse.children[waiting.pop()]:
            if child not in found and parse.deps[child] not in CLAUSES and parse.deps[child] != "punct":
                found.add(child)
                waiting.append(child)
    return frozenset(found)


def ancestors(parse: Parse, token: int) -> Iterator[int]:
    """The tokens above *token*, nearest first."""
    seen = {token}
    while (head := parse.heads[token]) not in seen:
        yield head
        seen.add(head)
        token = head


def of(parse: Parse, head: int) -> Arguments:
    """The arguments of the trigger at *head*."""
    verb = _verb_of(parse, head)
    who: set[int] = set()
    whom: set[int] = set()
    means: set[int] = set()
    _from_prepositions(parse, head, who, whom, means)
    by = bool(who)
    if is_verb(parse, head):
        _from_verb(parse, head, who, whom)
    else:
        if not by:
            _from_noun(parse, head, who)
        if verb is not None:
            _from_governor(parse, head, verb, who, whom, means)
    return Arguments(head, verb, frozenset(who) - {head}, frozenset(whom) - {head}, frozenset(means))


def _verb_of(parse: Parse, head: int) -> int | None:
    if is_verb(parse, head):
        return head
    for above in ancestors(parse, head):
        if is_verb(parse, above):
            return above
        if parse.deps[above] in {"ROOT", "relcl", "advcl"}:
            return None
    return None


def _children(parse: Parse, token: int, deps: Iterable[str]) -> list[int]:
    return [c for c in parse.children[token] if parse.deps[c] in deps]


def _from_verb(parse: Parse, verb: int, who: set[int], whom: set[int]) -> None:
    """Subject, object and agent of *verb*; what it lacks it has from the verb above it."""
    for child in _children(parse, verb, {"dobj", "nsubjpass", "obj", "dative"}):
        whom |= phrase(parse, _antecedent(parse, verb, child))
    for agent in _children(parse, verb, {"agent"}):
        for child in parse.children[agent]:
            who |= phrase(parse, child)
    subjects = _subjects(parse, verb)
    if who:
        return
    if parse.words[verb] in DYING:
        whom |= {t for s in subjects for t in phrase(parse, s)}
        return
    passive = parse.tags[verb] == "VBN" and (parse.deps[verb] == "acl" or _children(parse, verb, {"auxpass", "nsubjpass"}))
    for subject in subjects:
        (whom if passive else who).update(phrase(parse, subject))


def _antecedent(parse: Parse, verb: int, subject: int) -> int:
    """ "which" and "that" stand for the noun their clause hangs on."""
    return parse.heads[verb] if parse.words[subject] in RELATIVE and parse.deps[verb] == "relcl" else subject


def _speaker(parse: Parse, verb: int, subject: int) -> int:
    """ "The army said it had taken the town": "it" is whoever speaks."""
    if parse.words[subject] not in {"it", "they", "we"} or parse.deps[verb] != "ccomp":
        return subject
    return next(iter(_children(parse, parse.heads[verb], {"nsubj"})), subject)


def _subjects(parse: Parse, verb: int) -> list[int]:
    for _ in range(6):
        if found := _children(parse, verb, {"nsubj", "csubj"}):
            return [_speaker(parse, verb, _antecedent(parse, verb, s)) for s in found]
        if _children(parse, verb, {"nsubjpass"}):
            return []
        if parse.deps[verb] in {"acl", "relcl"}:
            return [parse.heads[verb]]
        if parse.deps[verb] not in {"conj", "xcomp", "advcl", "ccomp", "pcomp", "prep", "aux"} or parse.heads[verb] == verb:
            return []
        above = parse.heads[verb]
        if parse.deps[verb] in {"xcomp", "ccomp"} and (objects := _children(parse, above, {"dobj"})):
            return objects
        verb = above
    return []


def _from_prepositions(parse: Parse, token: int, who: set[int], whom: set[int], means: set[int]) -> None:
    for preposition in _children(parse, token, {"prep", "agent"}):
        word = parse.words[preposition]
        objects = [c for c in parse.children[preposition] if parse.deps[c] in {"pobj", "pcomp"}]
        for child in objects:
            words = phrase(parse, child)
            if word == "by":
                who |= words
            elif word in {"with", "using", "via", "through"}:
                means |= words
            elif word in AGAINST or word == "between":
                whom |= words
    for clause in _children(parse, token, {"advcl", "acl"}):
        if parse.words[clause] == "using":
            means |= phrase(parse, clause)


def _from_noun(parse: Parse, head: int, who: set[int]) -> None:
    """ "ISIS attack", "Russia's strikes": what stands before the noun acts."""
    for child in _children(parse, head, {"poss", "compound", "amod", "nmod"}):
        who |= phrase(parse, child)


def _from_governor(parse: Parse, head: int, verb: int, who: set[int], whom: set[int], means: set[int]) -> None:
    """What the verb above a noun knows: "launched an attack on", "the blast killed", "died in the blast"."""
    dep = parse.deps[head]
    if dep in {"nsubj", "compound"} and not _children(parse, verb, {"nsubjpass"}):
        for child in _children(parse, verb, {"dobj"}):
            whom |= phrase(parse, child)
        _from_prepositions(parse, verb, set(), whom, means)
    elif parse.words[verb] in wordlist("light") or dep == "nsubjpass":
        _from_prepositions(parse, verb, who, whom, means)
        if dep != "nsubjpass":
            who |= {t for s in _subjects(parse, verb) for t in phrase(parse, s)}
    elif dep == "dobj":
        who |= {t for s in _subjects(parse, verb) for t in phrase(parse, s)}
    elif dep == "pobj":
        _suffering(parse, verb, whom)


def _suffering(parse: Parse, verb: int, whom: set[int]) -> None:
    """The subject of "were killed in" and "died in"."""
    deps = {"nsubjpass", "nsubj"} if parse.words[verb].startswith(DYING) else {"nsubjpass"}
    for child in _children(parse, verb, deps):
        whom |= phrase(parse, child)
