"""The receivers file in, who hears of what out; or every mistake at once, with file and line."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerts.records import Desk, Flood, Hush, Inhibition, Quiet, Receiver, Route
from alerts.rules.load import RulesError
from alerts.rules.receivers import load_receivers

GOOD = """\
receivers:
  - id: watch
    channel: email
    address: watch@example.org
  - id: hook
    channel: webhook
    url: https://example.org/alerts
    secret_env: TOCSIN_HOOK
routes:
  - receivers: [watch, hook]
"""


def mistakes_of(folder: Path, text: str) -> list[str]:
    path = folder / "receivers.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RulesError) as caught:
        load_receivers(path)
    return [m.removeprefix(f"{folder}/receivers.yaml:") for m in caught.value.mistakes]


def test_receivers_routes_and_desk_are_read(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text(
        GOOD + "    rules: [a, b]\n    severity: flash\n"
        "inhibit:\n  - {by: loud, rules: [quiet, small], same: place, receivers: watch}\n"
        "desk:\n  host: alerts.example.org\n  link: https://alerts.example.org/\n  grades: {ara news: C, sana: D}\n"
    )
    receivers, routes, desk, inhibitions, _ = load_receivers(path)
    assert receivers == (
        Receiver(id="watch", channel="email", address="watch@example.org", delayed_after=timedelta(minutes=30)),
        Receiver(id="hook", channel="webhook", url="https://example.org/alerts", secret_env="TOCSIN_HOOK"),
    )
    assert routes == (Route(receivers=("watch", "hook"), rules=("a", "b"), severity=("flash",)),)
    assert inhibitions == (Inhibition(by=("loud",), rules=("quiet", "small"), same="place", receivers=("watch",)),)
    assert desk == Desk(host="alerts.example.org", link="https://alerts.example.org", grades={"ara news": "C", "sana": "D"})


def test_a_route_takes_every_rule_unless_told(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text(GOOD)
    _, routes, desk, inhibitions, _ = load_receivers(tmp_path / "r.yaml")
    assert inhibitions == ()
    assert routes == (Route(receivers=("watch", "hook"), rules=("*",), severity=()),)
    assert desk == Desk()


SHIPPED = Path(__file__).parents[3] / "deploy" / "receivers.yaml"


def test_the_shipped_receivers_load() -> None:
    receivers, routes, *_ = load_receivers(SHIPPED)
    assert [r.channel for r in receivers] == ["terminal"]
    assert [r.receivers for r in routes] == [("terminal",)]


def test_the_receivers_that_the_shipped_file_shows_as_comments_load_too(tmp_path: Path) -> None:
    shown = re.sub(r"^#( - | {3})", r" \1", SHIPPED.read_text(encoding="utf-8"), flags=re.M)
    (tmp_path / "r.yaml").write_text(shown)
    assert [r.channel for r in load_receivers(tmp_path / "r.yaml")[0]] == ["terminal", "webhook", "email"]


def test_the_file_that_the_document_shows_loads_and_every_word_of_it_is_explained(tmp_path: Path) -> None:
    document = (SHIPPED.parents[1] / "docs" / "receivers.md").read_text(encoding="utf-8")
    [shown] = re.findall(r"```yaml\n(.*?)```", document, re.S)
    (tmp_path / "r.yaml").write_text(shown)
    known = load_receivers(tmp_path / "r.yaml")
    assert [r.id for r in known.receivers] == ["night-desk", "picture"]
    assert known.receivers[0].quiet is not None
    assert known.inhibitions
    source = (SHIPPED.parents[1] / "alerts" / "rules" / "receivers.py").read_text(encoding="utf-8")
    words = set(re.findall(r'[a-z]\.(?:take|inner|has)\("([a-z_]+)"', source)) - {"id", "host", "link", "grades", "desk"}
    assert {w for w in words if f"`{w}" not in document} == set()


def test_three_mistakes_are_reported_together_with_their_lines(tmp_path: Path) -> None:
    text = GOOD.replace("channel: email", "channel: pigeon").replace("https://", "ftp://").replace("[watch, hook]", "[watch, hok]")
    assert mistakes_of(tmp_path, text) == [
        "3: receiver 'watch': channel 'pigeon' is not known; known are webhook, email, terminal, null",
        "7: receiver 'hook': url is 'ftp://example.org/alerts', but must begin with https:// (or http://) and name a host",
        "10: a route names receiver 'hok', which is not in the list; add it or mend the name",
    ]


def test_a_receiver_that_stands_twice_is_reported(tmp_path: Path) -> None:
    assert mistakes_of(tmp_path, GOOD.replace("id: hook", "id: watch").replace(", hook", "")) == [
        "5: receiver 'watch' stands in line 2 too; give one of them another id"
    ]


@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        pytest.param("    address: watch@example.org\n", "", "2: receiver 'watch': a receiver by email needs 'address'", id="address"),
        pytest.param("    url: https://example.org/alerts\n", "", "5: receiver 'hook': a receiver by webhook needs 'url'", id="url"),
        pytest.param("channel: email", "channel: []", "3: receiver 'watch': channel is a list, but must be a text", id="no channel"),
        pytest.param("    channel: email\n", "", "2: receiver 'watch' has no 'channel'; set it to one of webhook, email", id="channel"),
        pytest.param("id: watch", "id: Watch Desk", "2: a receiver: id is 'Watch Desk', but must be small letters", id="a bad id"),
        pytest.param("watch@example.org", "a b", "4: receiver 'watch': address is 'a b', but must be one mailbox", id="no mailbox"),
        pytest.param("[watch, hook]", "[]", "10: a route: receivers is an empty list; name at least one", id="a route to nobody"),
        pytest.param("routes:", "desk: {grades: {sana: G}}\nroutes:", "9: the file, desk, grades: sana 'G' is not known", id="a grade"),
        pytest.param("routes:", "desk: {hosts: x}\nroutes:", "9: the file, desk: unknown key 'hosts'; known are host, link", id="desk"),
        pytest.param("  - receivers: [watch, hook]\n", "  none\n", "10: routes must be a list; put a dash before each", id="no list"),
    ],
)
def test_a_mistake_says_where_what_came_and_what_to_do(tmp_path: Path, old: str, new: str, mistake: str) -> None:
    assert any(m.startswith(mistake) for m in mistakes_of(tmp_path, GOOD.replace(old, new)))


def test_a_secret_in_the_file_is_refused_and_not_repeated(tmp_path: Path) -> None:
    (found,) = mistakes_of(tmp_path, GOOD.replace("TOCSIN_HOOK", "whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"))
    assert found.startswith("8: receiver 'hook': secret_env must be the name of a variable that begins with TOCSIN_")
    assert "whsec_c2" not in found


def test_a_variable_that_would_never_be_read_is_refused(tmp_path: Path) -> None:
    assert mistakes_of(tmp_path, GOOD.replace("TOCSIN_HOOK", "HOOK_SECRET"))


def test_both_lists_must_be_there_even_if_empty(tmp_path: Path) -> None:
    assert mistakes_of(tmp_path, "desk: {host: x}\n") == [
        "1: the file has no 'receivers'; add 'receivers:', even if the list is empty",
        "1: the file has no 'routes'; add 'routes:', even if the list is empty",
    ]
    (tmp_path / "none.yaml").write_text("receivers: []\nroutes: []\n")
    assert load_receivers(tmp_path / "none.yaml") == ((), (), Desk(), (), ())


def test_an_empty_or_missing_file_is_reported(tmp_path: Path) -> None:
    assert mistakes_of(tmp_path, "") == ["1: the file is empty; begin it with 'receivers:', or take it away"]
    with pytest.raises(RulesError, match=r"none\.yaml: cannot be read \(No such file or directory\)"):
        load_receivers(tmp_path / "none.yaml")


def with_wishes(text: str) -> str:
    """The good file, whose mailbox has these wishes; the first of them is line 5."""
    return GOOD.replace("    address: watch@example.org\n", f"    address: watch@example.org\n    {text}\n")


def test_when_a_receiver_is_not_to_be_told_one_by_one(tmp_path: Path) -> None:
    wishes = (
        "quiet: {from: '22:00', to: 6:30, zone: Europe/Berlin, holds: [routine, urgent]}\n"
        "    flood: {most: 20, within: 1h}\n    delayed_after: 2h"
    )
    (tmp_path / "r.yaml").write_text(with_wishes(wishes))
    watch = load_receivers(tmp_path / "r.yaml")[0][0]
    assert watch.quiet == Quiet(start=22 * 60, end=6 * 60 + 30, zone="Europe/Berlin", holds=("routine", "urgent"))
    assert watch.flood == Flood(most=20, within=timedelta(hours=1), flash=60)
    assert watch.delayed_after == timedelta(hours=2)


def test_people_get_a_digest_after_an_outage_and_programs_each_alert_unless_they_ask_otherwise(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text(with_wishes("delayed_after: never"))
    assert [r.delayed_after for r in load_receivers(tmp_path / "r.yaml")[0]] == [None, None]


@pytest.mark.parametrize(
    ("wishes", "mistake"),
    [
        ("quiet: {from: '22:00'}", "receiver 'watch', quiet has no 'to'; say when they end, such as '06:00'"),
        (
            "quiet: {from: 25:00, to: '06:00'}",
            "receiver 'watch', quiet: from is '25:00', but must be a time of the day such as '22:00', in quotes",
        ),
        (
            "quiet: {from: '22:00', to: '06:00', zone: Berlin}",
            "receiver 'watch', quiet: zone is 'Berlin', but must be a time zone such as Europe/Berlin (IANA name)",
        ),
        (
            "quiet: {from: '22:00', to: '06:00', holds: flash}",
            "receiver 'watch', quiet: holds 'flash' is not known; known are urgent, routine",
        ),
        (
            "flood: {most: 20, within: 1h, flash: 5}",
            "receiver 'watch', flood: flash is 5, below most; a flash must have more room than the others, so raise it",
        ),
        ("flood: {within: 1h}", "receiver 'watch', flood has no 'most'; say how many messages are read one by one, such as 20"),
        (
            "delayed_after: soon",
            "receiver 'watch': delayed_after is 'soon', but must be a span such as 30d, 6h or 45min, of at most ten years",
        ),
    ],
)
def test_wishes_that_cannot_be_meant_are_refused(tmp_path: Path, wishes: str, mistake: str) -> None:
    assert mistakes_of(tmp_path, with_wishes(wishes)) == [f"5: {mistake}"]


@pytest.mark.parametrize(
    ("line", "mistake"),
    [
        ("{by: a}", "an inhibition has no 'rules'; name the rules that keep still meanwhile"),
        ("{by: [a, b], rules: b}", "an inhibition names rule 'b' on both sides; no rule keeps itself still, so take it from one"),
        ("{by: a, rules: b, receivers: boss}", "an inhibition names receiver 'boss', which is not in the list; add it or mend the name"),
        ("{by: a, rules: b, same: country}", "an inhibition: same 'country' is not known; known are event, place"),
    ],
)
def test_an_inhibition_that_cannot_be_meant_is_refused(tmp_path: Path, line: str, mistake: str) -> None:
    assert mistakes_of(tmp_path, f"{GOOD}inhibit:\n  - {line}\n") == [f"12: {mistake}"]


DRILL = """\
silences:
  - {id: drill, from: 2026-12-01T07:00+01:00, until: 2026-12-01T18:00Z, places: [T4 Airbase], rules: "*", by: duty officer, reason: a drill}
