"""Words of violence that tell of none: a scene and a trigger go in, whether grammar makes it a name or a figure comes out.

What only makes armed force unlikely is weighed in `sense`; what stands here rules it out.
"""

import re

from streams.detection.arguments import Arguments, ancestors, is_verb
from streams.detection.grammar import Parse
from streams.detection.lexicon import wordlist
from streams.detection.scene import ARMED, WEAPONS, Scene
from streams.detection.triggers import Trigger

PEACEFUL = frozenset({"court", "politics", "business", "sport", "stage", "health", "nature", "labour", "space", "animal", "penalty"})
"""Word classes of what is fought over or with in peace: "a court battle", "budget battles"."""
_MODIFIERS = frozenset({"compound", "amod", "nmod", "poss"})
_PLACED = frozenset({"area", "mil_site", "site"})
_DEEDS = frozenset({"air", "hit", "assault", "clash", "siege"})
"""Frames whose nouns name deeds, not things: a "car bomb" is one even where it only stands before a noun."""
_FOUGHT = _DEEDS | {"fire", "kill"}
"""Frames whose nouns are also said of what is done with words."""
_TOLD_OF_PERSONS = frozenset({"kill"})


def is_headline(scene: Scene) -> bool:
    """Whether it is a headline or written like one: without a stop."""
    return scene.headline or scene.text.rstrip(" \"”’')")[-1:].isalnum()


def is_hidden_verb(scene: Scene, head: int) -> bool:
    """Whether a headline's "noun" is the verb of its sentence: "Rebels target regime forces", "Troops shell the hills and target a dam"."""
    parse = scene.parse
    if not is_headline(scene) or is_verb(parse, head) or parse.tags[head][:2] not in {"NN", "JJ"} or head + 1 >= len(parse.words):
        return False
    before = next((t for t in range(head - 1, -1, -1) if not parse.tags[t].startswith(("RB", "'", "`"))), None)
    if before is None or parse.words[head] not in wordlist("verbal") or parse.tags[head + 1][:2] in _NO_OBJECT:
        return False
    if parse.words[before] == "and" and parse.words[head] in {"target", "targets"}:
        return any(is_verb(parse, t) and scene.covers(hit.start, hit.end, t) for hit in scene.triggers for t in range(before))
    acting = bool(scene.classes.get(before, frozenset()) & (ARMED | WEAPONS | {"force"})) or bool(scene.actors_in(frozenset({before})))
    return acting and not any(is_verb(parse, t) and not _is_armed(scene, t) for t in range(head))


def _is_armed(scene: Scene, token: int) -> bool:
    """Whether it is a word for those under arms, whatever it is tagged: "the regime forces"."""
    return bool(scene.classes.get(token, frozenset()) & (ARMED | {"force"})) or bool(scene.actors_in(frozenset({token})))


_NO_OBJECT = frozenset({"IN", "TO", "CC", "VB", "MD", "PO", ",", ".", ":", "''", "-L", "-R", "RP", "HY", "``"})
"""Beginnings of the tags of what never opens an object."""


def is_none(scene: Scene, trigger: Trigger, head: int) -> bool:
    """Whether *trigger*, whose head is *head*, tells of nothing that happened, whatever its arguments are."""
    return (
        trigger.frame == "none"
        or (_is_mere_noun(scene, head) and not is_hidden_verb(scene, head))
        or _is_no_verb(scene, trigger)
        or _is_of_a_trade(scene, trigger)
        or _is_blaze(scene, trigger, head)
        or _is_name(scene, trigger, head)
        or _is_description(scene, trigger, head)
        or _is_modifier(scene, trigger, head)
        or _is_bloodless(scene, trigger, head)
        or _is_of_a_work(scene, head)
        or _is_predicate(scene, head)
        or _is_state(scene, trigger, head)
        or _is_for_a_cause(scene, head)
        or _is_weapon_at_rest(scene, trigger, head)
    )


