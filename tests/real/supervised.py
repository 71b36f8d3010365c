"""A real `tocsin` process under a supervisor that starts it again whenever it fails, as systemd would; its words are kept."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

RESTART_SECONDS = 0.5
WATCHED = (
    "import os, sys, threading; threading.Thread(target=lambda: (sys.stdin.read(), os._exit(9)), daemon=True).start(); "
    "from alerts.cli import main; main(sys.argv[1:])"
)
"""The process ends with whoever started it: then its input does."""


class Supervised:
    """One `tocsin WORDS`, from `start` to `stop`.

    Attributes:
        exits: The exit status of each process that ended: negative for a signal.
    """

    def __init__(self, folder: Path, name: str, words: Sequence[str], environment: Mapping[str, str]) -> None:
        self.name = name
        self.exits: list[int] = []
        self._path = folder / f"{name}.txt"
        self._words, self._environment = list(words), dict(environment)
        self._process: subprocess.Popen[bytes] | None = None
        self._wanted = threading.Event()
        self._thread = threading.Thread(target=self._supervise, daemon=True)

    def start(self) -> Self:
        """Start it."""
        self._wanted.set()
        self._process = self._begin()
        self._thread = threading.Thread(target=self._supervise, daemon=True)
        self._thread.start()
        return self

    @property
    def pid(self) -> int:
        """Of the process that runs, or ran last."""
        assert self._process is not None
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it runs just now."""
        return self._process is not None and self._process.poll() is None

    def send(self, sign: signal.Signals) -> None:
        """Send the process a signal."""
        assert self._process is not None
        self._process.send_signal(sign)

    def kill(self) -> None:
        """`kill -9`; it is started again."""
        self.send(signal.SIGKILL)

    def stop(self, seconds: float = 60) -> int:
        """SIGTERM, and wait for the end; the exit status."""
        assert self._process is not None
        self._wanted.clear()
        self.send(signal.SIGTERM)
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} did not end within {seconds} s of SIGTERM:\n{self.words[-4000:]}") from None
        self._thread.join()
        return self.exits[-1]

    def close(self) -> None:
        """End it in any case."""
        self._wanted.clear()
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def words(self) -> str:
        """All that it said, in all its lives."""
        return self._path.read_text() if self._path.exists() else ""

    def page(self, path: str) -> str:
        """A page of its metrics and health; "" while there is none."""
        found = re.findall(r"health on (http://[^/]+)/", self.words)
        try:
            with urllib.request.urlopen(found[-1] + path, timeout=5) as answer:  # noqa: S310  our own http address
                return str(answer.read().decode())
        except (IndexError, OSError, urllib.error.URLError):
            return ""

    @property
    def ready(self) -> bool:
        """Whether it says so."""
        return self.alive and self.page("/health/ready") == "ok\n"

    def _begin(self) -> "subprocess.Popen[bytes]":
        with self._path.open("ab") as out:
            out.write(f"--- {time.strftime('%H:%M:%S', time.gmtime())} {' '.join(self._words)}\n".encode())
            out.flush()
            command = [sys.executable, "-c", WATCHED, *self._words]
            return subprocess.Popen(command, env=os.environ | self._environment, stdin=subprocess.PIPE, stdout=out, stderr=out)

    def _supervise(self) -> None:
        while True:
            process = self._process
            assert process is not None
            status = process.wait()
            if process.stdin is not None:
                process.stdin.close()
            self.exits.append(status)
            with self._path.open("a") as out:
                out.write(f"--- {time.strftime('%H:%M:%S', time.gmtime())} ended with {status}\n")
            if not self._wanted.is_set() or status == 0:
                return
            time.sleep(RESTART_SECONDS)
            if not self._wanted.is_set():
                return
            self._process = self._begin()
