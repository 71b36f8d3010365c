"""A real Apache Kafka for tests: one that is given, or our own in a temporary folder, or one in Docker.

Whichever it is, it has `address`, `start`, `stop`, `kill` and `restart`; what cannot be done to it skips the test, with the reason.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

import pytest
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from streams.settings import Kafka
from tests.real.jars import can_have_jars
from tests.real.node import FIXED, Node, free_ports

IMAGE = "apache/kafka:4.1.1"
READY_SECONDS = 60
NEEDS = "needs Java 17 and Maven, or Docker, or TOCSIN_TEST_KAFKA=host:port"


class Cluster:
    """Nodes of Apache Kafka on this machine, each broker and controller at once."""

    def __init__(
        self, count: int = 3, *, properties: Mapping[str, object] = {}, listeners: Mapping[str, str] = {}, users: Mapping[str, str] = {}
    ) -> None:
        """Choose folders and ports; nothing runs yet.

        Args:
            count: How many nodes; 3 can lose one.
            properties: Of each node, beside what it needs.
            listeners: Protocol by name of further listeners, beside the plain one.
            users: Passwords by name of those who may log in by SCRAM-SHA-512.
        """
        self.folder = Path(tempfile.mkdtemp(prefix="tocsin-kafka-"))
        names = ("PLAINTEXT", *listeners)
        ports = [dict(zip((*names, "CONTROLLER"), free_ports(len(names) + 1), strict=True)) for _ in range(count)]
        voters = ",".join(f"{i}@127.0.0.1:{p['CONTROLLER']}" for i, p in enumerate(ports, 1))
        protocols = {"PLAINTEXT": "PLAINTEXT", "CONTROLLER": "PLAINTEXT", **listeners}
        cluster = urlsafe_b64encode(b"T" + uuid.uuid4().bytes[1:]).decode().rstrip("=")  # one that begins with "-" looks like an option
        self.nodes = [
            Node(
                self.folder / str(i),
                {
                    "node.id": i,
                    "controller.quorum.voters": voters,
                    "listeners": ",".join(f"{name}://127.0.0.1:{port}" for name, port in p.items()),
                    "advertised.listeners": ",".join(f"{name}://127.0.0.1:{p[name]}" for name in names),
                    "listener.security.protocol.map": ",".join(f"{name}:{protocol}" for name, protocol in protocols.items()),
                    "inter.broker.listener.name": "PLAINTEXT",
                    **replicated(min(count, 3)),
                    **properties,
                },
                cluster=cluster,
                users=users,
            )
            for i, p in enumerate(ports, 1)
        ]
        self.addresses = {name: ",".join(f"127.0.0.1:{p[name]}" for p in ports) for name in names}
        """``host:port`` of every node, by name of listener."""

    @property
    def address(self) -> str:
        """``host:port`` of every node, where anybody may talk plainly."""
        return self.addresses["PLAINTEXT"]

    def start(self) -> Self:
        """Start the nodes that do not run, and wait until all answer."""
        for node in self.nodes:
            if not node.running:
                node.start()
        for address in self.address.split(","):
            wait_until_ready(address, len(self.nodes), self._said)
        return self

    def stop(self) -> None:
        """Ask every node to end, and wait."""
        for node in self.nodes:
            node.ask_to_end()
        for node in self.nodes:
            node.stop()

    def kill(self) -> None:
        """`kill -9` every node."""
        for node in self.nodes:
            node.kill()

    def restart(self) -> None:
        """Start again whatever does not run, on the same data and ports."""
        self.start()

    def close(self) -> None:
        """End it, and throw its data away."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _said(self) -> str:
        for node in self.nodes:
            assert node.running, f"node {node.folder.name} has ended:\n{node.words}"
        return "\n".join(node.words for node in self.nodes)


def replicated(copies: int) -> dict[str, object]:
    """The properties that depend on how many copies the broker's own topics have."""
    return {
        "offsets.topic.replication.factor": copies,
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": max(1, copies - 1),
        "share.coordinator.state.topic.replication.factor": copies,
        "share.coordinator.state.topic.min.isr": max(1, copies - 1),
        # A killed broker is missed after this, and is not let in again before; alone it can be as short as the machine's hiccups allow.
        "broker.session.timeout.ms": 6000 if copies > 1 else 2000,
    }


class Broker(Cluster):
    """One node."""

    def __init__(self, *, properties: Mapping[str, object] = {}, listeners: Mapping[str, str] = {}, users: Mapping[str, str] = {}) -> None:
        super().__init__(1, properties=properties, listeners=listeners, users=users)


