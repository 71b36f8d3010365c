"""What several test packages need: the one detector of the run, and where labelled material lies, if it does."""

from collections.abc import Callable
from pathlib import Path

import pytest

from streams.detection.detector import Detector, load_detector

SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture(scope="session")
def detector() -> Detector:
    """The detector as `tocsin` loads it; seconds, so once a run."""
    return load_detector()


@pytest.fixture(scope="session")
def shared() -> Callable[[str], Path]:
    """A file of the labelled material beside the project; the test is skipped, with the reason, where it is not."""

    def find(name: str) -> Path:
        path = SHARED / name
        if not path.exists():
            pytest.skip(f"needs {path}, which is not part of the project")
        return path

    return find
