"""Whose report it was in the first place: a sentence in, the last outlet of a chain of copies out.

"Rudaw, citing Tass, which quoted Al-Watan" is Al-Watan's word, however many carry it, and whether anybody has heard of Al-Watan.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from streams.detection.lexicon import Hit, Lexicon, fold, wordlist
from streams.detection.scene import outlet_of

_NAME = r"(?:[A-Z][\w’'.-]*(?: (?:[A-Z][\w’'.-]*|of|and|al-[A-Z][\w’'-]*)){0,3})"
_MEDIUM = rf"(?: (?:state|official|news|press|satellite|local|daily))* (?:{'|'.join(sorted(wordlist('medium')))}|TV)\b"
_CITING = re.compile(
    r"\b(?:citing|quoting|cited|quoted|quotes|cites) (?:a report (?:by|in|from|of) )?(?:the )?"
    rf"(?:(?:[a-z][\w-]* |[A-Z][a-z]+(?:an|ish|ese|i|ch) ){{0,4}}?)(?P<name>{_NAME})(?P<medium>{_MEDIUM})?"
)
_SAYS = "said|says|reported|reports|announced|wrote|claimed|quoted|cited|added"
_MEDIUM_SAYS = re.compile(
    rf"\b(?:(?:according to|by) (?:the )?(?P<name>{_NAME}){_MEDIUM}|(?P<sayer>{_NAME}){_MEDIUM},? (?:has |also )?(?:{_SAYS}))\b"
)


class Credit(NamedTuple):
    """An outlet that another names as its source."""

    name: str
    owner: str
    """Who counts as the one source."""
    listed: bool = False
    """The list of outlets has it."""


def of(sentence: str, lexicon: Lexicon) -> Credit | None:
    """The last outlet of the chain that *sentence* names; None if it names none.

    What is cited counts if it is an outlet by name ("Al-Watan newspaper"), if the list of outlets has it, or if an outlet that has
    itself been named cites it ("Tass, citing Al-Watan"): an outlet that cites the army or a doctor has the report for itself.
    """
    found: Credit | None = None
    outlets = lexicon.agencies.find(fold(sentence))
    for match in _CITING.finditer(sentence):
        chained = found is not None or any(h.end <= match.start() for h in outlets)
        one = _credit(match, "name", outlets, lexicon)
        if one is not None and (one.listed or match["medium"] or _is_medium(one.name) or (chained and not _is_no_outlet(one.name))):
            found = one
    if found is None and (said := _MEDIUM_SAYS.search(sentence)) is not None:
        found = _credit(said, "name" if said["name"] else "sayer", outlets, lexicon)
    return found


def _credit(match: re.Match[str], group: str, outlets: Sequence[Hit], lexicon: Lexicon) -> Credit | None:
    """The outlet that *match* names; None if all that is said of it is whose or what it is: "Syrian state television"."""
    known = next((outlet_of(h) for h in outlets if match.start(group) <= h.start < match.end(group)), None)
    if known is not None:
        return Credit(known.name, owner_named(known.owner), listed=True)
    words = match[group].rstrip(".,").split()
    while words and (_WHOSE.fullmatch(words[0]) or _is_nation(words[0], lexicon) or _GENERIC.fullmatch(words[0])):
        del words[0]
    name = " ".join(words)
    return Credit(name, owner_named(name)) if name else None


def _is_nation(word: str, lexicon: Lexicon) -> bool:
    """Whether it is a country or its adjective."""
    return word.endswith(("ian", "ish", "ese")) or any(hit.end == len(word) for hit in lexicon.states.find(fold(word)))


_WHOSE = re.compile(
    r"(?i:the|a|an|state|official|national|local)|.*-(?:owned|linked|language|run|affiliated|backed|based|funded|controlled)"
)
_GENERIC = re.compile(
    r"(?i:television|tv|department|media|news|(?:mon|tues|wednes|thurs|fri|satur|sun)day|"
    r"january|february|march|april|may|june|july|august|september|october|november|december)"
)


def owner_named(name: str) -> str:
    """The one form of an owner's name, however it is written: "Al-Watan", "al watan"."""
    return " ".join(fold(name).replace("-", " ").replace("_", " ").split())


def _is_medium(name: str) -> bool:
    """ "Radio Dabanga"."""
    return not wordlist("medium").isdisjoint(fold(name).split())


def _is_no_outlet(name: str) -> bool:
    """Whether a name behind "citing" is that of an office, a body or a man of rank."""
    return not wordlist("office").isdisjoint(fold(name).split())
