"""Vectors that are remembered are the model's own."""

from typing import Any

import numpy as np
import pytest

from streams.detection import embeddings, nlp

TEXTS = ["Rebels shelled the T4 airbase.", "The airbase wasn't shelled, rebels said.", "", "Rebels  shelled\nHoms."]


@pytest.fixture(scope="module")
def pipeline() -> Any:
    spacy = pytest.importorskip("spacy")
    return spacy.load(nlp.default_model(), exclude=["ner", "lemmatizer", "attribute_ruler"])


@pytest.fixture
def known(pipeline: Any) -> embeddings.Known:
    from thinc.api import chain

    first, *rest = pipeline.get_pipe("tok2vec").model.layers[0].layers
    return embeddings.Known(first.attrs["columns"], chain(*rest), 96)


def same(pipeline: Any, known: embeddings.Known, texts: list[str]) -> bool:
    documents = [pipeline.make_doc(text) for text in texts]
    plain = pipeline.get_pipe("tok2vec").model.layers[0].predict(documents)
    return all(np.allclose(one, other, atol=1e-5) for one, other in zip(known.vectors(documents), plain, strict=True))


def test_vectors_are_the_models(pipeline: Any, known: embeddings.Known) -> None:
    assert same(pipeline, known, TEXTS)
    assert same(pipeline, known, TEXTS[::-1]), "the second time by memory"


def test_when_it_is_full_all_is_learnt_again(pipeline: Any, known: embeddings.Known, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embeddings, "KEPT", 8)
    for text in TEXTS * 2:
        assert same(pipeline, known, [text])
    assert same(pipeline, known, TEXTS), "more words at once than are kept"


def test_a_loaded_model_parses_as_without(pipeline: Any) -> None:
    remembering = nlp.load()
    plain = nlp.SpacyParser(pipeline)
    assert remembering.parse(TEXTS) == plain.parse(TEXTS)


def test_another_kind_of_vectors_is_left_alone(pipeline: Any) -> None:
    class Other:
        model = pipeline.get_pipe("tok2vec").model.layers[1]

    assert not embeddings.remember(Other())
