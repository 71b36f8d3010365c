"""Which type of event a trigger tells of, by its frame and its arguments (DESIGN 3, rules 4 to 12); None if of none."""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from streams.detection import actors
from streams.detection.arguments import AIMS, Arguments, is_possession, is_verb, phrase
from streams.detection.lexicon import wordlist
from streams.detection.scene import ARMED, WEAPONS, NamedPlace, Scene, weapon_of
from streams.detection.sense import CIVIL
from streams.detection.triggers import Trigger
from streams.records import EventType, Outcome

FIGHTING = frozenset({"clash", "assault", "fire", "air", "shell", "suicide", "bomb", "hit", "kill"})
GENERIC = frozenset({"assault", "fire", "hit", "kill"})
"""Frames whose type is made by the weapon or by who is hit."""
WEAPON_TYPES: dict[str, EventType] = {
    "chemical": "chemical_weapon", "suicide": "suicide_bomb", "sea": "naval_attack", "air": "air_drone_strike",
    "indirect": "shelling_artillery_missile_attack", "ied": "remote_explosive_ied", "grenade": "grenade",
}  # fmt: skip
"""Kind of weapon to type, strongest first (rule 4)."""
ARMS = frozenset(
    [
        "weapon",
        "weapons",
        "arms",
        "ammunition",
        "munitions",
        "firearm",
        "firearms",
        "gun",
        "guns",
        "pistol",
        "pistols",
        "explosives",
        "rifle",
        "rifles",
        "cache",
        "drugs",
        "cocaine",
        "equipment",
    ]
)
GIVEN_UP = frozenset({"deserted", "abandoned", "handed", "unopposed"})
"""Words of places that nobody fought for."""


@dataclass(frozen=True)
class Kind:
    """What a telling is of.

    Attributes:
        specific: The trigger itself names the weapon or the deed; else a telling that does takes it in.
        attempted: A plot that came to nothing.
    """

    type: EventType
    outcome: Outcome | None = None
    specific: bool = True
    attempted: bool = False


def classify(scene: Scene, trigger: Trigger, arguments: Arguments) -> Kind | None:
    """The kind of event that *trigger* tells of; None if its arguments fit none."""
    return _FRAMES[trigger.frame](scene, trigger, arguments)


def _fixed(kind: EventType) -> Callable[[Scene, Trigger, Arguments], Kind | None]:
    return lambda scene, trigger, arguments: Kind(kind)


HELD = ARMED | {"mil_site", "site", "hardware"}
"""Word classes of those under arms and of what they hold."""


def _armed(scene: Scene, tokens: frozenset[int]) -> bool:
    return bool(scene.classes_of(tokens) & HELD) or any(a.armed for a in scene.actors_in(tokens))


def _word(scene: Scene, token: int) -> str:
    return scene.parse.words[token]


def weapon_kind(scene: Scene, within: frozenset[int] | None = None) -> str | None:
    """The strongest kind of weapon that the sentence, or some tokens of it, names."""
    hits = [h for h in scene.weapons if within is None or any(scene.covers(h.start, h.end, t) for t in within)]
    kinds = {weapon_of(h).kind for h in hits}
    return next((k for k in WEAPON_TYPES if k in kinds), None)


