"""Which trigger sentences are worth a parse: one without its grammar goes in; False where no grammar could make it tell of anything.

Most of what "takes", "fires" and "strikes" takes no town and fires no gun. Each condition here is one that `kinds`, `sense` or `tellings`
asks for, with its arguments wherever they suit best: so nothing that is told is lost, as a test sees to that reads everything both ways.
"""

from typing import Protocol

from streams.detection import kinds
from streams.detection.arguments import HELD_IN
from streams.detection.lexicon import wordlist
from streams.detection.scene import ARMED, WEAPONS, Draft
from streams.detection.sense import CIVIL, DOMAINS, DOUBTFUL, ELSEWHERE, TERROR, weights
from streams.detection.tellings import STRATEGIC_FLOOR, UNARMED_FLOOR
from streams.detection.triggers import Trigger

_KINETIC = kinds.FIGHTING | {"grenade", "chemical", "naval", "abduct"}
"""Frames that tell of nothing but armed force."""
_UNARMED = frozenset({"disrupt", "arrest", "claim", "intercept", "repel"})
"""Frames that may tell what police do, too."""
_ARMED_OR: dict[str, frozenset[str]] = {
    "withdraw": frozenset({"force"}),
    "move": frozenset({"force", "hardware"}),
    "siege": frozenset({"war_word"}),
    "change": frozenset({"force"}),
    "base": frozenset({"force"}),
    "threat": WEAPONS | {"war_word"},
}
"""Frames that want somebody under arms in the sentence, or a word of one of these classes."""
_GROUNDS = WEAPONS | {"force", "mil_site", "hardware", "war_word"}
"""Classes that may give a sign of `sense.GROUNDS`."""
_OBJECTS = (
    ("whom_site", frozenset({"mil_site"})),
    ("whom_weak_site", frozenset({"site"})),
    ("whom_hardware", frozenset({"hardware"})),
    ("whom_civil", CIVIL | {"ship"}),
    ("whom_area", frozenset({"area"})),
)
"""The signs of an object, at most two of which count, and the classes that give them."""
_CERTAIN = tuple(name for name in DOMAINS if name != "labour")
"""Classes that speak against a word wherever they stand in the sentence."""
ADJECTIVE_REACH = 60
"""Characters that may stand between an adjective and the noun of a deed: "Russian air, sea and artillery strikes"."""
HOLDER_WORDS = 6
"""How many words name those in whose hands a place is: "in the hands", "under firm government control"."""
_DOUBTFUL = DOUBTFUL & frozenset(_CERTAIN)


class Gate(Protocol):
    """What decides which sentences are parsed."""

    def __call__(self, draft: Draft, *, place: bool) -> bool:
        """See `may_tell`."""


def may_tell(draft: Draft, *, place: bool) -> bool:
    """Whether any trigger of *draft* may tell of anything.

    Args:
        place: Whether the sentence names a place; True as long as nobody has looked.
    """
    return any(why_not(draft, t, place=place) is None for t in draft.triggers)


def why_not(draft: Draft, trigger: Trigger, *, place: bool) -> str | None:
    """Why *trigger* can tell of nothing here, whatever its grammar; None if it may."""
    near = draft.near if draft.words.isdisjoint(kinds.ALL) else draft.near | (draft.context.keys() & kinds.INCOMING)
    if not kinds.possible(trigger, near, draft.words, place=place):
        return "its sentence has nothing that it could be done to"
    if not _has_company(draft, trigger):
        return "its sentence speaks of nobody and nothing that such a deed needs"
    if trigger.frame in _KINETIC or (trigger.frame == "take" and not _may_be_police_work(draft) and not _may_be_given_up(draft)):
        if not _may_be_grounded(draft, trigger, place=place):
            return "nothing in its sentence but the word itself could speak of arms"
        floor = 0.0
    else:
        floor = UNARMED_FLOOR if trigger.frame in _UNARMED or trigger.frame == "take" else STRATEGIC_FLOOR
    return None if best_score(draft, trigger, place=place) > floor else "its signs could add up to too little at best"


def _may_be_police_work(draft: Draft) -> bool:
    """Whether what was taken may be arms, or somebody under them."""
    return bool(draft.words & kinds.ARMS) or "nonstate" in draft.near


def _may_be_given_up(draft: Draft) -> bool:
    """Whether a place may have changed hands without a fight."""
    frames = {t.frame for t in draft.triggers}
    return bool(frames & {"hand", "withdraw"}) or "deserted" in draft.near or bool(draft.words & kinds.GIVEN_UP)


