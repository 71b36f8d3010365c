"""A real Prometheus watches a real `tocsin up --sample`: no panel is empty, no rule is broken, and the dead man's switch is heard."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
import yaml

from deploy.grafana.boards.__main__ import files
from tests.deploy.files import ROOT, read_yaml
from tests.real.program import configure
from tests.real.world import DEEDS, PLACES, a_world

RULES = ROOT / "deploy" / "prometheus" / "rules" / "tocsin.yaml"
PATIENCE = 90
"""Seconds, from the start of it all, in which every panel must have shown something; a test ends as soon as its own has."""
TEXTS = (
    *(deed.format(place=place, day=f"{datetime.now(UTC):%A}", n=3 + i) for i, (place, deed) in enumerate(product(PLACES, DEEDS))),
    "Gunmen attacked a village, killing nine soldiers.",
    "The minister opened a new library and spoke of the budget of the coming year.",
    "Le ministre a annoncé mardi que les négociations sur le budget reprendront la semaine prochaine à Paris, selon le gouvernement.",
)
VARIABLES = {"$__rate_interval": "20s", "$__range": "10m"} | dict.fromkeys(("$job", "$instance", "$stage", "$feed", "$receiver"), ".+")


def names(expr: str) -> set[str]:
    """The metrics of ours that *expr* asks for."""
    return {re.sub(r"_(bucket|sum|count)$", "", name) for name in re.findall(r"\btocsin_[a-z_0-9]+", expr)}


PANELS = [
    pytest.param(target["expr"], id=f"{board['title']}: {panel['title']} {target['refId']}")
    for board in map(json.loads, files().values())
    for panel in board["panels"]
    for target in panel.get("targets", ())
]
RULED = sorted({name for group in read_yaml(RULES)["groups"] for rule in group["rules"] for name in names(rule["expr"])})
MARKS = [
    pytest.param(one["expr"], id=one["name"])
    for one in json.loads(next(iter(files().values())))["annotations"]["list"]
    if one["name"] != "Alerts for ops"  # of which there are none on a system that is well
]


@dataclass
class Watch:
    """A Prometheus that is running."""

    port: int
    began: float = field(default_factory=time.time)

    def ask(self, path: str, **query: str | float) -> Any:
        """The ``data`` of an answer of its API."""
        with urlopen(f"http://127.0.0.1:{self.port}/api/v1/{path}?{urlencode(query)}", timeout=10) as answer:
            return json.load(answer)["data"]

    def shown(self, expr: str) -> list[str]:
        """Every figure that *expr* had since the beginning."""
        found = self.ask("query_range", query=expr, start=self.began, end=time.time(), step=1)["result"]
        return [value for series in found for _, value in series["values"] if value != "NaN"]

    def until(self, expr: str) -> list[str]:
        """The same, waiting for the first."""
        while not (found := self.shown(expr)) and time.time() < self.began + PATIENCE:
            time.sleep(1)
        return found


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def lively(folder: Path, port: int, metrics: int) -> dict[str, str]:
    """The configuration of a small river in which everything happens: copies, changes, refusals, feeds that are gone."""
    feeds = [("world-1", "feed.xml", "World Wire"), ("world-2", "copy.xml", "World Post")]
    chosen = configure(folder, port, feeds)
    with (folder / "feeds.toml").open("a") as more:
        more.write(
            f'[[feed]]\nname = "gone"\nurl = "http://127.0.0.1:{free_port()}/"\noutlet = "Gone"\nevery_seconds = 2\nallow_internal = true\n'
        )
    return (
        os.environ
        | chosen
        | {"TOCSIN_METRICS": f"127.0.0.1:{metrics}", "TOCSIN_STATE": str(folder / "run" / "tocsin.db"), "TOCSIN_CANARY": "1min"}
    )


def watching(folder: Path, metrics: int) -> Path:
    """The configuration of a Prometheus that looks every second."""
    path = folder / "prometheus.yml"
    scrape = [{"job_name": "tocsin", "static_configs": [{"targets": [f"127.0.0.1:{metrics}"]}]}]
    path.write_text(
        yaml.safe_dump(
            {
                "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
                "rule_files": [str(RULES)],
                "scrape_configs": scrape,
            }
        )
    )
    return path


@pytest.fixture(scope="module")
def watch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watch]:
    """Prometheus, watching."""
    prometheus = shutil.which("prometheus")
    if prometheus is None:
        pytest.skip("needs prometheus, of Debian's package of this name: `make watchers`")
    folder = tmp_path_factory.mktemp("watched")
    metrics, page = free_port(), free_port()
    with a_world(100_000, 2.0, texts=TEXTS, kept=60, unruly=True) as world, (folder / "words.txt").open("wb") as words:
        world.refuse = 2
        up = [sys.executable, "-c", "from alerts.cli import main; main(['up', '--sample'])"]
        options = [f"--config.file={watching(folder, metrics)}", f"--storage.tsdb.path={folder}", f"--web.listen-address=127.0.0.1:{page}"]
        started = [
            subprocess.Popen(up, env=lively(folder, world.port, metrics), stdout=words, stderr=words),
            subprocess.Popen([prometheus, *options], stdout=words, stderr=words),
        ]
        watch = Watch(page)
        try:
            wait_until_it_answers(watch, folder / "words.txt")
            yield watch
        finally:
            for process in started:
                process.send_signal(signal.SIGTERM)
            for process in started:
                process.wait(30)


def wait_until_it_answers(watch: Watch, words: Path) -> None:
    while True:
        try:
            watch.ask("query", query="vector(1)")
        except URLError:
            assert time.time() < watch.began + PATIENCE, words.read_text()
            time.sleep(0.2)
        else:
            return


def asked(expr: str) -> str:
    """*expr* as Grafana would send it for everything."""
    for name, value in VARIABLES.items():
        expr = expr.replace(name, value)
    return expr


@pytest.mark.parametrize("expr", PANELS)
def test_no_panel_is_empty(watch: Watch, expr: str) -> None:
    assert watch.until(asked(expr)), asked(expr)


@pytest.mark.parametrize("expr", MARKS)
def test_a_start_and_a_version_are_marked(watch: Watch, expr: str) -> None:
    assert watch.until(asked(expr)), asked(expr)


def test_every_rule_is_loaded_and_well(watch: Watch) -> None:
    wanted = [rule.get("alert") or rule["record"] for group in read_yaml(RULES)["groups"] for rule in group["rules"]]
    watch.until("ALERTS")
    deadline = time.time() + PATIENCE
    while True:
        rules = [rule for group in watch.ask("rules")["groups"] for rule in group["rules"]]
        if all(rule["health"] == "ok" for rule in rules) or time.time() > deadline:
            break
        time.sleep(1)
    assert sorted(rule["name"] for rule in rules) == sorted(wanted)
    assert [(rule["name"], rule.get("lastError")) for rule in rules if rule["health"] != "ok"] == []


def test_the_dead_man_is_heard(watch: Watch) -> None:
    assert watch.until('ALERTS{alertname="TocsinWatchdog", alertstate="firing"}')


@pytest.mark.parametrize("name", RULED)
def test_every_metric_that_a_rule_asks_for_is_there(watch: Watch, name: str) -> None:
    """A rule over a name that nothing has is quiet for ever."""
    assert watch.until(f'{{__name__=~"{name}(_count)?"}}')