def _is_mere_noun(scene: Scene, head: int) -> bool:
    """ "Targets" as a noun is never an event (rule 10); a "storm" that is no verb is weather."""
    return scene.parse.words[head] in {"target", "targets", "storm", "storms"} and scene.parse.tags[head].startswith("N")


def _is_no_verb(scene: Scene, trigger: Trigger) -> bool:
    """ "A rocket stage on land": what a pattern takes for its verb is none behind a preposition."""
    tokens = scene.tokens(trigger.start, trigger.end)
    if "... ~" not in trigger.pattern or len(tokens) < 2 or scene.parse.words[tokens[-1]] not in {"land", "target", "targets"}:
        return False
    tags = scene.parse.tags
    return tags[tokens[-1]].startswith("NN") and tags[tokens[-2]] in {"IN", "DT", "PRP$"}


def _is_of_a_trade(scene: Scene, trigger: Trigger) -> bool:
    """ "The bomb squad destroyed", "missile makers hit": the weapon only says what sort of people they are."""
    parse, tokens = scene.parse, scene.tokens(trigger.start, trigger.end)
    if (
        "... ~" not in trigger.pattern
        or len(tokens) < 3
        or parse.deps[tokens[0]] != "compound"
        or parse.words[tokens[0]] in wordlist("deed")
    ):
        return False
    noun = parse.heads[tokens[0]]
    classes = scene.classes.get(noun, frozenset())
    return (
        noun == tokens[1]
        and parse.words[noun] not in wordlist("deed")
        and not classes & (WEAPONS | {"hardware", "missile", "drone", "aircraft"})
    )


def _is_blaze(scene: Scene, trigger: Trigger, head: int) -> bool:
    """ "A fire on a destroyer" burns; only the verb "fired on" shoots."""
    modified = any(scene.classes.get(c, frozenset()) & WEAPONS for c in scene.parse.children[head])
    return trigger.pattern.startswith("~fire on") and scene.parse.words[head] == "fire" and not is_verb(scene.parse, head) and not modified


def _is_name(scene: Scene, trigger: Trigger, head: int) -> bool:
    """ "Shell", "Battle of Hastings": in running text a capital within the sentence makes a name of it."""
    capital = scene.text[scene.parse.starts[head]].isupper() and not scene.text[trigger.start : trigger.end].isupper()
    return (
        capital
        and head > 0
        and trigger.weight < 3
        and not scene.headline
        and scene.parse.tags[head].startswith("NNP")
        and not _title_case(scene.text)
    )


def _title_case(text: str) -> bool:
    words = [w for w in text.split() if len(w) > 3]
    return sum(w[0].isupper() for w in words) > 0.6 * len(words)


def _is_description(scene: Scene, trigger: Trigger, head: int) -> bool:
    """ "Militias who were fighting in Homs", "soldiers who were wounded in Iraq": it says who they are, not what happened."""
    parse = scene.parse
    if parse.words[head] in {"bombers", "attackers"} and parse.words[parse.heads[head]] in {"including", "of"}:
        return True
    if parse.words[head] in {"wound", "wounds", "injury", "injuries"} and not is_verb(parse, head):
        return True
    if trigger.frame in _TOLD_OF_PERSONS and is_verb(parse, head):
        return not scene.dates and not scene.headline and _in_relative_clause(scene, head)
    return parse.words[head].startswith(("fight", "fought", "battling")) and _in_relative_clause(scene, head, acl=True)


def _in_relative_clause(scene: Scene, head: int, *, acl: bool = False) -> bool:
    parse, below = scene.parse, head
    clauses = {"relcl", "acl"} if acl else {"relcl"}
    for above in ancestors(parse, head):
        if parse.deps[below] in clauses:
            return True
        if parse.deps[below] not in {"xcomp", "advcl", "conj", "acomp", "pcomp"}:
            return False
        below = above
    return False


