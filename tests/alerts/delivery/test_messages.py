"""The whole message of each situation against its golden file, and what must hold of every message.

To accept new wording: delete the golden file, run once, and read what was written as an officer would at 03:00.
"""

import html
import json
import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.delivery.messages import MOST_CHARACTERS, render
from alerts.delivery.payload import MOST_BYTES
from alerts.delivery.sentences import SCREEN
from alerts.records import Alert, Notification, Reason
from streams.records import digest
from tests.alerts.delivery.cases import CASES, LATER, disputed_casualties, exercise, first_report, retraction, update_with_denial
from tests.builders import a_claim, a_desk, a_passage, a_receiver, an_alert, an_event, isis, palmyra, t4

GOLDEN = Path(__file__).with_name("golden")


def sent(alert: Alert, **desk: object) -> Notification:
    return render(alert, a_receiver(), a_desk(grades={"sana": "D"}, **desk))


@pytest.mark.parametrize("name", CASES)
def test_the_message_reads_as_it_was_accepted(name: str) -> None:
    message = sent(CASES[name]())
    whole = "".join(f"{k}: {v}\n" for k, v in {"Subject": message.subject, **message.headers}.items()) + f"\n{message.text}"
    golden = GOLDEN / f"{name}.txt"
    if not golden.exists():
        golden.write_text(whole, encoding="utf-8")
        pytest.fail(f"{golden.name} was missing and is now written; read it, then run again")
    assert whole == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CASES)
def test_a_line_is_at_most_100_columns(name: str) -> None:
    assert max(len(line) for line in sent(CASES[name]()).text.splitlines()) <= 100


@pytest.mark.parametrize("name", CASES)
def test_the_first_60_characters_of_a_subject_do_alone(name: str) -> None:
    alert = CASES[name]()
    seen = sent(alert).subject[:SCREEN]
    assert f"[{alert.severity.upper()}]" in seen
    assert f"({alert.event.place.country}) " in seen
    assert ("RETRACTED" in seen) is (alert.change == "retraction")


def test_a_long_name_gives_way_to_what_happened() -> None:
    place = t4(name="Al-Quwwat al-Jawwiyya Martyr Somebody Very Long", also=("Another Long Name",))
    subject = sent(an_alert(event=an_event(place=place))).subject
    assert "... (SY) ATTACKED" in subject[:SCREEN]


def test_likelihood_and_confidence_never_share_a_sentence() -> None:
    words = ("almost no chance", "unlikely", "roughly even", "likely", "almost certain")
    for made in CASES.values():
        for sentence in sent(made()).text.replace("\n", " ").split("."):
            assert "onfidence" not in sentence or not any(word in sentence for word in words)


def test_an_exercise_is_one_before_anything_else() -> None:
    message = sent(exercise())
    assert message.subject.startswith("[EXERCISE] [FLASH] ")
    assert message.text.startswith("BLUF   EXERCISE, not a real event. ")
    assert json.loads(bytes(message.payload))["data"]["exercise"] is True
    assert message.sample


def test_real_news_is_no_exercise() -> None:
    message = sent(first_report())
    assert "EXERCISE" not in message.subject + message.text


def test_a_retraction_says_so_first() -> None:
    message = sent(retraction())
    assert message.subject.startswith("[URGENT] RETRACTED: ")
    assert message.text.startswith("BLUF   RETRACTED, disregard: ")


def test_a_retraction_assesses_nothing_and_says_that_its_evidence_is_of_before() -> None:
    text = sent(retraction()).text
    assert "likely" not in text
    assert "no analyst has looked" not in text
    assert "EVIDENCE (verbatim; before the retraction)" in text


def test_without_a_desk_link_nothing_points_to_one() -> None:
    text = sent(first_report(), link="").text
    assert "ACT " not in text
    assert "/why" not in text


def test_every_revision_threads_under_the_first() -> None:
    first, second = sent(first_report()).headers, sent(update_with_denial()).headers
    assert "In-Reply-To" not in first
    assert second["In-Reply-To"] == second["References"] == first["Message-ID"]
    assert second["Message-ID"] != first["Message-ID"]


def test_the_revision_before_is_named_where_it_is_known() -> None:
    alert = an_alert(revision=3, change="update")
    first = sent(first_report()).headers["Message-ID"]
    headers = render(alert, a_receiver(), a_desk(), previous="<TOC.2@h>").headers
    assert headers["References"] == f"{first} <TOC.2@h>"
    assert headers["In-Reply-To"] == first


def test_a_message_id_is_the_same_for_a_repeat_and_differs_by_receiver_and_rule() -> None:
    def named(alert: Alert, receiver: str) -> str:
        return render(alert, a_receiver(id=receiver), a_desk()).headers["Message-ID"]

    alert, other = an_alert(), an_alert(id=digest("another rule"), rule="another-rule")
    assert named(alert, "watch") == named(alert, "watch")
    assert len({named(alert, "watch"), named(alert, "deputy"), named(other, "watch")}) == 3


