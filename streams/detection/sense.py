"""Whether a word speaks of armed force here: decided by who, whom, with what and by what else is spoken of.

A linear score in log-odds over the signs of `data/weights.tsv`. A team, a price, a storm, a court or a virus cannot shell a town.
"""

import math
import re
from collections.abc import Sequence
from functools import cache

from streams.detection.arguments import Arguments, ancestors, phrase
from streams.detection.lexicon import DATA, LexiconError, rows, wordlist
from streams.detection.scene import ARMED, WEAPONS, NamedActor, Scene
from streams.detection.triggers import Trigger

DOMAINS = (
    "sport",
    "business",
    "stage",
    "health",
    "nature",
    "accident",
    "crime",
    "court",
    "politics",
    "crowd",
    "police",
    "labour",
    "space",
    "animal",
)
ELSEWHERE = ("sport", "business", "accident", "crowd", "animal", "stage")
"""Domains that cast doubt from other sentences of the text, if it speaks of them at least as often as of those under arms."""
DOUBTFUL = frozenset({*DOMAINS, "domain", "abstract"}) - {"police", "court", "politics"}
"""What makes an unnamed attack more likely to be something else; police and courts come after both kinds."""
CIVIL = frozenset({"civilian", "civil_site"})
_SCORE = re.compile(r"(?<![\w-])\d{1,3}-\d{1,3} (?:win|victory|defeat|lead|loss|draw|triumph|rout|over|against)\b", re.IGNORECASE)
"""How a match ended: "a 3-1 win"."""
TERROR = ("terror", "jihad", "islamist")
GROUNDS = frozenset(
    {
        "who_armed",
        "who_force",
        "who_weapon",
        "whom_armed",
        "whom_site",
        "whom_hardware",
        "means_weapon",
        "near_armed",
        "near_weapon",
        "near_war",
        "near_site",
    }
)
"""Signs in the sentence itself that arms are meant. Without one of them only words that name a weapon's use are believed."""
SPORTING = frozenset({"fight", "fights", "battle", "battles", "clash", "battled", "clashed"})
"""One "battle in Madrid" may well be of teams; "clashes" and "fighting" seldom are."""
LOOSE_GROUNDS = frozenset({"who_state", "doc_armed", "doc_war", "near_theatre"})
"""Signs that do for words of attack, never for words of dying."""


@cache
def weights() -> dict[str, float]:
    """The table of signs.

    Raises:
        LexiconError: A weight is not a number; file and line are named.
    """
    found = {}
    for line, (sign, weight, _) in rows("weights.tsv", 3):
        try:
            found[sign] = float(weight)
        except ValueError:
            raise LexiconError(f"{DATA / 'weights.tsv'}:{line}: weight {weight!r} of {sign!r} is not a number") from None
    return found


def score(found: Sequence[str]) -> float:
    """Log-odds that a trigger with these signs tells of armed force; above 0 it does."""
    table = weights()
    return table["bias"] + sum(table[sign] for sign in found)


def grounded(scene: Scene, trigger: Trigger, arguments: Arguments, signs_found: Sequence[str]) -> bool:
    """Whether anything but the trigger itself speaks of arms."""
    found = set(signs_found)
    if (
        "near_accident" in found
        and not found & {"near_armed", "who_armed", "whom_armed"}
        and (trigger.weight < 3 or "explosion" in trigger.pattern)
    ):
        return False
    if _is_sentence_carried_out(scene, trigger, arguments) or _is_crash(scene, trigger, found) or _is_among_comrades(scene, arguments):
        return False
    if trigger.pattern.startswith("dead|") and found & {"near_health", "near_accident", "near_nature", "near_sport", "near_stage"}:
        return "near_weapon" in found
    fallen = scene.classes_of(arguments.who | arguments.whom) & {"dead_combatant", "nonstate"}
    plainly = "near_theatre" in found and _is_told_of_many(scene, arguments.head)
    if trigger.pattern.startswith("dead|") and not fallen and not plainly:
        return False
    if trigger.weight >= 3 or found & GROUNDS:
        return True
    return _grounded_by_frame(scene, trigger, arguments, found)