def _is_modifier(scene: Scene, trigger: Trigger, head: int) -> bool:
    """ "A strike bomber", "a rocket-launching site", "surrounding areas": before what is no deed it only says of what kind that is."""
    parse = scene.parse
    if parse.deps[head] in {"amod", "compound"} and parse.tags[head] == "VBG" and trigger.weight < 3 and parse.words[head] != "infighting":
        return parse.words[parse.heads[head]] not in wordlist("deed")
    deeds = trigger.frame in _DEEDS or parse.words[head] in {"bombing", "bombings"}
    if not deeds or parse.deps[head] != "compound" or is_verb(parse, head) or scene.headline:
        return False
    noun = parse.heads[head]
    told = any(t.start <= parse.starts[noun] < t.end for t in scene.triggers)
    deed = parse.words[noun] in wordlist("deed")
    return noun > head and not told and not deed and parse.tags[noun].startswith("NN") and parse.tags[noun][:3] != "NNP"


def _is_bloodless(scene: Scene, trigger: Trigger, head: int) -> bool:
    """ "Court battles", "political clashes", "a cynicism offensive": what stands before the noun makes it one of words."""
    parse = scene.parse
    if is_verb(parse, head) or trigger.weight > 2 or trigger.frame not in _FOUGHT:
        return False
    for child in parse.children[head]:
        if parse.deps[child] in _MODIFIERS and child < head:
            classes = scene.classes.get(child, frozenset())
            if parse.words[child] in wordlist("bloodless") or (classes & PEACEFUL and not classes & (ARMED | WEAPONS | _PLACED)):
                return True
    return False


def _is_of_a_work(scene: Scene, head: int) -> bool:
    """ "A film on the raid wins a prize", "the novel tells how rebels shell Beirut": what it is about is no news."""
    parse = scene.parse
    on = next((t for t in ancestors(parse, head) if parse.deps[t] == "prep"), None)
    if on is not None and parse.words[on] in _ABOUT and parse.words[parse.heads[on]] in wordlist("work"):
        return True
    above = [t for t in ancestors(parse, head) if parse.words[t] in wordlist("depict")]
    return any(_is_work(parse, c, above=head) for t in above for c in _shown_by(parse, t))


def _shown_by(parse: Parse, verb: int) -> list[int]:
    """What may be shown by a verb of showing: its subject, and what it is shown in: "in the gallery visitors see how"."""
    places = [o for c in parse.children[verb] if parse.words[c] in {"in", "at"} for o in parse.children[c]]
    return [*(c for c in parse.children[verb] if parse.deps[c] == "nsubj"), *places]


def _is_work(parse: Parse, token: int, *, above: int) -> bool:
    """Whether a noun is one for a work of art, and no "series of blasts"; nothing of it lies above the trigger."""
    many = any(parse.words[c] == "of" for c in parse.children[token])
    return parse.words[token] in wordlist("work") and not many and token not in ancestors(parse, above)


def is_of_nature(scene: Scene, args: Arguments) -> bool:
    """ "Lightning struck a camp, killing six soldiers", "re-enactors stormed the beach": nobody under arms does it."""
    parse = scene.parse
    if not any(parse.words[t] in wordlist("element") and not _is_gunfire(parse, t) for t in args.who):
        return False
    armed = scene.classes_of(args.who) & (ARMED | WEAPONS | {"force"})
    return not armed and not scene.actors_in(args.who)


def _is_gunfire(parse: Parse, token: int) -> bool:
    """ "Antiaircraft fire", "fire from across the border"."""
    fire = parse.words[token] in {"fire", "fires"}
    return fire and any(parse.deps[c] == "compound" or parse.words[c] == "from" for c in parse.children[token])


def is_collision(scene: Scene, trigger: Trigger) -> bool:
    """ "Two helicopters collided, killing four": an accident stands between the weapon and the dead."""
    return trigger.pattern.count("...") > 0 and _COLLISION.search(scene.text, trigger.start, trigger.end) is not None


_COLLISION = re.compile(r"\b(?:collid|crash|overturn|skidd|derail|malfunction)", re.IGNORECASE)


_ABOUT = frozenset({"on", "about", "into"})


