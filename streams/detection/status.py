"""Whether it happened: the status of a telling by what governs it, and whose word it is."""

import itertools
import re
from collections.abc import Sequence
from datetime import datetime

import msgspec

from streams.detection import dates, figures
from streams.detection.arguments import PREDICATES, Arguments, ancestors, is_verb, phrase
from streams.detection.dates import DateWords
from streams.detection.lexicon import Lexicon, Outlet, wordlist
from streams.detection.scene import Scene, outlet_of
from streams.records import Status

PRECEDENCE: tuple[Status, ...] = (
    "exercise", "negated", "denied", "threatened", "planned", "hypothetical", "attempted", "historical", "follow_up", "claimed", "asserted",
)  # fmt: skip
"""Of several that hold, the first is the status (DESIGN 3, rule 20)."""
_BY_WORD: tuple[Status, ...] = ("negated", "threatened", "hypothetical", "planned", "attempted")
_BY_GOVERNOR: tuple[Status, ...] = ("denied", "negated", "threatened", "planned", "hypothetical", "attempted")
_REPORTED = frozenset({"according", "per"})
ASKED = "asked"
"""What stands among a headline's word classes if it is a question."""
_FACTIVE = frozenset({"after", "following", "since", "despite", "amid", "amidst", "over", "because", "given", "as"})
"""Prepositions whose object has happened, whatever becomes of the clause they hang on: "will advance after seizing Dabiq"."""

_GOVERNED = frozenset({
    "ccomp", "xcomp", "dobj", "prep", "pobj", "pcomp", "acl", "relcl", "advcl", "compound", "nsubjpass", "conj", "nmod", "csubj", "attr",
    "poss",
})  # fmt: skip
"""Dependencies by which a word governs what lies below it."""
_GOING_ON = frozenset({"continuation", "resumption", "renewal", "escalation", "intensification"})
"""Nouns of what goes on, behind any preposition: "fears increase with the continuation of the shelling"."""
REACH = 7
"""How many words may stand between what goes on and that it does."""
RETROSPECT = frozenset({"court", "retrospect", ASKED})
"""Word classes of a headline whose text looks back or reflects."""
EARLIEST_NEWS = 1985
"""No article that we are given was written before this year, so what happened before it is history even where no date is known."""


_QUESTION = re.compile(r"(?:[^?.;!]|[.;!?](?=\w))*\?(?!\w)")
"""From within a sentence to the mark at its end; a mark within a word is a letter that was lost."""


class Standing(msgspec.Struct, frozen=True):
    """The status of a telling, with its source.

    Attributes:
        source: Who the text says it heard it from; None for the outlet's own voice.
        outlet: The agency behind it, where the source is one.
    """

    status: Status
    source: str | None = None
    outlet: Outlet | None = None


def judge(
    scene: Scene,
    arguments: Arguments,
    date: DateWords | None,
    published: datetime | None,
    lexicon: Lexicon,
    about: frozenset[str] = frozenset(),
) -> Standing:
    """The status of the trigger that *arguments* belong to.

    Args:
        date: What dates it; None if nothing does.
        published: None if unknown; then a date alone makes nothing historical.
        about: The word classes of a headline that tells of no fighting: under one of a burial or a trial, what has no date of
            its own is looked back on.
    """
    source, outlet = _source(scene, arguments, lexicon)
    holding = holds(scene, arguments, date, published, lexicon, about)
    status = next(s for s in PRECEDENCE if s in holding or (s == "claimed" and source))
    if status == "denied" and (who := _denier(scene, arguments, lexicon)):
        source, outlet = name(scene, who)
    return Standing(status, source, outlet)


def _denier(scene: Scene, arguments: Arguments, lexicon: Lexicon) -> frozenset[int]:
    """Who denies it, or takes back having told it; empty if nobody is named."""
    parse, denying = scene.parse, lexicon.cues["denied", "above"] | lexicon.cues["denied", "account"]
    above = (t for t in _above(scene, arguments) if parse.words[t] in denying and is_verb(parse, t))
    return frozenset(
        t for verb in itertools.islice(above, 1) for c in parse.children[verb] if parse.deps[c] == "nsubj" for t in phrase(parse, c)
    )


