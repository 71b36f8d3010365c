"""Where those fight whom a text names: a text goes in, countries come out. "ISIL stormed Palmyra" is not about Pennsylvania."""

from typing import cast

from streams.detection import lexicon
from streams.detection.lexicon import ActorName, fold


def of(text: str) -> frozenset[str]:
    """The countries (ISO 3166) in which the armed groups fight that *text* names, by `data/actors.tsv`."""
    known = lexicon.load()
    hits = [h for h in known.actors.find(fold(text)) if text[h.start].isupper() or " " in text[h.start : h.end]]
    hits += known.acronyms.find(text)
    return frozenset(country for hit in hits for name in cast("tuple[ActorName, ...]", hit.value) for country in name.theatre)