def _is_predicate(scene: Scene, head: int) -> bool:
    """ "The tax is a bomb": what something of peace is said to be."""
    parse = scene.parse
    if parse.deps[head] != "attr":
        return False
    subjects = [c for c in parse.children[parse.heads[head]] if parse.deps[c] == "nsubj"]
    return any(scene.classes.get(s, frozenset()) & (PEACEFUL | {"abstract"}) for s in subjects)


def _is_state(scene: Scene, trigger: Trigger, head: int) -> bool:
    """ "The besieged town", "the battered junta", "spent his years encircled": a state of things is no news (rule 7)."""
    parse = scene.parse
    if parse.tags[head] in {"VBN", "VBD", "JJ"} and parse.deps[head] == "amod" and _is_of_a_state(trigger):
        noun = parse.heads[head]
        return noun > head and not (parse.tags[noun].startswith("NNP") and scene.text[parse.starts[noun]].isupper())
    return (
        trigger.frame == "siege"
        and parse.tags[head] in {"VBN", "JJ"}
        and parse.deps[head] in {"amod", "acl", "advcl", "oprd", "acomp", "compound"}
        and not any(parse.deps[c] in {"auxpass", "aux"} for c in parse.children[head])
    )


def _is_of_a_state(trigger: Trigger) -> bool:
    """ "The slain commander"; but the bodies of executed men that are found are news."""
    return trigger.frame in {"hit", "take", "air", "assault"} or (trigger.frame == "kill" and not trigger.pattern.startswith("bodies"))


def _is_for_a_cause(scene: Scene, head: int) -> bool:
    """ "Fought for our freedom", "fighting for his life": not for a place nor for control of one."""
    parse = scene.parse
    if not parse.words[head].startswith(("fight", "fought", "battl")):
        return False
    if head + 1 < len(parse.words) and scene.classes.get(head + 1, frozenset()) & {"health", "nature"}:
        return True  # "medics battle Ebola", whatever the parser makes of a headline
    if not is_verb(parse, head):
        return False
    opposed = any(parse.words[c] in {"against", "with"} or parse.deps[c] == "dobj" for c in parse.children[head])
    causes = [o for c in parse.children[head] if parse.words[c] == "for" for o in parse.children[c] if parse.deps[o] == "pobj"]
    return bool(causes) and not opposed and not any(_is_prize(scene, cause) for cause in causes)


def _is_prize(scene: Scene, token: int) -> bool:
    """Whether it is what armies fight for: a place, control of one; or how long they did."""
    timed = any(d.start <= scene.parse.starts[token] < d.end for d in scene.dates)
    return (
        timed
        or scene.parse.words[token] in wordlist("prize")
        or bool(scene.classes.get(token, frozenset()) & _PLACED)
        or any(not p.demonym for p in scene.places_in(frozenset({token})))
    )


def _is_weapon_at_rest(scene: Scene, trigger: Trigger, head: int) -> bool:
    """ "New missiles arrive", "artillery prototypes": a weapon's bare name tells of its use with a verb of that, or with no verb."""
    parse = scene.parse
    if trigger.pattern == "chlorine|sarin":
        return parse.deps[head] == "nsubj" and parse.words[parse.heads[head]] not in wordlist("volley")
    if trigger.frame in {"air", "bomb"} and trigger.weight == 1 and "~" not in trigger.pattern:
        return parse.deps[head] != "nsubj" or parse.words[parse.heads[head]] not in wordlist("volley")
    if (
        trigger.frame != "shell"
        or is_verb(parse, head)
        or is_hidden_verb(scene, head)
        or (trigger.weight > 1 and trigger.pattern != "~shell")
    ):
        return False
    if parse.deps[head] in {"compound", "amod", "poss", "nmod"}:
        noun = parse.heads[head]
        return parse.words[noun] not in wordlist("deed") and not scene.classes.get(noun, frozenset()) & WEAPONS
    verb = next((t for t in ancestors(parse, head) if is_verb(parse, t)), None)
    return verb is not None and parse.words[verb] not in wordlist("volley") | wordlist("light")
