"""What rules cost: many of them over many events, on one core, and a back-test over what was detected long ago."""

import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from alerts.desk import STAGES
from alerts.judge import JUDGE
from alerts.records import Circle, Fence, Rule, RulesInForce, Threshold, What, Where
from alerts.routes import ROUTE
from alerts.rules.load import load_rules
from alerts.select import SELECT
from streams.records import EPOCH, FAMILIES, KINETIC, Event, Evidence, Occurred, Place, digest
from streams.runtime.replay import Replay

Figure = tuple[str, str, str, str]
START = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)
KINDS = ("air_base", "naval_base", "base", "port", "plant", "dam", "city", "town", "village", "district", "region", "sea")
COUNTRIES = tuple(a + b for a in "ABCDEFGH" for b in "KLMNOPQRST")
"""Eighty made-up countries."""
RULES, EVENTS = 1_000, 5_000
SHIPPED = Path(__file__).parents[1] / "deploy" / "rules"
A_YEAR, YEARS = 6_000, 4
"""Events a year, and for how many years."""


def rules(count: int, chance: random.Random) -> tuple[Rule, ...]:
    """Rules as a large watch floor has them: each looks at a kind of place in a few countries, or at a type anywhere."""
    made = []
    for i in range(count):
        narrow = i % 50 != 0
        where = Where(place_kind=(chance.choice(KINDS),), country=tuple(chance.sample(COUNTRIES, 3)) if narrow else ())
        what = What(type=tuple(chance.sample(sorted(KINETIC), 3)), category=("kinetic",))
        made.append(
            Rule(
                id=f"rule-{i}", title=f"Rule {i}", severity="routine", where=where, what=what, threshold=Threshold(owners=1 + i % 2),
                novelty=timedelta(days=30) if i % 3 == 0 else None, cooldown=timedelta(hours=1),
            )
        )  # fmt: skip
    return tuple(made)


def areas(count: int, chance: random.Random) -> tuple[Rule, ...]:
    """Rules that each look at a circle or a fence of a few hundred kilometres."""
    made = []
    for i in range(count):
        south, west = chance.uniform(-60, 70), chance.uniform(-175, 170)
        ring = ((west, south), (west + 2, south), (west + 2, south + 2), (west, south + 2))
        circle, fence = Circle(lat=south, lon=west, km=100), Fence(name=f"area {i}", polygons=((ring,),), reach_km=150)
        where = Where(near=(circle,)) if i % 2 else Where(fence=(fence,))
        made.append(Rule(id=f"area-{i}", title=f"Area {i}", severity="routine", where=where))
    return tuple(made)


def events(count: int, chance: random.Random, *, spacing: timedelta) -> list[Event]:
    """Events at a thousand places, one after the other."""
    places = [
        Place(
            id=f"p{i}", name=f"Place {i}", kind=chance.choice(KINDS), lat=chance.uniform(-60, 70), lon=chance.uniform(-180, 180),
            radius_km=3, country=chance.choice(COUNTRIES),
        )
        for i in range(1_000)
    ]  # fmt: skip
    made = []
    for i in range(count):
        at, kind = START + i * spacing, chance.choice(sorted(KINETIC))
        said = Evidence(article=f"a{i}", outlet="Wire", published=at, quote="It was reported.", owner="wire")
        made.append(
            Event(
                id=digest("bench", str(i)), revision=1, at=at, key=f"K{i % 200}", type=kind, category="kinetic", family=FAMILIES[kind],  # type: ignore[index]
                place=chance.choice(places), occurred=Occurred(start=at, end=at + timedelta(hours=1), precision="hour"), first_reported=at,
                last_reported=at, owners=1 + i % 3, articles=1 + i % 3, evidence=(said,), confidence=0.9,
            )
        )  # fmt: skip
    return made


def figures() -> Iterator[Figure]:
    """A thousand rules beside one; and a back-test of all stages from events on."""
    chance = random.Random(7)
    many, news = rules(RULES, chance), events(EVENTS, chance, spacing=timedelta(seconds=30))
    spent, matches = cost(many, news)
    alone, _ = cost(many[:1], news)
    yield (
        f"an event under {RULES:,} rules, {matches / EVENTS:.1f} of which it concerns: select and judge",
        f"{spent / EVENTS * 1000:.2f} ms, so 1,000 a second take {spent / EVENTS * 100_000:.0f} % of a core",
        f"under one rule: {alone / EVENTS * 1000:.3f} ms",
        f"{spent / alone:.0f}",
    )
    spent, matches = cost(areas(RULES, chance), news)
    yield (
        f"the same under {RULES:,} rules of a circle or a fence, {matches / EVENTS:.2f} of which it concerns",
        f"{spent / EVENTS * 1000:.3f} ms",
        f"under one rule: {alone / EVENTS * 1000:.3f} ms",
        f"{spent / alone:.1f}",
    )
    began = time.process_time()
    made = Replay(STAGES)
    made.control(RulesInForce(at=EPOCH, rules=many[:15]))
    for event in news:
        made.until(event.at)
        made.put(made.stages[0].input, event)
    yield f"back-test of {EVENTS:,} events under 15 rules", f"{time.process_time() - began:.1f} s", "", ""
    yield memory()


def memory() -> Figure:
    """What select, judge and route remember of years of events under the shipped rules, in bytes as they are stored."""
    made = Replay((SELECT, JUDGE, ROUTE))
    made.control(RulesInForce(at=EPOCH, rules=load_rules(SHIPPED)))
    sizes = []
    news = events(A_YEAR * YEARS, random.Random(7), spacing=timedelta(days=365) / A_YEAR)
    for number, event in enumerate(news, start=1):
        made.until(event.at)
        made.put(SELECT.input, event)
        if number % (A_YEAR * YEARS // 2) == 0:
            sizes.append(sum(len(msgspec.json.encode(s)) for stage in made.stages for s in made.remembered(stage.name)))
    half, whole = sizes
    return (
        f"memory of {A_YEAR:,} events a year, after {YEARS} years",
        f"{whole / 1e6:.1f} MB; of a million a year {whole / A_YEAR / 1e3:.1f} GB",
        f"after {YEARS // 2} years: {half / 1e6:.1f} MB",
        f"{whole / half:.2f}",
    )


def cost(under: tuple[Rule, ...], news: list[Event]) -> tuple[float, int]:
    """Seconds of processor time of select and judge, and how many matches there were."""
    made = Replay((SELECT, JUDGE))
    made.control(RulesInForce(at=EPOCH, rules=under))
    began = time.process_time()
    for event in news:
        made.put(SELECT.input, event)
    return time.process_time() - began, sum(type(r).__name__ == "Match" for r in made.logs["matches"])