def holds(
    scene: Scene, arguments: Arguments, date: DateWords | None, published: datetime | None, lexicon: Lexicon, about: frozenset[str]
) -> dict[Status, str]:
    """Every status that holds of the trigger, whoever says so, each with what makes it hold; see `judge`."""
    above = _above(scene, arguments)
    holding = _cued(scene, arguments, above, lexicon)
    if (past := _why_past(scene, arguments, date, published, lexicon)) is not None:
        holding["historical"] = past
    if date is not None and date.when is not None and published is not None and not dates.is_old(date.when, published):
        holding.pop("follow_up", None)
    if not scene.headline and not _is_fresh(date, published):
        if about & RETROSPECT:
            holding["follow_up"] = "the headline, and no day of its own"
        if "exercise_kind" in about:
            holding["exercise"] = "the headline"
    if _is_explained(scene, above, lexicon.cues["followup", "subject"]):
        holding["follow_up"] = "its causes are spoken of"
    if (why := _why_corrected(scene, arguments, lexicon)) is not None:
        holding["follow_up"] = why
    return {"asserted": "nothing else", **holding}


def _is_fresh(date: DateWords | None, published: datetime | None) -> bool:
    """Whether it is dated to the three days before publication."""
    return date is not None and date.when is not None and published is not None and date.when.start >= published - 3 * dates.DAY


def _above(scene: Scene, arguments: Arguments) -> list[int]:
    """The words that govern the trigger, nearest first, as far as the sentence's own clause goes."""
    parse = scene.parse
    found: list[int] = []
    below = arguments.head
    for token in ancestors(parse, arguments.head):
        if parse.deps[below] in {"conj"} and is_verb(parse, below):
            below = token
            continue
        if _is_cut(scene, below, token):
            break
        if parse.words[below] == "of" and is_verb(parse, token):
            found += (c for c in parse.children[token] if parse.deps[c] == "nsubj")  # "fears grow of an attack"
        found.append(token)
        below = token
    return found


def _is_cut(scene: Scene, below: int, token: int, factive: frozenset[str] = _FACTIVE) -> bool:
    """Whether what governs *token* says nothing of what lies *below* it: a clause beside it, or the object of a *factive* preposition."""
    parse = scene.parse
    return (parse.deps[below] == "advcl" and not _is_purpose(scene, below)) or (
        parse.deps[below] in {"pobj", "pcomp"} and (parse.words[token] in factive or parse.words[below] in _GOING_ON)
    )


def _goes_on(scene: Scene, head: int) -> bool:
    """ "Fears grow with the continuation of air and ground shelling": what goes on has begun, wherever the parser hangs it."""
    words, near = scene.parse.words, range(max(1, head - REACH), head)
    noun = next((t for t in near if words[t] in _GOING_ON and words[t + 1] == "of"), None)
    if noun is None or any(is_verb(scene.parse, t) for t in range(noun, head)):
        return False
    before = noun - 1 if words[noun - 1] not in {"the", "a"} else noun - 2
    return before >= 0 and words[before] in _FACTIVE | {"with"}


def _is_purpose(scene: Scene, verb: int) -> bool:
    return any(scene.parse.words[c] == "to" and scene.parse.deps[c] == "aux" for c in scene.parse.children[verb])


def _cued(scene: Scene, arguments: Arguments, above: list[int], lexicon: Lexicon) -> dict[Status, str]:
    """The statuses that words make hold, each with the word."""
    parse, cues, head = scene.parse, lexicon.cues, arguments.head
    holding: dict[Status, str] = {}
    if "exercise_kind" in scene.near:
        holding["exercise"] = "the sentence speaks of an exercise"
    if _is_asked(scene, head) or _is_unreal(scene, head):
        holding["hypothetical"] = "a question or a condition"
    if _is_called(scene, head, cues["denied", "predicate"], cues["denied", "above"]):
        holding["denied"] = "what tells it is called false"
    if (taken_back := _taken_back(scene, arguments, above, lexicon)) is not None:
        holding["denied"] = taken_back
    near_words = _own_words(scene, arguments, above)
    for status in _BY_WORD:
        if own := near_words & cues.get((status, "word"), frozenset()):
            holding[status] = f"its own {min(own)!r}"
    for status in () if _goes_on(scene, head) else _BY_GOVERNOR:
        if (by := _governor(scene, arguments, above, cues.get((status, "above"), frozenset()))) is not None:
            holding[status] = f"{parse.words[by]!r} above it"
    if (why := _why_aftermath(scene, arguments, lexicon)) is not None:
        holding["follow_up"] = why
    if (none := next((t for t in above if parse.words[t] in cues["negated", "noun"] and _is_none(scene, t)), None)) is not None:
        holding["negated"] = f"no {parse.words[none]}"
    if _unrealised(scene, arguments, cues["vouched", "above"]):
        holding["planned"] = "an infinitive that nothing vouches for"
    return holding


