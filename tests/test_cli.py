"""The command line as others rely on it: one answer a line, in order, and a clear word for what cannot be read."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


def tocsin(*words: str, text: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the real command."""
    command = [sys.executable, "-m", "alerts.cli", *words]
    return subprocess.run(command, input=text, text=True, capture_output=True, check=False, env=os.environ | environment)


def lines(*asked: Any) -> str:
    return "".join((a if isinstance(a, str) else json.dumps(a)) + "\n" for a in asked)


ATTACK = {"id": "a", "title": None, "text": "Rebels shelled Idlib on Monday, killing 12 people.", "published": "2026-03-03T09:00:00Z"}
FOOTBALL = {
    "id": "f",
    "title": "Late strike sinks Arsenal",
    "text": "Chelsea attacked to the end at Wembley.",
    "published": "2026-03-03T09:00:00Z",
}


def test_detect_answers_every_line_in_order_and_its_evidence_is_the_articles_own_words() -> None:
    done = tocsin("detect", text=lines(FOOTBALL, ATTACK))
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [a["id"] for a in answers] == ["f", "a"]
    assert answers[0]["mentions"] == []
    first = answers[1]["mentions"][0]
    assert (first["type"], first["category"], first["status"]) == ("shelling_artillery_missile_attack", "kinetic", "asserted")
    assert (first["place"]["name"], first["place"]["country"], first["killed"]) == ("Idlib", "SY", [12, 12])
    assert first["occurred"]["start"] == "2026-03-02T00:00:00Z"
    evidence = first["evidence"]
    assert str(ATTACK["text"])[evidence["start"] : evidence["end"]] == evidence["quote"]


MENTION = {
    "id",
    "type",
    "category",
    "status",
    "outcome",
    "confidence",
    "place",
    "actors",
    "weapons",
    "killed",
    "injured",
    "occurred",
    "source",
    "evidence",
}
PLACE = {"id", "name", "kind", "lat", "lon", "radius_km", "country", "admin1", "precision", "mgrs"}


def test_every_field_of_the_contract_is_there() -> None:
    mention = json.loads(tocsin("detect", text=lines(ATTACK)).stdout)["mentions"][0]
    assert mention.keys() >= MENTION
    assert mention["place"].keys() >= PLACE
    assert mention["evidence"].keys() >= {"start", "end", "quote"}


def test_a_line_that_is_no_json_is_answered_and_the_others_too() -> None:
    done = tocsin("detect", text=lines("this is not json", {"id": "x", "text": 7}, ATTACK))
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert [a["id"] for a in answers] == [None, "x", "a"]
    assert "malformed" in answers[0]["error"]
    assert "text" in answers[1]["error"]
    assert done.stderr.splitlines()[0].startswith("line 1: ")
    assert done.stderr.splitlines()[1].startswith("line 2: ")


def test_strict_stops_with_2_at_the_first_line_that_cannot_be_read() -> None:
    done = tocsin("detect", "--strict", text=lines("this is not json", ATTACK))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("line 1: ")


def test_detect_explains_for_people_how_each_article_was_read() -> None:
    done = tocsin("detect", "--explain", text=lines(FOOTBALL, ATTACK))
    assert done.returncode == 0
    assert [line.split(" ")[0] for line in done.stdout.splitlines() if line.startswith(("article", "mentions"))] == [
        "article",
        "mentions",
    ] * 2
    assert "may alert" in done.stdout


def test_detect_answers_without_waiting_for_the_end_of_the_input() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "alerts.cli", "detect"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(lines(ATTACK))
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["id"] == "a"
        process.stdin.close()
        assert process.wait(20) == 0


def test_an_article_of_2_megabytes_is_read_to_its_end() -> None:
    filler = "The council met again to speak about parks, roads and the weather of the week. " * 26_000
    long = {**ATTACK, "text": filler + "\n\n" + str(ATTACK["text"])}
    answer = json.loads(tocsin("detect", text=lines(long)).stdout)
    assert len(long["text"]) > 2_000_000
    assert [m["place"]["name"] for m in answer["mentions"] if m["place"]] == ["Idlib"]