"""


def test_a_silence_is_read_in_utc_with_who_answers_for_it(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text(GOOD + DRILL)
    start, end = datetime(2026, 12, 1, 6, tzinfo=UTC), datetime(2026, 12, 1, 18, tzinfo=UTC)
    drill = Hush(id="drill", start=start, end=end, by="duty officer", reason="a drill", places=("t4 airbase",))
    assert load_receivers(tmp_path / "r.yaml").silences == (drill,)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("18:00Z", "18:00"), "distance from UTC"),
        (("18:00Z", "05:00Z"), "ends before it begins"),
        ((", until: 2026-12-01T18:00Z", ""), "none is for good"),
        ((", by: duty officer", ""), "who answers for it"),
        ((", reason: a drill", ", reason: a drill, receivers: nobody"), "receiver 'nobody', which is not in the list"),
        (("id: drill", "id: drill, place: x"), "unknown key 'place'"),
    ],
)
def test_a_silence_that_is_wrong_is_told_with_its_line(tmp_path: Path, change: tuple[str, str], says: str) -> None:
    (mistake,) = mistakes_of(tmp_path, GOOD + DRILL.replace(*change))
    assert says in mistake
    assert mistake.startswith("12:")


def test_two_silences_of_one_name_are_a_mistake(tmp_path: Path) -> None:
    (mistake,) = mistakes_of(tmp_path, GOOD + DRILL + DRILL.splitlines()[1])
    assert mistake == "13: silence 'drill' stands in line 12 too; give one of them another id"
