"""Where a telling happened: which of the places in and around its sentence are its own, never the dateline and never the guess."""

import itertools
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import msgspec

from streams.detection.arguments import Arguments, ancestors, is_verb, phrase
from streams.detection.arguments import of as args_of
from streams.detection.facilities import LONGEST, NOUNS
from streams.detection.geodesy import distance_km, grid
from streams.detection.lexicon import Lexicon, wordlist
from streams.detection.scene import ARMED, WEAPONS, NamedPlace, Scene
from streams.detection.toponyms import offset
from streams.records import FACILITIES

WIDE_COST = 1.15
"""What a river or a region over several countries is less likely meant; a country 1.2, a province 0.5."""
REACH = 8
"""How many words may stand between a deed and the place right behind it."""
MOST_LISTED = 5
"""How many further places of a list are told."""
GOVERNORS = 3
"""How many triggers above its own a telling may have its place from."""
_SETTLED = frozenset({"city", "town", "village", "district"})
_FIELDS = frozenset({"airport", "air_base"})
_BASES = frozenset({"air_base", "base", "naval_base", "barracks", "camp", "airport"})
_DIVISIONS = frozenset({"region", "admin1"})
_COREFERENT: dict[str, frozenset[str]] = {
    **dict.fromkeys(("city", "town", "village", "district", "capital"), _SETTLED),
    **dict.fromkeys(("site", "facility", "compound", "outpost"), FACILITIES),
    **dict.fromkeys(("province", "region"), _DIVISIONS),
    **dict.fromkeys(("airport", "airfield"), _FIELDS),
    "base": _BASES,
    "airbase": frozenset({"air_base"}),
    "port": frozenset({"port", "naval_base"}),
    "camp": frozenset({"camp", "base"}),
    "dam": frozenset({"dam"}),
    "bridge": frozenset({"bridge"}),
    "prison": frozenset({"prison"}),
    **dict.fromkeys(("plant", "refinery", "reactor", "oilfield"), frozenset({"plant"})),
}
"""Which kinds of place "the city", "the base" can stand for."""
_WIDE = frozenset({"country", "admin1"})
"""Precisions of what is too wide to be the place while anything narrower is."""
_NAMING = frozenset({"compound", "nmod", "amod", "appos", "conj", "poss"})
"""How a name hangs on the noun that it names or the list that it stands in: "the Saky base", "the base, Saky", "Saky and Kacha"."""
_BACKED = frozenset({"backed", "led", "trained", "made", "allied", "supported", "aligned", "funded", "loyal", "supplied"})
"""What follows, behind a hyphen, the name of somebody's patron, which is not where they are."""
DIRECTIONS = frozenset({"north", "south", "east", "west", *(a + b for a in ("north", "south") for b in ("east", "west"))})
_PARTING = frozenset({"and", "while", "amid", "as", ";"})
_UNNAMED = frozenset({"air_base", "base", "naval_base", "barracks"})
"""Sites that make a difference even without a name; a depot in a town is in the town."""
NEAR_KM = 10.0
"""How far from a town what is "near" it may lie."""
_LOCATED_KM = 150.0
"""A site this near to a town or division may be what the town or division locates."""


@dataclass(frozen=True)
class Attached:
    """A place with how well it belongs to the trigger."""

    place: NamedPlace
    score: float


def of(
    scene: Scene, arguments: Arguments, others: frozenset[int], before: list[NamedPlace], lexicon: Lexicon, *, inherits: bool = True
) -> list[NamedPlace]:
    """The places of one telling, best first; several where the sentence lists them side by side; empty if it names none.

    Args:
        others: Heads of the sentence's other triggers; what hangs on them is theirs.
        before: The places of the part so far, last first, for "the city", "the base".
        inherits: Whether a trigger without a place of its own takes that of the trigger it hangs on.
    """
    every = _narrowed([a for a in attached(scene, arguments, others, lexicon) if a.score > 0])
    every = [a for a in every if not _is_doers(scene, a.place, every)]
    ranked = _sites_first(_objects_only(scene, arguments, _before_and(scene, arguments, every)))
    if both := _both(scene, arguments):
        return both
    coreferent, token = _coreferent(scene, arguments, before)
    if coreferent and (not ranked or ranked[0].score < 3.5 or _country_only(ranked) or _lies_below(scene, ranked[0].place, token)):
        return [coreferent]
    if inherits and not any(_is_own(scene, arguments, a.place, others) for a in ranked if not a.place.demonym):
        for governor in itertools.islice((t for t in ancestors(scene.parse, arguments.head) if t in others), GOVERNORS):
            theirs = of(scene, args_of(scene.parse, governor), others - {governor}, before, lexicon, inherits=False)
            if theirs:
                return theirs
    if not ranked:
        return [p for p in scene.places if scene.headline and p.dateline and p.place is not None][:1]
    if ranked[0].place.demonym and (home := _rebels_home(scene, arguments)) is not None:
        return [home]
    best = ranked[0].place
    own = [a.place for a in _before_and(scene, arguments, [Attached(p, 0.0) for p in scene.places])]
    more = itertools.islice((both for both in _listed(scene, arguments, best, others) if both[0] in own), MOST_LISTED)
    listed = [_as_site(scene, arguments, place, item) for place, item in more]
    beside = (p for p in _coordinated(scene, ranked) if p not in listed)
    return [_as_site(scene, arguments, best, _item(scene, arguments, best, others)), *beside, *listed, *_from_there(scene, arguments, best)]


