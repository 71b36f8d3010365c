"""Thousands of articles as the world sends them: again, revised, re-issued, out of order. Real and labelled news, if any, or our own."""

import json
import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice, product
from pathlib import Path

import msgspec

from streams.feeds.parse import parse
from streams.records import Article, digest

SPREAD = timedelta(hours=5)
"""Within which all articles were fetched: any order of arrival is within the lateness."""
OUTLETS = (
    "World Wire",
    "Daily Post",
    "Morning Herald",
    "The Courier",
    "Evening Star",
    "Regional News Agency",
    "Radio Four Rivers",
    "Northern Gazette",
)
LABELLED = ("ged_headlines", "hard_negatives", "world_items", "plover", "sentences")
"""Files of short labelled items."""
LONGEST = 1500
"""Characters of an item; longer ones say the same a second time, and cost the parser ten times as much."""

PLACES = (
    "the T4 airbase", "the Shayrat airbase", "Khmeimim airbase", "Palmyra", "Idlib", "Aleppo", "Raqqa", "Deir ez-Zor", "Homs", "Daraa",
    "Kharkiv", "Bakhmut", "Kherson", "Zaporizhzhia", "Kupiansk", "Robotyne", "El Fasher", "Khartoum", "Nyala", "El Obeid", "Khan Younis",
    "Gaza City", "Rafah", "Jenin", "Goma", "Bukavu", "Beni", "Hodeidah", "Marib", "Taiz", "Mosul", "Kirkuk", "Tikrit", "Kandahar", "Kunduz",
    "Maiduguri", "Mogadishu", "Kismayo", "Gao", "Kidal",
)  # fmt: skip
DEEDS = (
    "Rebels shelled {place} on {day}, killing {n} people.",
    "An airstrike hit {place} on {day}, killing {n} people.",
    "Fighters stormed {place} on {day} and captured it after clashes with the army that left {n} soldiers dead.",
    "The army denied that {place} had been shelled.",
    "Gunmen attacked {place} on {day}, killing {n} soldiers.",
    "A car bomb exploded in {place} on {day}, killing {n} civilians, police said.",
    "The army recaptured {place} from the rebels on {day}, a military source said.",
    "Rebels first took {place} in May 2015.",
    "Officials said rebels may attack {place} next week.",
    "Troops massed near {place} on {day}, residents said.",
    "A suicide bomber blew himself up at a checkpoint in {place} on {day}; {n} people were wounded.",
    "The market of {place} opened again on {day}, with {n} stalls.",
)


def many_articles(count: int, now: datetime, shared: Path, *, seed: int = 1) -> list[Article]:
    """*count* articles in order of arrival; the revisions of one article come in their order, all else in none.

    Of twenty, one is an earlier article again as it was, one a revision of an earlier one, and one an earlier text by another outlet.

    Args:
        now: When the last of them was fetched, at most.
        shared: Where labelled news and real feeds lie, if they do.
    """
    rng = random.Random(seed)
    fresh = _fresh(rng, now, shared)
    out: list[Article] = []
    while len(out) < count:
        chance = rng.random()
        if len(out) < 20 or chance > 0.15:
            out.append(next(fresh))
        elif chance < 0.05:
            out.append(rng.choice(out))
        elif chance < 0.1:
            out.append(_revised(rng.choice(out), rng, now))
        else:
            out.append(_reissued(rng.choice(out), rng, now))
    return _each_in_its_order(out)


def _fresh(rng: random.Random, now: datetime, shared: Path) -> Iterator[Article]:
    texts = [*_labelled(shared), *_of_feeds(shared)] or [("", text) for text in islice(our_own(now), 20_000)]
    rng.shuffle(texts)
    for i, (title, text) in enumerate(texts):
        fetched = _some_time(rng, now)
        yield Article(
            id=digest("article", str(i)),
            feed=f"feed-{i % 8}",
            title=title or None,
            text=text,
            outlet=rng.choice(OUTLETS),
            published=fetched - timedelta(seconds=rng.randrange(60, 7200)),
            fetched=fetched,
            guid=f"entry-{i}",
        )


def our_own(now: datetime) -> Iterator[str]:
    """Invented sentences about real places, no two alike."""
    n = 2
    while True:
        for deed, place in product(DEEDS, PLACES):
            n += 1
            yield f"{deed.format(place=place, day=f'{now:%A}', n=n % 40 + 2)} It was report {n} of that kind."


def _labelled(shared: Path) -> Iterator[tuple[str, str]]:
    for name in LABELLED:
        path = shared / "quality" / "dev" / f"{name}.jsonl"
        if path.exists():
            for line in path.read_text().splitlines():
                item = json.loads(line)
                if len(item["text"]) <= LONGEST:
                    title = item.get("title") or ""
                    yield "" if title == item["text"] else title, item["text"]


def _of_feeds(shared: Path) -> Iterator[tuple[str, str]]:
    """Title and text of each entry of real feed documents."""
    for path in sorted((shared / "feeds").glob("*.*")):
        if path.suffix != ".tsv":
            for entry in parse(path.read_bytes(), feed=path.stem).articles:
                yield entry.title or "", entry.text[:LONGEST]


def _some_time(rng: random.Random, now: datetime) -> datetime:
    return now - timedelta(milliseconds=rng.randrange(int(SPREAD.total_seconds() * 1000)))


def _revised(article: Article, rng: random.Random, now: datetime) -> Article:
    """The article with other words: something added, or everything taken back."""
    text = "The report was withdrawn." if rng.random() < 0.4 else f"{article.text} Updated {rng.randrange(1000)} times."
    assert article.fetched is not None
    left = now - article.fetched
    return msgspec.structs.replace(article, text=text, fetched=article.fetched + left * rng.random())


def _reissued(article: Article, rng: random.Random, now: datetime) -> Article:
    """The same words from somebody else."""
    other = rng.choice([o for o in OUTLETS if o != article.outlet])
    fetched = _some_time(rng, now)
    return msgspec.structs.replace(article, id=digest(article.id, other), outlet=other, fetched=fetched, published=fetched)


def _each_in_its_order(articles: Sequence[Article]) -> list[Article]:
    """Let the revisions of each article take their places among each other by time."""
    revisions: dict[str, list[Article]] = {}
    for article in articles:
        revisions.setdefault(article.id, []).append(article)
    for some in revisions.values():
        some.sort(key=lambda a: (a.at, a.text), reverse=True)
    return [revisions[article.id].pop() for article in articles]
