"""What one sentence tells: a scene goes in, one telling for each event at each place comes out, the weightiest first."""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import msgspec
from msgspec.structs import replace

from streams.detection import actors, arguments, casualties, contradictions, figures, kinds, sense, status, whereabouts
from streams.detection.arguments import Arguments, ancestors, is_verb
from streams.detection.dates import DAY, DateWords, is_old
from streams.detection.geodesy import distance_km
from streams.detection.kinds import Kind
from streams.detection.lexicon import Hit, Lexicon, wordlist
from streams.detection.scene import NamedActor, NamedPlace, Scene, weapon_of
from streams.detection.status import Standing
from streams.detection.triggers import Trigger
from streams.records import CURRENT, KINETIC, Actor, EventType, Occurred, Outcome, Party, Range

STRATEGIC_FLOOR = -1.5
"""Log-odds: arrests and agreements are told in the words of peace, so less is asked of them than of a kinetic telling."""
UNARMED_FLOOR = -3.5
"""Log-odds for types whose own words name the arms or the deed: police who find weapons."""
_BACKING = frozenset({"with", "using", "behind", "under", "amid", "backed", "supported", "covered"})
"""What fire is to those who advance: "stormed the base behind mortar fire"."""
_ON_LAND = frozenset({"armed_clash", "attack"})
"""What at sea is a naval attack."""
_CARRIERS = frozenset({"air_drone_strike", "shelling_artillery_missile_attack"})
"""What brings the gas: the bombs it is loaded in are no event beside it."""
_PLAIN = frozenset({"arrests", "disrupted_weapons_use", "claim_attribution", "looting_property_destruction"})


class Telling(msgspec.Struct, frozen=True):
    """One event as one sentence tells it. Offsets count into the body."""

    type: EventType
    standing: Standing
    outcome: Outcome | None
    confidence: float
    place: NamedPlace | None
    actors: tuple[Actor, ...]
    weapons: tuple[str, ...]
    killed: Range | None
    injured: Range | None
    parties: tuple[Party, ...]
    losses: str | None
    occurred: Occurred | None
    start: int
    end: int
    specific: bool
    depth: int
    """Words between the trigger and the head of the sentence."""
    headline: bool = False
    names_place: bool = False
    """Its own sentence names the place, narrower than a country."""
    names_day: bool = False
    """Its own sentence dates it."""

    @property
    def informs(self) -> int:
        """How much its sentence says by itself: where, who, when, and in full."""
        roles = {a.role for a in self.actors}
        return 2 * self.names_place + ("attacker" in roles) + ("target" in roles) + self.names_day + (not self.headline)

    @property
    def kinetic(self) -> bool:
        """Whether armed force was used."""
        return self.type in KINETIC

    @property
    def current(self) -> bool:
        """Whether it may raise an alert."""
        return self.standing.status in CURRENT


@dataclass(frozen=True)
class Read:
    """A trigger with what it was read as."""

    trigger: Trigger
    arguments: Arguments
    kind: Kind
    score: float


class Examined(msgspec.Struct, frozen=True):
    """What came of one trigger.

    Attributes:
        refused: Why it tells of nothing; None if it does.
        signs: What spoke for and against, see `sense`.
        read: As what it was read, as far as it came.
    """

    refused: str | None
    signs: Sequence[str] = ()
    read: Read | None = None


@dataclass(frozen=True)
class Memory:
    """What a part told so far, for what refers back.

    Attributes:
        places: Last first.
        actors: Last first.
        told: When the last dated current telling was; None if there was none.
        published: What relative dates count from; None if unknown.
        about: The word classes of a headline that tells of no fighting itself.
    """

    places: Sequence[NamedPlace] = ()
    actors: Sequence[NamedActor] = ()
    told: Occurred | None = None
    published: datetime | None = None
    about: frozenset[str] = frozenset()


