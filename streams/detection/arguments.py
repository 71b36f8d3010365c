"""Who did it, to whom, with what and where: the arguments of a word in a parsed sentence, as sets of tokens."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from streams.detection.grammar import Parse
from streams.detection.lexicon import wordlist

CLAUSES = frozenset({"relcl", "acl", "advcl", "ccomp", "parataxis"})
AGAINST = frozenset({"on", "against", "at", "into", "upon", "toward", "towards", "onto", "to", "of", "in", "inside", "with", "over"})
PREDICATES = frozenset({"acomp", "attr", "oprd"})
"""Dependencies of what a subject is called: "the report was false", "proved untrue"."""
DYING = ("die", "dies", "died", "dying", "dead", "fell", "suffer", "suffered", "sustained")
"""Verbs whose subject it happens to."""
RELATIVE = frozenset({"that", "which", "who", "whom"})
AIMS = frozenset({"on", "against", "at", "upon", "onto", "of", "for", "into", "toward", "towards"})
"""Of `AGAINST`, what makes an argument of its object: "an attack on the base"; "in" and "over" only say where."""
BEFALLS = frozenset(
    {"see", "sees", "saw", "seen", "witness", "witnessed", "suffer", "suffered", "come", "comes", "came", "coming", "remain", "remained"}
)
"""Verbs whose subject a deed befalls: "the base came under attack", "the town saw clashes"."""
VOID = frozenset({"lack", "absence", "failure", "unwillingness", "inaction"})
"""What acts in no sense, whoever it is of: "lack of cooperation led to the fall"."""


@dataclass(frozen=True)
class Arguments:
    """Token indices around one trigger.

    Attributes:
        head: The trigger's own token.
        verb: The verb of its clause: itself, or the light verb it hangs on; None where there is none.
        who: The phrase of whoever acts.
        whom: The phrase of whoever or whatever it is done to.
        means: The phrases after "with", "using", "by means of".
        objects: The heads of what it is done to, without what only says where: in "stormed the base in Homs", "base".
    """

    head: int
    verb: int | None
    who: frozenset[int]
    whom: frozenset[int]
    means: frozenset[int]
    objects: frozenset[int] = frozenset()


@dataclass(frozen=True)
class _Found:
    """The arguments while they are gathered."""

    who: set[int] = field(default_factory=set)
    whom: set[int] = field(default_factory=set)
    means: set[int] = field(default_factory=set)
    objects: set[int] = field(default_factory=set)

    def suffers(self, parse: Parse, token: int) -> None:
        """It is done to the phrase of *token*."""
        self.whom.update(phrase(parse, token))
        self.objects.add(token)


def is_verb(parse: Parse, token: int) -> bool:
    """Whether the tagger took it for a verb."""
    return parse.tags[token].startswith("V") or parse.tags[token] == "MD"


def head_of(parse: Parse, start: int, end: int) -> int | None:
    """The token of ``[start, end)`` (characters) that governs the others; None if no token lies there.

    A verb that ends it is what is told: in "drone crews prepare to strike", "strike"; in "rockets fired from Gaza landed", "landed".
    """
    inside = [i for i in range(bisect_right(parse.ends, start), bisect_left(parse.starts, end)) if parse.words[i].strip()]
    if not inside:
        return None
    if len(inside) > 2 and is_verb(parse, inside[-1]) and (parse.words[inside[-2]] == "to" or parse.tags[inside[0]].startswith("N")):
        return inside[-1]
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
    return _possession(parse, head) or _general(parse, head)


def _possession(parse: Parse, head: int) -> Arguments | None:
    """ "The town is in the hands of rebels", "under army control": whoever owns the hands acts, on the subject; else None.

    "The army is in control of the town" is told like any noun, but its subject acts.
    """
    preposition, verb = parse.heads[head], _verb_of(parse, head)
    if verb is None or not is_possession(parse, head):
        return None
    owners = [
        *_children(parse, head, {"poss", "compound", "amod", "nmod"}),
        *(o for p in _children(parse, head, {"prep"}) if parse.words[p] == "of" for o in parse.children[p]),
    ]
    subjects = [s for s in parse.children[verb] if parse.deps[s] in {"nsubj", "nsubjpass"}]
    inner, outer = ({t for o in tops for t in phrase(parse, o)} for tops in (owners, subjects))
    if parse.words[head] == "control" and parse.words[preposition] == "in":
        actors = {t for s in _subjects(parse, verb) for t in phrase(parse, s)}
        objects = {o for p in _children(parse, head, {"prep"}) for o in parse.children[p]}
        return Arguments(head, verb, frozenset(actors), frozenset(inner), frozenset(), frozenset(objects))
    return Arguments(head, verb, frozenset(inner), frozenset(outer), frozenset(), frozenset(subjects))


def is_possession(parse: Parse, head: int) -> bool:
    """Whether *head* is what somebody has a place in or under: "in rebel hands"; not "at the hands of"."""
    return parse.words[head] in _HOLDS and parse.words[parse.heads[head]] in HELD_IN


HELD_IN = frozenset({"in", "into", "under", "to"})
_HOLDS = frozenset({"hands", "grip", "control"})
"""What a place is in or under once it has changed hands."""


def _general(parse: Parse, head: int) -> Arguments:
    verb = _verb_of(parse, head)
    found = _Found()
    _from_prepositions(parse, head, found)
    by = bool(found.who)
    if is_verb(parse, head):
        _from_verb(parse, head, found)
    else:
        if not by:
            _from_noun(parse, head, found)
        if verb is not None:
            _from_governor(parse, head, verb, found)
    return Arguments(
        head, verb, frozenset(found.who) - {head}, frozenset(found.whom) - {head}, frozenset(found.means), frozenset(found.objects) - {head}
    )


def flat(parse: Parse, head: int) -> Arguments:
    """The arguments of a headline's verb that the parser took for a noun: who stands before it, whom behind it up to a preposition."""
    stops = [t for t in range(head + 1, len(parse.words)) if parse.tags[t] in {"IN", "TO", ",", ".", ":", "CC"}]
    end = stops[0] if stops else len(parse.words)
    objects = frozenset(t for t in range(head + 1, end) if parse.tags[t].startswith("NN"))
    return Arguments(head, head, frozenset(range(head)), frozenset(range(head + 1, end)), frozenset(), objects)


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


