"""Who took part in a telling, under one id each, with the role the grammar gives them."""

from streams.detection.arguments import Arguments, ancestors, is_verb
from streams.detection.lexicon import wordlist
from streams.detection.scene import ARMED, NamedActor, Scene
from streams.records import Actor, ActorType, Role

GENERIC: tuple[tuple[str, str, str, ActorType], ...] = (
    ("nonstate", "unidentified_armed_group", "unidentified armed group", "non_state"),
    ("state_force", "government_forces", "government forces", "state"),
    ("civilian", "civilians", "civilians", "civilian"),
)
"""Word class, id, name and type of those whom the text does not name."""


def read(scene: Scene, arguments: Arguments, *, turned: bool = False) -> tuple[Actor, ...]:
    """The actors of one telling: attackers, targets, then those whose role the sentence leaves open.

    Args:
        turned: Whoever acts by the grammar is the one attacked: who repels an assault, a truck that hits a mine.
    """
    does, suffers = arguments.who, arguments.whom | arguments.means
    if turned:
        does, suffers = suffers, does - suffers
    attackers = _of(scene, does, "attacker")
    targets = [a for a in _of(scene, suffers, "target") if a.id not in {b.id for b in attackers}]
    known = {a.id for a in (*attackers, *targets)}
    others = [_actor(a, "unknown") for a in scene.actors if a.armed and a.actor.id not in known]
    return unique((*attackers, *targets, *others))


def unique(actors: tuple[Actor, ...]) -> tuple[Actor, ...]:
    """One of each id: a known role stands before an unknown one, and the first before the others."""
    found: dict[str, Actor] = {}
    for actor in actors:
        if actor.id not in found or (found[actor.id].role == "unknown" and actor.role != "unknown"):
            found[actor.id] = actor
    return tuple(found.values())


def side(scene: Scene, tokens: frozenset[int]) -> str | None:
    """Whose side a phrase is on: ``state``, ``non_state``, ``civilian``; None if it says nothing.

    A name says more than a noun: "Hezbollah fighters", "Syrian rebels".
    """
    classes, named = scene.classes_of(tokens), scene.actors_in(tokens)
    for actor in named:
        if actor.armed:
            return actor.actor.type
    first = next((c for t in sorted(tokens) if (c := scene.classes.get(t, frozenset()) & ARMED)), frozenset())
    if "nonstate" in first:
        return "non_state"
    if first or "state_force" in classes or (named and not classes & {"civilian", "civil_site"}):
        return "state"
    if named and "force" in classes:
        return "state"
    return "civilian" if "civilian" in classes else "state" if "police" in classes else None


def _of(scene: Scene, tokens: frozenset[int], role: Role) -> list[Actor]:
    named = scene.actors_in(tokens)
    classes = scene.classes_of(tokens)
    strong = [a for a in named if a.armed]
    acting = [a for a in named if a.adjective or not _only_located(scene, a)]
    found = [_actor(a, role) for a in strong or acting if strong or role == "attacker" or classes & ARMED]
    if found and not ("nonstate" in classes and not strong):
        return found
    for name, actor, label, kind in GENERIC:
        if name in classes and not strong and (name != "civilian" or role == "target"):
            words = next((scene.parse.words[t] for t in sorted(tokens) if _is_somebody(scene, t, name, role)), None)
            if words is None:
                continue
            return [Actor(id=actor, name=label, role=role, type=kind, named=words)]
    return found


def _is_somebody(scene: Scene, token: int, name: str, role: Role) -> bool:
    """Whether a token speaks of people of a class; warplanes attack, but those that are destroyed are nobody."""
    classes = scene.classes.get(token, frozenset())
    return name in classes and (role == "attacker" or classes.isdisjoint({"aircraft", "w_air", "ship", "hardware"}))


def _only_located(scene: Scene, named: NamedActor) -> bool:
    """ "A strike on a suburb of Beirut": the state's capital is where it was, and not who did it."""
    parse, token = scene.parse, next(iter(scene.tokens(named.start, named.end)), None)
    for above in ancestors(parse, token) if token is not None else ():
        if parse.deps[above] == "prep":
            return parse.words[above] in wordlist("locative")
        if is_verb(parse, above):
            return False
    return False


def _actor(named: NamedActor, role: Role) -> Actor:
    return Actor(id=named.actor.id, name=named.actor.name, role=role, type=named.actor.type, named=named.words)  # type: ignore[arg-type]
