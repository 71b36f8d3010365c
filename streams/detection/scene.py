"""One sentence made ready: its tokens with what the lexicon knows of each. Everything later reads this, never raw text."""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from sys import intern
from typing import cast

import msgspec
from msgspec.structs import replace

from streams.detection import casualties, dates
from streams.detection.casualties import Toll
from streams.detection.dates import DateWords
from streams.detection.grammar import Parse
from streams.detection.lexicon import ActorName, Hit, Lexicon, Outlet, Theatre, Weapon
from streams.detection.triggers import Trigger
from streams.records import Place

ARMED = frozenset({"state_force", "nonstate"})
WEAPONS = frozenset({"w_air", "w_indirect", "w_bomb", "w_grenade", "w_chemical", "w_suicide", "w_gun"})
HARM = ("casualty", "casualties", "causalities", "fatalities", "human losses", "civilian losses", "death toll")
"""What counts the dead without a number."""


class NamedActor(msgspec.Struct, frozen=True):
    """A name of an actor in the sentence; offsets into the sentence."""

    start: int
    end: int
    actor: ActorName
    words: str
    armed: bool
    """Whether the name alone stands for people under arms; "Russia" does not, "ISIS" does."""
    adjective: bool = False
    """"Russian": says whose the thing is that it stands before, not who acts."""


class NamedPlace(msgspec.Struct, frozen=True):
    """A place name in the sentence; offsets into the sentence.

    Attributes:
        place: What it was resolved to; None with *reason*.
        demonym: It is an adjective or a people ("Syrian").
        dateline: It says where the text was written.
    """

    start: int
    end: int
    words: str
    place: Place | None
    reason: str | None = None
    demonym: bool = False
    dateline: bool = False

    def counted_from(self, start: int) -> "NamedPlace":
        """The same with its offsets counted from *start*."""
        return NamedPlace(self.start - start, self.end - start, self.words, self.place, self.reason, self.demonym, self.dateline)


class Scene(msgspec.Struct, frozen=True, dict=True):
    """A sentence and what is known of its words. All offsets count into ``text``, which begins at ``start`` of the body."""

    start: int
    text: str
    parse: Parse
    triggers: tuple[Trigger, ...]
    classes: dict[int, frozenset[str]]
    """By token: the word classes of the term it belongs to."""
    weapons: tuple[Hit, ...]
    actors: tuple[NamedActor, ...]
    places: tuple[NamedPlace, ...]
    dates: tuple[DateWords, ...]
    agencies: tuple[Hit, ...]
    context: Counter[str] = msgspec.field(default_factory=Counter)
    """How often each word class occurs in the whole part."""
    headline: bool = False
    at_war: bool = False
    """Whether the sentence names a place at war in the year of publication."""
    remembered: dict[object, object] = msgspec.field(default_factory=dict)
    """What was found out of it before its places were resolved, for the same scene with them; see `tellings.examine`."""

    @cached_property
    def named(self) -> tuple[tuple[int, int, bool], ...]:
        """Where it names places, and which of the names are peoples or adjectives: all that matters before they are resolved."""
        return tuple((p.start, p.end, p.demonym) for p in self.places)

    @cached_property
    def near(self) -> frozenset[str]:
        """The word classes of the sentence."""
        return frozenset(name for names in self.classes.values() for name in names)

    @cached_property
    def toll(self) -> Toll:
        """The dead and injured that the sentence counts."""
        return casualties.read(self.text)

    @cached_property
    def harms_many(self) -> bool:
        """Whether it speaks of more than one who died or was hurt."""
        tolls = (self.toll.killed, self.toll.injured)
        return any((toll[0] or 0) > 1 for toll in tolls if toll) or any(words in self.text.lower() for words in HARM)

    def classes_of(self, tokens: frozenset[int]) -> frozenset[str]:
        """The word classes of some tokens."""
        classes = self.classes
        return frozenset().union(*(classes[token] for token in tokens if token in classes))

    def classes_besides(self, tokens: frozenset[int]) -> frozenset[str]:
        """The word classes of all other tokens."""
        return frozenset(name for token, names in self.classes.items() if token not in tokens for name in names)

    def actors_in(self, tokens: frozenset[int]) -> list[NamedActor]:
        """The actors named within some tokens."""
        return [a for a in self.actors if not tokens.isdisjoint(self.tokens(a.start, a.end))]

    def places_in(self, tokens: frozenset[int]) -> list[NamedPlace]:
        """The places named within some tokens."""
        return [p for p in self.places if not tokens.isdisjoint(self.tokens(p.start, p.end))]

    def covers(self, start: int, end: int, token: int) -> bool:
        """Whether *token* lies in text[start:end]."""
        return start <= self.parse.starts[token] < end

    def tokens(self, start: int, end: int) -> range:
        """The tokens that begin in text[start:end]."""
        return range(bisect_left(self.parse.starts, start), bisect_left(self.parse.starts, end))


