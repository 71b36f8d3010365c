"""The broker of the run, and a river of its own for each test."""

import os
import platform
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.detection.detector import Detector
from streams.settings import Kafka
from tests.broker.law import Bench, table
from tests.real.kafka import AnyBroker, a_broker, need_jars, settings_of
from tests.real.law import Memoised
from tests.real.secured import Certificates, SecuredBroker

HERE = Path(__file__).parent
RESULTS = pytest.StashKey[Bench]()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs a broker."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.broker)


@pytest.fixture(scope="session")
def kafka() -> Iterator[AnyBroker]:
    """The one broker of the run, started; a test that stops or kills it starts it again."""
    broker = a_broker()
    try:
        yield broker.start()
    finally:
        broker.close()


@pytest.fixture
def river_prefix() -> str:
    """A prefix of topics and groups that no other test has."""
    return f"t-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def kafka_settings(kafka: AnyBroker, river_prefix: str) -> Kafka:
    """How our programs reach the broker, for this test's river."""
    return settings_of(kafka, river_prefix)


@pytest.fixture(scope="session")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredBroker]:
    """A broker that asks who is there."""
    need_jars()
    with SecuredBroker(Certificates(tmp_path_factory.mktemp("pem") / "made").make()) as broker:
        yield broker


@pytest.fixture(scope="session")
def law(detector: Detector, request: pytest.FixtureRequest) -> Bench:
    """What the tests of the law share."""
    bench = Bench(Memoised(detector))
    request.config.stash[RESULTS] = bench
    return bench


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """The table of what the tests of the law found."""
    bench = config.stash.get(RESULTS, None)
    if bench is not None and bench.rows:
        machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
        terminalreporter.write_line(f"\n{bench.now:%Y-%m-%d}, {machine}\n")
        for line in table(bench.rows):
            terminalreporter.write_line(line)