def _violence(scene: Scene, trigger: Trigger, arguments: Arguments) -> Kind | None:
    """An attack, by the weapon used or else by who is hit."""
    if _word(scene, arguments.head).startswith("infiltrat") and not scene.classes_of(arguments.who) & (ARMED | {"force"}):
        return None
    if trigger.frame == "hit" and (struck := _struck(scene, arguments)):
        return struck
    if not _has_force(scene, trigger, arguments):
        return None
    if _rolls_in(scene, trigger, arguments):
        return Kind("force_movement")
    ground = _word(scene, arguments.head) in wordlist("ground") or "gun" in {weapon_of(h).kind for h in scene.weapons}
    own = weapon_kind(scene, arguments.who | arguments.means | {arguments.head})
    lost = arguments.whom if trigger.frame == "hit" else frozenset()
    around = frozenset(range(len(scene.parse.words))) - lost
    kind = own or (weapon_kind(scene, around) if trigger.frame in {"kill", "hit"} else weapon_kind(scene, _used(scene)))
    if kind is None and {_word(scene, t) for t in arguments.who} & _BLASTS:
        kind = "ied"
    if kind is None and trigger.frame == "kill" and "w_bomb" in scene.classes_of(around):
        kind = "ied"
    if kind and kind != "grenade" and (not ground or kind in {"chemical", "suicide"}):
        outcome = _naval(scene, arguments)
        return Kind(outcome or WEAPON_TYPES[kind], specific=False)
    if naval := _naval(scene, arguments):
        return Kind(naval, specific=False)
    if kind == "grenade" and not ground:
        return Kind("grenade", specific=False)
    if (
        trigger.frame == "hit"
        and _word(scene, arguments.head).startswith(("strike", "struck", "bomb", "pound", "target", "hit"))
        and not scene.classes_of(arguments.who) & ARMED
    ):
        return Kind(_by_air_or_fire(scene, arguments), specific=False)
    return Kind("armed_clash" if _is_combat(scene, trigger, arguments) else "attack", specific=False)


_BLASTS = frozenset({"blast", "blasts", "explosion", "explosions"})
_FLYING = frozenset({"drone", "missile", "w_indirect", "w_bomb", "w_grenade"})
"""Classes of what flies at a target or goes off there."""


def _has_force(scene: Scene, trigger: Trigger, arguments: Arguments) -> bool:
    """Whether what also tells of lorries and storms, "slammed into", "fell upon", has a weapon or those under arms for its subject."""
    word, who = _word(scene, arguments.head), scene.classes_of(arguments.who)
    armed = bool(who & (ARMED | {"force"})) or any(a.armed for a in scene.actors_in(arguments.who))
    if trigger.frame == "hit" and word in wordlist("impact"):
        return bool(who & _FLYING)
    if trigger.frame == "hit" and word in wordlist("ruin"):
        return armed or bool(who & WEAPONS) or bool(scene.actors_in(arguments.who))
    return armed or trigger.frame != "assault" or word not in wordlist("pounce")


def _rolls_in(scene: Scene, trigger: Trigger, arguments: Arguments) -> bool:
    """ "Tanks rolled into the town": a movement, unless fighting is told beside it (rule 6)."""
    if not _word(scene, arguments.head).startswith(("roll", "rumbl")):
        return False
    return not scene.toll.killed and not any(t.frame in FIGHTING for t in scene.triggers if t != trigger)


_EXPLOSIVES = frozenset({"mine", "mines", "landmine", "landmines", "bomb", "bombs", "ied", "ieds", "device", "devices", "explosives"})


def _used(scene: Scene) -> frozenset[int]:
    """What the sentence says was used: "attacked the post and used mortars"."""
    parse = scene.parse
    verbs = (t for t, word in enumerate(parse.words) if word in {"used", "using", "uses", "employed", "employing"})
    return frozenset(t for verb in verbs for c in parse.children[verb] if parse.deps[c] == "dobj" for t in phrase(parse, c))


def _struck(scene: Scene, arguments: Arguments) -> Kind | None:
    """ "A truck hit a mine", "air defences destroyed two missiles": the weapon is the object, and yet what came."""
    hit = scene.classes_of(_core(scene, arguments))
    word = _word(scene, arguments.head)
    if word.startswith("hit") and _EXPLOSIVES & {_word(scene, t) for t in arguments.objects}:
        return Kind("remote_explosive_ied")
    if word.startswith("destroy") and _EXPLOSIVES & {_word(scene, t) for t in arguments.objects}:
        return Kind("disrupted_weapons_use")
    if "aircraft" in hit and wordlist("airborne") & set(scene.parse.words):
        return Kind("aircraft_shot_down")
    if word.startswith("destroy") and hit & {"missile", "drone"} and "air_defence" in scene.near:
        return _incoming({"drone"} if "drone" in hit else set())
    return None