def attached(scene: Scene, arguments: Arguments, others: frozenset[int], lexicon: Lexicon) -> list[Attached]:
    """The places of a sentence, its dateline and whose those are who act apart, with how well each belongs to the trigger; best first."""
    named = (p for p in scene.places if not p.dateline and not _is_actors(scene, arguments, p))
    return sorted((Attached(p, _score(scene, arguments, p, others, lexicon)) for p in named), key=lambda a: -a.score)


def _narrowed(every: list[Attached]) -> list[Attached]:
    """Put a town before the people or adjective of its own country: "ambushed a Malian convoy near Kidal" was near Kidal."""
    best = every[0].place if every else None
    if best is None or not best.demonym or best.place is None:
        return every
    country = best.place.country
    narrow = [
        a for a in every if not a.place.demonym and (p := a.place.place) is not None and p.country == country and p.precision != "country"
    ]
    return [*narrow, *(a for a in every if a not in narrow)]


def _rebels_home(scene: Scene, arguments: Arguments) -> NamedPlace | None:
    """ "Central African rebels kill Chinese miners": rebels fight at home, and whom they kill may be from anywhere."""
    named = (p for p in scene.places_in(arguments.who) if p.demonym and p.place is not None)
    return next((p for p in named if "nonstate" in scene.classes_of(arguments.who)), None)


def _is_doers(scene: Scene, place: NamedPlace, every: list[Attached]) -> bool:
    """Whether a country only says whose a deed was: "slain in a US drone raid in Baghdad"."""
    token = _head(scene, place)
    if token is None or place.place is None or place.place.precision != "country" or scene.parse.deps[token] not in {"compound", "nmod"}:
        return False
    noun = scene.parse.heads[token]
    if scene.parse.words[noun] not in wordlist("deed"):
        return False
    return any(scene.parse.words[c] in wordlist("locative") for c in scene.parse.children[noun]) and any(
        a.place is not place and not a.place.demonym and a.place.place is not None and a.place.place.country != place.place.country
        for a in every
    )


def _is_actors(scene: Scene, arguments: Arguments, place: NamedPlace) -> bool:
    """Whether a name only says whose those are who act: "Turkish jets struck", "the Turkey-backed factions"."""
    token, words = _head(scene, place), scene.parse.words
    if token is None:
        return place.demonym
    if "-" in words[token + 1 : token + 2] and not _BACKED.isdisjoint(words[token + 2 : token + 3]):
        return True
    if place.demonym and scene.classes.get(scene.parse.heads[token], frozenset()) & WEAPONS:
        return True  # "downed 40 Ukrainian drones"
    return place.demonym and token in arguments.who and token not in arguments.whom


def _listed(scene: Scene, arguments: Arguments, best: NamedPlace, others: frozenset[int]) -> Iterator[tuple[NamedPlace, int]]:
    """The places of the further objects in a list, each with its object: "struck the Kacha base and a depot in Saky"."""
    first = _item(scene, arguments, best, others)
    taken = {first}
    for place in scene.places if first is not None else ():
        item = None if place.demonym or place is best or place.dateline else _item(scene, arguments, place, others)
        if item is not None and item not in taken and place.place is not None and place.place.precision != "country":
            taken.add(item)
            yield place, item


