"""The real `tocsin up` as a process of its own, on a world of tests/real/world."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

SECRET = "whsec_dG9jc2luLXRlc3Qtc2VjcmV0LW9mLTMyLWJ5dGVzISE="  # made for these tests
FEED = "world-2"
"""A name whose turn comes early in the ten seconds over which feeds are spread after a start."""
RULES = """
rules:
  - {id: anything, title: Anything at all, severity: routine, match: {category: kinetic}, confirm: {owners: 2, within: 6h}}
  - {id: base, title: New airbase under attack, severity: urgent, match: {place_kind: air_base}, novelty: 30d, cooldown: 1min}
  - {id: many-dead, title: Many dead, severity: flash, match: {killed: 20}}
"""


def configure(
    folder: Path, port: int, feeds: Iterable[tuple[str, str, str]], *, every_seconds: int = 1, rules: str = RULES
) -> dict[str, str]:
    """Write the rules, receivers and feeds of a world on *port* into *folder*; the variables that name them.

    Args:
        feeds: Name, path on the world's server, and outlet of each.
    """
    (folder / "rules").mkdir(parents=True)
    (folder / "rules" / "rules.yaml").write_text(rules)
    (folder / "feeds.toml").write_text(
        "".join(
            f'[[feed]]\nname = "{name}"\nurl = "http://127.0.0.1:{port}/{path}"\noutlet = "{outlet}"\n'
            f"every_seconds = {every_seconds}\nallow_internal = true\n"
            for name, path, outlet in feeds
        )
    )
    (folder / "receivers.yaml").write_text(
        f"receivers:\n  - {{id: hook, channel: webhook, url: 'http://127.0.0.1:{port}/hook', secret_env: TOCSIN_TEST_SECRET}}\n"
        "routes:\n  - {receivers: hook}\n"
    )
    return {
        "TOCSIN_FEEDS": str(folder / "feeds.toml"),
        "TOCSIN_RULES": str(folder / "rules"),
        "TOCSIN_RECEIVERS": str(folder / "receivers.yaml"),
        "TOCSIN_TEST_SECRET": SECRET,
        "TOCSIN_WEBHOOK_ALLOW": "127.0.0.1/32",
        "TOCSIN_METRICS": "127.0.0.1:0",
        "TOCSIN_CANARY": "off",
    }


@dataclass
class Program:
    """One configuration of `tocsin up` in a folder."""

    folder: Path
    port: int
    every_seconds: int = 1
    process: "subprocess.Popen[bytes] | None" = None

    def __post_init__(self) -> None:
        feeds = [(FEED, "feed.xml", "World Wire")]
        self._configured = configure(self.folder, self.port, feeds, every_seconds=self.every_seconds)

    @property
    def state(self) -> Path:
        """The state file."""
        return self.folder / "tocsin.db"

    @property
    def environment(self) -> dict[str, str]:
        """What the program is started with."""
        return os.environ | self._configured | {"TOCSIN_STATE": str(self.state)}

    def start(self) -> Self:
        """Start it; its words go to ``out.txt``."""
        with (self.folder / "out.txt").open("ab") as out:
            code = "from alerts.cli import main; main(['up'])"
            self.process = subprocess.Popen([sys.executable, "-c", code], env=self.environment, stdout=out, stderr=out)
        return self

    @property
    def words(self) -> str:
        """All that it ever said."""
        return (self.folder / "out.txt").read_text()

    def kill(self) -> None:
        """`kill -9`."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, timeout: float = 15) -> int:
        """Ctrl-C; the exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout)