def _by_air_or_fire(scene: Scene, arguments: Arguments) -> EventType:
    """ "Israel struck a reactor": states strike from the air; others by what the sentence offers."""
    kind = weapon_kind(scene)
    if kind:
        return WEAPON_TYPES[kind]
    side = actors.side(scene, arguments.who)
    after = scene.parse.words[arguments.head + 1 : arguments.head + 2]
    nameless = side is None and _word(scene, arguments.head) in {"strike", "strikes"} and after != [] and after[0] in AIMS
    return "air_drone_strike" if side == "state" or nameless else "armed_clash"


def _naval(scene: Scene, arguments: Arguments) -> EventType | None:
    hit = scene.classes_of(arguments.whom)
    afloat = bool({_word(scene, t) for t in arguments.objects} & _TANKERS) and bool(_AT_SEA & set(scene.parse.words))
    return "naval_attack" if ("ship" in hit or afloat) and "area" not in hit else None


_TANKERS = frozenset({"tanker", "tankers", "carrier", "carriers", "freighters", "crew"})
_AT_SEA = frozenset(
    ["boat", "boats", "skiff", "skiffs", "sea", "gulf", "strait", "nautical", "coast", "offshore", "vessel", "maritime", "mayday"]
)
"""What makes ships of what may be lorries, and soldiers."""


def _is_combat(scene: Scene, trigger: Trigger, arguments: Arguments) -> bool:
    """Whether the target is armed; where no target is named, whether anybody else in the sentence is."""
    hit = scene.classes_of(arguments.whom)
    side, target = actors.side(scene, arguments.who), actors.side(scene, arguments.whom)
    if (
        trigger.frame == "assault"
        and any(_word(scene, t).startswith("terror") for t in arguments.who)
        and not _armed(scene, arguments.whom)
    ):
        return _word(scene, arguments.head) not in {"attack", "attacks"}
    if hit & {"hardware"} and "civilian" in scene.near and not scene.near & {"state_force", "mil_site"} and side != "state":
        return False
    if _armed(scene, arguments.whom) and not ("civilian" in hit and not hit & ARMED):
        return True
    if hit & CIVIL or target == "civilian":
        return False
    if side == "state":
        return True
    if _word(scene, arguments.head) in wordlist("ground"):
        return "civilian" not in scene.near or bool(scene.near & {"state_force", "mil_site"})
    near = scene.classes_besides(arguments.who)
    civil = bool(near & CIVIL)
    return bool(near & {"state_force", "mil_site"} or (scene.near & {"force"} and not civil)) or (
        not civil and side is not None and "area" not in hit and trigger.frame == "assault"
    )


def _air(scene: Scene, trigger: Trigger, arguments: Arguments) -> Kind | None:
    verb = _word(scene, arguments.head)
    if weapon_kind(scene) == "sea":
        return Kind("naval_attack")
    if verb.startswith(("bomb", "raid")):
        side = actors.side(scene, arguments.who)
        if side == "non_state" and "w_air" not in scene.near:
            return Kind(
                "remote_explosive_ied"
                if verb.startswith("bomb")
                else ("armed_clash" if _is_combat(scene, trigger, arguments) else "attack")
            )
        if verb.startswith("raid") and "w_air" not in scene.near:
            return _violence(scene, Trigger(trigger.start, trigger.end, "assault", 1), arguments)
        if verb.startswith("bomb") and side is None and "w_air" not in scene.near and "aircraft" not in scene.classes_of(arguments.who):
            # one bomb is laid at a door, a town is bombed from above
            towns = [p for p in scene.places_in(arguments.objects) if not p.demonym]
            return Kind("air_drone_strike" if towns else "remote_explosive_ied")
    return Kind("air_drone_strike")


def _shell(scene: Scene, trigger: Trigger, arguments: Arguments) -> Kind | None:
    if _word(scene, arguments.head) in {"targets", "target"} and scene.parse.tags[arguments.head].startswith("N"):
        return None
    if _is_found(scene, arguments):
        return Kind("disrupted_weapons_use")
    return Kind(_naval(scene, arguments) or "shelling_artillery_missile_attack", specific=trigger.weight > 1)


