"""Who of a sentence says that what it told before is not so: "Khartoum said the RSF had attacked Merowe; the RSF denied it"."""

from collections.abc import Iterator

from streams.detection.arguments import PREDICATES, is_verb, phrase
from streams.detection.lexicon import Lexicon, wordlist
from streams.detection.scene import Scene

_POINTING = frozenset({"it", "this", "that", "which", "so"})


def find(scene: Scene, lexicon: Lexicon) -> Iterator[tuple[int, frozenset[int]]]:
    """Each word that denies what stands before it, with the tokens of whoever says so."""
    parse, denying = scene.parse, lexicon.cues["denied", "above"]
    for token, word in enumerate(parse.words):
        if word in denying and is_verb(parse, token) and points_back(scene, token):
            speaker = next((c for c in parse.children[token] if parse.deps[c] == "nsubj"), None)
        elif _is_called_false(scene, token, lexicon):
            above = parse.heads[token]
            speaks = above != token and parse.words[above] in lexicon.cues["report", "above"]
            speaker = next((c for c in parse.children[above] if parse.deps[c] == "nsubj"), None) if speaks else None
        else:
            continue
        if speaker is not None:
            yield token, phrase(parse, speaker)


def points_back(scene: Scene, verb: int) -> bool:
    """Whether what is denied was told before: "denied it", "which the army denied", "a claim Russia rejected", "denied losing the town"."""
    parse = scene.parse
    if parse.deps[verb] == "relcl" and parse.words[parse.heads[verb]] in wordlist("account"):
        return True
    for child in parse.children[verb]:
        if parse.deps[child] in {"dobj", "nsubjpass"} and (parse.words[child] in _POINTING or _is_the_account(scene, child)):
            return True
        if parse.deps[child] == "xcomp" and parse.tags[child] == "VBG":
            below = {child, *phrase(parse, child)}
            return not any(scene.covers(t.start, t.end, at) for t in scene.triggers for at in below)
    return False


def _is_the_account(scene: Scene, noun: int) -> bool:
    """ "The claim", "the report": without a word of what it says."""
    parse = scene.parse
    own = {parse.deps[c] for c in parse.children[noun]}
    return parse.words[noun] in wordlist("account") and own.isdisjoint({"acl", "relcl", "prep", "ccomp"})


def _is_called_false(scene: Scene, verb: int, lexicon: Lexicon) -> bool:
    """ "The report was baseless", "that was a lie"."""
    parse, false = scene.parse, lexicon.cues["denied", "predicate"]
    subject = next((c for c in parse.children[verb] if parse.deps[c] == "nsubj"), None)
    if subject is None or not (parse.words[subject] in _POINTING or _is_the_account(scene, subject)):
        return False
    return any(parse.deps[c] in PREDICATES and parse.words[c] in false for c in parse.children[verb])