def test_an_unparsable_time_is_said_and_never_taken_as_now() -> None:
    done = tocsin("detect", text=lines({**ATTACK, "published": "yesterday-ish"}))
    assert "published" in json.loads(done.stdout)["error"]


def test_resolve_answers_one_place_for_each_span() -> None:
    text = "Shelling in Tiyas airbase and Xyzzyville"
    spans = [[text.find(n), text.find(n) + len(n)] for n in ("Tiyas airbase", "Xyzzyville")]
    answer = json.loads(tocsin("resolve", text=lines({"id": "r", "text": text, "spans": spans})).stdout)
    assert answer["places"][0]["kind"] == "air_base"
    assert answer["places"][1] is None


def test_replay_orders_articles_by_time_and_gives_the_same_bytes_whatever_their_order(tmp_path: Path) -> None:
    base = {**ATTACK, "text": "Islamic State fighters stormed the T4 airbase on Monday."}
    articles = [{**base, "id": f"n{i}", "outlet": f"Outlet {i}", "published": f"2026-03-0{3 + i}T09:00:00Z"} for i in range(3)]
    (tmp_path / "a.jsonl").write_text(lines(*articles))
    (tmp_path / "b.jsonl").write_text(lines(*reversed(articles)))
    first, second = tocsin("replay", str(tmp_path / "a.jsonl")), tocsin("replay", str(tmp_path / "b.jsonl"))
    assert first.returncode == 0, first.stderr
    assert first.stdout == second.stdout
    alerts = [json.loads(line) for line in first.stdout.splitlines()]
    assert next(a["change"] for a in alerts if a["rule"] == "new-airbase-under-attack") == "new"
    assert alerts[0].keys() >= {"alert", "revision", "change", "rule", "severity", "at", "reason", "receivers", "event"}


