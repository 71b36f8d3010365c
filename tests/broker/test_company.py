"""Workers on a real broker join only those that read as they do; the dead keep nobody out."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.commands.topics import beds
from streams.runtime import company
from streams.runtime.cluster import Cluster, ClusterError
from streams.runtime.company import Company, CompanyError, myself
from streams.runtime.layout import topic_name
from streams.runtime.logs import Logs
from streams.runtime.rekey import Append
from streams.settings import Kafka
from streams.topics import WORKERS
from tests.broker.test_cluster import settings
from tests.real.workers import Command, logs_of, wait_for

SITES = "name\taliases\tkind\tlat\tlon\tradius_km\tcountry\tadmin1\tprovenance\treplaces\n"
Start = Callable[..., Command]


@pytest.fixture
def river(kafka_settings: Kafka) -> Kafka:
    """With the river's topics made."""
    given = settings(kafka_settings)
    with Cluster(given.kafka) as cluster:
        cluster.create(beds(given))
    return given.kafka


def never(error: CompanyError) -> None:
    raise AssertionError(error)


def joined(kafka: Kafka, reader: str = "detector 1", lost: Callable[[CompanyError], object] = never, **changes: Any) -> Company:
    return Company(kafka, myself(["detect"], reader), lost, **changes)


def until(happened: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def words(kafka: Kafka) -> list[tuple[bytes, bool]]:
    """What lies in the topic: who, and whether it works."""
    return [(r.key, r.value is not None) for r in logs_of(kafka, topic_name(kafka.prefix, WORKERS))[0]]


def test_one_that_reads_otherwise_is_kept_out_until_the_others_have_left(river: Kafka) -> None:
    with joined(river), joined(river):
        with pytest.raises(CompanyError) as caught, joined(river, "detector 2"):
            pass
        lines = str(caught.value).splitlines()
        assert lines[0] == "others are at work that this worker cannot join:"
        assert [line.split(") ", 1)[1] for line in lines[1:3]] == ["detects with detector 1; this one with detector 2"] * 2
        assert lines[3] == company.REMEDY
        with joined(river):  # the one that was kept out keeps nobody out
            pass
    with joined(river, "detector 2"):
        pass
    said = words(river)
    assert len({name for name, _ in said}) == 5
    assert {name for name, works in said if not works} == {name for name, _ in said}, "each has taken back its word"


def test_it_says_so_again_and_again(river: Kafka) -> None:
    with joined(river, every_seconds=0.1):
        until(lambda: len(words(river)) > 3)


def test_one_that_was_silent_for_too_long_asks_anew_and_ends_if_others_came(river: Kafka) -> None:
    live = timedelta(seconds=1)
    lost: list[CompanyError] = []
    with joined(river, "detector 1", lost.append, every_seconds=4.0, live=live):
        time.sleep(1.5)
        with joined(river, "detector 2", every_seconds=0.2, live=live):
            until(lambda: bool(lost))
    assert "detects with detector 2; this one with detector 1" in str(lost[0])


def test_without_the_topic_it_is_told_what_to_do(kafka_settings: Kafka) -> None:
    with pytest.raises(ClusterError, match="a topic is missing; run `tocsin topics create`"), joined(kafka_settings):
        pass


def test_what_others_wrote_there_disturbs_nobody(river: Kafka) -> None:
    with Logs(river) as logs:
        logs.append(topic_name(river.prefix, WORKERS), [Append(0, 0, key, value) for key, value in ((b"\xff", b"\xff"), (b"x", b"{}"))])
    with joined(river):
        pass


@pytest.fixture
def start(tmp_path: Path, river: Kafka) -> Iterator[Start]:
    """Starts a worker by name, with a file of own places."""
    started: list[Command] = []

    def start(name: str, sites: str) -> Command:
        (tmp_path / f"{name}.tsv").write_text(sites)
        words = ("work", "--stages", "detect", "--processes", "1")
        started.append(Command(tmp_path, name, river, words, {"TOCSIN_SITES": str(tmp_path / f"{name}.tsv")}).start())
        return started[-1]

    yield start
    for command in started:
        command.kill()


def test_of_two_real_workers_with_other_places_of_their_own_the_second_refuses_until_the_first_has_ended(start: Start) -> None:
    here = SITES + "Here airbase\tHere\tair_base\t34.5\t37.6\t2\tSY\tHoms\tours\n"
    one = start("one", SITES)
    wait_for(lambda: "works on detect" in one.said, one, seconds=120)
    alike, other = start("alike", SITES), start("other", here)
    assert other.ended(120) == 1
    assert "cannot join" in other.said
    assert "detects with tocsin-detector" in other.said
    assert "stop the workers of that stage first" in other.said
    wait_for(lambda: "works on detect" in alike.said, one, alike, seconds=120)
    assert one.stop() == 0
    assert alike.stop() == 0
    again = start("again", here)
    wait_for(lambda: "works on detect" in again.said, again, seconds=120)
    assert again.stop() == 0