def _item(scene: Scene, arguments: Arguments, place: NamedPlace, others: frozenset[int]) -> int | None:
    """The noun in the list of what it was done to that *place* names or says the whereabouts of; None if it is of none."""
    parse, below, listed = scene.parse, _head(scene, place), False
    item = below
    if below is None or below in arguments.objects:
        return below
    for above in ancestors(parse, below):
        if above in others or item is None or parse.words[above] in wordlist("deed") | wordlist("outrage"):
            return None
        if parse.deps[below] == "conj" or (parse.deps[below] == "appos" and _goes_on_listing(scene, below)):
            listed = True
        elif (parse.deps[below] == "prep" and parse.words[below] not in wordlist("locative")) or parse.deps[below] not in _NAMING | {
            "prep",
            "pobj",
        }:
            return None
        item = above if not listed and parse.deps[above] != "prep" else item
        if above in arguments.objects:
            return item
        below = above
    return None


def _goes_on_listing(scene: Scene, noun: int) -> bool:
    """ "The airbase, the naval base at X and the checkpoint": a list before its "and" looks to the parser like a name by another name."""
    below = _under(scene, noun)
    return any(scene.parse.deps[t] == "conj" and scene.parse.tags[t].startswith("NN") for t in below)


def _from_there(scene: Scene, arguments: Arguments, best: NamedPlace) -> list[NamedPlace]:
    """The other end of "attacked posts from Raqqa to Palmyra"; a convoy that goes from one to the other is at neither."""
    parse, token = scene.parse, _head(scene, best)
    if token is None or parse.words[parse.heads[token]] != "to":
        return []
    top = parse.heads[parse.heads[token]]
    if top not in {arguments.head, arguments.verb, *arguments.objects} or parse.words[top] in wordlist("journey"):
        return []
    starts = {o for p in parse.children[top] if parse.words[p] == "from" for o in parse.children[p]}
    return [p for p in scene.places if _head(scene, p) in starts and p.place is not None and not p.demonym][:1]


_SINGULAR = {
    "cities": "city",
    "towns": "town",
    "villages": "village",
    "bases": "base",
    "airports": "airport",
    "sites": "site",
    "ports": "port",
}


def _both(scene: Scene, arguments: Arguments) -> list[NamedPlace]:
    """The two that "both towns" stands for; empty where nothing is said of both."""
    for token in sorted(arguments.whom | set(_near_tokens(scene, arguments))):
        kinds = _COREFERENT.get(_SINGULAR.get(scene.parse.words[token], scene.parse.words[token]), frozenset())
        if kinds and any(scene.parse.words[c] == "both" for c in scene.parse.children[token]):
            named = (p for p in reversed(scene.places) if p.end <= scene.parse.starts[token] and not p.demonym)
            return list(itertools.islice((p for p in named if p.place is not None and p.place.kind in kinds), 2))[::-1]
    return []


def _is_own(scene: Scene, arguments: Arguments, place: NamedPlace, others: frozenset[int]) -> bool:
    """Whether *place* hangs on the trigger or stands right behind it: not so in "shelled X near Y and killed four"."""
    token = _head(scene, place)
    if token is None or _follows(scene, arguments.head, token, others) or token in arguments.whom | arguments.who:
        return True
    tops = {arguments.head, *(() if arguments.verb is None or arguments.verb in others else (arguments.verb,))}
    return any(above in tops for above in itertools.takewhile(lambda t: t not in others, ancestors(scene.parse, token)))


def _follows(scene: Scene, head: int, token: int, others: frozenset[int]) -> bool:
    """Whether *token* stands behind the trigger with no other trigger between, whatever the parser makes of it."""
    return token > head and not any(head < other < token for other in others)


def _as_site(scene: Scene, arguments: Arguments, named: NamedPlace, item: int | None) -> NamedPlace:
    """ "An army base near Gao": a base without a name, somewhere near the town.

    Args:
        item: The one of several objects that it says the whereabouts of.
    """
    place = named.place
    if place is None or place.kind not in _SETTLED or place.precision not in {"exact", "near"} or _is_object(scene, arguments, named):
        return named
    kinds = (_site_kind(scene, token) for token in (sorted(arguments.objects) if item is None else (item,)))
    kind = next((k for k in kinds if k in _UNNAMED), None)
    if kind is None:
        return named
    radius = max(NEAR_KM, place.radius_km)
    near = msgspec.structs.replace(place, kind=kind, precision="near", radius_km=radius, mgrs=grid(place.lat, place.lon, radius))
    return msgspec.structs.replace(named, place=near)