def read(scene: Scene, memory: Memory, lexicon: Lexicon) -> list[Telling]:
    """The tellings of one sentence; what it was read as is forgotten."""
    found = [e.read for e in examined(scene).values() if e.read is not None and e.refused is None]
    scene.remembered.clear()
    by_head = [(one.arguments.head, t) for one in found for t in _tell(scene, one, [r for r in found if r is not one], memory, lexicon)]
    told = [*(t for _, t in by_head), *_contradicted(scene, by_head, lexicon)]
    return sorted(collapse(told, lexicon, scene.text), key=lambda t: _order(t, lexicon))


def _contradicted(scene: Scene, told: Sequence[tuple[int, Telling]], lexicon: Lexicon) -> Iterator[Telling]:
    """What others of the sentence say is not so, as tellings of theirs.

    Args:
        told: Each with the token of its trigger.
    """
    for token, who in contradictions.find(scene, lexicon):
        before = [t for head, t in told if head < token and t.current and t.type != "claim_attribution"]
        source, outlet = status.name(scene, who)
        for one in before:
            if source != one.standing.source:
                yield replace(one, standing=Standing("denied", source, outlet), outcome=None, **_NO_TOLL)


def tells(scene: Scene) -> bool:
    """Whether a sentence tells of anything, wherever that may be: no place need be resolved to say so."""
    return any(examine(scene, trigger, head).refused is None for trigger, head in heads(scene).items())


def examined(scene: Scene) -> dict[Trigger, Examined]:
    """What came of each trigger of a sentence."""
    found = {t: examine(scene, t, head) for t, head in heads(scene).items()}
    told = [e.read for e in found.values() if e.read is not None and e.refused is None]
    for trigger, one in found.items():
        if one.refused is None and one.read is not None and _is_means(scene, one.read, told):
            found[trigger] = replace(one, refused="the weapon of an attack on the ground, which is told by itself")
        elif one.refused is None and one.read is not None and _is_commented_on(scene, one.read, told):
            found[trigger] = replace(one, refused="what somebody says of a deed that is told beside it")
        elif one.refused is None and one.read is not None and _contradicts(scene, one.read, told):
            found[trigger] = replace(one, refused="a denial of what is told before it, which counts as a telling of that")
    return found


def _contradicts(scene: Scene, one: Read, found: Sequence[Read]) -> bool:
    """ "Rebels claimed the town, which the army denied": no guilt is laid on anybody by that."""
    head = one.arguments.head
    before = one.trigger.pattern.startswith("~deny") and any(r is not one and r.arguments.head < head for r in found)
    return before and contradictions.points_back(scene, head)


def heads(scene: Scene) -> dict[Trigger, int]:
    """The token that stands for each trigger of a sentence; triggers that have none are left out."""
    return {t: h for t in scene.triggers if (h := arguments.head_of(scene.parse, t.start, t.end)) is not None}


def _order(telling: Telling, lexicon: Lexicon) -> tuple[bool, bool, bool, int, int]:
    """What a sentence is about first: what happened, then what its head verb says, then the weightier type.

    Guilt that is claimed, laid or denied by the head verb itself stands before the deed (rule 17).
    """
    return (
        not telling.current,
        not (telling.type == "claim_attribution" and telling.depth == 0),
        not telling.kinetic and telling.type != "claim_attribution" and telling.depth > 1,
        telling.depth // 2,
        lexicon.types[telling.type].rank,
    )


def examine(scene: Scene, trigger: Trigger, head: int) -> Examined:
    """Whether the trigger at *head* is one of armed force or of what armies do, and why not; asked again, the same answer."""
    asked = trigger, scene.named
    if asked not in scene.remembered:
        scene.remembered[asked] = _examine(scene, trigger, head)
    return cast("Examined", scene.remembered[asked])