def _why_aftermath(scene: Scene, arguments: Arguments, lexicon: Lexicon) -> str | None:
    """What makes it an aftermath; None if it is none."""
    parse, cues = scene.parse, lexicon.cues
    if (after := aftermath(scene, arguments, lexicon)) is not None:
        return f"{parse.words[after]!r} looks back on it"
    spoken = set(parse.words) & cues["followup", "sentence"]
    if not _is_main(scene, arguments):
        spoken |= set(parse.words) & cues["followup", "occasion"]
    if spoken:
        return f"{min(spoken)!r} in its sentence"
    return "a court and what came of it" if {"court", "aftermath"} <= scene.near else None


def aftermath(scene: Scene, arguments: Arguments, lexicon: Lexicon) -> int | None:
    """The token of what looks back on the trigger, a trial, a report or a visit, whose own day is not the trigger's; None if nothing does.

    Not where the trigger visits itself, goes on, or only came before: "after rebels seized the town he returned".
    """
    parse, below = scene.parse, arguments.head
    for above in ancestors(parse, arguments.head):
        word, papers = parse.words[above], lexicon.cues["followup", "paper"]
        if _is_cut(scene, below, above, _FACTIVE - {"over"}) and parse.deps[above] not in {"acl", "relcl"}:
            return None
        if word in lexicon.cues["followup", "above"]:
            return above
        if parse.words[below] in _ABOUT:
            told_in = (above, *(c for c in parse.children[above] if c < below and parse.deps[c] in {"dobj", "nsubjpass", "nsubj"}))
            if any(parse.words[t] in papers | lexicon.cues["followup", "above"] and parse.tags[t].startswith("N") for t in told_in):
                return above
        if word in lexicon.cues["followup", "visit"] and is_verb(parse, above):
            return above if _is_looked_at(scene, above, below, arguments) else None
        below = above
    return None


_ABOUT = frozenset({"on", "into", "about", "over", "regarding"})
_LOOKED_AT = frozenset({"dobj", "prep", "ccomp", "nsubjpass", "dative"})
"""How what is looked back on hangs on the visit; "for" and the like say why."""


def _is_looked_at(scene: Scene, visit: int, below: int, arguments: Arguments) -> bool:
    """Whether the trigger belongs to what is visited, by way of *below*: "explosions were heard" is no hearing."""
    parse, head = scene.parse, arguments.head
    if parse.deps[below] not in _LOOKED_AT or _goes_on_still(scene, head) or _goes_on_still(scene, arguments.verb or head):
        return False
    if parse.words[visit] in {"heard", "hears", "hear", "hearing"}:
        subjects = frozenset(t for c in parse.children[visit] if parse.deps[c] == "nsubj" for t in phrase(parse, c))
        return "court" in scene.classes_of(subjects)
    return head not in {below, *parse.children[below]} or parse.deps[below] == "ccomp"


def _goes_on_still(scene: Scene, token: int) -> bool:
    """ "Is fighting", "are still shelling"."""
    children = {scene.parse.words[c] for c in scene.parse.children[token]}
    return "still" in children or (scene.parse.tags[token] == "VBG" and not children.isdisjoint({"is", "are"}))


def _is_main(scene: Scene, arguments: Arguments) -> bool:
    """Whether it is what its sentence tells first: "a bomber struck a memorial service"."""
    return scene.parse.deps[arguments.head if arguments.verb is None else arguments.verb] == "ROOT"


def _is_asked(scene: Scene, head: int) -> bool:
    """Whether it stands in a question, or a headline explains: who asks or tells how and why has no news."""
    if figures.is_headline(scene) and scene.parse.words[0] in {"how", "why", "what", "who", "when", "where", "whether"}:
        return True
    return _QUESTION.match(scene.text, scene.parse.starts[head]) is not None


_UNREAL = re.compile(r"\W*(?:Had|Were|Should) [^.;]*?, (?=[^.;]*\b(?:would|could|might)\b)")
"""A condition without "if": "Had the missile hit the port, hundreds would have died"."""


def _is_unreal(scene: Scene, head: int) -> bool:
    """Whether it stands in such a condition."""
    condition = _UNREAL.match(scene.text)
    return condition is not None and scene.parse.starts[head] < condition.end()