def _from_verb(parse: Parse, verb: int, found: _Found) -> None:
    """Subject, object and agent of *verb*; what it lacks it has from the verb above it."""
    for child in _children(parse, verb, {"dobj", "nsubjpass", "obj", "dative"}):
        found.suffers(parse, _antecedent(parse, verb, child))
    for agent in _agents(parse, verb):
        for child in parse.children[agent]:
            found.who.update(phrase(parse, child))
    subjects = _subjects(parse, verb)
    if parse.words[verb] in BEFALLS and _children(parse, verb, {"prep"}):
        _befallen(parse, verb, found)
        return
    if found.who:
        if not found.objects and parse.tags[verb] in {"VBD", "VBN"}:
            top = parse.heads[verb]  # "Tanker attacked by boats": a headline's passive has no "was", and may be all of it
            whole = [top] if parse.deps[verb] == "acl" and parse.heads[top] == top else []
            for subject in (*_children(parse, verb, {"nsubj"}), *whole):
                found.suffers(parse, subject)
        return
    if parse.words[verb] in DYING:
        for subject in subjects:
            found.suffers(parse, subject)
        return
    bare = not _children(parse, verb, {"aux", "dobj", "ccomp"})
    passive = parse.tags[verb] == "VBN" and (parse.deps[verb] == "acl" or bare or _children(parse, verb, {"auxpass", "nsubjpass"}))
    downed = parse.words[verb] in _BROUGHT and any(parse.words[c] == "down" for c in parse.children[verb])
    passive = (passive and parse.words[verb] not in wordlist("intransitive")) or (
        bare and (downed or parse.words[verb] in wordlist("transitive"))
    )
    for subject in subjects:
        if passive:
            found.suffers(parse, subject)
        elif parse.words[subject] not in VOID:
            found.who.update(phrase(parse, subject))


_BROUGHT = frozenset({"shot", "brought"})
"""With "down" and no object, a headline's passive: "a jet shot down over the sea"."""


def _agents(parse: Parse, verb: int) -> list[int]:
    """The "by" of a passive; "were rounded up and led away by rebels" names them once for both verbs."""
    if own := _children(parse, verb, {"agent"}):
        return own
    passive = bool(_children(parse, verb, {"nsubjpass"}))
    return [
        by
        for other in _children(parse, verb, {"conj"} if passive else ())
        if parse.tags[other] in {"VBN", "VBD"}
        for by in parse.children[other]
        if parse.words[by] == "by" and parse.deps[by] in {"agent", "prep"}
    ]


