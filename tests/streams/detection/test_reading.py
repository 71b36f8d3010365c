"""Articles read whole: parts, credit, dates, merging, ids, clocks."""

from datetime import UTC, datetime, timedelta

import pytest

from streams.detection import nlp
from streams.detection.detector import Detector
from streams.records import EPOCH, Mention
from tests.streams.detection.doubles import PUBLISHED, FewPlaces, article

TOWNS = ("Harran", "Saida", "Kobane", "Nubl", "Oslo")


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector(FewPlaces(*TOWNS), nlp.load())


def read(detector: Detector, text: str, **fields: object) -> tuple[Mention, ...]:
    return detector.read([article(text, **fields)])[0]


def test_an_article_about_nothing_of_the_kind_has_no_mentions(detector: Detector) -> None:
    assert read(detector, "The council of Oslo opened a library on Monday.") == ()


def test_batch_and_single_reading_agree_and_keep_their_order(detector: Detector) -> None:
    texts = ["Rebels attacked a base in Harran.", "A library opened in Oslo.", "Artillery shelled Nubl."]
    articles = [article(t, id=str(i)) for i, t in enumerate(texts)]
    assert detector.read(articles) == [detector.read([a])[0] for a in articles]


def test_what_happens_to_the_base_later_in_the_text_happens_at_the_base_named_before(detector: Detector) -> None:
    text = (
        "Militants launched an offensive on the Harran airbase on Monday. They stormed the base with mortars after clashes with soldiers."
    )
    [mention] = [m for m in read(detector, text) if m.type == "armed_clash"]
    assert mention.place is not None
    assert (mention.place.name, mention.place.kind, mention.weapons) == ("Harran", "air_base", ("mortar",))
    assert mention.occurred is not None
    assert mention.occurred.start == datetime(2023, 3, 13, tzinfo=UTC)


def test_a_day_after_dates_what_came_before(detector: Detector) -> None:
    text = "Rebels attacked soldiers in Nubl on Monday. This comes just one day after the group captured the town of Saida from the army."
    [taken] = [m for m in read(detector, text) if m.type == "non_state_actor_overtakes_territory"]
    assert taken.occurred is not None
    assert (taken.occurred.start, taken.occurred.precision) == (datetime(2023, 3, 12, tzinfo=UTC), "day")


def test_a_town_and_its_airport_are_two_places(detector: Detector) -> None:
    text = "Islamic State fighters took full control of Saida and its airport on Tuesday."
    taken = {(m.place.name, m.place.kind) for m in read(detector, text) if m.place and m.type == "non_state_actor_overtakes_territory"}
    assert taken == {("Saida", "city"), ("Saida airport", "airport")}


def test_ten_sentences_on_one_battle_are_one_mention(detector: Detector) -> None:
    text = "Rebels attacked soldiers in Nubl on Monday. " + "Fighting between rebels and soldiers went on in Nubl. " * 9
    assert len([m for m in read(detector, text) if m.current]) == 1


def test_a_headline_that_says_nothing_by_itself_is_not_the_evidence(detector: Detector) -> None:
    text = "Rebels shelled the Harran airbase on Monday, killing six soldiers. Officials in Oslo had no comment."
    [mention] = [m for m in read(detector, text, title="Second report of fighting at the base") if m.category == "kinetic"]
    assert mention.evidence.quote == "Rebels shelled the Harran airbase on Monday, killing six soldiers."


def test_the_sentence_that_says_most_is_the_evidence(detector: Detector) -> None:
    text = "Fighting broke out in Nubl. Rebels attacked soldiers in Nubl on Monday."
    [mention] = [m for m in read(detector, text) if m.current]
    assert mention.evidence.quote == "Rebels attacked soldiers in Nubl on Monday."
    assert [a.role for a in mention.actors] == ["attacker", "target"]


def test_raids_on_those_who_attacked_are_not_their_attack(detector: Detector) -> None:
    text = "Russia said it had repelled an Islamic State attack on Nubl and carried out 20 airstrikes on Monday that killed 50 militants."
    [raids] = [m for m in read(detector, text) if m.type == "air_drone_strike"]
    assert [a.id for a in raids.actors if a.role == "attacker"] == ["russia"]


def test_a_base_without_a_name_is_a_base_near_the_town(detector: Detector) -> None:
    [mention] = read(detector, "Rebels attacked an army base near Saida on Monday.")
    assert mention.place is not None
    assert (mention.place.name, mention.place.kind, mention.place.precision, mention.place.radius_km) == ("Saida", "base", "near", 10.0)
    [depot] = read(detector, "Rebels attacked a fuel depot in Saida on Monday, killing two soldiers.")
    assert depot.place is not None
    assert (depot.place.kind, depot.place.precision) == ("city", "exact")


def test_what_was_lost_is_no_weapon_and_both_deeds_are_one_claimed_clash(detector: Detector) -> None:
    text = "The group destroyed three warplanes at the Harran airbase and captured parts of the base, a military source said."
    [mention] = read(detector, text)
    assert (mention.type, mention.status, mention.outcome) == ("armed_clash", "claimed", "partly_captured")
    assert (mention.losses, mention.source, mention.weapons) == ("three warplanes", "military source", ())


