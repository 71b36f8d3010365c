"""What an occurrence is, from its mentions: type, place, time, people, claims, evidence. A function of the set, counted on with each."""

from collections import OrderedDict
from datetime import datetime
from typing import Any, TypeVar, get_args

from streams.events.claims import UNNAMED, Answers, Tolls
from streams.events.clusters import Group, Order, report_order
from streams.events.independence import Sources
from streams.events.passages import Passages
from streams.records import Actor, EventType, KineticType, Mention, Occurred, Place, StrategicType

PRECEDENCE: tuple[EventType, ...] = (
    "chemical_weapon", "non_state_actor_overtakes_territory", "government_regains_territory",
    "aircraft_shot_down", "suicide_bomb", "armed_clash", "siege", "air_drone_strike", "shelling_artillery_missile_attack", "naval_attack",
    "remote_explosive_ied", "grenade", "abduction_forced_disappearance", "attack", "non_violent_transfer_of_territory", "withdrawal",
)  # fmt: skip
"""Of types with enough support the first names the event: a place that changed hands outranks the fighting, then the weapon."""
RANK = {t: i for i, t in enumerate((*PRECEDENCE, *(t for t in (*get_args(KineticType), *get_args(StrategicType)) if t not in PRECEDENCE)))}
SURE = 0.99
"""No number of reports makes a machine surer than this."""
COUNTED = 10_000
"""Mentions whose counts are kept, in all: some 50 MB at most. Counts used longest ago go first, and are made again when wanted."""