def _is_found(scene: Scene, arguments: Arguments) -> bool:
    """ "The device was found and defused": an explosive that did not go off."""
    parse, head = scene.parse, arguments.head
    return parse.deps[head] in {"dobj", "nsubjpass"} and _word(scene, parse.heads[head]) in wordlist("disarm")


def _bomb(scene: Scene, trigger: Trigger, arguments: Arguments) -> Kind | None:
    if _is_found(scene, arguments):
        return Kind("disrupted_weapons_use")
    kind = weapon_kind(scene)
    if trigger.pattern == "~go off" and not scene.classes_of(arguments.who) & WEAPONS:
        return None
    if trigger.weight == 1 or "explosion" in trigger.pattern:
        if kind in {"air", "indirect", "grenade", "chemical", "suicide"}:
            return Kind(WEAPON_TYPES[kind], specific=False)
        return Kind("remote_explosive_ied", specific=kind == "ied")
    if _word(scene, arguments.head) in {"bombing", "bombings"} and actors.side(scene, arguments.who) == "state":
        return Kind("air_drone_strike")
    return Kind("suicide_bomb" if kind == "suicide" else "remote_explosive_ied")


def _suicide(scene: Scene, trigger: Trigger, arguments: Arguments) -> Kind | None:
    """ "The bomber killed nine" is a man; "a Russian bomber" is a plane."""
    parse = scene.parse
    bombers = (t for t in scene.tokens(trigger.start, trigger.end) if parse.words[t] == "bomber")
    states = any(a.actor.type == "state" for t in bombers for a in scene.actors_in(phrase(parse, t)))
    return Kind("air_drone_strike" if states and trigger.pattern.startswith("bomber") else "suicide_bomb")


def _chemical(scene: Scene, trigger: Trigger, arguments: Arguments) -> Kind | None:
    """Plain "gas" is a weapon only where it is dropped on somebody or some place."""
    hit = scene.classes_of(arguments.whom)
    aimed = bool(hit & (CIVIL | ARMED | {"area", "site", "mil_site"}) or any(not p.demonym for p in scene.places_in(arguments.whom)))
    return Kind("chemical_weapon") if trigger.weight > 1 or aimed else None


def _clash(scene: Scene, trigger: Trigger, arguments: Arguments) -> Kind | None:
    return Kind("armed_clash")


def _take(scene: Scene, trigger: Trigger, arguments: Arguments) -> Kind | None:
    """A place that changed hands, by who has it now; persons and things that are captured are something else."""
    core = (_vacated(scene, arguments) if "~oust" in trigger.pattern else frozenset()) or _core(scene, arguments)
    if trigger.pattern == "~lose ... to" and scene.parse.deps[arguments.head] == "relcl":
        return None  # "restored an area it had lost to them" is no loss
    if trigger.pattern == "hands|grip" and not is_possession(scene.parse, arguments.head):
        return None
    whom = scene.classes_of(core)
    names = [p for p in scene.places if not p.demonym and (_beside(scene, trigger, p) or p in scene.places_in(core))]
    words = {_word(scene, t) for t in arguments.whom}
    armed = bool(scene.classes_of(arguments.who) & ARMED) or any(a.armed for a in scene.actors_in(arguments.who))
    strange = armed and any(scene.parse.tags[t].startswith("NNP") for t in core) and not scene.actors_in(core)
    if "~oust" in trigger.pattern and words & _ASSAULTS:
        return Kind("armed_clash", "repelled")
    place = bool(names) or strange or bool(whom & {"area", "mil_site", "site"}) or (armed and "civil_site" in whom)
    if words & ARMS and not names:
        return Kind("disrupted_weapons_use")
    if not place:
        if "ship" in whom and actors.side(scene, arguments.who) == "non_state":
            return Kind("naval_attack")
        if whom & {"nonstate"} and actors.side(scene, arguments.who) == "state":
            return Kind("arrests")
        captured = _word(scene, arguments.head).startswith(("captur", "seiz")) and _takes_people(scene, arguments)
        return Kind("abduction_forced_disappearance") if captured else None
    if _is_sought(scene, arguments):
        return None
    taker, loser = _sides(scene, trigger, arguments)
    if (
        taker is None
        and not scene.near & (ARMED | {"war_word"})
        and not scene.context["nonstate"]
        and not scene.context["state_force"]
        and not any(a.armed for a in scene.actors)
        and not ("force" in scene.classes_of(arguments.who) and "mil_site" in whom)
    ):
        return None
    if taker == "civilian":
        return None
    partly = bool(words & {"part", "parts", "portion", "sections", "section", "half"})
    if partly and whom & {"mil_site", "site"}:
        return Kind("armed_clash", "partly_captured", specific=False)
    if _without_fight(scene, arguments):
        return Kind("non_violent_transfer_of_territory")
    again = _word(scene, arguments.head).startswith(("re", "liberat"))
    state = taker == "state" or (taker is None and (loser == "non_state" or (again and loser is None)))
    return Kind(
        "government_regains_territory" if state else "non_state_actor_overtakes_territory", "partly_captured" if partly else "captured"
    )


