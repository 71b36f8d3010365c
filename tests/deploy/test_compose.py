"""docker-compose.yml: Compose can read it, what it names exists, and it opens and allows no more than it must."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
import pytest

from alerts.cli import main
from alerts.delivery.signing import read_secrets
from alerts.desk import STAGES
from streams.settings import read_settings
from streams.stages import Stage
from tests.deploy.files import COMPOSE, EXACT, ROOT, compose, read_yaml, services, tocsins

ONCE = {"topics"}
"""Services that end when their work is done."""
OPEN = {"grafana"}
"""Services that a deployer may open to other hosts."""
WRITES = {"kafka"}
"""Services whose image cannot run on a file system that is read-only; docker-compose.yml says why."""
ALONE = {"alone"}
"""The whole river in one container, without Kafka, which holds its state file itself."""
STAY = sorted(services().keys() - ONCE)


def variables() -> dict[str, str]:
    """What every variable of Tocsin is in docker-compose.yml, without any of the deployer's."""
    return {k: v for service in tocsins().values() for k, v in service["environment"].items()}


def sources(service: dict[str, Any]) -> list[str]:
    """What a service mounts from the repository."""
    return [one.split(":")[0] for one in service.get("volumes", ()) if one.startswith("./")]


# --- Compose can read it


def test_it_keeps_to_the_specification_of_compose() -> None:
    if find_spec("check_jsonschema") is None and not os.environ.get("CI"):
        pytest.skip("needs check-jsonschema, which `make test` installs")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("profile", ["", "mail", "alone"])
