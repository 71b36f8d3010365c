"""Where those fight whom a text names: a text goes in, countries come out. "ISIL stormed Palmyra" is not about Pennsylvania."""

from functools import cache
from typing import cast

from streams.detection.lexicon import Terms, fold, rows


def of(text: str) -> frozenset[str]:
    """The countries (ISO 3166) in which the armed groups fight that *text* names."""
    found = (h for h in _fighters().find(fold(text)) if text[h.start].isupper() or " " in text[h.start : h.end])
    return frozenset(country for hit in found for country in cast("tuple[str, ...]", hit.value))


@cache
def _fighters() -> Terms:
    """The names of `data/theatres.tsv`, with the countries of each."""
    return Terms({name: tuple(countries.split()) for _, (countries, names, _) in rows("theatres.tsv", 3) for name in names.split("|")})
