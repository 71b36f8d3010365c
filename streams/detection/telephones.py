"""Which states and provinces a text's telephone numbers are of: a text goes in, first-level divisions come out.

The London of "call police at 519-555-0100" is in Ontario.
"""

import re
from functools import cache
from typing import NamedTuple

from streams.detection.lexicon import rows

MOST = 3
"""A text with numbers of more divisions is of none: a list of offices."""
_NUMBER = re.compile(r"(?<![\d.-])(?:\+?1[-. ])?\(?([2-9]\d\d)(?:\) ?|[-. ])[2-9]\d\d[-. ]\d{4}(?![\d-])")


class Division(NamedTuple):
    """A state or province."""

    country: str
    """ISO 3166."""
    name: str


def of(text: str) -> frozenset[Division]:
    """The divisions that the text's numbers are of, by `data/telephones.tsv`; none if they are many."""
    codes = _divisions()
    found = frozenset(codes[m[1]] for m in _NUMBER.finditer(text) if m[1] in codes)
    return found if len(found) <= MOST else frozenset()


@cache
def _divisions() -> dict[str, Division]:
    return {code: Division(country, name) for _, (country, name, codes) in rows("telephones.tsv", 3) for code in codes.split()}
