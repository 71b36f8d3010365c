"""`tocsin up` as a whole: the sample story, receivers that are down, feeds that break, a clean stop."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from alerts.commands.river import configured, river
from alerts.records import Alert
from alerts.topics import ALERTS
from streams.detection.detector import Detector
from streams.runtime.replay import Replay
from streams.settings import read_settings
from streams.topics import ARTICLES
from tests.real.program import SECRET, Program
from tests.real.world import a_world


def wait_for(happened: Callable[[], bool], program: Program | None = None, *, seconds: float = 60) -> None:
    """Wait until *happened*."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, program.words[-3000:] if program else "too late"
        time.sleep(0.1)


def test_the_sample_story_arrives_as_an_exercise_by_webhook_mail_and_terminal(tmp_path: Path) -> None:
    environment = os.environ | {"TOCSIN_STATE": str(tmp_path / "run" / "s.db"), "TOCSIN_METRICS": "127.0.0.1:0"}
    with (tmp_path / "out.txt").open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", "from alerts.cli import main; main(['up', '--sample'])"], stdout=out, stderr=out, env=environment
        )

    def words() -> str:
        return (tmp_path / "out.txt").read_text()

    try:
        wait_for(lambda: words().count("mail received") >= 1 and words().count("webhook received") >= 1)
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    assert "[EXERCISE] [URGENT] T4" in words()
    assert "BLUF   EXERCISE, not a real event." in words()
    assert "nothing is lost" in words()
    mail = next((tmp_path / "run" / "mailbox" / "new").iterdir())
    message = message_from_bytes(mail.read_bytes(), policy=default)
    assert str(message["Subject"]).startswith("[EXERCISE] [URGENT] T4")
    assert message["Auto-Submitted"] == "auto-generated"


def test_the_log_leads_from_the_feed_to_who_was_told_and_says_no_secret(tmp_path: Path) -> None:
    secrets = {"TOCSIN_SMTP_PASSWORD": "hush-mail", "TOCSIN_PICTURE_SECRET": "whsec_hush", "TOCSIN_KAFKA_PREFIX": "river"}
    places = {"TOCSIN_STATE": str(tmp_path / "run" / "s.db"), "TOCSIN_METRICS": "127.0.0.1:0", "TOCSIN_LOG": "json"}
    log = tmp_path / "log.jsonl"
    with (tmp_path / "out.txt").open("wb") as out, log.open("wb") as err:
        process = subprocess.Popen(
            [sys.executable, "-m", "alerts.cli", "up", "--sample"], stdout=out, stderr=err, env=os.environ | places | secrets
        )

    def lines() -> list[dict[str, object]]:
        return [json.loads(line) for line in log.read_text().splitlines(keepends=True) if line.endswith("\n")]

    def accepted() -> list[dict[str, object]]:
        return [line for line in lines() if line["happening"] == "attempt" and line["outcome"] == "accepted"]

    try:
        wait_for(lambda: bool(accepted()))
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    told = lines()
    end = accepted()[0]
    notification = next(line for line in told if line["happening"] == "notification" and line["delivery"] == end["delivery"])
    alert = next(line for line in told if line["happening"] == "alert" and line["alert"] == notification["alert"])
    event = next(line for line in told if line["happening"] == "event" and line["event"] == alert["event"])
    read = next(line for line in told if line["happening"] == "read" and line["article"] == event["article"])
    assert any(line["happening"] == "poll" and line["feed"] == read["feed"] for line in told)
    assert any(line["happening"] == "said" and "nothing is lost" in str(line["text"]) for line in told)
    for hidden in ("hush", "whsec_", "@", "http://"):
        assert hidden not in log.read_text()


def test_a_receiver_that_is_down_gets_everything_when_it_is_back_also_across_a_restart(tmp_path: Path) -> None:
    with a_world(6, per_second=50) as world:
        world.refuse = 10_000
        program = Program(folder=tmp_path, port=world.port).start()
        wait_for(lambda: world.refuse <= 9_997, program)
        program.kill()
        world.refuse = 0
        program.start()
        wait_for(lambda: len(world.received()) == len(notified(program)) > 2, program)
        assert program.stop() == 0
    assert set(world.received()) == notified(program)
    assert all(len(bodies) == 1 for bodies in world.received().values())


def notified(program: Program) -> set[str]:
    """The ids of all notifications in the state file."""
    with closing(sqlite3.connect(f"file:{program.state}?mode=ro", uri=True)) as db:
        rows = db.execute("SELECT body FROM log WHERE topic = 'notifications'").fetchall()
    return {record["id"] for (body,) in rows if (record := json.loads(body))["record"] == "Notification"}


def test_what_arrives_is_signed_by_standard_webhooks(tmp_path: Path) -> None:
    with a_world(3, per_second=50) as world:
        program = Program(folder=tmp_path, port=world.port).start()
        wait_for(lambda: bool(world.posts), program)
        assert program.stop() == 0
    for name, body, headers in world.signed:
        verified = Webhook(SECRET).verify(body, headers)
        assert headers["webhook-id"] == name
        assert verified == json.loads(body)