def _is_sought(scene: Scene, arguments: Arguments) -> bool:
    """ "They fight for control of the hills": nobody has it yet."""
    parse, head = scene.parse, arguments.head
    return parse.deps[head] == "pobj" and parse.words[parse.heads[head]] in {"for", "over"}


def _core(scene: Scene, arguments: Arguments) -> frozenset[int]:
    """What changed hands by itself: the objects, their names and the places they are parts of.

    "Control of the town" is the town; "Colombia's children" and "a claim to the sea" are neither country nor sea.
    """
    parse = scene.parse
    falls = _word(scene, arguments.head) in {"fall", "falls", "fell", "fallen"} and is_verb(parse, arguments.head)
    fallen = {c for c in parse.children[arguments.head] if falls and parse.deps[c] == "nsubj"}
    direct = fallen or {t for t in arguments.objects if parse.deps[t] != "pobj"} or arguments.objects
    found, waiting = set(direct), list(direct)
    while waiting:
        token = waiting.pop()
        located = bool(scene.classes_of(frozenset({token})) & _LOCATED) or parse.tags[token].startswith("NNP")
        for child in parse.children[token]:
            if (parse.deps[child] in _NAMING and (located or parse.deps[child] in {"conj", "pobj"})) or (
                parse.deps[child] == "prep" and parse.words[child] in _PARTITIVE
            ):
                found.add(child)
                waiting.append(child)
    return frozenset(found) or arguments.whom


def _vacated(scene: Scene, arguments: Arguments) -> frozenset[int]:
    """ "Drove rebels out of the town": the town changed hands, not the rebels."""
    parse = scene.parse
    found: set[int] = set()
    for child in parse.children[arguments.head]:
        if _word(scene, child) in {"out", "from", "of", "back"}:
            found |= phrase(parse, child)
    return frozenset(found)


_LOCATED = frozenset({"area", "mil_site", "site", "civil_site"})
_NAMING = frozenset({"compound", "nmod", "amod", "appos", "conj", "pobj", "nummod", "advmod"})
_PARTITIVE = frozenset({"of", "over"})


def _beside(scene: Scene, trigger: Trigger, place: NamedPlace) -> bool:
    """ "Recaptured Mosul": right behind the verb it is the object, whatever the parser makes of a strange name."""
    return 0 < place.start - trigger.end <= 2 and scene.text[place.end : place.end + 2] not in {"'s", "’s"}


