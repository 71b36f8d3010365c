"""The gazetteer as the detector asks it: a part of a text in, its place names with what they mean out."""

from dataclasses import dataclass
from pathlib import Path

from streams.detection.gazetteer import FOLDER, Gazetteer
from streams.detection.resolve import locate, resolve
from streams.detection.scene import NamedPlace
from streams.records import Place


@dataclass(frozen=True)
class Atlas:
    """A `detector.Placer` over the built gazetteer."""

    gazetteer: Gazetteer

    @classmethod
    def load(cls, folder: Path | None = None, extra: Path | None = None) -> "Atlas":
        """Load the gazetteer from *folder*, by default from the package."""
        return cls(Gazetteer.load(folder or FOLDER, extra=extra))

    def places(self, text: str, start: int, end: int) -> list[NamedPlace]:
        """The place names in ``text[start:end]``, resolved jointly."""
        found = locate(self.gazetteer, text, start=start, end=end)
        return [
            NamedPlace(t.start, t.end, text[t.start : t.end], place, reason, t.demonym, t.dateline)
            for t, place, reason in zip(found.toponyms, found.places, found.reasons, strict=True)
        ]

    def site(self, words: str, context: str) -> Place | None:
        """What a site's name means that the text only implies; None if no such site is known."""
        return resolve(self.gazetteer, words, [(0, len(words))])[0]
