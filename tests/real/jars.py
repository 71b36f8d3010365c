"""The jars of Apache Kafka: pinned in deploy/kafka/pom.xml, fetched once by Maven into build/."""

import os
import re
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).parents[2]
POM = ROOT / "deploy" / "kafka" / "pom.xml"
FETCH_SECONDS = 600
JAVA = 17
"""The oldest that Kafka 4 runs on."""


def can_have_jars() -> bool:
    """Say whether this machine has Java 17 or later, and the jars or what fetches them."""
    return java_version() >= JAVA and (folder().exists() or shutil.which("mvn") is not None)


def java_version() -> int:
    """The major version of `java`; 0 where there is none."""
    if shutil.which("java") is None:
        return 0
    said = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', said)
    return int(found[1]) if found else 0


def folder() -> Path:
    """Where the jars of this very pom lie, or will lie."""
    return ROOT / "build" / f"kafka-{sha256(POM.read_bytes()).hexdigest()[:12]}"


def jars() -> Path:
    """The folder of the jars, fetched if they are not there."""
    there = folder()
    if not there.exists():
        half = there.with_name(f"{there.name}.{os.getpid()}")
        command = ["mvn", "-q", "-B", "-f", str(POM), "dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={half}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=FETCH_SECONDS, check=False)
        assert done.returncode == 0, f"mvn could not fetch the jars of {POM}:\n{done.stdout[-3000:]}{done.stderr[-1000:]}"
        try:
            half.rename(there)
        except OSError:  # another run was quicker
            shutil.rmtree(half)
    return there