def _sides(scene: Scene, trigger: Trigger, arguments: Arguments) -> tuple[str | None, str | None]:
    """Who took and who lost: "fell to rebels", "lost control", "drove rebels out", "from the army" turn the grammar round."""
    parse = scene.parse
    word = _word(scene, arguments.head)
    if word.startswith(("lose", "lost", "losing")):
        loser = actors.side(scene, arguments.who)
        return _other(loser), loser
    if word in {"fall", "falls", "fell", "fallen", "falling"}:
        return actors.side(scene, arguments.whom), None
    taker = actors.side(scene, arguments.who)
    source = frozenset(
        t for p in parse.children[arguments.head] if _word(scene, p) == "from" for c in parse.children[p] for t in (c, *parse.children[c])
    )
    loser = actors.side(scene, source) if source else actors.side(scene, arguments.whom)
    if taker is None and any(_word(scene, t) in {"government", "state", "federal"} for t in arguments.who):
        return "state", loser
    return taker or (_other(loser) if loser in {"state", "non_state"} else None), loser


def _other(side: str | None) -> str | None:
    return {"state": "non_state", "non_state": "state"}.get(side or "")


def _without_fight(scene: Scene, arguments: Arguments) -> bool:
    """Whether the place was given up, not fought for; "recaptured" says itself that it was."""
    frames = {t.frame for t in scene.triggers}
    if "hand" in frames or scene.near & {"deserted"}:
        return True
    words = set(scene.parse.words)
    if words & GIVEN_UP:
        return True
    if _word(scene, arguments.head).startswith(("recaptur", "captur", "retak", "retook", "overr", "storm", "liberat")):
        return False
    return "withdraw" in frames and not frames & FIGHTING and not words & {"force", "forced", "offensive"}


def _hand(scene: Scene, trigger: Trigger, arguments: Arguments) -> Kind | None:
    near = scene.near
    if not near & {"area", "mil_site", "site"} and not scene.places:
        return None
    if "weapon" in trigger.pattern or {_word(scene, t) for t in arguments.whom} & {
        "supplies",
        "aid",
        "weapons",
        "prisoners",
        "bodies",
        "body",
    }:
        return None
    return Kind("non_violent_transfer_of_territory", specific="hand" in trigger.pattern)


def _posture(kind: EventType, *, wants: frozenset[str]) -> Callable[[Scene, Trigger, Arguments], Kind | None]:
    """Strategic tellings that need an army or rebels in their own clause."""

    def read(scene: Scene, trigger: Trigger, arguments: Arguments) -> Kind | None:
        near = scene.classes_of(arguments.who | arguments.whom | {arguments.head})
        if near & wants or any(a.armed for a in scene.actors_in(arguments.who | arguments.whom)):
            return Kind(kind)
        return None

    return read


def _withdraw(scene: Scene, trigger: Trigger, arguments: Arguments) -> Kind | None:
    """An army or rebels that give a place up; "left" says so only of one, and not of what state it was left in."""
    if "~leave" in trigger.pattern:
        core = _core(scene, arguments)
        place = bool(scene.classes_of(core) & {"area", "mil_site", "site"}) or any(not p.demonym for p in scene.places_in(core))
        state = any(scene.parse.deps[c] in {"oprd", "acomp"} for c in scene.parse.children[arguments.head])
        if not place or state or not is_verb(scene.parse, arguments.head):
            return None
        arguments = replace(arguments, whom=frozenset())
    return _posture("withdrawal", wants=ARMED | {"force"})(scene, trigger, arguments)


def _anywhere(kind: EventType, *, wants: frozenset[str]) -> Callable[[Scene, Trigger, Arguments], Kind | None]:
    """Strategic tellings that need an army, rebels or arms in the sentence."""

    def read(scene: Scene, trigger: Trigger, arguments: Arguments) -> Kind | None:
        if scene.near & wants or any(a.armed for a in scene.actors):
            return Kind(kind)
        return None

    return read


def _agree(scene: Scene, trigger: Trigger, arguments: Arguments) -> Kind | None:
    """A truce, a deal, a surrender that came about; to speak of one is none."""
    near, around = scene.near, scene.context
    armed = (
        bool(near & (ARMED | {"war_word", "force", "w_gun"}))
        or any(a.armed for a in scene.actors)
        or any(around[c] for c in (*ARMED, "war_word"))
    )
    return Kind("agreement") if armed and "deal_verb" in near else None


