"""The systemd units: by systemd's own word where it is there, and by what they run."""

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from alerts.cli import main
from streams.settings import read_settings
from tests.deploy.files import ROOT

UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))


def lines(unit: Path, name: str) -> list[str]:
    """Every value of a setting of a unit."""
    return [line.split("=", 1)[1] for line in unit.read_text().splitlines() if line.startswith(f"{name}=")]


def analyze(*arguments: str) -> "subprocess.CompletedProcess[str]":
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("needs systemd-analyze, of systemd")
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("unit", UNITS, ids=lambda u: u.name)
def test_systemd_takes_it(unit: Path, tmp_path: Path) -> None:
    """The program is not installed where tests run, so a script stands in its place."""
    program = tmp_path / "tocsin"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    copy = tmp_path / unit.name.replace("@", "@detect")
    copy.write_text(unit.read_text().replace("/opt/tocsin/bin/tocsin", str(program)))
    found = analyze("verify", "--man=no", str(copy))
    assert (found.returncode, [line for line in found.stderr.splitlines() if unit.stem.split("@")[0] in line]) == (0, [])


@pytest.mark.parametrize("unit", UNITS, ids=lambda u: u.name)
def test_little_is_left_open(unit: Path) -> None:
    found = analyze("security", "--offline=yes", "--threshold=20", str(unit))
    assert found.returncode == 0, found.stdout


@pytest.mark.parametrize("unit", UNITS, ids=lambda u: u.name)
def test_it_runs_a_verb_with_settings_that_are_some(unit: Path) -> None:
    [start] = lines(unit, "ExecStart")
    with pytest.raises(SystemExit) as ended:
        main([*shlex.split(start)[1:], "--help"])
    assert ended.value.code == 0
    given = dict(pair.split("=", 1) for line in lines(unit, "Environment") for pair in line.split())
    assert read_settings(given).state == Path("/var/lib/tocsin/tocsin.db")


@pytest.mark.parametrize("unit", UNITS, ids=lambda u: u.name)
def test_no_secret_is_in_the_environment_and_the_watch_does_not_give_up(unit: Path) -> None:
    text = unit.read_text()
    assert "PASSWORD=" not in text
    assert "SECRET=" not in text
    assert lines(unit, "Restart") == ["always"]
    assert lines(unit, "StartLimitIntervalSec") == ["0"]
