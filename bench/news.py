"""News of our own making: feed items, one in ten of them about a military event, and a newspaper's articles, of peace and of war."""

import random
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from streams.records import Article
from tests.real.world import DEEDS, PLACES

TOPICS = (
    "The council of {town} has approved a plan to widen the road along the river, after two years of talks with those who live there.",
    "Shares of the maker of pumps rose by {n} percent in early trading, as orders from abroad were higher than in any spring before.",
    "The team of {town} won its match by {n} goals, and its coach said that the young defence had kept its nerve until the end.",
    "Rain is forecast for the north on {day}, with winds from the west and about {n} degrees in the afternoon.",
    "A new hall for concerts opens in {town} on {day}; its {n} seats were sold within an hour, its director said.",
    "Doctors advise people over {n} to be vaccinated before the winter, and most surgeries in {town} offer it without an appointment.",
    "The university of {town} found that bees of three kinds return to fields where hedges are left uncut for {n} weeks.",
    "Prices of bread and milk have risen by {n} percent since last year, the office of statistics said on {day}.",
)
MORE = (
    "People in the street welcomed the news, though some of them asked who is to pay for it.",
    "A spokeswoman said that the details would be made known in the course of the next month.",
    "Experts had expected a smaller change, and called the outcome a surprise for the whole branch.",
    "It is the third time in ten years that this was tried, and the first time that everybody agreed.",
)
TOWNS = ("Linz", "Porto", "Leeds", "Ghent", "Lyon", "Turku", "Bergen", "Siena")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
WAR = 0.1
"""Share of the items that tell of a military event."""
LENGTH = 300
"""Words of a newspaper's article; a desk that has less to say is a little shorter."""
OWN = 4
"""Sentences that a desk's article has of its own: as general news has it, one in five or six then has a word such as "fire" or "strike"."""
_NEWSPAPER = Path(__file__).with_name("newspaper.txt")
_SECOND = ("town", "country", "person", "front", "club")
"""Names of which an article may have two or three."""


def articles(count: int, *, start: int = 0, every: timedelta = timedelta(seconds=0.5)) -> Iterator[Article]:
    """*count* feed items, numbered from *start*, fetched one *every* so often, the first number an hour ago or as long as they take."""
    draw = random.Random(start)
    for i in range(start, start + count):
        told = DEEDS if draw.random() < WAR else TOPICS
        words = {"town": draw.choice(TOWNS), "place": draw.choice(PLACES), "n": draw.randint(2, 90), "day": draw.choice(DAYS)}
        text = " ".join([draw.choice(told).format(**words), *draw.sample(MORE, 3)])
        yield _article(f"ordinary-{i}", text, every * i)


def newspaper(count: int, *, war: float = WAR, seed: int = 1) -> Iterator[Article]:
    """*count* articles of about `LENGTH` words as a general newspaper has them; *war* is the share of those about one."""
    draw = random.Random(seed)
    desks = [name for name in _paper() if name not in {"names", "war", "plain"}]
    for i in range(count):
        desk = "war" if draw.random() < war else draw.choice(desks)
        yield _article(f"{desk}-{i}", _report(desk, draw), timedelta(seconds=i))


def _report(desk: str, draw: random.Random) -> str:
    """A desk's report of an article's length, a paragraph for three sentences: of war all through, else with much else."""
    own, plain = _paper()[desk], _paper()["plain"]
    lines = draw.sample(own, len(own)) if desk == "war" else [*draw.sample(own, OWN), *draw.sample(plain, len(plain))]
    cast, said, words = _cast(draw), list[str](), 0
    while words < LENGTH and lines:
        said.append(lines.pop(0).format(**cast))
        words += len(said[-1].split())
    if desk != "war":
        draw.shuffle(said)
    return "\n\n".join(" ".join(said[i : i + 3]) for i in range(0, len(said), 3))


def _cast(draw: random.Random) -> Mapping[str, str]:
    """A name for each brace."""
    listed = {kind: names.split(", ") for kind, names in (line.split(": ", 1) for line in _paper()["names"])}
    listed["person"] = [f"{first} {last}" for first in listed["first"] for last in listed["last"]]
    cast = {kind: draw.choice(names) for kind, names in listed.items()} | {"n": str(draw.randint(2, 90))}
    for kind in _SECOND:
        cast |= dict(zip((kind, f"{kind}2", f"{kind}3"), draw.sample(listed[kind], 3), strict=True))
    return cast


@cache
def _paper() -> Mapping[str, list[str]]:
    """The lines of `newspaper.txt` by desk, names among them."""
    desks: dict[str, list[str]] = {}
    for line in _NEWSPAPER.read_text("utf8").splitlines():
        if line.startswith("["):
            desks[line.strip("[]")] = lines = []
        elif line and not line.startswith("#"):
            lines.append(line)
    return desks


def _article(name: str, text: str, after: timedelta) -> Article:
    at = datetime(2026, 1, 1, tzinfo=UTC) + after
    return Article(id=name, feed="bench", title=text.split(",")[0][:80], text=text, outlet="Bench", published=at, fetched=at)