def _examine(scene: Scene, trigger: Trigger, head: int) -> Examined:
    if figures.is_none(scene, trigger, head):
        return Examined("a figure of speech, a name, or a description")
    args = arguments.flat(scene.parse, head) if figures.is_hidden_verb(scene, head) else arguments.of(scene.parse, head)
    if figures.is_of_nature(scene, args) or figures.is_collision(scene, trigger):
        return Examined("an accident, or nature, and nobody under arms")
    signs = sense.signs(scene, trigger, args)
    score = sense.score(signs)
    kind = kinds.classify(scene, trigger, args)
    if kind is None:
        return Examined("who does it, to whom and with what fit no kind of event", signs)
    read = Read(trigger, args, kind, score)
    floor = 0.0 if kind.type in KINETIC else UNARMED_FLOOR if kind.type in _PLAIN else STRATEGIC_FLOOR
    if kind.type in KINETIC and not sense.grounded(scene, trigger, args, signs):
        return Examined("nothing but the word itself speaks of arms", signs, read)
    if kind.type in KINETIC and _against_protesters(scene, trigger):
        return Examined("force against protesters, or theirs", signs, read)
    if score <= floor:
        return Examined(f"its signs add up to {score:.1f}, which is not above {floor:.1f}", signs, read)
    return Examined(None, signs, read)


def _against_protesters(scene: Scene, trigger: Trigger) -> bool:
    """Force against protesters, and theirs, is no armed clash, deadly or not (rule 2); a bomb among them is one."""
    near = scene.near
    armed = "nonstate" in near or any(a.armed and a.actor.type == "non_state" for a in scene.actors)
    return "crowd" in near and not armed and trigger.frame in {"fire", "kill", "hit", "clash", "assault"}


def _is_means(scene: Scene, one: Read, found: Sequence[Read]) -> bool:
    """ "Stormed the post with mortars": the weapon of a ground attack is no event beside it, unless it outranks the fighting."""
    if one.kind.type not in {"shelling_artillery_missile_attack", "remote_explosive_ied", "grenade"}:
        return False
    above = list(ancestors(scene.parse, one.arguments.head))
    used = any(scene.parse.words[t] in _BACKING for t in above[:6])
    ground = [other for other in found if other.trigger.frame == "assault" and other.kind.type == "armed_clash"]
    return any(one.arguments.head in other.arguments.means or (used and other.arguments.head in above) for other in ground)


def _is_commented_on(scene: Scene, one: Read, found: Sequence[Read]) -> bool:
    """ "Israel strikes Syria; Damascus condemns the attack": it is the strike, and not in Damascus."""
    parse, head = scene.parse, one.arguments.head
    spoken_of = parse.deps[head] == "dobj" and parse.words[parse.heads[head]] in wordlist("comment")
    return spoken_of and any(other.kind.type in KINETIC for other in found if other is not one)


def _tell(scene: Scene, one: Read, rest: Sequence[Read], memory: Memory, lexicon: Lexicon) -> list[Telling]:
    args = one.arguments
    others = frozenset(r.arguments.head for r in rest) - {args.head}
    date = date_of(scene, args, others, memory, lexicon)
    standing = status.judge(scene, args, date, memory.published, lexicon, memory.about)
    foiled = one.kind.attempted or any(r.kind.attempted and args.head in r.arguments.whom for r in rest)
    if foiled and standing.status in CURRENT:
        standing = replace(standing, status="attempted")
    kinetic = one.kind.type in KINETIC
    toll = scene.toll if kinetic else casualties.Toll()
    base = Telling(
        type=one.kind.type, standing=standing, outcome=one.kind.outcome, confidence=sense.probability(one.score), place=None,
        actors=_actors(scene, one, memory), weapons=_weapons(scene, [one, *rest]) if kinetic else (),
        killed=toll.killed, injured=toll.injured, parties=toll.parties, losses=casualties.losses(scene.text) if kinetic else None,
        occurred=date.when if date else None,
        start=scene.start, end=scene.start + len(scene.text), specific=one.kind.specific,
        depth=_depth(scene, args.head, lexicon), headline=scene.headline, names_day=date is not None,
    )  # fmt: skip
    places = _places(scene, one, rest, memory, lexicon)
    if base.type in _ON_LAND and any(place.place is not None and place.place.kind == "sea" for place in places[:1]):
        base = replace(base, type="naval_attack")
    # How many of them died where, the text does not say: the toll is told once.
    tolls = itertools.chain([{}], itertools.repeat(_NO_TOLL))
    at = ((place, _is_narrow(place) and place in scene.places, toll) for place, toll in zip(places, tolls, strict=False))
    return [replace(base, place=place, names_place=named, **toll) for place, named, toll in at] or [base]


