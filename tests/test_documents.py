"""What the documents tell people to type exists."""

import re
from pathlib import Path

import click
import pytest

from alerts.cli import main

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def commands(text: str) -> list[list[str]]:
    """The words after `tocsin` of every command in *text*, in a code block or between backticks."""
    typed = re.findall(r"`([^`\n]+)`", text) + [line for block in re.findall(r"```\n(.*?)```", text, re.S) for line in block.splitlines()]
    found = [re.search(r"(?:^|[ /])tocsin ((?:--)?[a-z][^#|]*)", line) for line in typed]
    return [match[1].split() for match in found if match]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_and_option_in_a_document_exists(document: Path) -> None:
    for words in commands(document.read_text(encoding="utf-8")):
        command: click.Command = main
        for word in words:
            if isinstance(command, click.Group) and not word.startswith("-"):
                for name in word.split("|"):
                    assert name in command.commands, f"{document.name}: tocsin {' '.join(words)}"
                command = command.commands[word.split("|")[0]]
            elif word.startswith("--"):
                options = {o for p in command.params for o in (*p.opts, *p.secondary_opts)} | {"--help", "--version"}
                assert word.split("=")[0] in options, f"{document.name}: tocsin {' '.join(words)}"