_ASSAULTS = frozenset(
    [
        "attack",
        "attacks",
        "assault",
        "assaults",
        "offensive",
        "offensives",
        "incursion",
        "advance",
        "ambush",
        "infiltration",
        "raid",
        "raids",
        "counterattack",
    ]
)


_PLOTS = frozenset({"plot", "plots", "plan", "plans", "bid"})
_FLIERS = frozenset({"missile", "missiles", "drone", "drones", "rocket", "rockets"})
REPELLED = _ASSAULTS | _PLOTS | _FLIERS
"""Words of what may be repelled or foiled."""


def _repel(scene: Scene, trigger: Trigger, arguments: Arguments) -> Kind | None:
    words = {_word(scene, t) for t in arguments.whom}
    bombs = _word(scene, arguments.head).startswith(("thwart", "foil")) and scene.classes_of(arguments.whom) & {"w_bomb", "w_suicide"}
    if words & _PLOTS or (bombs and not words & _FLIERS):
        return Kind("disrupted_weapons_use", attempted=True)  # the bomb did not go off
    if words & _FLIERS:
        return _incoming(words)
    if words & _ASSAULTS or _armed(scene, arguments.whom):
        return Kind("armed_clash", "repelled")
    return None


def _incoming(words: set[str]) -> Kind:
    kind: EventType = "air_drone_strike" if any(w.startswith(("drone", "uav")) for w in words) else "shelling_artillery_missile_attack"
    return Kind(kind, "intercepted")


ALL = frozenset({"all", "they", "them", "most", "both", "some", "each"})
"""What may stand for the drones or missiles that were told of: "Moscow said all were shot down"."""
INCOMING = frozenset({"drone", "missile"})


def stands_for_all(scene: Scene, arguments: Arguments) -> bool:
    """Whether what was brought down is only pointed at: "all of them"."""
    named = scene.classes_of(arguments.whom) & (INCOMING | {"aircraft"})
    return not named and not ALL.isdisjoint(_word(scene, t) for t in arguments.whom)


def _intercept(scene: Scene, trigger: Trigger, arguments: Arguments) -> Kind | None:
    """What air defence brought down says what came (rule 9); a manned aircraft down is its own event."""
    classes = scene.classes_of(arguments.whom)
    words = {_word(scene, t) for t in arguments.whom}
    if stands_for_all(scene, arguments):
        classes |= scene.near & INCOMING or frozenset(scene.context) & INCOMING
    if "drone" in classes or "missile" in classes:
        return _incoming(words | ({"drone"} if "drone" in classes else set()))
    if "aircraft" in classes:
        return Kind("aircraft_shot_down")
    if words & (ARMS | {"package", "packages", "device", "devices"}):
        return Kind("disrupted_weapons_use")
    return None


def _ship(scene: Scene, trigger: Trigger, arguments: Arguments) -> Kind | None:
    classes = scene.classes_of(arguments.whom | arguments.who)
    return Kind("naval_attack") if "ship" in classes or "boat" in {_word(scene, t) for t in arguments.whom} else None


def _abduct(scene: Scene, trigger: Trigger, arguments: Arguments) -> Kind | None:
    """Who is dragged or led away, held or taken is abducted only by those who may arrest nobody."""
    plain = trigger.weight > 1 or "hijack" in trigger.pattern
    return Kind("abduction_forced_disappearance") if plain or _takes_people(scene, arguments) else None


def _takes_people(scene: Scene, arguments: Arguments) -> bool:
    """Whether rebels or gunmen have somebody in their hands."""
    held = scene.classes_of(_core(scene, arguments))
    return actors.side(scene, arguments.who) == "non_state" and bool(held & _PEOPLE) and not held & {"nonstate"}


_PEOPLE = frozenset({"civilian", "police", "state_force", "force", "office"})


def _arrest(scene: Scene, trigger: Trigger, arguments: Arguments) -> Kind | None:
    return Kind("abduction_forced_disappearance" if _takes_people(scene, arguments) else "arrests")


def _disrupt(scene: Scene, trigger: Trigger, arguments: Arguments) -> Kind | None:
    return Kind("disrupted_weapons_use", attempted="plot" in trigger.pattern)