def _is_called(scene: Scene, head: int, words: frozenset[str], denying: frozenset[str]) -> bool:
    """ "Reports of it were false", "dismissed as baseless claims that": whether what tells it is called one of *words*, or not true."""
    parse, told = scene.parse, False
    for above in ancestors(parse, head):
        told = told or parse.words[above] in wordlist("account") | _RUMOURS or parse.deps[above] == "ccomp"
        if parse.words[above] == "as" and parse.words[parse.heads[above]] in denying:
            return True
        if not is_verb(parse, above) and parse.deps[above] != "ROOT":
            continue
        for child in parse.children[above]:
            called = (child, *parse.children[child]) if parse.words[child] == "as" else (child,)
            if parse.deps[child] not in PREDICATES and parse.words[child] != "as":
                continue
            denied = any(parse.deps[c] == "neg" for c in parse.children[above])
            if told and not denied and any(parse.words[c] in words for c in called):
                return True
            if denied and parse.words[child] == "true":
                return True
    return False


_KILLED = re.compile(r"\W*(?:mandatory |bulletin )?(?:kill|retraction|retracted|withdrawn)\W*[:–—|-]", re.IGNORECASE)
"""How agencies head what they take back."""


def _taken_back(scene: Scene, arguments: Arguments, above: list[int], lexicon: Lexicon) -> str | None:
    """What says that an account of the trigger is taken back: "Reuters withdrew its report that"; None if nothing does."""
    parse = scene.parse
    if scene.headline and (killed := _KILLED.match(scene.text)) is not None:
        return f"{killed.group().strip()!r} before it"
    for verb in above:
        if parse.words[verb] not in lexicon.cues["denied", "account"] or parse.words[parse.heads[verb]] in wordlist("refusal"):
            continue
        children = parse.children[verb]
        if parse.words[verb] in wordlist("taking") and not any(parse.words[c] in {"back", "down"} for c in children):
            continue
        told = (c for c in children if parse.deps[c] in {"dobj", "nsubjpass"} and parse.words[c] in wordlist("account"))
        if any(parse.deps[c] == "neg" for c in children) or not any(c < arguments.head for c in told):
            continue
        return f"an account that is taken back: {parse.words[verb]!r}"
    return None


_OLD_VERSION = re.compile(r"\b(?:earlier|previous|prior|original|older) (?:version|edition)s?\b(?!.*\badd(?:s|ed|ing)?\b)", re.IGNORECASE)


def _why_corrected(scene: Scene, arguments: Arguments, lexicon: Lexicon) -> str | None:
    """What says that it was told by mistake: "an earlier version said", "wrongly said"; None if nothing does.

    It is kept as background, not as a denial: most often a number or a name was wrong, and the attack was not.
    """
    parse = scene.parse
    old = _OLD_VERSION.search(scene.text)
    if old is not None and old.end() <= parse.starts[arguments.head]:
        return f"{old.group()!r} told it"
    for token in ancestors(parse, arguments.head):
        if parse.words[token] in lexicon.cues["report", "above"]:
            wrong = next((c for c in parse.children[token] if parse.words[c] in wordlist("mistaken")), None)
            if wrong is not None:
                return f"{parse.words[wrong]!r} told"
    return None


_RUMOURS = frozenset({"rumour", "rumours", "rumor", "rumors", "news"})


def _is_none(scene: Scene, noun: int) -> bool:
    """ "No evidence", "without proof"."""
    parse = scene.parse
    return parse.words[parse.heads[noun]] == "without" or any(parse.words[c] == "no" for c in parse.children[noun])


def _is_explained(scene: Scene, above: list[int], causes: frozenset[str]) -> bool:
    """ "Lack of help led to the capture": whoever speaks of the causes speaks of what is known."""
    parse = scene.parse
    subjects = {parse.words[c] for token in above for c in parse.children[token] if parse.deps[c] == "nsubj"}
    return bool(subjects & causes)


def _own_words(scene: Scene, arguments: Arguments, above: list[int]) -> set[str]:
    """Negations, modals and adjectives of the trigger, of its light verb, and of the verbs it hangs on without a clause between."""
    parse = scene.parse
    chain = [arguments.head]
    below = arguments.head
    for token in ancestors(parse, arguments.head):
        if parse.deps[below] in {"ccomp", "relcl", "acl", "parataxis"} or _is_cut(scene, below, token):
            break
        chain.append(token)
        below = token
    words: set[str] = set()
    for token in chain:
        for child in parse.children[token]:
            if parse.deps[child] in {"neg", "aux", "det", "advmod", "mark", "amod", "preconj", "nsubj", "nsubjpass"}:
                if parse.deps[child] in {"amod"} and token != arguments.head:
                    continue
                words.add(parse.words[child])
    return words | _none_of(scene, arguments.head)