def test_replay_names_the_line_that_has_no_time(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(lines(ATTACK, {"id": "b", "text": "no time"}))
    done = tocsin("replay", str(tmp_path / "a.jsonl"))
    assert done.returncode == 1
    assert f"{tmp_path}/a.jsonl:2: neither 'fetched' nor 'published'" in done.stderr


def test_feeds_parse_answers_a_feed_and_what_is_none(tmp_path: Path) -> None:
    good = "<rss version='2.0'><channel><item><guid>1</guid><title>T</title><description>D</description></item></channel></rss>"
    (tmp_path / "good.xml").write_text(good)
    (tmp_path / "bad.xml").write_text("<!DOCTYPE html><html><body>We are sorry</body></html>")
    (tmp_path / "empty.xml").write_text("")
    done = tocsin("feeds", "parse", *(str(tmp_path / f"{n}.xml") for n in ("good", "bad", "empty")))
    one, two, three = (json.loads(line) for line in done.stdout.splitlines())
    assert (one["entries"], one["error"], one["articles"][0]["title"]) == (1, None, "T")
    assert one["articles"][0].keys() == {"id", "url", "title", "text", "published", "updated", "author", "guid"}
    assert (two["entries"], three["entries"]) == (0, 0)
    assert "web page" in two["error"]
    assert three["error"]


def test_rules_check_tells_three_mistakes_with_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text(
        "rules:\n  - id: one\n    title: One\n    severity: loud\n    match:\n      place_kind: air_bse\n    threshold:\n      owners: 0\n"
    )
    done = tocsin("rules", "check", str(tmp_path))
    assert done.returncode == 1
    told = done.stderr.splitlines()
    assert [line.split(": ")[1] for line in told if "r.yaml" in line] == [f"{tmp_path}/r.yaml:{n}" for n in (4, 6, 8)]


def test_rules_check_is_content_with_the_rules_that_are_shipped() -> None:
    done = tocsin("rules", "check")
    assert done.returncode == 0, done.stderr
    assert "no mistakes" in done.stdout


def test_up_refuses_to_start_with_bad_rules_and_says_why(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text("rules:\n  - id: one\n")
    done = tocsin("up", TOCSIN_RULES=str(tmp_path), TOCSIN_STATE=str(tmp_path / "s.db"))
    assert done.returncode == 1
    assert "r.yaml:2: rule 'one' has no 'title'" in done.stderr


def test_doctor_says_what_is_in_order_and_what_to_do_about_the_rest(tmp_path: Path) -> None:
    good = tocsin("doctor", TOCSIN_STATE=str(tmp_path / "s.db"))
    assert good.returncode == 0, good.stdout
    assert "everything is in order" in good.stdout
    bad = tocsin("doctor", TOCSIN_STATE=str(tmp_path / "s.db"), TOCSIN_GAZETTEER=str(tmp_path / "nowhere"), TOCSIN_MODEL="no_such_model")
    assert bad.returncode == 1
    assert "BAD  gazetteer" in bad.stdout
    assert "make gazetteer" in bad.stdout
    assert "BAD  language model" in bad.stdout


def test_doctor_speaks_of_brokers_only_where_some_are_named_and_then_once_if_nobody_is_there(tmp_path: Path) -> None:
    state = {"TOCSIN_STATE": str(tmp_path / "s.db")}
    assert "kafka" not in tocsin("doctor", **state).stdout
    told = [line for line in tocsin("doctor", **state, TOCSIN_KAFKA="127.0.0.1:1").stdout.splitlines() if "127.0.0.1:1" in line]
    assert told == [
        "BAD  kafka: Kafka at 127.0.0.1:1 cannot be reached: nobody listens there; check TOCSIN_KAFKA, and that the brokers run"
    ]


def test_topics_check_tells_an_address_where_nobody_is_in_one_line() -> None:
    done = tocsin("topics", "check", TOCSIN_KAFKA="nowhere.invalid:9092")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "tocsin: Kafka at nowhere.invalid:9092 cannot be reached: there is no such host; check TOCSIN_KAFKA\n"


def test_send_test_names_the_receivers_when_it_is_asked_for_an_unknown_one() -> None:
    done = tocsin("send-test", "nobody")
    assert done.returncode == 1
    assert "no receiver 'nobody'; known are terminal" in done.stderr


def test_send_test_shows_an_exercise_in_the_terminal() -> None:
    done = tocsin("send-test", "terminal")
    assert done.returncode == 0
    assert "[EXERCISE]" in done.stdout
    assert "terminal: delivered" in done.stdout


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("detect",),
        ("resolve",),
        ("replay",),
        ("up",),
        ("feeds", "parse"),
        ("feeds", "check"),
        ("rules", "check"),
        ("topics", "create"),
        ("topics", "check"),
        ("send-test",),
        ("doctor",),
    ],
    ids=" ".join,
)
def test_every_verb_has_help_and_an_example(words: tuple[str, ...]) -> None:
    done = tocsin(*words, "--help")
    assert done.returncode == 0
    assert not words or "Example:" in done.stdout


def test_a_misused_verb_ends_with_2() -> None:
    assert tocsin("replay").returncode == 2
    assert tocsin("no-such-verb").returncode == 2


def test_help_imports_nothing_slow() -> None:
    code = "import sys; from alerts.cli import main; main(['--help'], standalone_mode=False); print(sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not [name for name in ("spacy", "numpy", "aiohttp", "jinja2", "feedparser", "kafka", "faust") if f"'{name}'" in loaded]


def test_trace_names_the_state_file_that_is_not_there(tmp_path: Path) -> None:
    done = tocsin("trace", "abcdef", TOCSIN_STATE=str(tmp_path / "s.db"))
    assert done.returncode == 1
    assert f"{tmp_path / 's.db'}: there is no state file" in done.stderr