class Account:
    """What the mentions of one occurrence come to. They may be added in any order; the first of what ties is the first reported."""

    def __init__(self, sources: Sources | None = None) -> None:
        self._support: dict[EventType, set[str]] = {}
        self._leading: dict[EventType, tuple[Order, Mention]] = {}
        self._place: tuple[tuple[int, float, str, str, bool, Order], Place] | None = None
        self._time: tuple[Any, Occurred] | None = None
        self._losses: tuple[Order, str] | None = None
        self._reported: tuple[datetime, datetime] | None = None
        self._cast: dict[tuple[str, str], tuple[tuple[Order, int], Actor]] = {}
        self._weapons: dict[str, tuple[Order, int]] = {}
        self._killed = Tolls()
        self._injured = Tolls()
        self._articles: set[str] = set()
        self._sources = sources or Sources()
        self._answers = Answers()
        self._evidence = Passages()
        self._background = Passages()

    def add(self, m: Mention, order: Order) -> None:
        """Count a mention in that says so, or denies it."""
        self._hear(m, order)
        if m.current:
            self._sources.add(m, order)

    def recounted(self, group: Group) -> "Account":
        """The account of *group*, which has most of what was counted here, in place of this account."""
        account = Account(self._sources)
        account._sources.recount([(report_order(m), m) for m in group.current.values()])
        for m in (*group.current.values(), *group.denials.values()):
            account._hear(m, report_order(m))
        for m in group.background.values():
            account.lay_beside(m, report_order(m))
        return account

    def _hear(self, m: Mention, order: Order) -> None:
        self._answers.add(m, order)
        self._evidence.add(m, order)
        if m.current:
            self._add_current(m, order)

    def lay_beside(self, m: Mention, order: Order) -> None:
        """Keep a mention of the place that is not counted."""
        self._background.add(m, order)

    def _add_current(self, m: Mention, order: Order) -> None:
        self._support.setdefault(m.type, set()).add(m.owner)
        self._leading[m.type] = _least(self._leading.get(m.type), (order, m))
        if m.place is not None:
            p = m.place
            self._place = _least(self._place, ((exactness(p.precision), p.radius_km, p.name, p.id, p.kind != "air_base", order), p))
        if m.occurred is not None:
            self._time = _least(self._time, ((m.occurred.end - m.occurred.start, order), m.occurred))
        if m.losses:
            self._losses = _least(self._losses, (order, m.losses))
        first, last = self._reported or (m.published, m.published)
        self._reported = min(first, m.published), max(last, m.published)
        for i, actor in enumerate(m.actors):
            seat = actor.id, actor.role
            self._cast[seat] = _least(self._cast.get(seat), ((order, i), actor))
        for i, weapon in enumerate(m.weapons):
            self._weapons[weapon] = min(self._weapons.get(weapon, (order, i)), (order, i))
        self._killed.add(m, m.killed, order)
        self._injured.add(m, m.injured, order)
        self._articles.add(m.article)

    def fields(self) -> dict[str, Any]:
        """The fields of the event; at least one current mention must have been added."""
        kind = self._type()
        leading = self._leading[kind][1]
        first, last = self._reported or (leading.published, leading.published)
        return {
            "type": kind,
            "category": leading.category,
            "family": leading.family,
            "place": self._place[1] if self._place else leading.place,
            "occurred": self._time[1] if self._time else None,
            "first_reported": first,
            "last_reported": last,
            "actors": self._actors(),
            "weapons": tuple(sorted(self._weapons, key=self._weapons.__getitem__)),
            "killed": self._killed.range(),
            "injured": self._injured.range(),
            "losses": self._losses[1] if self._losses else None,
            "disputed": self._answers.disputed(),
            "articles": len(self._articles),
            "owners": self._sources.count(),
            "supporters": min(self._sources.count(), len(self._support[kind])),
            "claims": self._answers.claims(),
            "evidence": self._evidence.chosen(),
            "background": self._background.chosen(),
            "confidence": confidence(self._sources),
            "sample": leading.sample,
        }

    def _type(self) -> EventType:
        """The type with the highest precedence among those that have at least half the support of the best supported."""
        most = max(len(who) for who in self._support.values())
        return min((t for t, who in self._support.items() if 2 * len(who) >= most), key=RANK.__getitem__)

    def _actors(self) -> tuple[Actor, ...]:
        """Who took part, attackers first; somebody with a role is not listed again without."""
        with_role = {i for i, role in self._cast if role != "unknown"}
        order = {"attacker": 0, "target": 1, "unknown": 2}
        named = any(role == "attacker" and i != UNNAMED for i, role in self._cast)
        seen = [
            (order[role], where, a)
            for (i, role), (where, a) in self._cast.items()
            if (role != "unknown" or i not in with_role) and not (named and role == "attacker" and i == UNNAMED)
        ]
        return tuple(a for _, _, a in sorted(seen, key=lambda seat: seat[:2]))


K = TypeVar("K", bound=tuple[Any, Any])


def _least(known: K | None, other: K) -> K:
    """Of two pairs the one with the lesser key, which are never equal."""
    return other if known is None or other[0] < known[0] else known


def exactness(precision: str) -> int:
    """0 for the most exact."""
    return ("exact", "near", "admin2", "admin1", "country").index(precision)


def confidence(sources: Sources) -> float:
    """Probability that it happened: one minus that all independent sources are wrong at once."""
    wrong = 1.0
    for sure in sources.confidences():
        wrong *= 1 - sure
        if 1 - wrong >= SURE:
            return SURE
    return round(1 - wrong, 4)


class Accounts:
    """The accounts of groups, as far as they are worth keeping."""

    def __init__(self, most: int = COUNTED) -> None:
        self._most = most
        self._sizes: OrderedDict[Group, int] = OrderedDict()
        self._total = 0

    def of(self, group: Group) -> Account:
        """What *group* comes to."""
        account: Account = group.account or Account().recounted(group)
        group.account = account
        size = len(group.current) + len(group.denials) + len(group.background)
        self._total += size - self._sizes.pop(group, 0)
        self._sizes[group] = size
        while self._total > self._most and len(self._sizes) > 1:
            old, its = self._sizes.popitem(last=False)
            old.account = None
            self._total -= its
        return account
