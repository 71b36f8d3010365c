"""The real `tocsin up` as a process of its own, on a world of tests/real/world."""

import os
import signal
import subprocess
import sys
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


@dataclass
class Program:
    """One configuration of `tocsin up` in a folder."""

    folder: Path
    port: int
    every_seconds: int = 1
    process: "subprocess.Popen[bytes] | None" = None

    def __post_init__(self) -> None:
        (self.folder / "rules").mkdir()
        (self.folder / "rules" / "rules.yaml").write_text(RULES)
        (self.folder / "feeds.toml").write_text(
            f'[[feed]]\nname = "{FEED}"\nurl = "http://127.0.0.1:{self.port}/feed.xml"\noutlet = "World Wire"\n'
            f"every_seconds = {self.every_seconds}\nallow_internal = true\n"
        )
        (self.folder / "receivers.yaml").write_text(
            f"receivers:\n  - {{id: hook, channel: webhook, url: 'http://127.0.0.1:{self.port}/hook', secret_env: TOCSIN_TEST_SECRET}}\n"
            "routes:\n  - {receivers: hook}\n"
        )

    @property
    def state(self) -> Path:
        """The state file."""
        return self.folder / "tocsin.db"

    @property
    def environment(self) -> dict[str, str]:
        """What the program is started with."""
        return os.environ | {
            "TOCSIN_STATE": str(self.state),
            "TOCSIN_FEEDS": str(self.folder / "feeds.toml"),
            "TOCSIN_RULES": str(self.folder / "rules"),
            "TOCSIN_RECEIVERS": str(self.folder / "receivers.yaml"),
            "TOCSIN_TEST_SECRET": SECRET,
            "TOCSIN_WEBHOOK_ALLOW": "127.0.0.1/32",
            "TOCSIN_METRICS": "127.0.0.1:0",
        }

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