_NO_TOLL: dict[str, Any] = {"killed": None, "injured": None, "parties": (), "losses": None}


def _places(scene: Scene, one: Read, rest: Sequence[Read], memory: Memory, lexicon: Lexicon) -> list[NamedPlace]:
    """Where it happened; "all were shot down" is of where they came, unless it says where itself."""
    args = one.arguments
    says_where = any(p.start > scene.parse.starts[args.head] and not p.demonym for p in scene.places)
    if one.trigger.frame == "intercept" and kinds.stands_for_all(scene, args) and not says_where:
        came = [r for r in rest if r.kind.type in _CARRIERS and r.arguments.head < args.head]
        return _places(scene, came[-1], [r for r in rest if r is not came[-1]], memory, lexicon) if came else []
    others = frozenset(r.arguments.head for r in rest) - {args.head}
    return whereabouts.of(scene, args, others, list(memory.places), lexicon)


def _is_narrow(place: NamedPlace) -> bool:
    return place.place is not None and place.place.precision != "country"


def _actors(scene: Scene, one: Read, memory: Memory) -> tuple[Actor, ...]:
    """Those of the sentence; "the group" is the armed group that was named last."""
    found = actors.read(scene, one.arguments, turned=_is_turned(scene, one))
    words = {scene.parse.words[t] for t in one.arguments.who}
    if words & {"group", "organization", "organisation", "they"} and not any(a.role == "attacker" for a in found):
        last = next((a for a in memory.actors if a.actor.type == "non_state"), None)
        if last is not None:
            meant = Actor(id=last.actor.id, name=last.actor.name, role="attacker", type="non_state", named=last.words)
            return actors.unique((meant, *found))
    return found


def _is_turned(scene: Scene, one: Read) -> bool:
    """Whether grammar turns the sides round: who repels was attacked, a truck hits a mine, a town falls to its takers."""
    if one.trigger.frame in {"repel", "intercept"}:
        return one.kind.type != "aircraft_shot_down"
    word = scene.parse.words[one.arguments.head]
    return (one.trigger.frame == "hit" and one.kind.type == "remote_explosive_ied" and word.startswith("hit")) or word in _FALLING


_FALLING = frozenset({"fall", "falls", "fell", "fallen", "falling"})


def _weapons(scene: Scene, reads: Sequence[Read]) -> tuple[str, ...]:
    """What was used: not the warplanes that were destroyed, nor the rockets that were seized."""
    lost = frozenset(t for r in reads if r.trigger.frame in {"hit", "intercept", "take", "disrupt"} for t in r.arguments.whom)
    used = frozenset(t for r in reads for t in (*r.arguments.who, *r.arguments.means, r.arguments.head))
    materiel = casualties.losses(scene.text) or ""
    at = scene.text.find(materiel) if materiel else -1
    wrecked = range(at, at + len(materiel)) if at >= 0 else range(0)
    kept = [h for h in scene.weapons if not set(scene.tokens(h.start, h.end)) <= lost - used and h.start not in wrecked]
    named = [h for h in kept if not _is_deed(scene, h)]
    kinds = {weapon_of(h).kind for h in named}
    vague = {"bomb"} if kinds - {"ied", "gun"} else set[str]()
    vague |= {"airstrike"} if "suicide" in kinds else set()  # "the bomber" is a man
    return tuple(dict.fromkeys(name for h in named if (name := weapon_of(h).name) not in vague))