def _is_sentence_carried_out(scene: Scene, trigger: Trigger, arguments: Arguments) -> bool:
    """ "Iran executed two men": what a state does by law; soldiers who execute captives are another thing."""
    if not trigger.pattern.startswith("~execute"):
        return False
    who = arguments.who
    armed = scene.classes_of(who) & ARMED or any(a.armed for a in scene.actors_in(who))
    return (
        "court" in scene.near
        or bool(_CONDEMNED & set(scene.parse.words))
        or (not armed and bool(scene.actors_in(who) or scene.classes_of(who) & {"politics"}))
    )


def _is_among_comrades(scene: Scene, arguments: Arguments) -> bool:
    """ "A soldier shot two comrades": one who turns on his own is a crime (rule 3), a mutiny is of several."""
    parse = scene.parse
    alone = any(parse.tags[t] in {"NN", "NNP"} for t in arguments.who if scene.classes.get(t, frozenset()) & (ARMED | {"police", "lone"}))
    return alone and "comrade" in scene.near and not scene.near & {"nonstate"}


_CONDEMNED = frozenset({"accused", "convicted", "condemned", "sentenced", "inmate", "inmates", "convict", "convicts", "hanged", "hanging"})


def _is_crash(scene: Scene, trigger: Trigger, found: set[str]) -> bool:
    """Whether soldiers died of an accident, a flood, a fever: no one else under arms, and no weapon, is spoken of."""
    harm = found & {"near_accident", "near_nature", "near_health"}
    return trigger.frame == "kill" and bool(harm) and not scene.near & ({"nonstate"} | WEAPONS - {"w_air", "w_gun"})


def _grounded_by_frame(scene: Scene, trigger: Trigger, arguments: Arguments, found: set[str]) -> bool:
    """What each kind of word may lean on when no arms are named."""
    doubtful = any(
        sign.startswith(("near_", "who_", "whom_")) and sign.removeprefix("near_").removeprefix("whom_").removeprefix("who_") in DOUBTFUL
        for sign in found
    )
    match trigger.frame:
        case "kill":
            dead = scene.classes_of((arguments.who | arguments.whom) - _civilian_only_in_name(scene, arguments))
            if trigger.pattern.startswith(("~martyr", "bodies")) or ("dead_combatant" in dead and not doubtful):
                return True
            if not doubtful and (_is_known_massacre(scene, arguments, found) or _are_victims_of_war(scene, arguments, found)):
                return True
            idea = "abstract" in scene.classes_of(arguments.objects)
            return "near_toll" in found and not doubtful and not idea and _is_state_itself(scene, arguments.who)
        case "intercept":
            return True
        case "chemical":
            return bool({"used", "use", "attack", "attacks", "attacked", "dropped", "fired", "released"} & set(scene.parse.words)) or bool(
                found & LOOSE_GROUNDS
            )
        case "bomb" if {"near_toll", "whom_civil"} & found:
            return True
        case "clash" | "air" | "shell" if (
            trigger.weight >= 2 and {"whom_place", "whom_area", "whom_weak_site", "near_toll"} & found and not doubtful
        ):
            return scene.parse.words[arguments.head] not in SPORTING or "near_theatre" in found
        case "clash" if _is_between(scene, arguments.head):
            return True
        case "shell" if trigger.weight >= 2 and not doubtful and _is_beside_something(scene, arguments):
            return True
        case "clash" if scene.parse.words[arguments.head] in SPORTING or "office" in scene.classes_of(arguments.who | arguments.whom):
            return "who_state" in found or ("near_theatre" in found and not doubtful)
        case "fire" if scene.parse.words[arguments.head].startswith(("shoot", "shot")):
            return bool({"who_state", "doc_armed"} & found)
        case "fire" if "who_person" in found:
            return bool({"who_state", "doc_armed", "doc_war"} & found)  # one man who opens fire in a café is no war (rule 3)
        case "assault" | "fire" if {"near_toll", "whom_place"} <= found or ("near_toll" in found and not doubtful):
            return True
    return bool(found & LOOSE_GROUNDS)


def _is_told_of_many(scene: Scene, head: int) -> bool:
    """ "Nine dead", "the death of nine", "claimed nine lives"; not "fears for their lives"."""
    parse = scene.parse
    taken = any(parse.words[t].startswith(("claim", "cost", "los", "tak", "took")) for t in ancestors(parse, head))
    return parse.words[head] in {"dead", "death"} or (parse.words[head] == "lives" and taken)