def _site_kind(scene: Scene, token: int) -> str | None:
    """The kind of site that a noun names with the words before it: "military airport"; None if it names none."""
    words = list(scene.parse.words[max(0, token - LONGEST + 1) : token + 1])
    return next((NOUNS[key] for first in range(len(words)) if (key := tuple(words[first:])) in NOUNS), None)


def _before_and(scene: Scene, arguments: Arguments, ranked: list[Attached]) -> list[Attached]:
    """Leave a noun the places told before "and", if any, where a verb follows: "clashes in Homs and shelling targets Idlib" are two deeds.

    The parser takes all that for one subject, and Idlib for what the clashes target.
    """
    verb, words = arguments.verb, scene.parse.words
    if verb is None or verb <= arguments.head:
        return ranked
    cut = next((t for t in range(verb, arguments.head, -1) if words[t] in _PARTING), None)
    if cut is None:
        return ranked
    own = [a for a in ranked if not a.place.demonym and arguments.head < (_head(scene, a.place) or 0) < cut]
    return own or ranked


def _objects_only(scene: Scene, arguments: Arguments, ranked: list[Attached]) -> list[Attached]:
    """Leave out what only says where the object lies: in "stormed the Saky base west of Simferopol" the base is the place.

    Where no object is a place, or only a country or province is, all stay: "attacked an outpost near Gao".
    """
    if _harms(scene, arguments):
        return ranked
    objects = [a for a in ranked if not a.place.demonym and _is_object(scene, arguments, a.place)]
    narrow = any(a.place.place is not None and a.place.place.precision not in _WIDE for a in objects)
    return objects if narrow else ranked


def _is_object(scene: Scene, arguments: Arguments, place: NamedPlace) -> bool:
    """Whether *place* is what it was done to, or the name of it: "the base", "the town of X", "parts of X", "X and Y"."""
    parse = scene.parse
    token = _head(scene, place)
    for _ in range(8):
        if token is None:
            return False
        if token in arguments.objects:
            return True
        above = parse.heads[token]
        if parse.words[token] in DIRECTIONS:
            return False
        if parse.deps[token] not in _NAMING and parse.words[token] != "of" and parse.words[above] != "of":
            return False
        token = above if above != token else None
    return False


def _sites_first(ranked: list[Attached]) -> list[Attached]:
    """Put a site before the town or province that it lies in or near: "clashes in Homs, at the Shayrat airbase"."""
    if not ranked or _is_site(ranked[0].place):
        return ranked
    best = ranked[0]
    site = next((a for a in ranked[1:] if a.score > best.score - 2.0 and _is_site(a.place) and _near(a.place, best.place)), None)
    return ranked if site is None else [site, *(a for a in ranked if a not in (site, best))]


def _is_site(place: NamedPlace) -> bool:
    return place.place is not None and place.place.kind in FACILITIES


def _near(site: NamedPlace, other: NamedPlace) -> bool:
    a, b = site.place, other.place
    if a is None or b is None or a.country != b.country:
        return False
    return float(distance_km(a.lat, a.lon, b.lat, b.lon)) <= _LOCATED_KM + b.radius_km


def _lies_below(scene: Scene, place: NamedPlace, token: int) -> bool:
    """ "The city in east Homs": the province only says where the city is."""
    head = _head(scene, place)
    return head is not None and token in ancestors(scene.parse, head)


def _country_only(ranked: list[Attached]) -> bool:
    return ranked[0].place.place is not None and ranked[0].place.place.precision == "country"