def _is_deed(scene: Scene, hit: Hit) -> bool:
    """ "Jets bomb a mill": what is done, and no weapon."""
    tokens = scene.tokens(hit.start, hit.end)
    return len(tokens) == 1 and scene.parse.words[tokens[0]].startswith("bomb") and is_verb(scene.parse, tokens[0])


def _depth(scene: Scene, head: int, lexicon: Lexicon) -> int:
    """How far down the trigger hangs; verbs of saying do not count."""
    report = lexicon.cues["report", "above"]
    return sum(scene.parse.words[t] not in report for t in ancestors(scene.parse, head))


def date_of(scene: Scene, args: Arguments, others: frozenset[int], memory: Memory, lexicon: Lexicon) -> DateWords | None:
    """The words that date a trigger: those on its own way up first, then those that no other trigger owns.

    "This comes one day after X": what is in the sentence's main clause does not date what a subordinate one tells, unless
    nothing else does.
    """
    best: tuple[float, DateWords] | None = None
    for words in scene.dates:
        tokens = scene.tokens(words.start, words.end)
        if not tokens:
            continue
        if words.governs:
            if _governs(scene, tokens, args.head):
                return words
            continue
        if words.days_before is not None:
            if tokens[-1] < args.head and memory.told is not None:
                return replace(words, when=_earlier(memory.told, words.days_before))
            continue
        if not _is_old(words, memory.published) and _dates_aftermath(scene, tokens[0], args, lexicon):
            continue
        value = _date_score(scene, tokens[0], args, others)
        if best is None or value > best[0]:
            best = (value, words)
    return best[1] if best and best[0] > -2 else None


def _governs(scene: Scene, tokens: Sequence[int], head: int) -> bool:
    """Whether the words stand above *head*, or open its clause: "four years after the fall", "ten years after rebels came"."""
    parse = scene.parse
    chain = (head, *ancestors(parse, head))
    return any(t in chain[1:] or (parse.deps[t] == "mark" and parse.heads[t] in chain) for t in tokens)


def _is_old(words: DateWords, published: datetime | None) -> bool:
    return words.past or (words.when is not None and (published is None or is_old(words.when, published)))


def _dates_aftermath(scene: Scene, token: int, args: Arguments, lexicon: Lexicon) -> bool:
    """ "The trial of the bombers opened on Monday", "a court heard on Monday": the day of what looks back, or of what that hangs on."""
    looks_back = status.aftermath(scene, args, lexicon)
    if looks_back is None:
        return False
    own = {args.head, *itertools.takewhile(lambda t: t != looks_back, ancestors(scene.parse, args.head))}
    return own.isdisjoint(ancestors(scene.parse, token))


def _earlier(told: Occurred, days: int) -> Occurred:
    return Occurred(start=told.start - days * DAY, end=told.end - days * DAY, precision=told.precision)


def _date_score(scene: Scene, token: int, args: Arguments, others: frozenset[int]) -> float:
    value = -0.05 * abs(token - args.head) + (1.5 if token <= 3 else 0.0)
    below = token
    for above in ancestors(scene.parse, token):
        if above in {args.head, args.verb}:
            return value + (5 if above == args.head != args.verb else 3)  # "arrested on Tuesday over Sunday's bombing"
        if above in others:
            return value - 1.5
        if scene.parse.deps[below] in {"relcl", "acl"} and args.head not in {above}:
            value -= 1.0
        below = above
    ups = list(ancestors(scene.parse, args.head))
    first_verb = next((t for t in ancestors(scene.parse, token) if scene.parse.tags[t].startswith("V")), None)
    if first_verb in ups:
        value += 1 if scene.parse.deps[args.verb or args.head] in {"conj", "xcomp", "ccomp", "advcl"} else 0.5
        if any(scene.parse.deps[t] == "relcl" for t in (args.head, args.verb or args.head)):
            value -= 1.5
    return value


