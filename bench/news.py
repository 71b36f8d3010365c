"""Ordinary news of our own making: feed items, one in ten of them about a military event."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

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


def articles(count: int, *, start: int = 0, every: timedelta = timedelta(seconds=0.5)) -> Iterator[Article]:
    """*count* articles, numbered from *start*, fetched one *every* so often, the first number an hour ago or as long as they take."""
    draw = random.Random(start)
    first = datetime(2026, 1, 1, tzinfo=UTC)
    for i in range(start, start + count):
        told = DEEDS if draw.random() < WAR else TOPICS
        words = {"town": draw.choice(TOWNS), "place": draw.choice(PLACES), "n": draw.randint(2, 90), "day": draw.choice(DAYS)}
        text = " ".join([draw.choice(told).format(**words), *draw.sample(MORE, 3)])
        at = first + every * i
        yield Article(id=f"ordinary-{i}", feed="bench", title=text.split(",")[0][:80], text=text, outlet="Bench", published=at, fetched=at)