AGGREGATED = """Rebels strike at Harran
About time too.
[KhaamaPress] Oslo - Rebels attacked a base in Harran on Monday.

Shells on Nubl
[Gazette] Artillery shelled Nubl on Tuesday, Reuters reported.
"""


def test_parts_are_credited_to_those_who_are_tagged(detector: Detector) -> None:
    found = read(detector, AGGREGATED, outlet="Digest")
    assert {(m.place.name, m.outlet, m.owner) for m in found if m.place} == {
        ("Harran", "Khaama Press", "khaama press"),
        ("Nubl", "Gazette", "reuters"),
    }
    assert detector.credited(article(AGGREGATED, outlet="Digest")) == ["Khaama Press", "Gazette"]


def test_an_aggregators_comment_is_not_news(detector: Detector) -> None:
    text = "Rebels strike at Harran\nThey should shell Saida with artillery\n[KhaamaPress] Rebels attacked a base in Harran on Monday."
    assert {m.place.name for m in read(detector, text) if m.place} == {"Harran"}


def test_the_dateline_is_never_where_it_happened(detector: Detector) -> None:
    found = read(detector, "OSLO (AP) - Rebels attacked soldiers on Monday, the army said.")
    assert [(m.place, m.unresolved) for m in found] == [(None, "the text names no place")]


def test_evidence_counts_from_the_title(detector: Detector) -> None:
    source = article("Rebels attacked a base in Harran on Monday.", title="News of the day")
    [mention] = detector.read([source])[0]
    assert source.body[mention.evidence.start : mention.evidence.end] == mention.evidence.quote == source.text


def test_an_id_survives_a_revision_that_keeps_type_and_place(detector: Detector) -> None:
    first = read(detector, "Rebels attacked a base in Harran on Monday, killing two soldiers.")
    second = read(
        detector, "At least five soldiers died when rebels attacked a base in Harran on Monday.", fetched=PUBLISHED + timedelta(hours=1)
    )
    assert first[0].id == second[0].id
    assert first[0].killed != second[0].killed


def test_a_feed_that_is_ahead_of_the_clock_is_corrected(detector: Detector) -> None:
    [mention] = read(detector, "Rebels attacked a base in Harran on Monday.", published=PUBLISHED + timedelta(days=3))
    assert (mention.published, mention.clock_corrected) == (PUBLISHED, True)


def test_without_any_date_nothing_is_now_and_a_year_alone_is_not_history(detector: Detector) -> None:
    [mention] = read(detector, "Rebels attacked a base in Harran on Monday.", published=None, fetched=None)
    assert (mention.published, mention.occurred) == (EPOCH, None)
    [dated] = read(detector, "Rebels attacked a base in Harran in 2014.", published=None, fetched=None)
    assert dated.status == "asserted"


def test_markup_in_the_text_is_no_trigger(detector: Detector) -> None:
    assert read(detector, 'The <a href="http://x.test/attack?base target=/army">shop</a> in Oslo opened.') == ()


@pytest.mark.parametrize(
    ("text", "sources"),
    [
        ('"Rebels attacked a base in Harran on Monday. They burned it," Colonel Omar Aziz said.', ["Colonel Omar Aziz"]),
        ('"Rebels attacked a base in Harran on Monday. They burned it," said the mayor.', ["mayor"]),
        ('The governor said: "Rebels attacked a base in Harran on Monday. They burned it."', ["governor"]),
        ("The governor said rebels shelled Saida. “Rebels attacked a post in Nubl on Monday. We lost it,” he added.", ["governor"] * 2),
        ('"Peace is near." Rebels attacked a base in Harran on Monday.', [None]),
    ],
)
def test_a_quotation_of_several_sentences_is_all_its_speakers(detector: Detector, text: str, sources: list[str | None]) -> None:
    told = [m for m in read(detector, text) if m.category == "kinetic" and m.current]
    assert [m.source for m in told] == sources
    assert all(m.status == ("claimed" if m.source else "asserted") for m in told)


@pytest.mark.parametrize(
    "title",
    ["A sergeant laid to rest in Oslo", "Man jailed over plot in Oslo", "Why did they fight?", "Army holds drill near Oslo"],
)
def test_under_a_headline_that_looks_back_nothing_undated_is_news(detector: Detector, title: str) -> None:
    text = "He served with troops in Harran. Rebels attacked a base there and killed two soldiers in Harran."
    assert not [m for m in read(detector, text, title=title) if m.category == "kinetic" and m.current]
    assert [m for m in read(detector, text, title="News from Harran") if m.category == "kinetic" and m.current]


def test_a_headline_that_looks_back_leaves_what_is_dated_today(detector: Detector) -> None:
    text = "Rebels attacked a base in Harran on Tuesday and killed two soldiers."
    assert [m for m in read(detector, text, title="Two soldiers laid to rest in Oslo") if m.category == "kinetic" and m.current]


def test_an_army_with_its_initials_is_no_dateline(detector: Detector) -> None:
    [mention] = read(detector, "The Free Syrian Army (FSA) attacked soldiers in Nubl on Monday.")
    assert mention.actors[0].id == "free_syrian_army"
