"""deploy/Dockerfile: what it copies exists and is let in, what it installs is pinned, and what runs has no rights."""

import re
import subprocess
import tomllib
from itertools import takewhile

import pytest

from tests.deploy.files import EXACT, ROOT, copied, instructions, tocsins

STAGES = [rest for word, rest in instructions() if word == "FROM"]
LAST = list(takewhile(lambda one: one[0] != "FROM", reversed(instructions())))[::-1]
"""The instructions of the stage that is kept."""
RUNS = [rest for word, rest in instructions() if word == "RUN"]


def admitted() -> list[str]:
    """What .dockerignore lets into the build, and nothing else."""
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert lines[0] == "*"
    return [line[1:] for line in lines if line.startswith("!")]


def lies_in(path: str, folders: list[str]) -> bool:
    return any(path == folder or path.startswith(f"{folder}/") for folder in folders)


@pytest.mark.parametrize("path", copied())
def test_what_is_copied_exists_and_is_let_in(path: str) -> None:
    assert (ROOT / path).exists()
    assert lies_in(path, admitted())


def test_nothing_is_let_in_that_is_not_copied_least_of_all_secrets() -> None:
    assert [path for path in admitted() if not lies_in(path, copied())] == []
    assert not lies_in("deploy/secrets", admitted())


def test_all_that_the_wheel_is_made_of_is_copied() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = [
        "pyproject.toml",
        project["project"]["readme"],
        *project["project"]["license-files"],
        *wheel["packages"],
        *wheel["force-include"],
    ]
    assert [path for path in needed if not lies_in(path, copied())] == []


def test_every_image_it_begins_with_is_an_earlier_stage_or_of_an_exact_version() -> None:
    names: set[str] = set()
    for image, *rest in (line.split() for line in STAGES):
        assert image in names or EXACT.fullmatch(image)
        names |= set(rest[1:])


def test_it_runs_the_python_that_tocsin_is_tested_with() -> None:
    images = {line.split()[0] for line in STAGES if line.startswith("python:")}
    assert len(images) == 1
    assert images.pop().startswith("python:3.11.")


def test_whatever_is_fetched_has_its_hash_in_a_lock() -> None:
    installs = [command for run in RUNS for command in run.split("&&") if re.search(r"pip (install|wheel|download)", command)]
    assert len(installs) == 4
    for command in installs:
        assert "--no-index" in command or re.search(r"--require-hashes .*-r locks/(run|gazetteer)\.txt", command)


@pytest.mark.parametrize("word", ["curl", "wget", "apt-get", "git ", "latest", "ADD ", "--privileged", "sudo"])
def test_nothing_comes_in_by_another_way(word: str) -> None:
    assert [line for line in instructions() if word in " ".join(line)] == []


@pytest.mark.parametrize("command", RUNS)
def test_every_step_is_shell_that_can_be_read(command: str) -> None:
    assert subprocess.run(["bash", "-n", "-c", command], capture_output=True, check=False).returncode == 0


def test_what_runs_is_a_user_without_rights_and_the_environment_alone() -> None:
    (user,) = [rest for word, rest in LAST if word == "USER"]
    assert re.fullmatch(r"[1-9][0-9]{3,}:[1-9][0-9]{3,}", user)
    assert [rest for word, rest in LAST if word == "COPY"] == ["--from=program /opt/tocsin /opt/tocsin"]
    assert ("ENTRYPOINT", '["tocsin"]') in LAST
    assert LAST.index(("USER", user)) < LAST.index(("ENTRYPOINT", '["tocsin"]'))
    assert not any(word == "RUN" for word, _ in LAST[LAST.index(("USER", user)) :])


def test_that_user_may_write_where_compose_lets_it() -> None:
    (user,) = [rest for word, rest in LAST if word == "USER"]
    uid, gid = user.split(":")
    (folder,) = [rest for word, rest in LAST if word == "WORKDIR"]
    for service in tocsins().values():
        held = f"state:{folder}" in service["volumes"]  # a new volume takes owner and rights of the folder in the image
        assert held or f"{folder}:uid={uid},gid={gid},mode=0700" in service["tmpfs"]
        assert service["environment"]["TOCSIN_STATE"].startswith(f"{folder}/")


def test_numbers_are_computed_by_one_thread_and_lines_are_said_at_once() -> None:
    (environment,) = [rest for word, rest in LAST if word == "ENV"]
    assert {"OPENBLAS_NUM_THREADS=1", "PYTHONUNBUFFERED=1"} <= set(environment.split())


def test_the_image_carries_no_tool_that_builds() -> None:
    assert any("pip uninstall" in run and "hatchling" in run for run in RUNS)
    assert any("pip uninstall" in rest for word, rest in LAST if word == "RUN")