def test_a_notification_is_named_by_alert_revision_and_receiver() -> None:
    alert = update_with_denial()
    assert sent(alert).id == digest(alert.id, "2", "watch")


def test_a_rule_of_any_name_makes_a_list_id() -> None:
    headers = sent(an_alert(rule="Bases: Syria & Irak\r\nBcc: x")).headers
    assert headers["List-Id"] == "bases-syria-irak-bcc-x <bases-syria-irak-bcc-x.alerts.example.org>"


def test_a_hostile_text_stays_on_its_line_and_cannot_turn_or_colour_it() -> None:
    forged = 'over."\r\n\r\nRULE   all clear\x1b[2J \u202egnp.exe\u2066'
    event = an_event(place=palmyra(name=f"Pal\nmyra{forged}"), evidence=(a_passage(quote=forged, outlet=f"News{forged}"),))
    message = sent(an_alert(event=event))
    assert "\n" not in message.subject
    assert "\nRULE   all clear" not in message.text
    assert not set("\x1b\r\u202e\u2066") & set(message.subject + message.text)


def test_a_link_that_is_no_web_address_is_not_printed() -> None:
    event = an_event(evidence=(a_passage(url="javascript:alert(1)"), a_passage(article="a2", url="https://news.example/2")))
    text = sent(an_alert(event=event)).text
    assert "javascript" not in text
    assert "https://news.example/2" in text


def test_names_in_other_scripts_keep_their_joiners() -> None:
    name = "می\u200cشود"
    assert name in sent(an_alert(event=an_event(place=palmyra(name=name)))).subject


def test_the_payload_says_what_happened_as_the_contract_has_it() -> None:
    alert = update_with_denial()
    body = json.loads(bytes(sent(alert).payload))
    data, event = body["data"], body["data"]["event"]
    assert (body["type"], body["timestamp"]) == ("alert.update", "2016-12-13T10:05:01Z")
    assert (data["number"], data["revision"], data["severity"], data["disputed"], data["owners"]) == (alert.number, 2, "urgent", True, 2)
    assert data["differences"] == ["SANA DENIES loss of the base", "2 independent sources, was 1"]
    assert data["place"]["mgrs"] == "37SCU7420"
    assert event["occurred"] == {"start": "2016-12-12T00:00:00Z", "end": "2016-12-13T00:00:00Z", "precision": "day"}
    assert event["killed"] is None
    assert set(event) >= {"id", "revision", "type", "place", "first_reported", "last_reported", "actors", "articles", "claims", "evidence"}


def test_a_payload_is_under_20_kb_and_says_what_it_left_out() -> None:
    evidence = tuple(a_passage(article=f"a{n}", quote="A sentence of evidence, ünïcode too. " * 10) for n in range(300))
    payload = bytes(sent(an_alert(event=an_event(evidence=evidence))).payload)
    event = json.loads(payload)["data"]["event"]
    assert len(payload) < MOST_BYTES
    assert event["evidence"]
    assert event["evidence_omitted"] + len(event["evidence"]) == 300


def test_claims_go_only_when_all_evidence_has_gone() -> None:
    claims = tuple(a_claim("killed", f"{n}", f"Outlet {n}", quote="q" * 1000) for n in range(40))
    payload = bytes(sent(an_alert(event=an_event(claims=claims))).payload)
    event = json.loads(payload)["data"]["event"]
    assert len(payload) < MOST_BYTES
    assert event["evidence"] == []
    assert event["claims_omitted"] + len(event["claims"]) == 40


def test_long_evidence_is_cut_in_the_text_and_said_to_be() -> None:
    evidence = tuple(a_passage(article=f"a{n}", quote=f"{n} " + "word " * 400) for n in range(20))
    text = sent(an_alert(event=an_event(evidence=evidence))).text
    assert "[...]" in text
    assert "and 8 more" in text
    assert len(text) < 20 * MOST_CHARACTERS


@given(st.lists(st.text(max_size=80), min_size=4, max_size=4))
def test_whatever_a_feed_says_the_message_keeps_its_shape(texts: list[str]) -> None:
    name, quote, source, attacker = texts
    event = an_event(
        place=palmyra(name=name), actors=(isis(name=attacker),), evidence=(a_passage(quote=quote, source=source),),
        claims=(a_claim("control", quote, source),),
    )  # fmt: skip
    message = sent(an_alert(event=event, at=LATER))
    labels = [line.split()[0] for line in message.text.splitlines() if line[:1].isalpha()]
    expected = ["BLUF", "NEW", "WHAT", "WHO", "WHERE", "WHEN", "WITH", "LOSSES", "RULE", "ASSESSMENT", "CLAIMS", "EVIDENCE", "ACT", "WHY"]
    assert labels == expected
    assert len(message.subject.splitlines()) == 1


