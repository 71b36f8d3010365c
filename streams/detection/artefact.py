"""The layout of the built gazetteer, shared by the program that writes it and the module that reads it."""

import numpy as np
from numpy.typing import NDArray

FORMAT = 2
"""Grows when the layout changes; a reader refuses any other."""

CANONICAL, ALTERNATE, DEMONYM, SITE_HEAD, WEAK, SHORT = 1, 2, 4, 8, 16, 32
"""How a name belongs to a place: its own name; another name; the people's; a site's name without its noun; good only beside its noun;
an abbreviation, good only behind a comma."""
PLACE_BITS = 24
"""A posting is ``place | flags << PLACE_BITS``."""

PLACE = np.dtype(
    [
        ("lat", "<f4"), ("lon", "<f4"), ("population", "<u4"), ("radius_km", "<f4"), ("kind", "u1"), ("country", "<u2"),
        ("admin1", "<i4"), ("admin2", "<i4"), ("text", "<u4"), ("text_length", "<u2"),
    ]
)  # fmt: skip
"""One place. ``kind`` counts in ``overlay.KINDS``, ``country`` in the manifest's list; ``admin1`` and ``admin2`` are places, -1 if unknown;
``text`` is where its line (id, name, other names) begins."""


def site_only(flags: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mark the names that are good only beside a facility noun: a site's without its noun, and its weak ones."""
    return np.asarray(((flags & (SITE_HEAD | WEAK)) > 0) & ((flags & (CANONICAL | ALTERNATE)) == 0))