class Draft(msgspec.Struct, frozen=True, dict=True):
    """What is known of a sentence before it is parsed."""

    start: int
    text: str
    folded: str
    triggers: tuple[Trigger, ...]
    terms: tuple[Hit, ...]
    """What of it is in the list of word classes."""
    actors: tuple[NamedActor, ...]
    context: Counter[str]
    headline: bool = False
    at_war: bool = False
    """Whether it names a place at war in the year of publication."""
    places: tuple[NamedPlace, ...] = ()

    def naming(self, places: tuple[NamedPlace, ...]) -> "Draft":
        """The same with *places*, and with all that was found out of its words."""
        named = replace(self, places=places)
        named.__dict__.update(self.__dict__)
        return named

    @cached_property
    def near(self) -> frozenset[str]:
        """The word classes of the sentence; some may be of parts of tokens, which the scene will not have."""
        return frozenset().union(*(classes_of(h) for h in self.terms))

    def firmly_near(self, trigger: Trigger) -> frozenset[str]:
        """The word classes that the scene is sure to have besides those of *trigger*: after a space a token begins."""
        firm = (h for h in self.terms if h.start == 0 or self.text[h.start - 1] == " ")
        return frozenset().union(*(classes_of(h) for h in firm if h.end <= trigger.start or h.start >= trigger.end))

    @cached_property
    def words(self) -> frozenset[str]:
        """Lower case; equal words of all sentences are one string, or a long article's would fill the memory."""
        return frozenset(map(intern, self.folded.split()))

    @cached_property
    def armed(self) -> bool:
        """Whether anybody under arms is named or spoken of."""
        return bool(self.near & ARMED) or any(a.armed for a in self.actors)

    @cached_property
    def counts_people(self) -> bool:
        """Whether it counts dead or injured."""
        toll = casualties.read(self.text)
        return bool(toll.killed or toll.injured) or any(word in self.folded for word in HARM)


def sketch(
    start: int, text: str, folded: str, triggers: tuple[Trigger, ...], context: Counter[str], lexicon: Lexicon, published: datetime | None,
    *, headline: bool = False,
) -> Draft:  # fmt: skip
    """Look the words of a sentence up that say whether it is worth a parse.

    Args:
        start: Where it begins in the body.
        triggers: Offsets into the sentence.
        context: How often each word class occurs in the whole part.
    """
    terms = tuple(lexicon.words.find(folded))
    actors, at_war = _actors(text, folded, lexicon, published), names_theatre(text, folded, lexicon, published)
    return Draft(start, text, folded, triggers, terms, actors, context, headline, at_war)


def names_theatre(text: str, folded: str, lexicon: Lexicon, published: datetime | None) -> bool:
    """Whether *text* says that something is at a place at war in the year of publication."""
    year = published.year if published else None
    hits = (h for h in lexicon.theatres.find(folded) if _capital(text, h) and _is_located(folded, h))
    return any(war.at_war(year) for hit in hits for war in cast("tuple[Theatre, ...]", hit.value))


def _is_located(folded: str, hit: Hit) -> bool:
    """Whether it is named as a place: "in the countryside of Homs", "Homs city"; not "Damascus condemns", "deliveries to Ukraine"."""
    before, after = folded[max(0, hit.start - BEFORE) : hit.start].split()[-WORDS_BEFORE:], folded[hit.end : hit.end + BEFORE].split()[:1]
    return not _WITHIN.isdisjoint(before) or not _TYPED.isdisjoint((*before[-1:], *after))


_WITHIN = frozenset({"in", "at", "near", "around", "inside", "outside", "across", "on", "of", "over", "throughout", "s"})
_TYPED = frozenset({"city", "town", "village", "camp", "capital", "province", "governorate", "district", "countryside", "area", "massacre"})
BEFORE, WORDS_BEFORE = 60, 5
"""How far before a name, in characters and words, is looked at."""


def compose(draft: Draft, parse: Parse, lexicon: Lexicon, published: datetime | None) -> Scene:
    """Put what is known of a sentence's words together with their grammar."""
    agencies = tuple(h for h in lexicon.agencies.find(draft.folded) if _capital(draft.text, h))
    weapons = tuple(lexicon.weapons.find(draft.folded))
    found = tuple(dates.find(draft.text, published))
    scene = Scene(
        draft.start, draft.text, parse, draft.triggers, {}, weapons, draft.actors, (), found, agencies, draft.context, draft.headline,
        draft.at_war,
    )  # fmt: skip
    for hit in draft.terms:
        for token in scene.tokens(hit.start, hit.end):
            scene.classes[token] = classes_of(hit)
    return place(scene, draft.places)