def _loot(scene: Scene, trigger: Trigger, arguments: Arguments) -> Kind | None:
    """Plunder is always somebody's; a fire wants a word of violence beside it."""
    plunder = _word(scene, arguments.head).startswith(("loot", "plunder", "pillag", "ransack", "torch", "vandal", "destruct", "attack"))
    if plunder or scene.near & (ARMED | {"crowd", "war_word", "crime", "arson"}) or any(a.armed for a in scene.actors):
        return Kind("looting_property_destruction")
    return None


def is_responsibility(words: str) -> bool:
    """Whether the words of a claim say of what: "took responsibility", "claimed credit"."""
    return "responsib" in words.lower() or "credit" in words.lower()


def _claim(scene: Scene, trigger: Trigger, arguments: Arguments) -> Kind | None:
    near = scene.near
    if trigger.pattern == "behind":
        return Kind("claim_attribution") if _is_behind_deed(scene, arguments) else None
    claimed = is_responsibility(scene.text[trigger.start : trigger.end])
    violent = bool(near & (WEAPONS | ARMED | {"mil_site"})) or bool({t.frame for t in scene.triggers} & FIGHTING)
    if _word(scene, arguments.head) in {"claim", "claims", "claimed", "claiming"} and not claimed:
        return None
    return Kind("claim_attribution") if violent or (claimed and scene.actors) else None


def _is_behind_deed(scene: Scene, arguments: Arguments) -> bool:
    """ "Was behind the attack", not behind a wall."""
    parse, head = scene.parse, arguments.head
    return parse.words[parse.heads[head]] in _BEING and any(parse.words[o] in wordlist("outrage") for o in parse.children[head])


_BEING = frozenset({"be", "is", "are", "was", "were", "been", "being"})
_FRAMES: dict[str, Callable[[Scene, Trigger, Arguments], Kind | None]] = {
    "none": lambda scene, trigger, arguments: None,
    "air": _air,
    "shell": _shell,
    "suicide": _suicide,
    "bomb": _bomb,
    "grenade": _fixed("grenade"),
    "chemical": _chemical,
    "clash": _clash,
    "assault": _violence,
    "fire": _violence,
    "hit": _violence,
    "kill": _violence,
    "take": _take,
    "hand": _hand,
    "withdraw": _withdraw,
    "move": _posture("force_movement", wants=ARMED | {"force", "hardware"}),
    "siege": _anywhere("siege", wants=ARMED | {"war_word"}),
    "repel": _repel,
    "intercept": _intercept,
    "naval": _ship,
    "abduct": _abduct,
    "arrest": _arrest,
    "agree": _agree,
    "change": _anywhere("change_to_group_activity", wants=ARMED | {"force"}),
    "disrupt": _disrupt,
    "base": _anywhere("headquarters_or_base_established", wants=ARMED | {"force"}),
    "loot": _loot,
    "threat": _anywhere("threat", wants=ARMED | WEAPONS | {"war_word"}),
    "claim": _claim,
}
FRAMES = frozenset(_FRAMES)
_NEEDS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "take": (frozenset({"area", "mil_site", "site", "civil_site", "nonstate", "ship"}), ARMS),
    "naval": (frozenset({"ship"}), frozenset({"boat"})),
    "intercept": (frozenset({"drone", "missile", "aircraft"}), ARMS | {"package", "packages", "device", "devices"}),
}
"""Word classes and words without one of which a frame's reader answers None, wherever they stand in the sentence."""


def possible(trigger: Trigger, near: AbstractSet[str], words: AbstractSet[str], *, place: bool) -> bool:
    """Whether *trigger* may be of any kind at all, told without grammar: what may not be need not be parsed.

    Args:
        near: The word classes of its sentence.
        words: The sentence's words, lower case.
        place: Whether the sentence names a place.
    """
    if trigger.frame == "none":
        return False
    if trigger.frame not in _NEEDS or (place and trigger.frame == "take"):
        return True
    classes, terms = _NEEDS[trigger.frame]
    return bool(classes & near or terms & words)