def _is_known_massacre(scene: Scene, arguments: Arguments, found: set[str]) -> bool:
    """ "The massacre killed eleven", "massacred villagers": with a toll, or at a place at war, nobody means a defeat by it."""
    named = any(scene.parse.words[t].startswith("massacre") for t in arguments.who | {arguments.head})
    return named and bool(found & {"near_toll", "near_theatre"})


def _are_victims_of_war(scene: Scene, arguments: Arguments, found: set[str]) -> bool:
    """ "Six killed in Aleppo", "casualties in Taiz": where several died at a place at war and nothing else is said to have killed them."""
    parse = scene.parse
    by = any(parse.words[c] == "by" for c in parse.children[arguments.head])
    acting = {"pobj"} if by else {"nsubj", "pobj"}
    agents = {parse.words[t] for t in arguments.who if parse.deps[t] in acting and parse.tags[t].startswith("NN")} - _SHOTS
    otherwise = bool(agents) or bool(found & {"near_police", "near_court", "near_politics"})
    return "near_theatre" in found and scene.harms_many and not otherwise and wordlist("mishap").isdisjoint(parse.words)


_SHOTS = frozenset({"fire", "gunfire", "shots", "bullets"})
"""What kills in a war without a word of who fired: "wounded by Israeli fire"."""


def _civilian_only_in_name(scene: Scene, arguments: Arguments) -> frozenset[int]:
    """ "A civilian employee": the adjective makes no victim of war."""
    parse = scene.parse
    return frozenset(t for t in arguments.who | arguments.whom if parse.words[t] == "civilian" and parse.deps[t] in {"amod", "compound"})


def _is_state_itself(scene: Scene, who: frozenset[int]) -> bool:
    """Whether a state acts, and not what stands behind its name: "Israel kills six", but "Kenya flood kills six"."""
    parse = scene.parse
    subjects = {t for t in who if parse.deps[t] == "nsubj" or (parse.deps[t] == "pobj" and parse.words[parse.heads[t]] == "by")}
    return bool(scene.actors_in(frozenset(subjects)))


def _is_beside_something(scene: Scene, arguments: Arguments) -> bool:
    """ "A rocket lands near the embassy": what comes down by houses is no spacecraft."""
    parse = scene.parse
    near = (
        o
        for top in {arguments.head, arguments.verb}
        if top is not None
        for p in parse.children[top]
        if parse.words[p] in _BESIDE
        for o in parse.children[p]
    )
    return any(scene.classes.get(t, frozenset()) & (CIVIL | {"site", "mil_site", "area", "ship"}) for o in near for t in phrase(parse, o))


_BESIDE = frozenset({"near", "beside", "outside", "behind", "by", "around", "at", "in", "inside", "on", "close"})


def _is_between(scene: Scene, head: int) -> bool:
    """ "Fighting between Hutus and Tutsis": peoples and states that fight are armed; "a battle between brothers" is none."""
    parse = scene.parse
    sides = [o for c in parse.children[head] if parse.words[c] == "between" for o in parse.children[c]]
    both = frozenset(t for side in sides for t in (side, *(c for c in parse.children[side] if parse.deps[c] == "conj")))
    return len(both) > 1 and (all(parse.tags[t] == "NNPS" for t in both) or len(scene.actors_in(both)) > 1)


def probability(log_odds: float) -> float:
    """The probability of *log_odds*, between 0.01 and 0.99: nothing read is certain."""
    return min(0.99, max(0.01, 1 / (1 + math.exp(-log_odds))))


def signs(scene: Scene, trigger: Trigger, arguments: Arguments) -> list[str]:
    """The signs that speak for or against, each at most once."""
    found = [f"weight_{trigger.weight}"]
    own = frozenset(scene.tokens(trigger.start, trigger.end))
    found += _who(scene, arguments.who - own, own | {arguments.head})
    found += _whom(scene, arguments.whom - own)
    if scene.classes_of(arguments.means) & WEAPONS:
        found.append("means_weapon")
    if "penalty" in scene.classes_of(arguments.who | arguments.whom | arguments.means):
        found.append("by_penalty")
    if scene.classes_of(arguments.objects) & {"sport", "business", "stage", "animal"}:
        found.append("whom_domain")
    found += _near(scene, arguments, own)
    found += _document(scene)
    return found


