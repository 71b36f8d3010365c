"""A flow of plausible mentions, drawn from a seed: places and days of fighting, outlets, wires and copies, denials, background."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from streams.records import Mention, Place, Signature
from tests.streams.saying import FAMILIES, NOON, on, said

OUTLETS = 150
KINDS = tuple(FAMILIES)
PLACE_KINDS = ("air_base", "town", "town", "village", "city", "district")
STATUSES = ("asserted",) * 10 + ("claimed",) * 7 + ("denied", "historical", "follow_up")
DEAD = (None, None, None, (3, 3), (5, 5), (23, None), (None, 40), (12, 15))
MINHASH = 126 * 4
COPY_KEEPS = 0.8
"""Share of a wire's minhash that a copy of it still has."""


@dataclass(frozen=True)
class Flow:
    """What a world is like.

    Attributes:
        mentions: How many come.
        places: At how many places, in turn.
        keys: In how many first-level divisions.
        hours: From the first to the last.
        copied: Share of the articles that carry a wire's text.
        revised: Share of the mentions that come again, changed, soon after.
    """

    mentions: int
    places: int
    keys: int = 1
    hours: float = 30.0
    copied: float = 0.25
    revised: float = 0.03
    seed: int = 7

    def __iter__(self) -> Iterator[Mention]:
        """The mentions in order of arrival."""
        draw = random.Random(self.seed)
        places = [_place(i, f"SY.{i % self.keys:02}", draw) for i in range(self.places)]
        wires: dict[tuple[str, int], bytes] = {}
        for i in range(self.mentions):
            place, hours = places[i % self.places], self.hours * i / self.mentions
            mention = _mention(i, place, hours, draw, self._signature(place, hours, draw, wires))
            yield mention
            if draw.random() < self.revised:
                yield _revision(mention, draw)

    def _signature(self, place: Place, hours: float, draw: random.Random, wires: dict[tuple[str, int], bytes]) -> Signature:
        if draw.random() >= self.copied:
            return Signature(minhash=draw.randbytes(MINHASH), shingles=draw.randint(30, 400), title=f"title-{draw.random()}")
        wire = wires.setdefault((place.id, int(hours // 6)), draw.randbytes(MINHASH))
        kept = int(MINHASH * COPY_KEEPS) // 4 * 4
        return Signature(minhash=wire[:kept] + draw.randbytes(MINHASH - kept), shingles=draw.randint(180, 220), title="the wire's")


def _place(i: int, key: str, draw: random.Random) -> Place:
    return Place(
        id=f"gn:{i}", name=f"Place {i}", kind=PLACE_KINDS[i % len(PLACE_KINDS)], lat=34 + draw.random(), lon=37 + draw.random(),
        radius_km=3.0, country="SY", admin1="Homs", admin1_code=key,
    )  # fmt: skip


def _mention(i: int, place: Place, hours: float, draw: random.Random, signature: Signature) -> Mention:
    fetched, who = NOON + timedelta(hours=hours), f"outlet{draw.randrange(OUTLETS)}"
    day = draw.choice((None, fetched, fetched, fetched, fetched - timedelta(days=1)))
    rest: dict[str, Any] = {
        "article": f"article-{i}",
        "occurred": None if day is None else on(day),
        "status": draw.choice(STATUSES),
        "outcome": draw.choice((None, None, None, "repelled", "partly_captured")),
        "killed": draw.choice(DEAD),
        "published": fetched - timedelta(minutes=draw.choice((1, 2, 5, 20, 90))),
        "weapons": draw.choice(((), ("mortars",), ("rockets", "mortars"))),
        "quote": f"Rebels attacked {place.name}, {who} reports in its piece number {i}, with mortars behind them.",
        "signature": signature,
        "url": f"https://{who}.example/{i}",
    }
    return said(who, at=hours, place=place, kind=draw.choice(KINDS[: 5 if place.kind == "air_base" else 2]), **rest)


def _revision(mention: Mention, draw: random.Random) -> Mention:
    changes = {"fetched": mention.fetched + timedelta(seconds=1), "killed": draw.choice(DEAD), "status": draw.choice(STATUSES)}
    return Mention(**{**{name: getattr(mention, name) for name in mention.__struct_fields__}, **changes})
