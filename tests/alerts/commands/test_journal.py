"""The log of decisions: one line each, by ids from a feed to a delivery, and nothing that is nobody's business."""

import io
import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from alerts import canary
from alerts.commands import journal
from alerts.commands.reporting import RiverReports
from alerts.commands.river import configured, river
from alerts.records import Delivery, Outcome, Receiver, Route, RoutesInForce
from streams.detection.detector import Detector
from streams.records import Article, Mention
from streams.runtime.replay import Replay
from streams.settings import read_settings
from streams.topics import Rejected
from tests.builders import PUBLISHED

OFFICER = Receiver(id="officer", channel="email", address="night@watch.example")
ARTICLE = Article(
    id="a1", outlet="Wire", feed="wire", published=PUBLISHED, fetched=PUBLISHED,
    text="Rebels shelled the T4 airbase in the eastern countryside of Homs on Monday, killing six soldiers.",
)  # fmt: skip
REFUSED = "550 no such mailbox <night@watch.example>, see https://mail.example/help?token=s3cret"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    journal.begin("json", stream)
    yield stream
    journal.begin("off")


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in stream.getvalue().splitlines()]


def test_an_article_is_followed_by_ids_from_its_feed_to_its_delivery(log: io.StringIO, detector: Detector) -> None:
    stages = river(detector)
    made = Replay(stages)
    rules, _ = configured(read_settings({}), at=PUBLISHED - timedelta(days=1))
    made.control(rules)
    made.control(RoutesInForce(at=rules.at, receivers=(OFFICER,), routes=(Route(receivers=("officer",)),)))
    made.run([ARTICLE])
    reports = RiverReports(lambda _: None)
    for stage in stages:
        reads = stage.read([ARTICLE]) if stage.read else []
        reports.heard(stage, reads, [record for topic in stage.outputs for record in made.logs[topic.name]], 0.1)
    delivery = next(d for d in made.logs["deliveries"] if isinstance(d, Delivery) and d.notification is not None)
    failed = Outcome(delivery=delivery.id, receiver="officer", attempt=1, at=PUBLISHED, ok=False, final=True, detail=REFUSED)
    reports.delivered(delivery, failed)
    told = lines(log)
    by = {line["happening"]: line for line in told}
    assert [h for h in ("read", "mention", "event", "alert", "notification", "attempt") if h not in by] == []
    assert by["read"]["feed"] == "wire"
    assert by["read"]["article"] == by["mention"]["article"] == by["event"]["article"] == "a1"
    assert by["alert"]["event"] == by["event"]["event"]
    assert by["notification"]["alert"] == by["alert"]["alert"] == by["attempt"]["alert"]
    assert by["attempt"]["delivery"] == by["notification"]["delivery"]
    assert (by["attempt"]["level"], by["attempt"]["outcome"]) == ("warning", "refused")
    for hidden in ("night@watch.example", "s3cret", "six soldiers"):
        assert hidden not in log.getvalue()


def test_what_is_set_aside_is_an_error_and_what_a_library_warns_of_is_a_line_like_others(log: io.StringIO) -> None:
    journal.taken("fuse", Rejected(stage="fuse", topic="mentions", at=PUBLISHED, reason="no mention", stack="...", body=b"x"))
    logging.getLogger("some.library").warning("gone:\n%s", "https://user:pass@broker.example")
    rejected, library = lines(log)
    assert (rejected["level"], rejected["stage"], rejected["text"]) == ("error", "fuse", "no mention")
    assert (library["level"], library["happening"], library["text"]) == ("warning", "library", "some.library: gone: (address)")


def test_canaries_are_not_in_it(log: io.StringIO, detector: Detector) -> None:
    stages, article = river(detector), canary.article(PUBLISHED)
    made = Replay(stages)
    made.run([article])
    assert any(isinstance(record, Mention) for record in made.logs["mentions"])
    reports = RiverReports(lambda _: None)
    for stage in stages:
        reports.heard(stage, stage.read([article]) if stage.read else [], [r for t in stage.outputs for r in made.logs[t.name]], 0.1)
    assert lines(log) == []


def test_off_is_silent_and_console_is_one_line_each() -> None:
    stream = io.StringIO()
    journal.begin("off", stream)
    journal.said("ready")
    assert stream.getvalue() == ""
    journal.begin("console", stream)
    journal.said("ready\nand waiting")
    journal.begin("off")
    (line,) = stream.getvalue().splitlines()
    assert line.endswith(" info said ready and waiting")


def test_the_document_names_every_field_and_happening_and_no_other() -> None:
    document = (Path(__file__).parents[3] / "docs" / "operations.md").read_text(encoding="utf-8")
    section = document.split("## Read the log")[1].split("\n## ")[0]
    table, examples = section.split("```sh")
    named = set(re.findall(r"`(\w+)`", "".join(line.split("|")[1] for line in table.splitlines() if line.startswith("| `"))))
    assert named == set(journal.Line.__struct_fields__)
    assert set(re.findall(r"\.(\w+)", examples.replace("log.jsonl", ""))) <= named
    assert [word for word in journal.Happening.__args__ if f"`{word}`" not in table] == []
