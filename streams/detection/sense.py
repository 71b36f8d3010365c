"""Whether a word speaks of armed force here: decided by who, whom, with what and by what else is spoken of.

A linear score in log-odds over the signs of `data/weights.tsv`. A team, a price, a storm, a court or a virus cannot shell a town.
"""

import math
from collections.abc import Sequence
from functools import cache

from streams.detection.arguments import Arguments
from streams.detection.lexicon import DATA, LexiconError, rows
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
DOUBTFUL = frozenset({*DOMAINS, "domain", "abstract"}) - {"police", "court", "politics"}
"""What makes an unnamed attack more likely to be something else; police and courts come after both kinds."""
CIVIL = frozenset({"civilian", "civil_site"})
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
LOOSE_GROUNDS = frozenset({"who_state", "doc_armed", "doc_war"})
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
    if trigger.pattern.startswith("dead|") and not scene.classes_of(arguments.who | arguments.whom) & {"dead_combatant", "nonstate"}:
        return False
    if trigger.weight >= 3 or found & GROUNDS:
        return True
    return _grounded_by_frame(scene, trigger, arguments, found)


def _grounded_by_frame(scene: Scene, trigger: Trigger, arguments: Arguments, found: set[str]) -> bool:
    """What each kind of word may lean on when no arms are named."""
    doubtful = any(
        sign.startswith(("near_", "who_", "whom_")) and sign.removeprefix("near_").removeprefix("whom_").removeprefix("who_") in DOUBTFUL
        for sign in found
    )
    match trigger.frame:
        case "kill":
            dead = scene.classes_of(arguments.who | arguments.whom)
            return "martyr" in trigger.pattern or ("dead_combatant" in dead and not doubtful)
        case "intercept":
            return True
        case "chemical":
            return bool({"used", "use", "attack", "attacks", "attacked", "dropped", "fired", "released"} & set(scene.parse.words)) or bool(
                found & LOOSE_GROUNDS
            )
        case "bomb" if {"near_toll", "whom_civil"} & found:
            return True
        case "clash" | "air" | "shell" if trigger.weight >= 2 and {"whom_place", "whom_area", "near_toll"} & found and not doubtful:
            return scene.parse.words[arguments.head] not in SPORTING
        case "assault" | "fire" if {"near_toll", "whom_place"} <= found or ("near_toll" in found and not doubtful):
            return True
    return bool(found & LOOSE_GROUNDS)


def probability(log_odds: float) -> float:
    """The probability of *log_odds*, between 0.01 and 0.99: nothing read is certain."""
    return min(0.99, max(0.01, 1 / (1 + math.exp(-log_odds))))


def signs(scene: Scene, trigger: Trigger, arguments: Arguments) -> list[str]:
    """The signs that speak for or against, each at most once."""
    found = [f"weight_{trigger.weight}"]
    own = frozenset(scene.tokens(trigger.start, trigger.end))
    found += _who(scene, arguments.who - own, arguments.head)
    found += _whom(scene, arguments.whom - own)
    if scene.classes_of(arguments.means) & WEAPONS:
        found.append("means_weapon")
    found += _near(scene, arguments, own)
    found += _document(scene)
    return found


def _who(scene: Scene, tokens: frozenset[int], head: int) -> list[str]:
    classes, actors = scene.classes_of(tokens), scene.actors_in(tokens)
    found = []
    if classes & ARMED or any(a.armed for a in actors):
        found.append("who_armed")
    elif any(not a.adjective or _modifies(scene, a, head) for a in actors):
        found.append("who_state")
    elif "force" in classes:
        found.append("who_force")
    elif "civilian" in classes:
        found.append("who_person")
    found += ["who_weapon"] if classes & WEAPONS else []
    found += [f"who_{name}" for name in ("police", "crowd", "nature") if name in classes and "who_armed" not in found]
    found += ["who_domain"] if classes & {"sport", "business", "stage", "health"} and not classes & ARMED else []
    return found


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
            ("whom_civil", CIVIL),
            ("whom_area", {"area"}),
        )
        if classes & wanted
    ][:2]
    if any(not p.demonym for p in scene.places_in(tokens)):
        found.append("whom_place")
    if "abstract" in classes and not found:
        found.append("whom_abstract")
    found += ["whom_crowd"] if "crowd" in classes else []
    found += ["whom_domain"] if classes & {"sport", "business", "stage"} and not found else []
    return found


def _modifies(scene: Scene, actor: NamedActor, head: int) -> bool:
    """ "Israeli raids": the adjective stands before the trigger itself, not before somebody."""
    return any(scene.parse.heads[t] == head for t in scene.tokens(actor.start, actor.end))


def _near(scene: Scene, arguments: Arguments, own: frozenset[int]) -> list[str]:
    """What else the sentence speaks of."""
    inside = arguments.who | arguments.whom | arguments.means | own
    others = scene.classes_besides(inside)
    near = scene.near
    found = []
    if others & ARMED or any(a.armed for a in scene.actors if inside.isdisjoint(scene.tokens(a.start, a.end))):
        found.append("near_armed")
    elif "force" in others:
        found.append("near_force")
    found += ["near_weapon"] if others & WEAPONS else []
    found += ["near_site"] if "mil_site" in others else []
    found += ["near_war"] if "war_word" in others else []
    found += ["near_sport_twice"] if sum("sport" in names for names in scene.classes.values()) > 1 else []
    found += ["near_toll"] if scene.toll.killed or scene.toll.injured else []
    return found + [f"near_{name}" for name in DOMAINS if name in near]


def _document(scene: Scene) -> list[str]:
    context, near = scene.context, scene.near
    found = []
    if not near & ARMED and context["state_force"] + context["nonstate"] > 0:
        found.append("doc_armed")
    if "war_word" not in near and context["war_word"] > 0:
        found.append("doc_war")
    return found + [f"doc_{name}" for name in ("sport", "business", "accident", "crowd") if name not in near and context[name] > 1]