def _has_company(draft: Draft, trigger: Trigger) -> bool:
    """Whether the sentence has what a frame asks of all of it: see `kinds`."""
    if trigger.pattern == "hands|grip" and HELD_IN.isdisjoint(draft.folded[: trigger.start].split()[-HOLDER_WORDS:]):
        return False
    if trigger.frame in _ARMED_OR and not (draft.armed or draft.near & _ARMED_OR[trigger.frame]):
        return False
    if trigger.frame == "take":
        named = draft.armed or bool(draft.actors) or bool(draft.near & {"war_word", "police"}) or bool(draft.words & kinds.ARMS)
        named = named or {"force", "mil_site"} <= draft.near
        return named or bool(draft.context["nonstate"] or draft.context["state_force"])
    if trigger.frame == "repel":
        return draft.armed or not draft.near.isdisjoint(kinds.HELD) or not draft.words.isdisjoint(kinds.REPELLED)
    if trigger.frame == "agree":
        around = any(draft.context[name] for name in (*ARMED, "war_word"))
        return "deal_verb" in draft.near and (around or draft.armed or bool(draft.near & {"force", "war_word", "w_gun"}))
    if trigger.frame == "claim":
        if trigger.pattern == "behind":
            return any(word in draft.folded for word in wordlist("outrage"))
        fighting = any(t.frame in kinds.FIGHTING for t in draft.triggers)
        violent = fighting or bool(draft.near & (WEAPONS | ARMED | {"mil_site"}))
        return violent or (bool(draft.actors) and kinds.is_responsibility(draft.text[trigger.start : trigger.end]))
    return True


def best_score(draft: Draft, trigger: Trigger, *, place: bool) -> float:
    """The most that `sense.score` can give *trigger* here: each sign where it counts most."""
    table, near, context = weights(), draft.near, draft.context
    armed, force, arms = draft.armed, "force" in near, bool(near & WEAPONS)
    acting = _state_may_act(draft, trigger)
    objects = [table[sign] for sign, classes in _OBJECTS if classes & near]
    signs = (
        ("whom_armed", armed),
        ("near_armed" if armed else "near_force", armed or force),
        ("who_armed" if armed else "who_state" if acting else "who_force", armed or force or acting),
        ("who_terror", any(word in draft.folded for word in TERROR)),
        ("who_weapon", arms),
        ("means_weapon", arms),
        ("near_weapon", arms),
        ("near_site", "mil_site" in near),
        ("near_war", "war_word" in near),
        ("near_toll", draft.counts_people),
        ("near_theatre", draft.at_war),
        ("whom_place", place),
        ("doc_armed", context["state_force"] + context["nonstate"] > 0),
        ("doc_war", context["war_word"] > 0),
    )
    firmly, under_arms = draft.firmly_near(trigger), context["state_force"] + context["nonstate"]
    against = [f"near_{name}" for name in _CERTAIN if name in firmly]
    against += [f"doc_{name}" for name in ELSEWHERE if name not in near and context[name] > 1 and context[name] >= under_arms]
    certain = ("bias", f"weight_{trigger.weight}", *against)
    return sum(table[sign] for sign in certain) + sum(table[sign] for sign, there in signs if there) + sum(sorted(objects)[-2:])


def _state_may_act(draft: Draft, trigger: Trigger) -> bool:
    """Whether a state is named that may act: "Israel raids", "Israeli air raids"; the "British" of British Airways may not."""
    return any(not a.adjective or 0 <= trigger.start - a.end <= ADJECTIVE_REACH for a in draft.actors)


def _may_be_grounded(draft: Draft, trigger: Trigger, *, place: bool) -> bool:
    """Whether `sense.grounded` may say yes."""
    near, firmly = draft.near, draft.firmly_near(trigger)
    if "accident" in firmly and not draft.armed and (trigger.weight < 3 or "explosion" in trigger.pattern):
        return False
    if trigger.weight >= 3 or draft.armed or near & _GROUNDS:
        return True
    loose = draft.at_war or _state_may_act(draft, trigger) or any(draft.context[name] for name in ("state_force", "nonstate", "war_word"))
    doubtful = not firmly.isdisjoint(_DOUBTFUL)
    match trigger.frame:
        case "kill" if trigger.pattern.startswith("dead|"):
            return draft.at_war or not near.isdisjoint({"dead_combatant", "nonstate"})
        case "fire" if "shoot" in trigger.pattern:
            return _state_may_act(draft, trigger) or draft.context["state_force"] + draft.context["nonstate"] > 0
        case "kill":
            told = draft.counts_people and (draft.at_war or bool(draft.actors))
            victims = told or "dead_combatant" in near or "massacre" in draft.folded
            return trigger.pattern.startswith(("~martyr", "bodies")) or (victims and not doubtful)
        case "chemical":
            return True
        case "bomb":
            return loose or draft.counts_people or bool(near & CIVIL)
        case "clash" if "between" in draft.words:
            return True
        case "clash" | "air" | "shell" if trigger.weight >= 2:
            return loose or (not doubtful and (place or draft.counts_people or bool(near & {"area", "site"})))
        case "assault" | "fire":
            return loose or (draft.counts_people and (place or not doubtful))
    return loose
