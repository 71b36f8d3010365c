"""What the files of a deployment say, as the tests of it read them."""

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
EXACT = re.compile(r"[a-z0-9./-]+:v?[0-9]+\.[0-9]+\.[0-9]+(-[a-z0-9.-]+)?(@sha256:[0-9a-f]{64})?")
"""An image by exact version."""


def read_yaml(path: Path | str) -> Any:
    """A YAML file of the repository."""
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


def interpolated(value: Any, **environment: str) -> Any:
    """*value* as Compose sees it: each ``${NAME:-default}`` is what *environment* says, or its default."""
    if isinstance(value, dict):
        return {k: interpolated(v, **environment) for k, v in value.items()}
    if isinstance(value, list):
        return [interpolated(v, **environment) for v in value]
    if isinstance(value, str):
        return re.sub(r"\$\{([A-Z_]+):-([^}]*)\}", lambda found: environment.get(found[1]) or found[2], value)
    return value


def compose(**environment: str) -> dict[str, Any]:
    """docker-compose.yml, merged and with its variables filled in."""
    found = interpolated(read_yaml(COMPOSE), **environment)
    assert isinstance(found, dict)
    return found


def services(**environment: str) -> dict[str, dict[str, Any]]:
    """The services of docker-compose.yml by name."""
    found = compose(**environment)["services"]
    assert isinstance(found, dict)
    return found


def tocsins() -> dict[str, dict[str, Any]]:
    """Those that run our own image."""
    return {name: service for name, service in services().items() if "build" in service}


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions in order, each on one line: its word, and the rest."""
    text = re.sub(r"^#.*\n", "", DOCKERFILE.read_text(encoding="utf-8"), flags=re.MULTILINE).replace("\\\n", " ")
    found = [line.split(maxsplit=1) for line in text.splitlines() if line.strip()]
    return [(word, " ".join(rest.split())) for word, rest in found]


def copied() -> list[str]:
    """What the Dockerfile copies out of the repository."""
    lines = [rest.split()[:-1] for word, rest in instructions() if word == "COPY" and not rest.startswith("--from")]
    return [path for line in lines for path in line]
