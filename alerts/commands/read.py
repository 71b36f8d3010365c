"""`tocsin detect` and `tocsin resolve`: articles or spans in, mentions or places out."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import IO, Any

import msgspec

from alerts.commands.lines import answer
from alerts.commands.river import detector_of
from streams.detection.explain import explain as explained
from streams.detection.gazetteer import FOLDER, Gazetteer
from streams.detection.language import foreign
from streams.detection.resolve import resolve
from streams.records import EPOCH, Article, Mention, Place, plausible
from streams.settings import Settings


class Asked(msgspec.Struct, frozen=True):
    """One article, as docs/contract.md has it."""

    id: str
    text: str
    title: str | None = None
    url: str | None = None
    outlet: str | None = None
    published: datetime | None = None
    fetched: datetime | None = None
    feed: str | None = None
    sample: bool = False

    def article(self) -> Article:
        """The record. A time without a zone is UTC."""
        return Article(
            id=self.id, text=self.text, title=self.title or None, url=self.url, outlet=self.outlet, feed=self.feed,
            published=_utc(self.published), fetched=_utc(self.fetched), sample=self.sample,
        )  # fmt: skip


class AskedSpans(msgspec.Struct, frozen=True):
    """Spans that are places."""

    id: str
    text: str
    spans: list[tuple[int, int]]


def detect(stream: IO[bytes], settings: Settings, *, strict: bool) -> int:
    """Answer articles with mentions."""
    detector = detector_of(settings)

    def work(asked: Sequence[Asked]) -> list[dict[str, Any]]:
        articles = [a.article() for a in asked]
        return [
            {"id": a.id, "mentions": [shown(m) for m in mentions], "outlets": detector.credited(a), "language": foreign(a.body) or "en"}
            for a, mentions in zip(articles, detector.read(articles), strict=True)
        ]

    return answer(stream, Asked, work, strict=strict)


def explain(stream: IO[bytes], settings: Settings, *, strict: bool) -> int:
    """Say of each article how it was read: every trigger, candidate place and status cue, and why each mention may alert or not."""
    detector = detector_of(settings)

    def work(asked: Sequence[Asked]) -> list[str]:
        return ["".join(f"{line}\n" for line in explained(detector, a.article())) for a in asked]

    return answer(stream, Asked, work, strict=strict, encode=str.encode)


def resolve_spans(stream: IO[bytes], settings: Settings, *, strict: bool) -> int:
    """Answer spans with places."""
    gazetteer = Gazetteer.load(settings.gazetteer or FOLDER, extra=settings.sites)

    def work(asked: Sequence[AskedSpans]) -> list[dict[str, Any]]:
        return [{"id": a.id, "places": places(gazetteer, a)} for a in asked]

    return answer(stream, AskedSpans, work, strict=strict)


def places(gazetteer: Gazetteer, asked: AskedSpans) -> list[Place | None]:
    """One place for each span; None for a span that is none of the text."""
    good = [0 <= start < end <= len(asked.text) for start, end in asked.spans]
    found = iter(resolve(gazetteer, asked.text, [span for span, fits in zip(asked.spans, good, strict=True) if fits]))
    return [next(found) if fits else None for fits in good]


def shown(mention: Mention) -> dict[str, Any]:
    """A mention as others rely on it: without the signature, which is ours."""
    fields: dict[str, Any] = msgspec.to_builtins(mention)
    for name in ("signature", "record", "more"):
        fields.pop(name)
    if not mention.dated:
        fields["published"] = None
    if mention.fetched == EPOCH:
        fields["fetched"] = None
    return fields


def _utc(time: datetime | None) -> datetime | None:
    known = plausible(time)
    return None if known is None else known.replace(tzinfo=UTC) if known.tzinfo is None else known.astimezone(UTC)
