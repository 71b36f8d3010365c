"""What sources say of one occurrence, side by side: mentions in, claims and disputes out. Nothing is averaged."""

from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from streams.events.clusters import Order
from streams.records import Claim, Mention, Question, Range

NEGATIVE = frozenset({"denied", "negated"})
TAKEN = {"government_regains_territory": "taken by the government", "non_state_actor_overtakes_territory": "taken"}
CONTROL = {"repelled": "attack repelled", "captured": "taken", "partly_captured": "parts taken", "failed": "attack failed"}
OPPOSED = {
    ("happened", "yes"): (0, 0), ("happened", "no"): (0, 1),
    ("control", "attack repelled"): (1, 0), ("control", "attack failed"): (1, 0), ("control", "not taken"): (1, 0),
    ("control", "taken"): (1, 1), ("control", "parts taken"): (1, 1), ("control", "taken by the government"): (1, 1),
}  # fmt: skip
"""Answers that cannot both be true when they come from different sides: by answer, which dispute it is of, and on which side."""
QUESTIONS: tuple[Question, ...] = ("happened", "control", "killed", "injured", "losses", "attacker")


class Answers:
    """Every answer that mentions give, each once, with all who give it; and whether they exclude each other."""

    def __init__(self) -> None:
        self._given: dict[tuple[Question, str], _Given] = {}
        self._ordered: list[tuple[int, str, _Given]] = []
        self._sides: tuple[tuple[set[str], set[str]], ...] = ((set(), set()), (set(), set()))
        self._counts: dict[Range, set[str]] = {}
        """By stated number of dead: the voices."""
        self._counts_exclude = False

    def add(self, mention: Mention, order: Order) -> None:
        """Hear *mention*."""
        voice = _voice(mention)
        for given in answers(mention):
            if given in self._given:
                self._given[given].add(mention, order)
            else:
                self._given[given] = _Given(*given, mention, order)
                insort(self._ordered, (QUESTIONS.index(given[0]), given[1], self._given[given]))
            if given in OPPOSED:
                dispute, side = OPPOSED[given]
                self._sides[dispute][side].add(voice)
        if mention.killed and mention.status not in NEGATIVE:
            self._count(mention.killed, voice)

    def _count(self, killed: Range, voice: str) -> None:
        voices = self._counts.setdefault(killed, set())
        if voice not in voices:
            voices.add(voice)
            self._counts_exclude = self._counts_exclude or any(
                _exclude(killed, other) and not (their <= {voice}) for other, their in self._counts.items()
            )

    def claims(self) -> tuple[Claim, ...]:
        """The answers, each with everybody who gives it in order of report, and the first quote."""
        return tuple(given.claim() for _, _, given in self._ordered)

    def disputed(self) -> bool:
        """Say whether owners contradict each other: on whether it happened, who holds the place, or how many died."""
        return self._counts_exclude or any(
            left and right and (len(left) > 1 or len(right) > 1 or left != right) for left, right in self._sides
        )


class _Given:
    """One answer, and who gives it."""

    def __init__(self, question: Question, answer: str, mention: Mention, order: Order) -> None:
        who = speaker(mention)
        self._question, self._answer = question, answer
        self._first = order, mention
        self._since = {who: order}
        self._by = [(order, who)]
        self._claim: Claim | None = None

    def add(self, mention: Mention, order: Order) -> None:
        who = speaker(mention)
        since = self._since.get(who)
        if since is None or order < since:
            if since is not None:
                del self._by[bisect_left(self._by, (since, who))]
            self._since[who] = order
            insort(self._by, (order, who))
            self._claim = None
        if order < self._first[0]:
            self._first = order, mention

    def claim(self) -> Claim:
        if self._claim is None:
            m = self._first[1]
            self._claim = Claim(
                question=self._question, answer=self._answer, by=tuple([who for _, who in self._by]),
                quote=m.evidence.quote, article=m.article,
            )  # fmt: skip
        return self._claim


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
        if actor.role == "attacker" and actor.id != UNNAMED:
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


def _voice(mention: Mention) -> str:
    """Whoever is heard: two parties that one outlet cites can contradict each other."""
    return f"{mention.owner}/{mention.source or ''}".lower()


def _exclude(one: Range, other: Range) -> bool:
    """Say whether two numbers of dead cannot both be true: the lowest of one is above the highest of the other."""
    return (one[1] is not None and (other[0] or 0) > one[1]) or (other[1] is not None and (one[0] or 0) > other[1])


class Tolls:
    """Counts of people, as each voice gave them last; what a later and higher count has overtaken is left out."""

    def __init__(self) -> None:
        self._said: dict[str, tuple[datetime, Order, Range]] = {}

    def add(self, mention: Mention, count: Range | None, order: Order) -> None:
        """Hear a count; of one voice the last one stands."""
        voice, said = _voice(mention), self._said
        if count is not None and (voice not in said or said[voice][:2] < (mention.published, order)):
            said[voice] = (mention.published, order, count)

    def range(self) -> Range | None:
        """What the counts that stand allow: the dead of a blast rise from hour to hour, and two at one time contradict each other."""
        given = sorted(self._said.values(), reverse=True)
        standing, later, highest = list[Range](), 0, -1
        for at, _, count in given:
            while given[later][0] >= at + RISING:
                highest = max(highest, given[later][2][0] or 0)
                later += 1
            if (count[0] or 0) > highest:
                standing.append(count)
        return hull(standing)


RISING = timedelta(minutes=30)
"""A higher count so long after another is news of more dead, not another opinion."""
UNNAMED = "unidentified_armed_group"
"""The actor that gunmen and militants are whom nobody names: beside a name it is no other answer."""


def hull(ranges: Sequence[Range | None]) -> Range | None:
    """The range that holds every stated one; None if nobody stated any."""
    stated = [r for r in ranges if r is not None]
    if not stated:
        return None
    lows, highs = [low for low, _ in stated], [high for _, high in stated]
    known_lows, known_highs = [x for x in lows if x is not None], [x for x in highs if x is not None]
    return (min(known_lows) if known_lows else None, max(known_highs) if len(known_highs) == len(highs) else None)