def _none_of(scene: Scene, head: int) -> set[str]:
    """ "No civilians were killed", "killed no one": the word that counts nobody."""
    parse = scene.parse
    parties = (c for c in parse.children[head] if parse.deps[c] in {"nsubj", "nsubjpass", "dobj"})
    return {"no" for party in parties for c in parse.children[party] if parse.words[c] == "no" and parse.deps[c] == "det"}


def _governor(scene: Scene, arguments: Arguments, above: list[int], cue: frozenset[str]) -> int | None:
    """The nearest cue above the trigger that says something of it; None if none does."""
    parse = scene.parse
    below = arguments.head
    for token in above:
        word = parse.words[token]
        fought = word.startswith("fail") and parse.words[below] == "in"  # who fails in a battle has fought it
        if word in cue and not fought and parse.deps[below] in _GOVERNED and not _speaks_apart(scene, token, below):
            return token
        below = token
    return None


def _speaks_apart(scene: Scene, token: int, below: int) -> bool:
    """ "The army said rebels attacked; they denied it": what has an object of its own says nothing of the clause before it."""
    parse = scene.parse
    return (
        below < token
        and parse.deps[below] == "ccomp"
        and any(parse.deps[c] in {"dobj", "xcomp"} and c > token for c in parse.children[token])
    )


def _unrealised(scene: Scene, arguments: Arguments, vouching: frozenset[str]) -> bool:
    """ "deployed forces to storm": an infinitive that no implicative verb vouches for has not happened."""
    parse, verb = scene.parse, arguments.verb
    if verb is None:
        return False
    below = verb
    for _ in range(4):
        if any(parse.words[c] == "to" and parse.deps[c] == "aux" for c in parse.children[below]):
            governor = parse.heads[below]
            if governor == below or parse.words[governor] not in vouching:
                return governor == below or not (parse.deps[below] == "csubj" and scene.headline)
            below = governor
            continue
        if parse.deps[below] not in {"conj", "xcomp"} or parse.heads[below] == below:
            return False
        below = parse.heads[below]
    return False


def _why_past(scene: Scene, arguments: Arguments, date: DateWords | None, published: datetime | None, lexicon: Lexicon) -> str | None:
    """What puts it into the past; None if nothing does."""
    if date is not None:
        words = repr(scene.text[date.start : date.end])
        if date.past:
            return f"{words} is long ago"
        if date.when is not None and published and dates.is_old(date.when, published):
            return f"{words} is more than {dates.CURRENT_DAYS} days before publication"
        if date.when is not None and not published and date.when.end.year < EARLIEST_NEWS:
            return f"{words} is before all news"
    lower = scene.text.lower()
    if said := next((cue for cue in lexicon.cues["historical", "sentence"] if cue in lower), None):
        return f"{said!r} in its sentence"
    if date is not None and date.when is not None:
        return None
    if _is_of_an_epoch(scene, arguments):
        return "an epoch that is over"
    if _is_pluperfect(scene, arguments, lexicon):
        return "'had', told as background"
    if said := next((cue for cue in lexicon.cues["historical", "word"] if cue in lower), None):
        return f"{said!r} in its sentence"
    adverbs = {scene.parse.words[c] for c in scene.parse.children[arguments.head] if scene.parse.deps[c] == "advmod"}
    first = adverbs & lexicon.cues["first", "word"]
    return f"its own {min(first)!r}" if first else None


def _is_of_an_epoch(scene: Scene, arguments: Arguments) -> bool:
    """ "During the invasion of Grenada his unit took an airfield": an epoch with a name is over."""
    parse = scene.parse
    chain = {arguments.head, *ancestors(parse, arguments.head)}
    if any(parse.words[c] in wordlist("epoch") and _is_that(scene, c) for t in chain for c in parse.children[t]):
        return True
    for token in chain:
        if parse.words[token] in wordlist("epoch") and parse.words[parse.heads[token]] == "during":
            return True
        for during in (c for c in parse.children[token] if parse.words[c] == "during"):
            if any(parse.words[o] in wordlist("epoch") for o in parse.children[during]):
                return True
    return False


def _is_that(scene: Scene, noun: int) -> bool:
    """ "That war": another than the one at hand."""
    return any(scene.parse.words[c] == "that" for c in scene.parse.children[noun])


