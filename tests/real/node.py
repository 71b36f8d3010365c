"""One node of Apache Kafka, broker and controller in one JVM, in a folder of its own."""

import atexit
import random
import signal
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.real.jars import jars

MEGABYTE = 1024 * 1024
STOP_SECONDS = 15
"""The last nodes of a cluster cannot end in order, as they have nobody to tell; they are killed after this."""
FIXED = {
    "process.roles": "broker,controller",
    "controller.listener.names": "CONTROLLER",
    "auto.create.topics.enable": "false",
    "group.initial.rebalance.delay.ms": 0,
    "group.min.session.timeout.ms": 1000,
    "message.max.bytes": 16 * MEGABYTE,
    "replica.fetch.max.bytes": 16 * MEGABYTE,
    "offsets.topic.num.partitions": 4,
    "transaction.state.log.num.partitions": 4,
    "broker.heartbeat.interval.ms": 500,
    "log.cleaner.dedupe.buffer.size": 8 * MEGABYTE,
    "log.index.size.max.bytes": MEGABYTE,  # preallocated, twice a partition
    "log.cleaner.backoff.ms": 1000,
    "num.network.threads": 2,
    "num.io.threads": 4,
}


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody listens on.

    They lie below those that the kernel gives to outgoing connections: else a client that tries again and again to reach a
    broker that is down may be given the very port, and be connected to itself.
    """
    found: list[int] = []
    while len(found) < count:
        port = random.randint(20000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in found:
            found.append(port)
    return found


class Node:
    """A JVM that can be started, stopped, killed, and started again on the same data."""

    def __init__(self, folder: Path, properties: Mapping[str, object], *, cluster: str, users: Mapping[str, str] = {}) -> None:
        """Write its configuration.

        Args:
            folder: Its own; data and log lie in it.
            properties: Beside `FIXED`, and over it.
            cluster: Id of the cluster: a UUID in URL-safe base64.
            users: Passwords by name of those who may log in by SCRAM-SHA-512.
        """
        self.folder, self.cluster, self.users = folder, cluster, dict(users)
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        lines = {**FIXED, "log.dirs": folder / "data", **properties}
        (folder / "server.properties").write_text("".join(f"{k}={v}\n" for k, v in lines.items()))
        atexit.register(self.kill)

    @property
    def running(self) -> bool:
        """Whether the JVM lives."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the JVM; it answers some seconds later."""
        assert not self.running, "it runs already"
        self._format()
        with (self.folder / "out.txt").open("ab") as out:
            self._process = subprocess.Popen(self._java("kafka.Kafka", "server.properties"), cwd=self.folder, stdout=out, stderr=out)
        # The JVM must not outlive a test run that is itself killed: this shell's input ends when we do.
        self._guard = subprocess.Popen(["sh", "-c", f"read _; kill -9 {self._process.pid}"], stdin=subprocess.PIPE)

    def stop(self) -> None:
        """Ask it to end (SIGTERM), and wait."""
        self.ask_to_end()
        self._wait(STOP_SECONDS)

    def ask_to_end(self) -> None:
        """Ask it to end (SIGTERM), and do not wait."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """`kill -9`."""
        self._wait(0)

    @property
    def words(self) -> str:
        """The last of what it said."""
        return (self.folder / "out.txt").read_text()[-4000:]

    def _wait(self, seconds: float) -> None:
        """Wait so long for its end, then kill it."""
        if self._process is not None:
            try:
                self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._guard is not None:
            self._guard.kill()
            self._guard.communicate()
        self._guard = self._process = None

    def _format(self) -> None:
        if (self.folder / "data" / "meta.properties").exists():
            return
        logins = [f"SCRAM-SHA-512=[name={name},password={password}]" for name, password in self.users.items()]
        scram = [word for login in logins for word in ("--add-scram", login)]
        command = self._java("kafka.tools.StorageTool", "format", "-t", self.cluster, "-c", "server.properties", *scram)
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{done.stdout}{done.stderr}"

    def _java(self, main: str, *words: str) -> list[str]:
        return ["java", "-Xmx512m", "-Dlog4j2.level=WARN", "-cp", f"{jars()}/*", main, *words]
