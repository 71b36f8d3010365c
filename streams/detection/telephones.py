"""Which states and provinces a text's telephone numbers are of: a text goes in, first-level divisions come out.

The London of "call police at 519-555-0100" is in Ontario.
"""

import re
from functools import cache
from typing import NamedTuple

from streams.detection.lexicon import rows

LONGEST_AREA = 10
"""Characters before the last seven digits: "+1 (519) ", and what must not stand before that."""
MOST = 3
"""A text with numbers of more divisions is of none: a list of offices."""
_LINE = re.compile(r"[2-9]\d\d[-. ]\d{4}(?![\d-])")
"""The last seven digits: looked for first, as few texts have any."""
_AREA = re.compile(r"(?<![\d.-])(?:\+?1[-. ])?\(?([2-9]\d\d)(?:\) ?|[-. ])$")


class Division(NamedTuple):
    """A state or province."""

    country: str
    """ISO 3166."""
    name: str


def of(text: str) -> frozenset[Division]:
    """The divisions that the text's numbers are of, by `data/telephones.tsv`; none if they are many."""
    codes = _divisions()
    areas = (_AREA.search(text, max(0, line.start() - LONGEST_AREA), line.start()) for line in _LINE.finditer(text))
    found = frozenset(codes[m[1]] for m in areas if m is not None and m[1] in codes)
    return found if len(found) <= MOST else frozenset()


@cache
def _divisions() -> dict[str, Division]:
    return {code: Division(country, name) for _, (country, name, codes) in rows("telephones.tsv", 3) for code in codes.split()}
