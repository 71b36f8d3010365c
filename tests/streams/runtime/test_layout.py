"""Where the river lies in a cluster, and what is said of a topic that lies otherwise."""

from datetime import timedelta

import msgspec
import pytest

from streams.runtime.layout import Bed, Found, differences, group_name, layout, partition_of, state_name, topic_name
from streams.topics import ARTICLES, EVENTS, MENTIONS

READERS = (("detect", ARTICLES), ("fuse", MENTIONS), ("select", EVENTS), ("audit", EVENTS))


def beds(*, partitions: int = 12, replication: int = 1) -> dict[str, Bed]:
    """A small river, by name of topic."""
    all_of_them = layout("t", READERS, partitions=partitions, replication=replication, retention=timedelta(days=30))
    return {bed.name: bed for bed in all_of_them}


def as_wanted(bed: Bed) -> Found:
    """The topic as it should be, with more that Kafka says of it."""
    return Found(name=bed.name, partitions=bed.partitions, replication=bed.replication, config={**bed.config, "flush.ms": "9"})


def test_every_topic_that_is_read_lies_once_and_every_reader_has_its_states() -> None:
    assert list(beds()) == [
        "t.articles", "t.mentions", "t.events",
        "t.detect.state", "t.fuse.state", "t.select.state", "t.audit.state",
        "t.feeds", "t.control", "t.rejected", "t.workers",
    ]  # fmt: skip


def test_states_have_as_many_partitions_as_what_they_are_of_and_what_needs_one_order_has_one() -> None:
    counts = {name: bed.partitions for name, bed in beds(partitions=5).items()}
    assert {name for name, count in counts.items() if count == 1} == {"t.control", "t.rejected", "t.workers"}
    assert set(counts.values()) == {1, 5}


def test_the_river_is_kept_as_long_as_the_settings_say_and_decisions_for_ever() -> None:
    for name in ("t.articles", "t.mentions", "t.events", "t.rejected"):
        assert (beds()[name].config["cleanup.policy"], beds()[name].config["retention.ms"]) == ("delete", "2592000000")
    assert (beds()["t.control"].config["cleanup.policy"], beds()["t.control"].config["retention.ms"]) == ("delete", "-1")


def test_of_states_and_memories_only_the_last_is_kept_and_states_not_before_an_hour() -> None:
    compacted = {name for name, bed in beds().items() if bed.config["cleanup.policy"] == "compact"}
    assert compacted == {"t.detect.state", "t.fuse.state", "t.select.state", "t.audit.state", "t.feeds", "t.workers"}
    assert beds()["t.fuse.state"].config["min.compaction.lag.ms"] == "3600000"
    assert "retention.ms" not in beds()["t.fuse.state"].config


def test_a_segment_has_room_for_the_longest_record() -> None:
    for bed in beds().values():
        assert int(bed.config.get("segment.bytes", 2**30)) >= 2 * int(bed.config["max.message.bytes"]) > 10_000_000


@pytest.mark.parametrize(("replication", "in_sync"), [(1, "1"), (2, "1"), (3, "2"), (5, "2")])
def test_a_write_waits_for_a_second_copy_where_one_broker_may_be_lost(replication: int, in_sync: str) -> None:
    for bed in beds(replication=replication).values():
        assert (bed.replication, bed.config["min.insync.replicas"]) == (replication, in_sync)


def test_a_topic_as_it_should_be_is_not_spoken_of() -> None:
    for bed in beds().values():
        assert differences(bed, as_wanted(bed)) == []


MENTIONS_BED = beds(replication=3)["t.mentions"]


@pytest.mark.parametrize(
    ("changes", "wrong", "remedy"),
    [
        (
            {"partitions": 3},
            "has 3 partitions, but should have 12",
            "set TOCSIN_KAFKA_PARTITIONS=3, or stop the river and run `tocsin topics grow 12`",
        ),
        (
            {"partitions": 24},
            "has 24 partitions, but should have 12",
            "set TOCSIN_KAFKA_PARTITIONS=24, as a count never shrinks; where only some have it, finish `tocsin topics grow 24`",
        ),
        ({"replication": 1}, "has 1 copy of each partition, but should have 3", "or set TOCSIN_KAFKA_REPLICATION=1"),
        (
            {"config": {**MENTIONS_BED.config, "retention.ms": "604800000"}},
            "retention.ms is 604800000, but should be 2592000000 (kept as long as TOCSIN_RETENTION says)",
            "--alter --entity-type topics --entity-name t.mentions --add-config retention.ms=2592000000",
        ),
        (
            {"config": {**MENTIONS_BED.config, "cleanup.policy": "compact"}},
            "cleanup.policy is compact, but should be delete",
            "--add-config cleanup.policy=delete",
        ),
        (
            {"config": {**MENTIONS_BED.config, "max.message.bytes": "1048588"}},
            "max.message.bytes is 1048588, but should be 8388608",
            "--add-config max.message.bytes=8388608",
        ),
    ],
    ids=["fewer partitions", "more partitions", "replication", "retention", "cleanup", "max bytes"],
)
def test_each_difference_is_a_line_with_what_to_do(changes: dict[str, object], wrong: str, remedy: str) -> None:
    (line,) = differences(MENTIONS_BED, msgspec.structs.replace(as_wanted(MENTIONS_BED), **changes))
    assert line.startswith(f"t.mentions: {wrong}")
    assert remedy in line


def test_more_copies_than_asked_for_are_no_difference() -> None:
    bed = beds()["t.events"]
    assert differences(bed, msgspec.structs.replace(as_wanted(bed), replication=3)) == []


def test_feeds_keep_the_partitions_that_they_were_made_with() -> None:
    bed = beds()["t.feeds"]
    assert differences(bed, msgspec.structs.replace(as_wanted(bed), partitions=3)) == []


def test_a_control_topic_with_several_partitions_is_not_mended_by_a_setting() -> None:
    bed = beds()["t.control"]
    (line,) = differences(bed, msgspec.structs.replace(as_wanted(bed), partitions=12))
    assert line == (
        "t.control: has 12 partitions, but should have 1; stop what reads and writes it, delete it and run `tocsin topics create`"
    )


def test_a_missing_topic_is_told_once() -> None:
    assert differences(MENTIONS_BED, None) == ["t.mentions: missing; run `tocsin topics create`"]


def test_names_and_partitions() -> None:
    assert (topic_name("t", EVENTS), state_name("t", "send"), group_name("t", "fuse")) == ("t.events", "t.send.state", "t.fuse")
    assert partition_of("123456789", 2**32) == 0xCBF43926  # the check value of CRC-32