def _score(scene: Scene, arguments: Arguments, place: NamedPlace, others: frozenset[int], lexicon: Lexicon) -> float:
    """How well *place* belongs to the trigger: by its way up to it in the parse, and by how near it stands."""
    parse = scene.parse
    token = _head(scene, place)
    if token is None:
        return 0.0
    value = 2.0 - 0.05 * abs(token - arguments.head)
    precision = place.place.precision if place.place else "exact"
    wide = _is_wide(place)
    value -= WIDE_COST if wide else {"country": 1.2, "admin1": 0.5}.get(precision, 0.0)
    value -= 1.2 if place.demonym else 0.0
    value += 1.0 if not place.demonym and arguments.head == parse.heads[token] and parse.deps[token] in {"compound", "nmod"} else 0.0
    if (token in arguments.whom and not _is_harmed(scene, arguments, place, token)) or 0 < place.start - parse.ends[arguments.head] <= 2:
        value += 2.0
    if token in arguments.who and not _governed_by_preposition(scene, token, arguments.who):
        value -= 1.5 if precision == "country" else 0.8
    path = _path(scene, token, arguments)
    if path is None:
        value -= 0.4
    else:
        words = [parse.words[t] for t in path]
        value += 1.0 if any(w in wordlist("locative") for w in words[:4]) else 0.0
        removed = words[-1:] == ["from"] and parse.words[arguments.head] in wordlist("removal")
        if "from" in words[:3]:
            value += 1.0 if removed or offset(scene.text, place.start) else -3.0
        value -= 2.0 if any(parse.deps[t] == "relcl" for t in path) else 0.0
        value -= 1.5 if any(t in others for t in path) else 0.0
    between = any(min(token, arguments.head) < other < max(token, arguments.head) for other in others)
    value += -0.8 if between else 0.5 if token > arguments.head else 0.0
    if any(_owns(scene, other, token) and _is_beside(scene, arguments, other) for other in others):
        value -= 2.5
    value += 1.0 if not (place.demonym or wide) and _owns(scene, arguments.head, token) else 0.0
    if _is_speakers(scene, token, lexicon, arguments) or _is_government(scene, arguments, place, token):
        value -= 2.5
    return value


def _is_government(scene: Scene, arguments: Arguments, place: NamedPlace, token: int) -> bool:
    """ "Pyongyang fired shells near the island", "a strike by Moscow": a capital that acts is its state; "Baghdad bombs" went off there."""
    if is_doer(scene, place):
        return True
    top = scene.parse.heads[token] if scene.parse.deps[token] == "conj" else token
    acts = scene.parse.deps[top] == "nsubj" and token in arguments.who and token not in arguments.whom
    return acts and scene.parse.words[arguments.head] not in wordlist("deed") and _is_state(scene, place)


def is_doer(scene: Scene, place: NamedPlace) -> bool:
    """Whether a name stands behind "by", and is a state's: "a strike by Moscow", "backed by Turkey"."""
    token = _head(scene, place)
    governed = token is not None and scene.parse.deps[token] == "pobj" and scene.parse.words[scene.parse.heads[token]] == "by"
    return governed and _is_state(scene, place)


def _is_state(scene: Scene, place: NamedPlace) -> bool:
    return any(not a.adjective and not a.armed and (a.start, a.end) == (place.start, place.end) for a in scene.actors)


def _is_wide(place: NamedPlace) -> bool:
    """Whether it is a river or a region over several countries."""
    return place.place is not None and place.place.kind == "region" and place.place.country == "ZZ"


def _harms(scene: Scene, arguments: Arguments) -> bool:
    """Whether it is done to people."""
    return scene.parse.words[arguments.head].startswith(("kill", "wound", "injur", "died", "martyr", "execut", "assassinat"))


def _is_harmed(scene: Scene, arguments: Arguments, place: NamedPlace, token: int) -> bool:
    """Whether a name only stands among those who are killed: no town is killed, and a soldier may be far from his country.

    "Shells hit Daraa and a child was killed in Idlib", "killed one American soldier"; civilians are mostly killed at home.
    """
    if not _harms(scene, arguments) or _governed_by_preposition(scene, token, arguments.whom):
        return False
    return not place.demonym or bool(scene.classes_of(arguments.whom) & (ARMED | {"force", "dead_combatant"}))


def _owns(scene: Scene, head: int, token: int) -> bool:
    """Whether a place follows right behind a deed, "explosions in the outskirts of Daraa", whatever the parser hangs it on."""
    parse = scene.parse
    first = next((p.start for p in scene.places if scene.covers(p.start, p.end, token)), parse.starts[token])
    between = range(head + 1, scene.tokens(first, first + 1).start)
    if len(between) > REACH or wordlist("locative").isdisjoint(parse.words[t] for t in between):
        return False
    return not any(is_verb(parse, t) or parse.tags[t] in {"CC", ",", ":"} or parse.words[t] == "from" for t in between)


def _is_beside(scene: Scene, arguments: Arguments, other: int) -> bool:
    """Whether another deed is told beside this one, by "and" or a comma; not as its means or its setting: "killed in an attack"."""
    return _hangs_by_and(scene, other, {arguments.head, arguments.verb}) or _hangs_by_and(scene, arguments.head, {other})