def _who(scene: Scene, tokens: frozenset[int], own: frozenset[int]) -> list[str]:
    tokens -= _epithets(scene, tokens)
    classes, actors = scene.classes_of(tokens), scene.actors_in(tokens)
    found = []
    if classes & ARMED or any(a.armed for a in actors):
        found.append("who_armed")
    elif any(not a.adjective or _modifies(scene, a, own) for a in actors):
        found.append("who_state")
    elif "force" in classes:
        found.append("who_force")
    elif "civilian" in classes:
        found.append("who_person")
    if any(scene.parse.words[t].startswith(TERROR) for t in tokens):
        found.append("who_terror")
    found += ["who_weapon"] if classes & WEAPONS else []
    found += [f"who_{name}" for name in ("police", "crowd", "nature") if name in classes and "who_armed" not in found]
    found += ["who_domain"] if classes & {"sport", "business", "stage", "health"} and not classes & ARMED else []
    return found


def _epithets(scene: Scene, tokens: frozenset[int]) -> frozenset[int]:
    """ "Rebel lawmakers", "militant unions": who stands in parliament or in a shop is under no arms, whatever he is called."""
    parse, peaceful = scene.parse, {"politics", "office", "business", "sport", "labour"}
    bearers = {t for t in tokens if (names := scene.classes.get(t, frozenset())) & peaceful and not names & ARMED}
    return frozenset(t for t in tokens if parse.heads[t] in bearers and parse.deps[t] in {"compound", "amod"})


def _whom(scene: Scene, tokens: frozenset[int]) -> list[str]:
    classes, actors = scene.classes_of(tokens), scene.actors_in(tokens)
    found = []
    if classes & ARMED or any(a.armed for a in actors):
        found.append("whom_armed")
    found += [
        name
        for name, wanted in (
            ("whom_site", {"mil_site"}),
            ("whom_weak_site", {"site"}),
            ("whom_hardware", {"hardware"}),
            ("whom_civil", CIVIL | {"ship"}),
            ("whom_area", {"area"}),
        )
        if classes & wanted
    ][:2]
    if any(not p.demonym for p in scene.places_in(tokens)):
        found.append("whom_place")
    if "abstract" in classes and not found:
        found.append("whom_abstract")
    found += ["whom_crowd"] if "crowd" in classes else []
    return found


def _modifies(scene: Scene, actor: NamedActor, own: frozenset[int]) -> bool:
    """ "Israeli raids": the adjective stands before the trigger itself, not before somebody."""
    return any(scene.parse.heads[t] in own for t in scene.tokens(actor.start, actor.end))


def _near(scene: Scene, arguments: Arguments, own: frozenset[int]) -> list[str]:
    """What else the sentence speaks of."""
    inside = arguments.who | arguments.whom | arguments.means | own
    others, near = scene.classes_besides(inside), scene.classes_besides(own)
    near -= {"labour"} - scene.classes_besides(own | arguments.whom)  # nurses who are shot are on no strike
    found = []
    if others & ARMED or any(a.armed for a in scene.actors if inside.isdisjoint(scene.tokens(a.start, a.end))):
        found.append("near_armed")
    elif "force" in others:
        found.append("near_force")
    found += ["near_weapon"] if others & WEAPONS else []
    found += ["near_site"] if "mil_site" in others else []
    found += ["near_war"] if "war_word" in others else []
    found += ["near_theatre"] if scene.at_war else []
    found += ["near_sport_twice"] if sum("sport" in names for names in scene.classes.values()) > 1 else []
    found += ["near_toll"] if scene.toll.killed or scene.toll.injured or scene.harms_many else []
    found += ["near_score"] if _SCORE.search(scene.text) else []
    return found + [f"near_{name}" for name in DOMAINS if name in near]


def _document(scene: Scene) -> list[str]:
    context, near = scene.context, scene.near
    found = []
    if not near & ARMED and context["state_force"] + context["nonstate"] > 0:
        found.append("doc_armed")
    if "war_word" not in near and context["war_word"] > 0:
        found.append("doc_war")
    armed = context["state_force"] + context["nonstate"]
    return found + [f"doc_{name}" for name in ELSEWHERE if name not in near and context[name] > 1 and context[name] >= armed]
