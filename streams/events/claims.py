"""What sources say of one occurrence, side by side: mentions in, claims and disputes out. Nothing is averaged."""

from collections.abc import Iterator, Sequence

from streams.records import Claim, Mention, Question, Range

NEGATIVE = frozenset({"denied", "negated"})
TAKEN = {"government_regains_territory": "taken by the government", "non_state_actor_overtakes_territory": "taken"}
CONTROL = {"repelled": "attack repelled", "captured": "taken", "partly_captured": "parts taken", "failed": "attack failed"}
OPPOSED = (
    frozenset({"attack repelled", "attack failed", "not taken"}),
    frozenset({"taken", "parts taken", "taken by the government"}),
)
"""Answers on control that cannot both be true when they come from different sides of this pair."""


def claims_of(mentions: Sequence[Mention]) -> tuple[Claim, ...]:
    """Gather every answer that *mentions* (in order of report) give, each once, with all who give it and the first quote."""
    said: dict[tuple[Question, str], list[Mention]] = {}
    for mention in mentions:
        for question, answer in answers(mention):
            said.setdefault((question, answer), []).append(mention)
    return tuple(
        Claim(question=q, answer=a, by=tuple(dict.fromkeys(speaker(m) for m in who)), quote=who[0].evidence.quote, article=who[0].article)
        for (q, a), who in sorted(said.items(), key=lambda item: (QUESTIONS.index(item[0][0]), item[0][1]))
    )


QUESTIONS: tuple[Question, ...] = ("happened", "control", "killed", "injured", "losses", "attacker")


def answers(mention: Mention) -> Iterator[tuple[Question, str]]:
    """What one mention answers."""
    denied = mention.status in NEGATIVE
    if mention.type in TAKEN:
        yield "control", "not taken" if denied else TAKEN[mention.type]
    yield "happened", "no" if denied and mention.type not in TAKEN else "yes"
    if denied:
        return
    if mention.outcome in CONTROL and mention.type not in TAKEN:
        yield "control", CONTROL[mention.outcome]
    if mention.killed:
        yield "killed", count(mention.killed)
    if mention.injured:
        yield "injured", count(mention.injured)
    if mention.losses:
        yield "losses", mention.losses
    for actor in mention.actors:
        if actor.role == "attacker":
            yield "attacker", actor.name


def speaker(mention: Mention) -> str:
    """Whose word it is: the source that the outlet cites with the outlet, else the outlet."""
    outlet = mention.outlet or mention.owner
    return f"{mention.source} (in {outlet})" if mention.source and mention.source.lower() != outlet.lower() else outlet


def count(killed: Range) -> str:
    """A range of people as an answer: ``3``, ``12-15``, ``at least 23``, ``up to 40``."""
    low, high = killed
    if low is not None and low == high:
        return str(low)
    if low is not None and high is not None:
        return f"{low}-{high}"
    return f"at least {low}" if low is not None else f"up to {high}" if high is not None else "some"


def disputed(mentions: Sequence[Mention]) -> bool:
    """Say whether owners contradict each other: on whether it happened, who holds the place, or how many died."""
    happened, control = _by_owner(mentions, "happened"), _by_owner(mentions, "control")
    return _opposed(happened, (frozenset({"yes"}), frozenset({"no"}))) or _opposed(control, OPPOSED) or _counts_exclude_each_other(mentions)


def _by_owner(mentions: Sequence[Mention], question: Question) -> dict[str, set[str]]:
    given: dict[str, set[str]] = {}
    for m in mentions:
        for q, answer in answers(m):
            if q == question:
                given.setdefault(answer, set()).add(_voice(m))
    return given


def _voice(mention: Mention) -> str:
    """Whoever is heard: two parties that one outlet cites can contradict each other."""
    return f"{mention.owner}/{mention.source or ''}".lower()


def _opposed(given: dict[str, set[str]], sides: tuple[frozenset[str], frozenset[str]]) -> bool:
    left, right = (set().union(*(given.get(answer, set()) for answer in side)) for side in sides)
    return any(a != b for a in left for b in right)


def _counts_exclude_each_other(mentions: Sequence[Mention]) -> bool:
    counts = [(m.killed, _voice(m)) for m in mentions if m.killed and m.status not in NEGATIVE]
    return any(a != b and x[1] is not None and (y[0] or 0) > x[1] for x, a in counts for y, b in counts)


def hull(ranges: Sequence[Range | None]) -> Range | None:
    """The range that holds every stated one; None if nobody stated any."""
    stated = [r for r in ranges if r is not None]
    if not stated:
        return None
    lows, highs = [low for low, _ in stated], [high for _, high in stated]
    known_lows, known_highs = [x for x in lows if x is not None], [x for x in highs if x is not None]
    return (min(known_lows) if known_lows else None, max(known_highs) if len(known_highs) == len(highs) else None)