def _is_pluperfect(scene: Scene, arguments: Arguments, lexicon: Lexicon) -> bool:
    """ "The town had been shelled": told as background, unless it is somebody's report or what the news came after."""
    parse, verb = scene.parse, arguments.head
    if not is_verb(parse, verb) or not any(parse.words[c] == "had" and parse.deps[c] == "aux" for c in parse.children[verb]):
        return False
    report = lexicon.cues["report", "above"]
    speaks = any(parse.words[t] in report for t in (*ancestors(parse, verb), *parse.children[verb]))
    return not speaks and parse.deps[verb] not in {"advcl", "pcomp"}


def _source(scene: Scene, arguments: Arguments, lexicon: Lexicon) -> tuple[str | None, Outlet | None]:
    """Whose word it is: the subject of the reporting verb above, "according to X", "citing X"."""
    parse, report = scene.parse, lexicon.cues["report", "above"]
    token = arguments.head
    chain = [token, *ancestors(parse, token)]
    for verb in chain:
        if parse.words[verb] in report and verb != arguments.head:
            citing = _citing(scene, verb)
            subject = next((c for c in parse.children[verb] if parse.deps[c] in {"nsubj"}), None)
            if citing or (subject is not None and arguments.head not in phrase(parse, subject)):
                return name(scene, citing or phrase(parse, subject if subject is not None else verb))
        for child in parse.children[verb]:
            if parse.deps[child] == "prep" and parse.words[child] in _REPORTED:
                return name(scene, phrase(parse, child) - {child})
            if (
                parse.deps[child] in {"parataxis", "ccomp", "advcl"}
                and parse.words[child] in report
                and not _contains(scene, child, arguments.head)
            ):
                subject = next((c for c in parse.children[child] if parse.deps[c] == "nsubj"), None)
                if subject is not None and parse.deps[child] != "ccomp":
                    return name(scene, phrase(parse, subject))
    if any(parse.words[c] in {"reportedly", "allegedly"} for t in chain for c in parse.children[t]):
        return "reports", None
    return name(scene, _namer(scene, chain) or _closing_source(scene, arguments.head))


def _namer(scene: Scene, chain: Sequence[int]) -> frozenset[int]:
    """Who has a word for it: "what the governor called a drone raid"."""
    parse = scene.parse
    for token in chain:
        above = parse.heads[token]
        if parse.deps[token] in {"oprd", "attr"} and parse.words[above] in {"called", "calls", "describes", "described", "termed"}:
            return frozenset(t for c in parse.children[above] if parse.deps[c] == "nsubj" for t in phrase(parse, c))
    return frozenset()


_CLOSING = re.compile(
    r", (?P<who>(?!who\b|which\b|and\b|but\b|as\b|he\b|she\b|they\b|it\b)[^,;:()“”\"]{2,60}?)"
    r" (?:said|says|say|reported|reports|report|announced|claimed|confirmed)(?: (?:on|in|late|early|to) [^,;:()“”\"]{1,40})?\.?$"
)
"""What ends a sentence of news, whatever the parser makes of it: ", Colombia's army said on Tuesday." """


def _closing_source(scene: Scene, head: int) -> frozenset[int]:
    """Who is said at the end of the sentence to say all of it; empty if nobody is."""
    found = _CLOSING.search(scene.text)
    if found is None or scene.parse.starts[head] > found.start():
        return frozenset()
    return frozenset(scene.tokens(*found.span("who")))


def _contains(scene: Scene, top: int, token: int) -> bool:
    return top in ancestors(scene.parse, token)


def _citing(scene: Scene, verb: int) -> frozenset[int]:
    parse = scene.parse
    for child in parse.children[verb]:
        if parse.words[child] in {"citing", "quoting"}:
            for grandchild in parse.children[child]:
                if parse.deps[grandchild] in {"dobj", "pobj"}:
                    return phrase(parse, grandchild)
    return frozenset()


def name(scene: Scene, tokens: frozenset[int]) -> tuple[str | None, Outlet | None]:
    """The words of a source, and the agency among them."""
    parse = scene.parse
    tokens = frozenset(t for t in tokens if parse.words[t] not in {"to", "that"})
    if not tokens:
        return None, None
    first, last = min(tokens), max(tokens)
    words = scene.text[parse.starts[first] : parse.ends[last]].strip(' "“”‘’,.')
    agency = next((outlet_of(h) for h in scene.agencies if any(h.start <= parse.starts[t] < h.end for t in tokens)), None)
    words = words.removeprefix("the ").removeprefix("The ").removeprefix("a ").removeprefix("A ")
    return words[:120] or None, agency