def test_a_second_up_on_the_same_state_is_refused(tmp_path: Path) -> None:
    with a_world(1, per_second=1) as world:
        program = Program(folder=tmp_path, port=world.port).start()
        wait_for(lambda: "ready in" in program.words, program)
        second = subprocess.run(
            [sys.executable, "-c", "from alerts.cli import main; main(['up'])"],
            env=program.environment, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert second.returncode == 1
        assert "in use by another tocsin (process" in second.stderr
        assert program.stop() == 0


def test_feeds_that_are_unreachable_are_reported_and_stop_nothing(tmp_path: Path) -> None:
    with a_world(3, per_second=50) as world:
        program = Program(folder=tmp_path, port=world.port)
        more = '[[feed]]\nname = "nobody"\nurl = "http://127.0.0.1:9/feed"\noutlet = "Nobody"\nallow_internal = true\nevery_seconds = 1\n'
        (tmp_path / "feeds.toml").write_text((tmp_path / "feeds.toml").read_text() + more)
        program.start()
        wait_for(lambda: "feed nobody:" in program.words and bool(world.posts), program)
        assert program.stop() == 0


@pytest.mark.parametrize("limit", [300_000])
def test_a_full_disk_is_a_clear_stop_without_corruption(tmp_path: Path, limit: int) -> None:
    with a_world(400, per_second=400) as world:
        program = Program(folder=tmp_path, port=world.port)
        code = (
            "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
            f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit})); from alerts.cli import main; main(['up'])"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], env=program.environment, capture_output=True, text=True, check=False, timeout=90
        )
        assert done.returncode == 1, done.stdout[-2000:] + done.stderr[-2000:]
        assert "failed: " in done.stdout
        assert "tocsin.db" in done.stdout
        assert "Traceback" not in done.stdout + done.stderr
        program.start()
        wait_for(lambda: len(world.received()) > 5, program)
        assert program.stop() == 0


def test_rules_that_change_are_taken_up_and_three_mistakes_leave_the_old_ones_in_force(tmp_path: Path) -> None:
    with a_world(200, per_second=2) as world:
        program = Program(folder=tmp_path, port=world.port).start()
        rules = tmp_path / "rules" / "rules.yaml"
        wait_for(lambda: bool(world.posts), program)
        good = rules.read_text()
        rules.write_text(
            "rules:\n  - id: one\n    title: One\n    severity: loud\n    match: {place_kind: air_bse}\n    threshold: {owners: 0}\n"
        )
        wait_for(lambda: "3 mistakes; what was in force stays" in program.words, program)
        assert [n for n in (4, 5, 6) if f"not in force: {rules}:{n}: rule 'one'" in program.words] == [4, 5, 6]
        received = len(world.posts)
        wait_for(lambda: len(world.posts) > received, program)
        rules.write_text(good.replace("id: anything", "id: whatever"))
        wait_for(lambda: any(json.loads(body)["data"]["rule"] == "whatever" for _, body, _ in world.posts), program)
        assert program.stop() == 0


def test_with_bad_rules_it_starts_on_those_that_were_in_force_before(tmp_path: Path) -> None:
    with a_world(200, per_second=2) as world:
        program = Program(folder=tmp_path, port=world.port).start()
        wait_for(lambda: "in force: 3 rules" in program.words, program)
        program.kill()
        (tmp_path / "rules" / "rules.yaml").write_text("rules: nonsense\n")
        program.start()
        wait_for(lambda: "what was in force stays" in program.words and bool(world.posts), program)
        assert program.stop() == 0


def test_reloads_under_load_tell_nothing_more_and_nothing_less(tmp_path: Path, detector: Detector) -> None:
    with a_world(70, per_second=6) as world:
        program = Program(folder=tmp_path, port=world.port).start()
        rules = tmp_path / "rules" / "rules.yaml"
        wait_for(lambda: bool(world.posts), program)
        written, edition = rules.read_text(), 0
        while not world.served_all:
            edition += 1
            (tmp_path / "next.yaml").write_text(written.replace("title: Anything at all", f"title: Anything at all edition {edition}"))
            (tmp_path / "next.yaml").replace(rules)
            time.sleep(0.5)
        wait_for(lambda: len(rows(program, "articles")) == 70 and len(world.received()) == len(notified(program)), program)
        assert program.stop() == 0
    assert program.words.count("in force: 3 rules; changed: anything") >= 3
    articles = [ARTICLES.decode(body) for body in rows(program, "articles")]
    last = max(a.at for a in articles)
    undisturbed = Replay(river(detector))
    settings = read_settings(program.environment | {"TOCSIN_RULES": str(tmp_path / "rules")})
    for control in configured(settings, at=min(a.at for a in articles)):
        undisturbed.control(control)
    undisturbed.run(articles)
    told = [ALERTS.decode(body) for body in rows(program, "alerts")]
    assert spoken(told, last) == spoken(undisturbed.logs["alerts"], last)
    assert len(told) > 20


def rows(program: Program, topic: str) -> list[bytes]:
    """What lies in a topic of the state file."""
    with closing(sqlite3.connect(f"file:{program.state}?mode=ro", uri=True)) as db:
        return [body for (body,) in db.execute("SELECT body FROM log WHERE topic = ? ORDER BY rowid", (topic,))]


def spoken(log: Iterable[Any], until: datetime) -> list[tuple[str, str, int, str, str]]:
    """What was said up to a time, however it was titled."""
    return sorted((a.rule, a.id, a.revision, a.change, a.reason.text) for a in log if isinstance(a, Alert) and a.at <= until)