def collapse(told: Sequence[Telling], lexicon: Lexicon, text: str) -> list[Telling]:
    """One telling for each event: the general ("killed", "attacked") is taken in by what names the deed or the weapon.

    Args:
        text: The sentence.
    """
    kept: list[Telling] = []
    for one in sorted(told, key=lambda t: (not t.kinetic, not t.specific, lexicon.types[t.type].rank, t.depth)):
        twin = next((i for i, k in enumerate(kept) if _takes_in(k, one, text)), None)
        if twin is None:
            kept.append(one)
        elif _locates(kept[twin].place, one.place, text):
            kept[twin] = replace(join(kept[twin], one), place=one.place, names_place=one.names_place)
        else:
            kept[twin] = join(kept[twin], one)
    return kept


def _takes_in(kept: Telling, one: Telling, text: str) -> bool:
    same = _one_place(kept.place, one.place) or _locates(kept.place, one.place, text) or _locates(one.place, kept.place, text)
    if (kept.kinetic, kept.current) != (one.kinetic, one.current) or not same:
        return False
    sources = {kept.standing.source, one.standing.source}
    contrary = None not in sources and kept.outcome != one.outcome
    if kept.current and len(sources) > 1 and (contrary or kept.start != one.start):
        return False
    if kept.occurred and one.occurred and kept.occurred != one.occurred:
        return False
    if kept.type == "chemical_weapon" and one.type in _CARRIERS and kept.start == one.start:
        return True
    return kept.type == one.type or (one.kinetic and not one.specific and not _of_others(kept, one))


def _of_others(kept: Telling, one: Telling) -> bool:
    """Whether the two have attackers of their own: raids on those who attacked are another event; a clash has two sides."""
    if kept.type == "armed_clash":
        return False
    first, second = ({a.id for a in t.actors if a.role == "attacker"} for t in (kept, one))
    return bool(first and second) and not first & second


def _locates(wide: NamedPlace | None, narrow: NamedPlace | None, text: str) -> bool:
    """Whether the one name only says where the other is: "the market of Maarat al-Numan in Idlib", "the Idlib town of Kafr Nabl"."""
    if wide is None or narrow is None or wide.place is None or narrow.place is None or wide.place.country != narrow.place.country:
        return False
    behind, before = text[narrow.end : wide.start], text[wide.end : narrow.start]
    if not (_IN.fullmatch(behind) if narrow.end <= wide.start else _TOWN_OF.fullmatch(before)):
        return False
    away = float(distance_km(wide.place.lat, wide.place.lon, narrow.place.lat, narrow.place.lon))
    return away <= LOCATED_KM + wide.place.radius_km


_IN = re.compile(r",? in(?: the)?(?: [a-z]+){0,2} ")
_TOWN_OF = re.compile(r"(?:['’]s)? (?:city|town|village|district|suburb|quarter|neighbou?rhood) of ")
LOCATED_KM = 100.0
"""Farther from a town than this nothing is said to be in what is called after it."""


def _one_place(a: NamedPlace | None, b: NamedPlace | None) -> bool:
    if a is None or b is None or a.place is None or b.place is None:
        return True
    return a.place.id == b.place.id or (b.place.precision == "country" and a.place.country == b.place.country)


def join(kept: Telling, one: Telling) -> Telling:
    """*kept* with what *one* knows besides."""
    return replace(
        kept,
        outcome=kept.outcome or one.outcome,
        confidence=max(kept.confidence, one.confidence),
        place=kept.place or one.place,
        actors=actors.unique((*kept.actors, *one.actors)),
        weapons=tuple(dict.fromkeys((*kept.weapons, *one.weapons))),
        killed=kept.killed or one.killed,
        injured=kept.injured or one.injured,
        parties=kept.parties if kept.killed or kept.injured else one.parties,
        losses=kept.losses or one.losses,
        occurred=kept.occurred or one.occurred,
        depth=min(kept.depth, one.depth),
        names_place=kept.names_place or (one.names_place and kept.start == one.start),
        names_day=kept.names_day or (one.names_day and kept.start == one.start),
    )