def place(scene: Scene, names: Sequence[NamedPlace]) -> Scene:
    """*scene* with those of *names* that its grammar and its other names let be places."""
    known = (p for p in names if _is_place(p, scene.actors, scene.agencies, scene.weapons) and _is_name(p, scene.parse))
    if charged := [m.end() for m in _CHARGED.finditer(scene.text)]:
        known = (p for p in known if not _is_charge(scene.text, charged, p.start))
    return replace(scene, places=tuple(known))


_CHARGED = re.compile(
    r"\b(?:charges?|accusations?|suspicion|accused|suspected) of \W?(?:collaborat|co-?operat|dealing|spying|espionage|treason)",
    re.IGNORECASE,
)
"""What somebody is killed or held for, and not where: "executed on charges of dealing with the base"."""


def is_charge(scene: Scene, place: NamedPlace) -> bool:
    """Whether a place, with offsets into the body, stands in what somebody of the sentence is charged with."""
    at = place.start - scene.start
    return 0 <= at < len(scene.text) and _is_charge(scene.text, [m.end() for m in _CHARGED.finditer(scene.text)], at)


def _is_charge(text: str, charged: Sequence[int], at: int) -> bool:
    """Whether nothing parts *at* from the words of a charge, which end at one of *charged*."""
    return any(end <= at and _PARTED.search(text, end, at) is None for end in charged)


_PARTED = re.compile(r"[,;:]")


def _capital(text: str, hit: Hit) -> bool:
    return text[hit.start].isupper()


def _is_place(place: NamedPlace, actors: tuple[NamedActor, ...], agencies: tuple[Hit, ...], weapons: tuple[Hit, ...]) -> bool:
    """A word of an actor's, an agency's or a weapon's name is no place, unless it is the state itself or more than that name."""
    others = [(a.start, a.end) for a in actors if a.armed] + [(h.start, h.end) for h in (*agencies, *weapons)]
    return not any(start <= place.start and place.end <= end for start, end in others)


def _is_name(place: NamedPlace, parse: Parse) -> bool:
    """Whether the tagger takes any of its words for a name; "At", "Over" and "We" at the head of a sentence are none."""
    if place.start > 1 or len(place.words) > 6 or not place.words.isalpha():
        return True
    tags = [tag for start, tag in zip(parse.starts, parse.tags, strict=True) if place.start <= start < place.end]
    return not tags or any(tag.startswith("NN") or tag in {"JJ", "FW"} for tag in tags)


def _actors(text: str, folded: str, lexicon: Lexicon, published: datetime | None) -> tuple[NamedActor, ...]:
    hits = [*lexicon.actors.find(folded), *lexicon.acronyms.find(text)]
    found = [named for hit in hits if not _in_feature(folded, hit) and (named := _named(text, hit, published))]
    taken = [(a.start, a.end) for a in found]
    for hit in lexicon.states.find(folded):
        if _capital(text, hit) and not _in_feature(folded, hit) and not any(s < hit.end and hit.start < e for s, e in taken):
            name, adjective = cast("tuple[ActorName, bool]", hit.value)
            found.append(NamedActor(hit.start, hit.end, name, text[hit.start : hit.end], armed=False, adjective=adjective))
    return tuple(sorted(found, key=lambda a: a.start))


def _in_feature(folded: str, hit: Hit) -> bool:
    """ "Lake Chad", "the Sea of Azov", "the Syrian desert": part of what a land or a water is called, and nobody who acts."""
    before, after = folded[max(0, hit.start - BEFORE) : hit.start].split(), folded[hit.end : hit.end + BEFORE].split()
    return before[-1:] == ["lake"] or (before[-1:] == ["of"] and not _WATERS.isdisjoint(before[-2:-1])) or not _LANDS.isdisjoint(after[:1])


_WATERS = frozenset({"sea", "gulf", "strait", "bay", "lake"})
_LANDS = _WATERS | {"desert", "peninsula", "plateau", "highlands", "mountains"}


def _named(text: str, hit: Hit, published: datetime | None) -> NamedActor | None:
    """The actor that an alias stands for in the year of publication; short names must be written in capitals."""
    words = text[hit.start : hit.end]
    if len(words) <= 4 and not words[0].isupper():
        return None
    if words.isalpha() and words[0].islower() and " " not in words:
        return None
    year = published.year if published else None
    for name in cast("tuple[ActorName, ...]", hit.value):
        if year is None or ((name.since or 0) <= year < (name.until or 9999)):
            return NamedActor(hit.start, hit.end, name, words, armed=True)
    return None


def classes_of(hit: Hit) -> frozenset[str]:
    """The word classes that a hit of the list of words names."""
    return cast("frozenset[str]", hit.value)


def weapon_of(hit: Hit) -> Weapon:
    """The weapon that a hit of the weapon list names."""
    return cast("Weapon", hit.value)


def outlet_of(hit: Hit) -> Outlet:
    """The outlet that a hit of the agency list names."""
    return cast("Outlet", hit.value)
