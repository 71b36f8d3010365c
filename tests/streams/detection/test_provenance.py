"""Mentions say who read them; nothing that is decided depends on it."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from streams.detection.detector import Detector, load_detector
from streams.detection.mentions import Found
from streams.detection.pool import DetectionPool
from streams.detection.provenance import ASIDE, FOLDER, made_by
from streams.detection.revisions import LastRevision, Reading, detect, detect_step, read_all
from streams.events.fuse import FUSE
from streams.records import Article, Event, Mention, Record, Withdrawn
from streams.runtime.replay import outputs_of
from streams.runtime.states import head_of, read_head
from tests.builders import an_article
from tests.streams.flow import Flow
from tests.streams.saying import said

SITES = "id\tname\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A detector's files."""
    (tmp_path / "data" / "gazetteer").mkdir(parents=True)
    (tmp_path / "read.py").write_text("one\n")
    (tmp_path / "data" / "words.tsv").write_text("a\tb\n")
    return tmp_path


def line(folder: Path, **changes: str) -> str:
    given = {"model": "en_small 3.8.0", "gazetteer": "1a2b3c4d5e6f", **changes}
    return made_by(given["model"], given["gazetteer"], None, folder=folder)


def test_the_line_names_detector_model_and_gazetteer(folder: Path) -> None:
    detector, model, gazetteer = line(folder).split(", ")
    assert detector.startswith("tocsin-detector ")
    assert (model, gazetteer) == ("en_small 3.8.0", "gazetteer 1a2b3c4d")


def test_the_deployers_own_places_are_named_by_what_they_say_not_by_where_they_lie(folder: Path, tmp_path: Path) -> None:
    one, other = tmp_path / "one.tsv", tmp_path / "other.tsv"
    one.write_text(SITES)
    other.write_text(SITES)
    lines = [made_by("m 1", "g", sites, folder=folder) for sites in (one, other)]
    assert lines[0] == lines[1]
    other.write_text(SITES + "x\tX\n")
    assert made_by("m 1", "g", other, folder=folder) != lines[0]
    assert ", sites " in lines[0]


def rewritten(name: str, text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes(text.encode())


@pytest.mark.parametrize(
    ("change", "another"),
    [
        pytest.param(rewritten("read.py", "two\n"), True, id="code"),
        pytest.param(rewritten("data/words.tsv", "a\tc\n"), True, id="a lexicon"),
        pytest.param(rewritten("data/more.tsv", ""), True, id="a lexicon more"),
        pytest.param(lambda folder: (folder / "read.py").rename(folder / "reads.py"), True, id="a file's name"),
        pytest.param(rewritten("read.py", "one\r\n"), False, id="ends of lines"),
        pytest.param(rewritten("pool.py", "three\n"), False, id="what only carries"),
        pytest.param(rewritten("data/gazetteer/places.npy", "…"), False, id="the gazetteer, which has its own version"),
        pytest.param(rewritten("data/notes.txt", "…"), False, id="what nobody reads"),
    ],
)
def test_another_line_comes_of(folder: Path, change: Callable[[Path], object], another: bool) -> None:
    before = line(folder)
    change(folder)
    assert (line(folder) != before) is another


def test_what_is_left_aside_exists() -> None:
    assert {file.name for file in FOLDER.glob("*.py")} >= ASIDE


ATTACK = an_article(text="Rebels shelled Idlib on Monday, killing 12 people.")


def test_every_mention_says_who_read_it(detector: Detector) -> None:
    (mentions,) = detector.read([ATTACK])
    assert {m.made_by for m in mentions} == {detector.made_by}
    parts = [part.split()[0] for part in detector.made_by.split(", ")]
    assert parts[0] == "tocsin-detector"
    assert parts[1].startswith("en_core_web")
    assert parts[2:] == ["gazetteer"]


async def test_processes_that_read_say_who_they_are(detector: Detector) -> None:
    pool = DetectionPool(1)
    try:
        assert await pool.begin() == detector.made_by
        (reading,) = await pool.read([ATTACK])
        assert isinstance(reading, Reading)
        assert {m.made_by for m in reading.mentions} == {detector.made_by}
    finally:
        pool.close()


class Finds:
    """A reader that finds *mentions* in every article."""

    def __init__(self, *mentions: Mention) -> None:
        self._mentions = mentions

    def find(self, articles: list[Article]) -> list[Found]:
        return [Found(self._mentions, 1) for _ in articles]


QUOTE = "Rebels shelled Idlib"
OLD = Finds(said(made_by="old", quote=QUOTE))
BETTER = Finds(said(made_by="better", quote=QUOTE, killed=(12, 12)), said("more", made_by="better", quote=QUOTE))


def step(last: LastRevision | None, reader: Finds, article: Article) -> tuple[LastRevision | None, list[Record]]:
    return detect_step(last, read_all(reader, [article])[0], None)


def later(article: Article, **changes: object) -> Article:
    return msgspec.structs.replace(article, fetched=article.at.replace(hour=9), **changes)


@pytest.mark.parametrize("again", [ATTACK, later(ATTACK)], ids=["the same entry again", "the same text, fetched later"])
def test_a_better_detector_says_nothing_of_an_article_that_an_earlier_one_read(again: Article) -> None:
    last, first = step(None, OLD, ATTACK)
    assert len(first) == 1
    after, out = step(last, BETTER, again)
    assert out == []
    assert after is not None
    assert after.made == {said(quote=QUOTE).id: said(quote=QUOTE).key}


def test_nor_of_one_whose_state_an_earlier_version_left() -> None:
    head = (
        b'["2017-01-12T05:00:40Z",{"fetched":"2016-12-13T05:00:40Z","content":"%s","made":{"m1":"SY.12"}}]'
        % read_all(OLD, [ATTACK])[0].content.encode()
    )
    due, last = read_head(detect(OLD), head)
    assert step(last, BETTER, later(ATTACK))[1] == []
    assert msgspec.json.decode(head_of(last, due)) == msgspec.json.decode(head)


def test_of_a_new_text_the_better_one_says_all_and_takes_back_what_it_no_longer_finds() -> None:
    last, _ = step(None, OLD, ATTACK)
    text = f"{QUOTE} again."
    _, out = step(last, Finds(said("more", made_by="better", quote=QUOTE)), later(ATTACK, text=text))
    assert [type(r) for r in out] == [Withdrawn, Mention]


def events(*log: Mention) -> list[Event]:
    return [r for r in outputs_of(FUSE, log) if isinstance(r, Event)]


def test_an_event_does_not_say_who_read() -> None:
    flow = list(Flow(mentions=60, places=3))
    one, other = ([msgspec.structs.replace(m, made_by=who) for m in flow] for who in ("old", "better"))
    assert events(*one) == events(*other)


def test_one_mention_by_two_readers_is_one_mention_whichever_comes_first() -> None:
    both = [said(made_by=who) for who in ("old", "better")]
    assert events(*both) == events(*reversed(both)) == events(both[0])
    assert len(events(*both)) == 1


def test_loading_with_sites_names_them(tmp_path: Path) -> None:
    columns = (FOLDER / "data" / "overlay.tsv").read_text().splitlines()
    header = next(text for text in columns if not text.startswith("#"))
    (tmp_path / "sites.tsv").write_text(header + "\n")
    assert ", sites " in load_detector(places=tmp_path / "sites.tsv").made_by
