"""What `tocsin doctor` looks at before the river starts."""

import io
from pathlib import Path

import msgspec
import pytest

from alerts.commands import check
from streams.settings import Settings, read_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return msgspec.structs.replace(read_settings({}), state=tmp_path / "not" / "yet" / "s.db")


def told(settings: Settings) -> str:
    out = io.StringIO()
    check.doctor(settings, out)
    return next(line for line in out.getvalue().splitlines() if " disk:" in line)


def test_a_full_disk_is_no_good_order(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(settings).startswith("ok   disk: ")
    monkeypatch.setattr(check, "LEAST_FREE", 10**18)
    assert told(settings).startswith("BAD  disk: only ")
    assert "name another place by TOCSIN_STATE" in told(settings)
