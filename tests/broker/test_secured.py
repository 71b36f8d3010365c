"""Programs of the river on brokers that ask who is there."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from alerts.commands import topics
from streams.settings import Kafka, read_settings
from streams.topics import ARTICLES, EVENTS, MENTIONS
from tests.builders import a_mention
from tests.real.pollers import list_of_feeds
from tests.real.secured import PASSWORD, SecuredBroker
from tests.real.workers import Command, records_of, wait_for, write_records
from tests.real.world import a_world

WAYS = [("SASL_SSL", "SCRAM-SHA-512"), ("SASL_PLAINTEXT", "PLAIN"), ("SSL", "SCRAM-SHA-512")]
"""The last by our certificate."""


@pytest.fixture
def started() -> Iterator[list[Command]]:
    """Programs that are killed in the end, should they still run."""
    commands: list[Command] = []
    yield commands
    for command in commands:
        command.kill()


def a_river(secured: SecuredBroker, protocol: str, mechanism: str, prefix: str) -> Kafka:
    """How to reach a river whose topics are made."""
    kafka = secured.settings(protocol, mechanism=mechanism, prefix=prefix, partitions=2, session_seconds=6)
    with (Path("/dev/null")).open("w") as out:
        assert topics.create(msgspec.structs.replace(read_settings({}), kafka=kafka), out) == 0
    return kafka


@pytest.mark.parametrize(("protocol", "mechanism"), WAYS)
def test_a_worker_takes_in_a_mention_and_writes_an_event_and_says_no_password(
    secured: SecuredBroker, protocol: str, mechanism: str, river_prefix: str, tmp_path: Path, started: list[Command]
) -> None:
    kafka = a_river(secured, protocol, mechanism, river_prefix)
    worker = Command(tmp_path, "worker", kafka, ("work", "--stages", "fuse"), loud=True).start()
    started.append(worker)
    write_records(kafka, MENTIONS, [a_mention()], 2)
    wait_for(lambda: bool(records_of(kafka, EVENTS)), worker)
    assert worker.stop() == 0, worker.said
    assert PASSWORD not in worker.said


@pytest.mark.parametrize(("protocol", "mechanism"), WAYS)
def test_a_poller_writes_articles_and_says_no_password(
    secured: SecuredBroker, protocol: str, mechanism: str, river_prefix: str, tmp_path: Path, started: list[Command]
) -> None:
    kafka = a_river(secured, protocol, mechanism, river_prefix)
    with a_world(5, per_second=50) as world:
        feeds = {"TOCSIN_FEEDS": str(list_of_feeds(tmp_path, world.port, ["feed-0"]))}
        poller = Command(tmp_path, "poller", kafka, ("poll",), feeds, loud=True).start()
        started.append(poller)
        wait_for(lambda: len(records_of(kafka, ARTICLES)) == world.total, poller)
        assert poller.stop() == 0, poller.said
    assert PASSWORD not in poller.said
