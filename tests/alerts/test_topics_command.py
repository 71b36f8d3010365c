"""What is said of the river in a cluster: who reads what, and what counts as late."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerts.commands.river import river
from alerts.commands.topics import READERS, beds, told_of, told_of_workers
from streams.runtime.cluster import Lag, unread
from streams.settings import read_settings
from streams.topics import Working

NOW = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
REMEDY = "see that a worker with fuse runs, or start another"


def lag(records: int = 0, *, seconds: float | None = None, begun: bool = True) -> Lag:
    """How far the group of fuse is behind."""
    oldest = None if seconds is None else NOW - timedelta(seconds=seconds)
    return Lag(group="t.fuse", topic="t.mentions", records=records, oldest=oldest, begun=begun)


def test_every_stage_of_the_river_reads_its_input_and_the_sender_reads_what_they_end_in() -> None:
    stages = [(stage.name, stage.input) for stage in river(lambda articles: [[] for _ in articles])]
    assert list(READERS[:-2]) == stages
    assert [name for name, _ in READERS[-2:]] == ["send", "control"]
    assert READERS[-2][1] in river(lambda articles: [])[-1].outputs


def test_the_topics_are_laid_out_as_the_settings_say() -> None:
    settings = read_settings({"TOCSIN_KAFKA_PREFIX": "t", "TOCSIN_KAFKA_PARTITIONS": "3", "TOCSIN_RETENTION": "1h"})
    laid = {bed.name: bed for bed in beds(settings)}
    assert len(laid) == 7 + 8 + 4
    assert (laid["t.articles"].partitions, laid["t.articles"].config["retention.ms"]) == (3, "3600000")
    assert laid["t.send.state"].partitions == 3


def test_the_manual_says_of_every_topic_how_it_is_kept() -> None:
    manual = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
    rows = manual.split("\n| topic, after the prefix")[1].split("\n\n")[0].splitlines()[2:]
    for bed in beds(read_settings({})):
        (row,) = [line for line in rows if f"`{bed.name.removeprefix('tocsin.')}`" in line]
        assert bed.config["max.message.bytes"] in row
        assert ("compact" in row) == (bed.config["cleanup.policy"] == "compact")
        assert ("| 1 |" in row) == (bed.partitions == 1)


@pytest.mark.parametrize(
    ("behind", "told", "late"),
    [
        (lag(), "nothing waits", False),
        (lag(begun=False), "nothing waits, and group t.fuse has never read", False),
        (lag(1, seconds=3), "1 record of t.mentions not read, the oldest for 3 s", False),
        (lag(2, seconds=-1), "2 records of t.mentions not read, the oldest for 0 s", False),
        (lag(500, seconds=61), f"500 records of t.mentions not read, the oldest for 61 s; {REMEDY}", True),
        (
            lag(5, seconds=3600, begun=False),
            f"5 records of t.mentions not read, the oldest for 3600 s; group t.fuse has never read; {REMEDY}",
            True,
        ),
        (lag(5), f"5 records of t.mentions not read; {REMEDY}", True),
    ],
    ids=["idle", "not begun", "at work", "clocks differ", "late", "never read", "age unknown"],
)
def test_lag_is_told_in_records_and_seconds_and_is_late_after_a_minute(behind: Lag, told: str, late: bool) -> None:
    assert told_of("fuse", behind, now=NOW) == (told, late)


@pytest.mark.parametrize(
    ("committed", "waiting"),
    [
        ({}, {0: (5, 5), 2: (0, 7)}),
        ({0: 8, 2: 7}, {0: (8, 2)}),
        ({0: 2}, {0: (5, 5), 2: (0, 7)}),
        ({0: 12, 2: 0}, {2: (0, 7)}),
    ],
    ids=["never read", "partly read", "what it had not read is deleted", "ahead of a log that was made anew"],
)
def test_what_is_not_read_yet(committed: dict[int, int], waiting: dict[int, tuple[int, int]]) -> None:
    assert unread({0: 5, 1: 0, 2: 0}, {0: 10, 1: 0, 2: 7}, committed) == waiting


def test_the_doctor_says_who_works_and_what_nobody_runs() -> None:
    workers = [
        Working(worker="a:1:x", stages=("detect",), release="0.1.0", at=NOW, reader="detector 1"),
        Working(worker="b:2:y", stages=("fuse", "select", "judge", "route"), release="0.1.0", at=NOW),
    ]
    assert told_of_workers(workers).splitlines() == [
        "2 workers; nobody runs deliver, send",
        "a:1:x, Tocsin 0.1.0: detect; reads with detector 1",
        "b:2:y, Tocsin 0.1.0: fuse, select, judge, route",
    ]
    assert told_of_workers([]).startswith("0 workers; nobody runs detect, fuse")
