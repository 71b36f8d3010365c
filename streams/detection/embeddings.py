"""Remembers the word vectors of a spaCy model: most words of a text were in the one before, and a word's vector depends on the word alone.

The small model makes them from hashes of a word's form, prefix, suffix and shape, by a product that is a third of its network's work. What
comes out are the model's own vectors.
"""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from thinc.api import Model, chain

KEPT = 1 << 15
"""Words remembered: some 12 MB at 96 numbers each; then all are forgotten and learnt again."""


def remember(tok2vec: Any) -> bool:
    """Let *tok2vec* remember vectors, if it makes them from a token's features and from nothing else; say whether it does."""
    embed = tok2vec.model.layers[0]
    first, *rest = embed.layers
    if first.name != "extract_features" or any(layer.name == "static_vectors" for layer in embed.walk()):
        return False
    known = Known(first.attrs["columns"], chain(*rest), tok2vec.model.get_dim("nO"))
    tok2vec.model.layers[0] = Model("remembered_embed", lambda model, documents, is_train: (known.vectors(documents), _untrained))
    return True


class Known:
    """The vectors of the words met so far, by their features."""

    def __init__(self, columns: Sequence[str], embed: Any, width: int) -> None:
        """*embed* makes the vectors (words, *width*) from the *columns* of features (words, columns)."""
        self._columns, self._embed = list(columns), embed
        self._mix = np.array([2 * (i + 1) ** 7 + 1 for i in range(len(columns))], dtype=np.uint64)
        self._rows: dict[int, int] = {}
        self._vectors: NDArray[np.float32] = np.zeros((KEPT, width), dtype="f")

    def vectors(self, documents: Sequence[Any]) -> list[NDArray[np.float32]]:
        """The vectors of each document's tokens: (tokens, width)."""
        features = np.concatenate([d.to_array(self._columns) for d in documents])
        found = self._look_up(features)
        ends = itertools.accumulate(map(len, documents))
        return [found[end - len(d) : end] for d, end in zip(documents, ends, strict=True)]

    def _look_up(self, features: NDArray[np.uint64]) -> NDArray[np.float32]:
        keys = (features * self._mix).sum(axis=1, dtype=np.uint64).tolist()
        if len(self._rows) + len(new := self._new(keys)) > KEPT:
            self._rows.clear()
            new = self._new(keys)
        if len(new) > KEPT:
            return np.asarray(self._embed.predict([features])[0])
        if new:
            begin = len(self._rows)
            self._vectors[begin : begin + len(new)] = self._embed.predict([features[list(new.values())]])[0]
            self._rows.update(zip(new, range(begin, begin + len(new)), strict=True))
        return self._vectors[[self._rows[key] for key in keys]]

    def _new(self, keys: Sequence[int]) -> dict[int, int]:
        """Where each word stands that is not known."""
        return {key: at for at, key in enumerate(keys) if key not in self._rows}


def _untrained(gradient: object) -> object:
    raise TypeError("vectors that are remembered cannot be trained; load the model by spacy.load")