class GivenBroker:
    """A broker that somebody else runs; it is not ours to stop."""

    def __init__(self, address: str) -> None:
        self.address = address

    def start(self) -> Self:
        """Wait until it answers."""
        wait_until_ready(self.address.split(",")[0], 1, lambda: f"TOCSIN_TEST_KAFKA={self.address} does not answer")
        return self

    def stop(self) -> None:
        """Skip the test."""
        cannot("the broker of TOCSIN_TEST_KAFKA is not ours to stop; unset it to let the tests start their own")

    kill = restart = stop

    def close(self) -> None:
        """Leave it alone."""


class DockerBroker:
    """A broker in a container, where there is Docker but no Java."""

    def __init__(self) -> None:
        (self.port,) = free_ports(1)
        self.name = f"tocsin-kafka-{self.port}"
        self.address = f"127.0.0.1:{self.port}"
        self._made = False

    def start(self) -> Self:
        """Make or start the container, and wait until the broker answers."""
        if self._made:
            docker("start", self.name)
        else:
            docker("run", "--detach", "--name", self.name, "--publish", f"127.0.0.1:{self.port}:9092", *self._environment(), IMAGE)
            self._made = True
        wait_until_ready(self.address, 1, lambda: docker("logs", "--tail", "50", self.name))
        return self

    def stop(self) -> None:
        """Ask it to end, and wait."""
        docker("stop", self.name)

    def kill(self) -> None:
        """`kill -9`."""
        docker("kill", self.name)

    def restart(self) -> None:
        """Start it again on the same data."""
        self.start()

    def close(self) -> None:
        """End it, and throw its data away."""
        docker("rm", "--force", "--volumes", self.name)

    def _environment(self) -> list[str]:
        properties = {
            **FIXED,
            **replicated(1),
            "node.id": 1,
            "controller.quorum.voters": "1@127.0.0.1:9093",
            "listeners": "PLAINTEXT://:9092,CONTROLLER://:9093",
            "advertised.listeners": f"PLAINTEXT://{self.address}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        }
        return [f"--env=KAFKA_{k.upper().replace('.', '_')}={v}" for k, v in properties.items()]


AnyBroker = Cluster | GivenBroker | DockerBroker


def docker(*words: str) -> str:
    """Run the command; what it said."""
    done = subprocess.run(["docker", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"docker {' '.join(words)}: {done.stderr}"
    return done.stdout + done.stderr


def has_docker() -> bool:
    """Say whether an engine answers."""
    return shutil.which("docker") is not None and subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0


def a_broker() -> AnyBroker:
    """One broker, not yet started; skip the test where none can be had, or fail it where that may not be (``CI=true``)."""
    if given := os.environ.get("TOCSIN_TEST_KAFKA"):
        return GivenBroker(given)
    if can_have_jars():
        return Broker()
    if has_docker():
        return DockerBroker()
    return cannot(NEEDS)


def need_jars() -> None:
    """Skip a test that runs several nodes, or secured ones, where there is no Java; or fail it, as above."""
    if not can_have_jars():
        cannot("needs Java 17 and Maven")


def cannot(reason: str) -> AnyBroker:
    """Skip the test; with ``CI=true`` fail it."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason}; with CI=true no test of the broker may be skipped", pytrace=False)
    pytest.skip(reason)


def wait_until_ready(address: str, nodes: int, said: Callable[[], str]) -> None:
    """Wait until *nodes* brokers answer at *address*."""
    deadline = time.monotonic() + READY_SECONDS
    while not answers(address, nodes):
        words = said()
        assert time.monotonic() < deadline, f"no Kafka at {address} after {READY_SECONDS} s:\n{words}"
        time.sleep(0.1)


def answers(address: str, nodes: int) -> bool:
    """Say whether that many brokers are known at *address*."""
    host, _, port = address.partition(":")
    try:
        socket.create_connection((host, int(port)), timeout=2).close()  # a client that finds nobody leaves a thread behind
        admin = KafkaAdminClient(bootstrap_servers=address.split(","), bootstrap_timeout_ms=2000, request_timeout_ms=2000)
    except (KafkaError, OSError):
        return False
    try:
        return len(admin.describe_cluster()["brokers"]) >= nodes
    except KafkaError:
        return False
    finally:
        admin.close()


def settings_of(broker: AnyBroker, prefix: str) -> Kafka:
    """The settings by which our programs reach *broker*."""
    return Kafka(servers=tuple(broker.address.split(",")), prefix=prefix)
