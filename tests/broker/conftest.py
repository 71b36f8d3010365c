"""The broker of the run, and a river of its own for each test."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.settings import Kafka
from tests.real.kafka import AnyBroker, a_broker, need_jars, settings_of
from tests.real.secured import Certificates, SecuredBroker

HERE = Path(__file__).parent


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
