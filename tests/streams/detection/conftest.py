"""What the tests of detection share."""

import pytest

from streams.detection.gazetteer import Gazetteer


@pytest.fixture(scope="session")
def gazetteer() -> Gazetteer:
    """The built gazetteer; `make gazetteer` builds it."""
    return Gazetteer.load()
