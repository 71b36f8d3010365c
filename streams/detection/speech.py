"""Who speaks across sentences: a text goes in, its quotations with their speakers come out; tellings within one get its speaker."""

import re
from bisect import bisect_right
from collections.abc import Sequence

from msgspec.structs import replace

from streams.detection.tellings import Telling

PRONOUNS = frozenset({"he", "she", "they", "it", "we", "i"})
_SAY = "said|says|told|tells|added|adds|claimed|claims|reported|reports|recalled|explained|stated|wrote|tweeted|announced|declared"
_WORDS = r"(?:(?:the|a|an|one|another) )?(?:[\w.’'-]+ ){0,6}?[\w.’'-]+"
_QUOTED = re.compile(r"“[^“”\n]{3,4000}”|\"[^\"\n]{3,4000}\"")
_AFTER = re.compile(rf"\s?(?:(?P<who>{_WORDS}) (?:{_SAY})\b|(?:{_SAY}) (?P<whom>{_WORDS})(?=[,.;:\n]| (?:in|on|at|by|after|to|from)\b))")
_BEFORE = re.compile(rf"(?P<who>{_WORDS}) (?:{_SAY})[^.!?\n“”\"]{{0,60}}[,:]\s?$")
_REACH = 90
"""Characters before or behind a quotation within which its speaker stands."""


def quotations(body: str, start: int, end: int) -> list[tuple[int, int]]:
    """Where the quotations in ``body[start:end]`` lie, in order, their marks included."""
    return [m.span() for m in _QUOTED.finditer(body, start, end)]


def speaker_of(body: str, start: int, end: int) -> str | None:
    """Whose words the quotation ``body[start:end]`` is; None if the text does not say so beside it."""
    found = _AFTER.match(body, end, end + _REACH) or _BEFORE.search(body, max(0, start - _REACH), start)
    if found is None:
        return None
    words = found["who"] or found.groupdict().get("whom") or ""
    return re.sub(r"^(?:the|a|an) ", "", words, flags=re.IGNORECASE)


def attribute(told: Telling, body: str, quoted: Sequence[tuple[int, int]], last: str | None) -> Telling:
    """Put a telling on whoever speaks it.

    Args:
        quoted: Where the quotations of its part lie in *body*.
        last: Who was last named as a source; whom "he said" means.
    """
    standing = told.standing
    if standing.source is None and standing.status == "asserted" and (span := _around(told, quoted)):
        if (speaker := speaker_of(body, *span)) is None:
            return told
        standing = replace(standing, status="claimed", source=speaker)
    if standing.source and standing.source.lower() in PRONOUNS and last:
        standing = replace(standing, source=last)
    return replace(told, standing=standing)


def _around(told: Telling, quoted: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
    """The quotation that holds the whole sentence of *told*; None if none does."""
    index = bisect_right(quoted, told.start + 1, key=lambda q: q[0]) - 1
    return quoted[index] if index >= 0 and told.end <= quoted[index][1] + 1 else None