def test_docker_compose_reads_it(profile: str) -> None:
    if not shutil.which("docker") or subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode:
        pytest.skip("needs docker with its compose plugin")
    command = ["docker", "compose", "--file", str(COMPOSE), "--profile", profile, "config", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# --- what it names exists


@pytest.mark.parametrize("name", services())
def test_every_image_is_of_an_exact_version(name: str) -> None:
    assert EXACT.fullmatch(services()[name]["image"])


def test_our_image_has_the_version_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert {service["image"] for service in tocsins().values()} == {f"tocsin:{project['version']}"}


def test_every_file_and_folder_that_is_mounted_exists() -> None:
    paths = [path for service in services().values() for path in sources(service)]
    paths += [secret["file"] for secret in compose()["secrets"].values()]
    paths += [path for s in tocsins().values() for path in (s["build"]["context"], s["build"]["dockerfile"])]
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_every_volume_network_and_secret_that_is_used_is_declared_and_the_other_way_round() -> None:
    used: dict[str, set[str]] = {"volumes": set(), "networks": set(), "secrets": set()}
    for service in services().values():
        used["volumes"] |= {one.split(":")[0] for one in service.get("volumes", ()) if one[0] not in "./"}
        used["networks"] |= set(service["networks"])
        used["secrets"] |= set(service.get("secrets", ()))
    assert used == {kind: set(compose()[kind]) for kind in used}


def parse(words: Sequence[str]) -> None:
    """Read a command line as `tocsin` does, and do nothing.

    Raises:
        click.UsageError: There is no such verb or option, or a value that it does not take.
    """
    command: click.Command = main
    context, rest = click.Context(main, info_name="tocsin"), list(words)
    while isinstance(command, click.Group):
        if not rest:
            context.fail("a verb is missing")
        name, verb, rest = command.resolve_command(context, rest)
        assert verb is not None
        command, context = verb, click.Context(verb, parent=context, info_name=name)
    command.parse_args(context, rest)


@pytest.mark.parametrize("name", tocsins())
def test_every_command_is_one_that_tocsin_takes(name: str) -> None:
    parse(tocsins()[name]["command"])


@pytest.mark.parametrize("words", [["no-such-verb"], ["up", "--no-such-option"], ["rules"], ["rules", "check", "no-such-folder"]])
def test_a_command_that_tocsin_does_not_take_would_be_noticed(words: list[str]) -> None:
    with pytest.raises(click.UsageError):
        parse(words)


def test_each_stage_of_the_river_runs_in_one_service() -> None:
    commands = [service["command"] for service in tocsins().values()]
    running = [stage for command in commands if command[0] == "work" for stage in command[command.index("--stages") + 1].split(",")]
    ours: tuple[Stage, ...] = STAGES
    assert running == ["detect", "fuse", *(stage.name for stage in ours if stage.name != "deliver")]
    assert ["deliver"] in commands


class Recording(dict[str, str]):
    """An environment that remembers what it was asked for."""

    asked: set[str]

    def get(self, name: str, default: Any = None) -> Any:
        self.asked.add(name)
        return super().get(name, default)


def known() -> set[str]:
    """The variables that settings read, and those that the receivers file names, also as an example."""
    environment = Recording()
    environment.asked = set()
    read_settings(environment)
    return environment.asked | set(re.findall(r"secret_env: (TOCSIN_\w+)", (ROOT / "deploy" / "receivers.yaml").read_text()))


def test_every_variable_of_tocsin_is_one_that_settings_read() -> None:
    mentioned = set(re.findall(r"\bTOCSIN_[A-Z_]+", COMPOSE.read_text() + (ROOT / "deploy" / "Dockerfile").read_text()))
    assert {name for name in mentioned if name.removesuffix("_FILE") not in known()} == set()
    assert {"TOCSIN_KAFKA", "TOCSIN_METRICS", "TOCSIN_FEEDS", "TOCSIN_RULES", "TOCSIN_RECEIVERS", "TOCSIN_SMTP_PASSWORD_FILE"} <= mentioned


def on_this_host(environment: dict[str, str], **secrets: str) -> dict[str, str]:
    """*environment* with the files of the secrets as they are here instead of in the container."""
    files = {f"/run/secrets/{name}": secrets.get(name, secret["file"]) for name, secret in compose()["secrets"].items()}
    return {k: str(ROOT / files[v]) if v in files else v for k, v in environment.items()}


def test_settings_take_every_value_and_without_secrets_too() -> None:
    settings = read_settings(on_this_host(variables()))
    assert settings.kafka.servers == ("kafka:9092",)
    assert settings.metrics == ("0.0.0.0", 8740)
    assert (settings.mail.host, settings.mail.password, settings.mail.sender) == ("", "", "tocsin@localhost")
    assert "TOCSIN_WATCH_SECRET" not in settings.secrets


def test_a_secret_reaches_its_setting(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("swordfish\n")
    settings = read_settings(on_this_host(variables(), smtp_password=str(tmp_path / "password")))
    assert settings.mail.password == "swordfish"


def test_ports_are_those_of_the_settings() -> None:
    usual = read_settings({})
    assert read_settings(on_this_host(variables())).metrics[1] == usual.metrics[1]
    broker = services()["kafka"]["environment"]
    port = usual.kafka.servers[0].rpartition(":")[2]
    assert broker["KAFKA_ADVERTISED_LISTENERS"] == f"PLAINTEXT://kafka:{port}"
    assert f"PLAINTEXT://:{port}" in broker["KAFKA_LISTENERS"]
    assert f":{usual.metrics[1]}/metrics" in tocsins()["alone"]["healthcheck"]["test"][-1]
    for name in tocsins().keys() - ONCE - ALONE:
        assert f":{usual.metrics[1]}/health/ready" in tocsins()[name]["healthcheck"]["test"][-1]


def test_the_configuration_is_mounted_where_the_settings_look_for_it() -> None:
    settings = read_settings(on_this_host(variables()))
    for service in tocsins().values():
        targets = {one.split(":")[1]: one.split(":")[0] for one in service["volumes"] if one.startswith("./")}
        for path in (settings.feeds, settings.rules, settings.receivers):
            assert Path(targets[str(path)]).name == path.name


def test_who_waits_for_whom_exists_and_those_it_waits_for_to_be_healthy_can_say_so() -> None:
    for service in services().values():
        for other, how in service.get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                assert "test" in services()[other]["healthcheck"]
            else:
                assert other in ONCE


# --- it opens and allows no more than it must


@pytest.mark.parametrize("name", STAY)
def test_every_service_that_stays_is_watched_limited_and_started_again(name: str) -> None:
    service = services()[name]
    assert service["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}
    assert service["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", services())
def test_every_service_has_its_limits_and_few_rights(name: str) -> None:
    service = services()[name]
    assert service["deploy"]["resources"]["limits"].keys() >= {"cpus", "memory", "pids"}
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service.keys().isdisjoint({"privileged", "cap_add", "network_mode", "pid", "ipc", "userns_mode", "devices"})
    assert service.get("read_only", False) is (name not in WRITES)
    assert "docker.sock" not in str(service)


def test_nothing_of_the_repository_is_mounted_to_be_written() -> None:
    mounts = [one for service in services().values() for one in service.get("volumes", ()) if one.startswith(".")]
    assert [one for one in mounts if not one.endswith(":ro")] == []


def test_no_service_is_handed_the_folder_of_secrets() -> None:
    for service in services().values():
        assert not any((ROOT / "deploy" / "secrets").is_relative_to((ROOT / path).resolve()) for path in sources(service))


@pytest.mark.parametrize("name", services())
def test_what_is_published_is_published_on_loopback(name: str) -> None:
    for port in services()[name].get("ports", ()):
        assert port.startswith("127.0.0.1:")
    opened = services(GRAFANA_ADDRESS="0.0.0.0")[name].get("ports", ())
    assert all(port.startswith("127.0.0.1:") for port in opened) is (name not in OPEN)


def test_kafka_is_published_nowhere_and_on_a_network_that_leads_nowhere() -> None:
    kafka = services()["kafka"]
    assert "ports" not in kafka
    assert kafka["networks"] == ["river"]
    assert compose()["networks"]["river"] == {"internal": True}


def test_only_those_who_fetch_and_deliver_can_reach_the_internet() -> None:
    assert {name for name, service in tocsins().items() if "outside" in service["networks"]} == {"poller", "deliverer"} | ALONE


@pytest.mark.parametrize("name", sorted(tocsins().keys() - ONCE - ALONE))
def test_what_is_ours_can_be_scaled_and_has_half_a_minute_to_finish(name: str) -> None:
    service = services()[name]
    assert service.keys().isdisjoint({"container_name", "ports", "hostname"})
    assert service["stop_grace_period"] == "30s"
    assert not {one.split(":")[0] for one in service["volumes"]} & compose()["volumes"].keys()  # one of several would hold it


def test_only_who_delivers_is_told_secrets() -> None:
    assert {name for name, service in tocsins().items() if service.get("secrets")} == {"deliverer"} | ALONE


def test_what_runs_alone_needs_no_kafka_and_keeps_its_state_file_in_a_volume() -> None:
    alone = tocsins()["alone"]
    assert alone["depends_on"] == {}
    assert alone["profiles"] == ["alone"]
    settings = read_settings(on_this_host(alone["environment"]))
    assert not settings.kafka_named
    (state,) = (one.split(":")[1] for one in alone["volumes"] if one.startswith("state:"))
    assert settings.state.parent == Path(state)
    assert state not in " ".join(alone["tmpfs"])


def test_secrets_are_files_that_git_leaves_out() -> None:
    command = [
        "git",
        "check-ignore",
        "--no-index",
        "deploy/secrets/smtp_password",
        "deploy/secrets/watch_secret",
        ".env",
        "deploy/secrets/none",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode == 128:
        pytest.skip("needs git and a clone")
    assert done.stdout.split() == command[3:-1]


# --- what the documents say of it


def test_a_secret_made_as_the_readme_says_is_one_that_signs(tmp_path: Path) -> None:
    if not shutil.which("openssl"):
        pytest.skip("needs openssl")
    readme = (ROOT / "deploy" / "secrets" / "README.md").read_text()
    (block,) = re.findall(r"```\n(.+?)```", readme, flags=re.DOTALL)
    (tmp_path / "deploy" / "secrets").mkdir(parents=True)
    commands = "".join(line + "\n" for line in block.splitlines() if not line.startswith("docker"))
    subprocess.run(["bash", "-euc", commands], cwd=tmp_path, check=True)
    made = tmp_path / "deploy" / "secrets" / "watch_secret"
    assert len(read_secrets(made.read_text().strip(), name="TOCSIN_WATCH_SECRET")) == 1
    assert (made.stat().st_mode & 0o777, made.parent.stat().st_mode & 0o777) == (0o444, 0o700)


@pytest.mark.parametrize("document", ["docs/operations.md", "deploy/secrets/README.md"])
def test_every_service_and_variable_that_a_document_names_exists(document: str) -> None:
    text = (ROOT / document).read_text()
    named = {
        name
        for line in re.findall(r"docker compose .*", text)
        for name in re.findall(r"--scale (\w+)=|(?:exec|restart|logs) (\w+)", line)
        for name in name
        if name
    }
    assert named <= services().keys()
    lines = set(re.findall(r"\b([A-Z]+_(?:PASSWORD|SECRET)_FILE)=\./", text)) | set(re.findall(r"\b(GRAFANA_[A-Z]+)=", text))
    assert {one for one in lines if "${" + one + ":-" not in COMPOSE.read_text()} == set()


def test_the_readme_of_secrets_lists_each_of_them() -> None:
    text = (ROOT / "deploy" / "secrets" / "README.md").read_text()
    asked = {name: re.findall(r"\$\{(\w+):-", secret["file"])[0] for name, secret in read_yaml(COMPOSE)["secrets"].items()}
    for name, variable in asked.items():
        assert f"| `{name}` | `{variable}=./deploy/secrets/{name}` |" in text