def test_several_voices_of_one_owner_are_not_others() -> None:
    claims = (a_claim("control", "taken", "ARA News", "an officer (in ARA News)"), a_claim("control", "attack repelled", "SANA"))
    text = sent(an_alert(event=an_event(claims=claims, disputed=True))).text
    assert "control DISPUTED: TAKEN (ARA News) / REPELLED (SANA)" in " ".join(text.split())


def test_disputed_counts_stand_side_by_side_and_are_never_averaged() -> None:
    text = sent(disputed_casualties()).text
    assert "killed: DISPUTED, at least 23 (ARA News and 2 others) / 3 (SANA)" in text
    assert "13" not in text.split("LOSSES")[1].split("RULE")[0]


def in_html(alert: Alert) -> str:
    return render(alert, a_receiver(channel="email", address="watch@example.org"), a_desk(grades={"sana": "D"})).html


def seen(page: str) -> str:
    """What a reader sees of a page, on one line."""
    return " ".join(html.unescape(re.sub(r"<style.*?</style>|<[^>]+>", " ", page, flags=re.S)).split())


@pytest.mark.parametrize("name", CASES)
def test_the_page_says_what_the_text_says(name: str) -> None:
    alert = CASES[name]()
    shown = seen(in_html(alert))
    for quote in re.findall(r'^      "(.*)', sent(alert).text, re.M):
        assert quote.rstrip('"')[:60] in shown
    for line in sent(alert).text.splitlines():
        if line.startswith(("BLUF", "NEW ", "LOSSES", "RULE", "WITH")):
            assert re.split(r" {2,}|(?<=BLUF) |(?<=LOSSES) ", line, maxsplit=1)[1][:60].strip() in shown, line


def test_what_feeds_say_is_never_markup() -> None:
    hostile = an_alert(event=an_event(evidence=(a_passage(quote="<script>alert(1)</script><img src=x onerror=y>", outlet="A&B <b>"),)))
    page = in_html(hostile)
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page
    assert "A&amp;B &lt;b&gt;" in page


def test_a_page_fetches_nothing_and_runs_nothing() -> None:
    page = in_html(update_with_denial())
    assert not re.search(r"<(script|img|link|iframe|object|form)\b|\bsrc=|url\(|@import", page)


def test_only_e_mail_has_a_page() -> None:
    assert render(first_report(), a_receiver(channel="webhook", url="https://example.org/hook"), a_desk()).html == ""
    assert in_html(first_report())


SURGE = "12 events in 24 h in Syria; usual are 2.1"


def test_a_surge_speaks_of_the_number_first_and_of_one_event_as_the_last_of_them() -> None:
    message = sent(msgspec.structs.replace(first_report(), surge=SURGE))
    assert "12 events in 24 h in Syria - TOC-" in message.subject
    text = " ".join(message.text.split())
    assert text.startswith(f"BLUF {SURGE}. The last of them: ")
    assert text.count(SURGE) == 2
    assert msgspec.json.decode(message.payload)["data"]["headline"] == "12 events in 24 h in Syria"


def test_a_surge_that_is_taken_back_takes_no_event_back() -> None:
    reason = Reason(code="retraction", text="only 3 of the events stand")
    gone = msgspec.structs.replace(first_report(), surge=SURGE, change="retraction", revision=2, reason=reason)
    message = sent(gone)
    assert "RETRACTED: 12 events in 24 h in Syria" in message.subject
    first = " ".join(message.text.split("NEW IN")[0].split())
    assert first == "BLUF RETRACTED, disregard: 12 events in 24 h in Syria; only 3 of the events stand."


def test_one_wire_text_is_read_once_whoever_carries_it() -> None:
    quote = "IS fighters stormed the T4 airbase on Monday, two officers said."
    carried = tuple(
        a_passage(article=f"a{i}", quote=quote if i % 2 else quote.replace(",", " -"), outlet=f"Outlet {i}", owner=f"o{i}")
        for i in range(7)
    )  # fmt: skip
    own = a_passage(article="own", quote="We saw it burn.", outlet="Town Paper", owner="town")
    claims = (a_claim("control", "taken", "Outlet 3"), a_claim("control", "attack repelled", "Town Paper"))
    text = sent(an_alert(event=an_event(evidence=(*carried, own), claims=claims, articles=8, owners=2))).text
    assert text.count("stormed the T4 airbase on Monday") == 1
    assert "the same words: Outlet 1, Outlet 2, Outlet 3, Outlet 4 and 2 more" in " ".join(text.split())
    assert "[2]" in text
    assert "[3]" not in text
    table = text.split("CLAIMS SIDE BY SIDE")[1].split("EVIDENCE")[0]
    assert "[1]" in table
    assert "[2]" in table


def test_the_same_words_of_who_denies_stand_apart() -> None:
    says, denies = (a_passage(article=s, quote="An attack on T4.", outlet=s, owner=s, status=s) for s in ("asserted", "denied"))
    text = sent(an_alert(event=an_event(evidence=(says, denies)))).text
    assert "[2]" in text
    assert "the same words" not in text