def _befallen(parse: Parse, verb: int, found: _Found) -> None:
    """The subject of "came under attack"."""
    for subject in _children(parse, verb, {"nsubj"}) or _subjects(parse, verb):
        found.suffers(parse, _antecedent(parse, verb, subject))


def _antecedent(parse: Parse, verb: int, subject: int) -> int:
    """ "which" and "that" stand for the noun their clause hangs on."""
    return parse.heads[verb] if parse.words[subject] in RELATIVE and parse.deps[verb] == "relcl" else subject


def _speaker(parse: Parse, verb: int, subject: int) -> int:
    """ "The army said it had taken the town": "it" is whoever speaks."""
    if parse.words[subject] not in {"it", "they", "we"} or parse.deps[verb] != "ccomp":
        return subject
    return next((s for s in _subjects(parse, parse.heads[verb]) if s < subject), subject)


def _subjects(parse: Parse, verb: int) -> list[int]:
    for _ in range(6):
        auxiliaries = _children(parse, verb, {"aux"})
        if found := [s for v in (verb, *auxiliaries) for s in _children(parse, v, {"nsubj", "csubj"})]:
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


def _from_prepositions(parse: Parse, token: int, found: _Found) -> None:
    for preposition in _children(parse, token, {"prep", "agent"}):
        word = parse.words[preposition]
        for child in (c for c in parse.children[preposition] if parse.deps[c] in {"pobj", "pcomp"} and not _children(parse, c, {"nsubj"})):
            words = phrase(parse, child)
            if word == "by":
                found.who.update(words)
            elif word in {"with", "using", "via", "through"}:
                found.means.update(words)
            elif word in AGAINST or word == "between":
                agents = _misplaced_agents(parse, child)
                found.who.update(agents)
                found.whom.update(words - agents)
                found.objects.update({child} if word in AIMS else ())
    for clause in _children(parse, token, {"advcl", "acl"}):
        if parse.words[clause] == "using":
            found.means.update(phrase(parse, clause))


def _misplaced_agents(parse: Parse, token: int) -> frozenset[int]:
    """ "The capture of the town by rebels": parsers hang "by" on the town."""
    return frozenset(t for c in parse.children[token] if parse.words[c] == "by" and parse.deps[c] == "prep" for t in phrase(parse, c))


def _from_noun(parse: Parse, head: int, found: _Found) -> None:
    """ "ISIS attack", "Russia's strikes": what stands before the noun acts."""
    for child in _children(parse, head, {"poss", "compound", "amod", "nmod"}):
        found.who.update(phrase(parse, child))


def _from_governor(parse: Parse, head: int, verb: int, found: _Found) -> None:
    """What the verb above a noun knows: "launched an attack on", "the blast killed", "died in the blast"."""
    dep = parse.deps[head]
    if dep in {"nsubj", "compound"} and not _children(parse, verb, {"nsubjpass"}):
        for child in _children(parse, verb, {"dobj"}) if parse.words[verb] in wordlist("volley") else ():
            found.suffers(parse, child)
        _from_prepositions(parse, verb, replace(found, who=set()))
    elif parse.words[verb] in BEFALLS:
        _from_prepositions(parse, verb, found)
        _befallen(parse, verb, found)
    elif parse.words[verb] in wordlist("light") or dep == "nsubjpass":
        _from_prepositions(parse, verb, found)
        if dep != "nsubjpass":
            _from_subjects(parse, verb, found)
    elif dep == "dobj":
        _from_subjects(parse, verb, found)
    elif dep == "pobj":
        _suffering(parse, verb, found)


def _from_subjects(parse: Parse, verb: int, found: _Found) -> None:
    for subject in _subjects(parse, verb):
        if parse.words[subject] not in VOID:
            found.who.update(phrase(parse, subject))


def _suffering(parse: Parse, verb: int, found: _Found) -> None:
    """The subject of "were killed in" and "died in"."""
    deps = {"nsubjpass", "nsubj"} if parse.words[verb].startswith(DYING) else {"nsubjpass"}
    for child in _children(parse, verb, deps):
        found.suffers(parse, child)
