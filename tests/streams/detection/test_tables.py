"""The small readers of detection: sentences, dates, tolls, parts, and the tables of knowledge."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from streams.detection import casualties, dates, kinds, lexicon, parts, sense, sentences, signature, triggers
from streams.records import KINETIC, STRATEGIC, EventType

WEDNESDAY = datetime(2023, 3, 15, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "start", "end", "precision"),
    [
        ("on Monday", "2023-03-13", "2023-03-14", "day"),
        ("Wednesday's raid", "2023-03-15", "2023-03-16", "day"),
        ("last Wednesday", "2023-03-08", "2023-03-09", "day"),
        ("yesterday", "2023-03-14", "2023-03-15", "day"),
        ("two days ago", "2023-03-13", "2023-03-14", "day"),
        ("in May 2015", "2015-05-01", "2015-06-01", "month"),
        ("Earlier in February, troops", "2023-02-01", "2023-03-01", "month"),
        ("in June the town", "2022-06-01", "2022-07-01", "month"),
        ("on 3 March", "2023-03-03", "2023-03-04", "day"),
        ("on March 3, 2021", "2021-03-03", "2021-03-04", "day"),
        ("on 30 December", "2022-12-30", "2022-12-31", "day"),
        ("in 1981", "1981-01-01", "1982-01-01", "year"),
        ("over the past two days", "2023-03-13", "2023-03-16", "day"),
        ("last week", "2023-03-06", "2023-03-13", "week"),
    ],
)
def test_words_mean_a_span_of_days(words: str, start: str, end: str, precision: str) -> None:
    [found] = dates.find(words, WEDNESDAY)
    assert found.when is not None
    assert (f"{found.when.start:%Y-%m-%d}", f"{found.when.end:%Y-%m-%d}", found.when.precision) == (start, end, precision)


@pytest.mark.parametrize("words", ["on Monday", "yesterday", "two days ago", "overnight", "in June the town"])
def test_what_is_relative_is_unknown_without_a_publication_date(words: str) -> None:
    assert [d.when for d in dates.find(words, None)] == [None]


def test_an_impossible_date_is_unknown_and_may_the_verb_is_no_month() -> None:
    assert [d.when for d in dates.find("on 31 February 2020", WEDNESDAY)][:1] == [None]
    assert dates.find("They may attack.", WEDNESDAY) == []


@pytest.mark.parametrize(
    ("sentence", "killed", "injured"),
    [
        ("The blast killed 12 people.", (12, 12), None),
        ("At least 23 people were killed and 40 others were wounded.", (23, None), (40, 40)),
        ("Dozens of soldiers were killed.", (24, None), None),
        ("The raid left two dead and 16 injured.", (2, 2), (16, 16)),
        ("Twenty-three villagers died.", (23, 23), None),
        ("Up to 30 rebels were killed.", (None, 30), None),
        ("Between dawn and noon the raid killed 5 to 7 guards.", (5, 7), None),
        ("It happened 12 days after the vote.", None, None),
        ("The road was cut for 12 kilometres.", None, None),
        ("The 2021 bombing of the airport killed 60.", (60, 60), None),
        ("Some 2000 civilians were killed.", (2000, 2000), None),
        ("The death toll of Monday's air strike on the market has risen to 23, rescuers said.", (23, 23), None),
        ("The toll from the blast now stands at 41 dead.", (41, 41), None),
        ("Four drones and two missiles killed one person.", (1, 1), None),
        ("Shelling wounded four people and two soldiers were killed.", (2, 2), (4, 4)),
        ("The blast killed 12 soldiers and two policemen were wounded.", (12, 12), (2, 2)),
        ("The army killed 20 militants and captured 12 others.", (20, 20), None),
    ],
)
def test_a_toll_is_bounded_as_the_text_bounds_it(sentence: str, killed: object, injured: object) -> None:
    toll = casualties.read(sentence)
    assert (toll.killed, toll.injured) == (killed, injured)


@pytest.mark.parametrize(
    ("sentence", "killed", "parties"),
    [
        ("Ten rebels and two soldiers were killed near the town.", (12, 12), [("rebels", (10, 10)), ("soldiers", (2, 2))]),
        (
            "The clashes left between 12 and 15 soldiers and at least 23 militiamen dead.",
            (35, None),
            [("soldiers", (12, 15)), ("militiamen", (23, None))],
        ),
        (
            "Fighting killed at least 40 rebels and 12 government troops.",
            (52, None),
            [("rebels", (40, None)), ("government troops", (12, 12))],
        ),
        (
            "Three women, two children and a policeman were killed.",
            (6, 6),
            [("women", (3, 3)), ("children", (2, 2)), ("policeman", (1, 1))],
        ),
        ("At least 23 people were killed.", (23, None), []),
    ],
)
def test_what_is_counted_side_by_side_is_counted_together_and_kept_apart(sentence: str, killed: object, parties: list[object]) -> None:
    toll = casualties.read(sentence)
    assert (toll.killed, [(p.people, p.killed) for p in toll.parties]) == (killed, parties)


def test_losses_keep_the_words_of_the_text() -> None:
    assert casualties.losses("Rebels destroyed at least two armoured vehicles near the gate.") == "at least two armoured vehicles"
    assert casualties.losses("Rebels destroyed the gate.") is None


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Gen. A. Smith spoke to Mr. Jones. He left.", 2),
        ("U.S. Marines came. They left at 5 p.m. on Monday.", 2),
        ("“We hold the town.” The army denied it.", 2),
        ("Heading without a stop\n\nThe text begins. It ends.", 3),
        ("", 0),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, count: int) -> None:
    found = [text[s.start : s.end] for s in sentences.split(text)]
    assert len(found) == count, found


def test_no_word_is_lost_between_sentences_even_without_a_full_stop() -> None:
    text = "word " * 2000
    assert "".join(text[s.start : s.end] for s in sentences.split(text)).replace(" ", "") == text.replace(" ", "")


def test_folding_keeps_every_offset() -> None:
    text = "İstanbul’s <b>army</b> — ŞANLIURFA"
    assert len(lexicon.fold(text)) == len(text)


def test_every_pattern_finds_itself_in_its_own_example() -> None:
    for line, (frame, _, source, example) in lexicon.rows("triggers.tsv", 4):
        weight = 9 if frame != "none" else 0
        pattern = lexicon.compile_pattern(frame, weight, source)
        padded = " " + lexicon.fold(example) + " "
        where = f"triggers.tsv:{line}: {source!r} is not in {example!r}"
        assert any(pattern.regex.match(padded, i) for i in range(len(padded))), where
        assert any(f" {anchor} " in padded for anchor in pattern.anchors), where


def test_every_frame_of_the_table_is_read() -> None:
    assert {frame for _, (frame, *_) in lexicon.rows("triggers.tsv", 4)} <= kinds.FRAMES


def test_every_type_has_its_row() -> None:
    assert set(lexicon.load().types) == KINETIC | STRATEGIC
    assert EventType


def test_every_sign_has_a_weight() -> None:
    assert {"bias", "weight_1", "weight_2", "weight_3", *(f"near_{d}" for d in sense.DOMAINS)} <= set(sense.weights())


def test_a_bad_row_names_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "outlets.tsv").write_text("# comment\nOnly one cell\n", encoding="utf8")
    with pytest.raises(lexicon.LexiconError, match=r"outlets\.tsv:2: 1 cells, but the table has 5"):
        list(lexicon.rows("outlets.tsv", 5, tmp_path))


def test_a_list_that_is_not_there_is_named() -> None:
    with pytest.raises(lexicon.LexiconError, match="no list 'nonsense'"):
        lexicon.wordlist("nonsense")


def _scan(text: str) -> list[triggers.Trigger]:
    return triggers.scan(text, lexicon.fold(text), lexicon.load())


def test_no_pattern_goes_over_the_end_of_a_headline_or_a_sentence() -> None:
    for stop in ("\n\n", ". "):
        found = _scan(f"Artillery answers rocket fire{stop}Jets hit two villages")
        assert [t.pattern.split("|")[0].split()[0] for t in found if t.frame in {"air", "hit"}], found
        assert not any("Jets" in "Artillery answers rocket fire"[t.start : t.end] for t in found)
        assert all(t.end <= 29 or t.start >= 29 + len(stop) for t in found)


def test_the_longest_reading_of_overlapping_words_is_taken() -> None:
    found = _scan("He died of a heart attack after taking part in an air strike drill.")
    assert [t.frame for t in found if t.frame != "kill"] == ["none", "none", "air"]


def test_an_unknown_tag_is_credited_as_written_and_brackets_in_running_text_are_no_tag() -> None:
    body = "[Gazette] Rebels came.\n[the] president said [TEXT] that\n[TEXT] more."
    assert [p.outlet for p in parts.split(body, None, lexicon.load().outlets)] == ["Gazette"]


def test_equal_texts_have_equal_signatures_and_the_headline_counts_apart() -> None:
    one, two = signature.sign("Rebels took the town at dawn.", "Town falls"), signature.sign("Rebels took the town at DAWN", "Town  Falls!")
    assert one == two
    assert len(one.minhash) == 4 * signature.PERMUTATIONS
    assert signature.sign("", None).shingles == 0


def test_no_text_is_scanned_for_frequent_words_alone() -> None:
    assert not {"of", "in", "on", "for", "is", "are", "were"} & lexicon.load().patterns.keys()
    assert [t.pattern for t in _scan("troops were on alert on the ridge")] == ["on alert|standby"]


def test_a_term_that_goes_on_in_the_middle_of_a_word_hides_no_shorter_one() -> None:
    terms = lexicon.Terms({"aerial": 1, "aerial bomb": 2, "bombardment": 3, "heavy machine gun": 4, "gunners": 5})
    text = "aerial bombardment by an aerial bomb, heavy machine gunners"
    assert [(text[h.start : h.end], h.value) for h in terms.find(lexicon.fold(text))] == [
        ("aerial", 1), ("bombardment", 3), ("aerial bomb", 2), ("gunners", 5),
    ]  # fmt: skip