def _hangs_by_and(scene: Scene, token: int, tops: AbstractSet[int | None]) -> bool:
    parse = scene.parse
    for above in ancestors(parse, token):
        if parse.deps[token] == "conj":
            return True
        if above in tops:
            return False
        token = above
    return False


def _head(scene: Scene, place: NamedPlace) -> int | None:
    tokens, heads = scene.tokens(place.start, place.end), scene.parse.heads
    return next((t for t in tokens if heads[t] not in tokens or heads[t] == t), tokens[0] if tokens else None)


def _governed_by_preposition(scene: Scene, token: int, within: frozenset[int]) -> bool:
    for above in ancestors(scene.parse, token):
        if above not in within:
            return False
        if scene.parse.deps[above] == "prep":
            return True
    return False


def _path(scene: Scene, token: int, arguments: Arguments) -> list[int] | None:
    """The tokens between a place and the trigger or its verb, from the place upward; None if the way does not lead there."""
    found: list[int] = []
    for above in ancestors(scene.parse, token):
        if above in {arguments.head, arguments.verb}:
            return found
        found.append(above)
    return None


def _is_speakers(scene: Scene, token: int, lexicon: Lexicon, arguments: Arguments) -> bool:
    """ "Speaking in Moscow, the spokesman said": it hangs on the verb of saying, or is part of who says it."""
    parse, report = scene.parse, lexicon.cues["report", "above"]
    below = token
    for above in ancestors(parse, token):
        if above in {arguments.head, arguments.verb}:
            return False
        if parse.words[above] in report or parse.words[above] in wordlist("comment"):
            return arguments.head not in {below, *_under(scene, below)}
        below = above
    return False


def _under(scene: Scene, token: int) -> set[int]:
    found, waiting = {token}, [token]
    while waiting:
        more = [c for c in scene.parse.children[waiting.pop()] if c not in found]
        found.update(more)
        waiting += more
    return found


def _coordinated(scene: Scene, ranked: list[Attached]) -> list[NamedPlace]:
    """Places listed beside the best one: "in Homs, Hama and Idlib"; not the province it lies in."""
    best = ranked[0].place
    head = _head(scene, best)
    chosen: list[NamedPlace] = []
    for attached in ranked[1:]:
        other = _head(scene, attached.place)
        if other is None or head is None or attached.place.demonym or attached.place.place is None:
            continue
        if (_linked(scene, head, other) or _linked(scene, other, head)) and attached.place.place != best.place:
            chosen.append(attached.place)
    return chosen[:5]


def _linked(scene: Scene, top: int, token: int) -> bool:
    """Whether only "and" lies between the two, and neither contains the other."""
    parse = scene.parse
    for _ in range(8):
        if token == top:
            return True
        if parse.deps[token] != "conj" or parse.heads[token] == token:
            return False
        token = parse.heads[token]
    return False


def _coreferent(scene: Scene, arguments: Arguments, before: list[NamedPlace]) -> tuple[NamedPlace | None, int]:
    """ "The base", "the ancient city": the last such place that the part named, and the token that refers to it."""
    parse = scene.parse
    for token in sorted(arguments.whom | set(_near_tokens(scene, arguments))):
        kinds = _COREFERENT.get(parse.words[token])
        if kinds is None or not any(parse.words[c] in {"the", "this", "that"} for c in parse.children[token]) or _is_named(scene, token):
            continue
        own = [p for p in reversed(scene.places) if p.end <= parse.starts[token] and not p.demonym]
        for place in (*own, *before):
            if place.place is not None and place.place.kind in kinds:
                return place, token
    return None, -1


def _is_named(scene: Scene, token: int) -> bool:
    """ "The city of Homs", "the Saky base": the name stands with it."""
    parse = scene.parse
    with_it = {token, *(c for c in parse.children[token] if parse.deps[c] in {"compound", "appos", "nmod", "amod", "poss"})}
    with_it |= {o for c in parse.children[token] if parse.words[c] == "of" for o in phrase(parse, c)}
    return any(scene.covers(p.start, p.end, t) for p in scene.places if not p.demonym for t in with_it)


def _near_tokens(scene: Scene, arguments: Arguments) -> list[int]:
    """Objects of prepositions at the trigger and its verb."""
    parse = scene.parse
    return [
        o
        for top in (arguments.head, arguments.verb)
        if top is not None
        for p in parse.children[top]
        if parse.deps[p] == "prep"
        for o in parse.children[p]
    ]
