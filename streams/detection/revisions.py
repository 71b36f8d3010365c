"""The stage `detect`: articles in, mentions out; remembers what the last revision of each article said."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from streams.detection.language import foreign
from streams.detection.mentions import Found
from streams.records import Article, Mention, Part, Record, Tick, Withdrawn, digest
from streams.stages import Stage
from streams.topics import ARTICLES, MENTIONS

REMEMBERED = timedelta(days=30)
"""How long an article's last revision is remembered: longer than any feed was seen to carry an entry."""


class Reader(Protocol):
    """Whatever finds mentions in articles, alone by what it was given."""

    def find(self, articles: Sequence[Article]) -> list[Found]: ...


class Reading(Part, frozen=True, kw_only=True):
    """What the reader made of one article."""

    article: Article
    content: str
    """Hash of what an officer would see; not of dates, which feeds edit."""
    mentions: tuple[Mention, ...]
    language: str | None = None
    """ISO 639-1 code, where it is not English and was not read."""
    parsed: int = 0
    """How many of its sentences were worth a parse."""


class LastRevision(Part, frozen=True, kw_only=True):
    """What is remembered of an article."""

    fetched: datetime
    content: str
    made: dict[str, str]
    """Key of each mention that the revision makes, by mention id."""


def read_all(reader: Reader, articles: Sequence[Article]) -> list[Reading]:
    """Read a batch of articles."""
    return [
        Reading(
            article=a, content=digest(a.title or "", a.text), mentions=verbatim(a, found.mentions), language=foreign(a.body),
            parsed=found.parsed,
        )
        for a, found in zip(articles, reader.find(articles), strict=True)
    ]  # fmt: skip


def verbatim(article: Article, mentions: Sequence[Mention]) -> tuple[Mention, ...]:
    """Keep the mentions whose evidence is the article's own words; nothing else may be said to an officer."""
    body = article.body
    return tuple(m for m in mentions if m.evidence.quote and body[m.evidence.start : m.evidence.end] == m.evidence.quote)


def detect_step(last: LastRevision | None, reading: Reading | Tick, control: None) -> tuple[LastRevision | None, list[Record]]:
    """Say what an article's new revision says, and take back what it no longer says.

    An older revision that comes late changes nothing, nor does the same content again.
    """
    if isinstance(reading, Tick):
        return None, []
    article = reading.article
    if last and (article.at, reading.content) <= (last.fetched, last.content):
        return last, []
    if last and reading.content == last.content:
        return LastRevision(fetched=article.at, content=last.content, made=last.made), []
    made = {m.id: m.key for m in reading.mentions}
    gone = [
        Withdrawn(id=i, article=article.id, key=key, fetched=article.at)
        for i, key in (last.made.items() if last else ())
        if made.get(i) != key
    ]
    return LastRevision(fetched=article.at, content=reading.content, made=made), counted([*gone, *reading.mentions])


def counted(said: Sequence[Mention | Withdrawn]) -> list[Record]:
    """Tell each record how many of its key follow, so that nobody speaks of half an article."""
    left = Counter(r.key for r in said)
    out: list[Record] = []
    for record in said:
        left[record.key] -= 1
        out.append(msgspec.structs.replace(record, more=left[record.key]))
    return out


def detect(reader: Reader) -> Stage:
    """The stage, reading with *reader*."""
    return Stage(
        name="detect",
        input=ARTICLES,
        outputs=(MENTIONS,),
        step=detect_step,
        state=LastRevision,
        due=lambda last: last.fetched + REMEMBERED,
        read=lambda articles: read_all(reader, articles),
    )
