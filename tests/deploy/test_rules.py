"""What ops teams are told: the rules of Prometheus, each tried both ways, explained in the runbook, and routed by Alertmanager."""

import re
import shutil
import subprocess
from collections import Counter, defaultdict
from typing import Any

import promql_parser
import pytest

from tests.deploy.files import ROOT, read_yaml, services

FOLDER = ROOT / "deploy" / "prometheus"
RULES = FOLDER / "rules" / "tocsin.yaml"
ALERTMANAGER = FOLDER / "alertmanager.yml"
TESTS = ROOT / "tests" / "deploy" / "rules.test.yaml"
RUNBOOK = ROOT / "docs" / "runbook.md"
ALERTS: list[dict[str, Any]] = [rule for group in read_yaml(RULES)["groups"] for rule in group["rules"] if "alert" in rule]
NAMES = {rule["alert"] for rule in ALERTS}
IDS = [f"{name}-{nth}" for name, nth in ((rule["alert"], rule["labels"]["severity"]) for rule in ALERTS)]


def ran(*command: str) -> subprocess.CompletedProcess[str]:
    """*command*, where it is installed."""
    if not shutil.which(command[0]):
        package = {"promtool": "prometheus", "amtool": "prometheus-alertmanager"}[command[0]]
        pytest.skip(f"needs {command[0]}, of Debian's package {package}: `make watchers`")
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_prometheus_reads_the_rules() -> None:
    done = ran("promtool", "check", "rules", str(RULES))
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_rule_fires_when_it_must_and_keeps_still_when_it_must() -> None:
    done = ran("promtool", "test", "rules", str(TESTS))
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_rule_is_tried_both_ways() -> None:
    tried: dict[bool, set[str]] = defaultdict(set)
    fired: Counter[tuple[str, str]] = Counter()
    for test in read_yaml(TESTS)["tests"]:
        for one in test["alert_rule_test"]:
            tried[bool(one["exp_alerts"])].add(one["alertname"])
            fired.update((one["alertname"], alert["exp_labels"]["severity"]) for alert in one["exp_alerts"])
    assert {(rule["alert"], rule["labels"]["severity"]) for rule in ALERTS} == set(fired)
    assert tried[False] == NAMES - {"TocsinWatchdog"}, "the watchdog alone never keeps still"


@pytest.mark.parametrize("rule", ALERTS, ids=IDS)
def test_every_alert_says_how_urgent_it_is_what_is_wrong_and_where_to_read_on(rule: dict[str, Any]) -> None:
    notes = rule["annotations"]
    assert rule["labels"]["severity"] in {"critical", "warning", "none"}
    assert rule["alert"].startswith("Tocsin")
    assert not notes["summary"].endswith(".")
    assert notes["description"].endswith(".")
    assert notes["runbook_url"] == f"docs/runbook.md#{rule['alert'].lower()}"
    promql_parser.parse(rule["expr"])


def test_the_dead_mans_switch_needs_nothing_to_fire() -> None:
    (rule,) = [rule for rule in ALERTS if rule["alert"] == "TocsinWatchdog"]
    assert rule["expr"] == "vector(1)"
    assert "for" not in rule


def test_the_silence_of_a_feed_is_measured_by_its_own_rhythm() -> None:
    for name in ("TocsinFeedSilent", "TocsinAllFeedsSilent"):
        (rule,) = [rule for rule in ALERTS if rule["alert"] == name]
        assert "tocsin_feed_expected_gap_seconds" in rule["expr"]


# --- the runbook


def sections() -> dict[str, str]:
    """The sections of the runbook that are of an alert, by title."""
    parts = re.split(r"^## ", RUNBOOK.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return {title: text for title, _, text in (part.partition("\n") for part in parts) if title.startswith("Tocsin")}


def test_each_alert_has_its_section_and_each_section_an_alert() -> None:
    assert sections().keys() == NAMES


def test_each_section_says_what_it_means_how_to_see_it_and_what_to_do() -> None:
    for title, text in sections().items():
        found = re.findall(r"^\*\*([A-Z][a-z ]+)\.\*\*", text, flags=re.MULTILINE)
        assert found[:3] == ["What it means", "How to see it", "What to do"], title


# --- Alertmanager


def test_alertmanager_reads_its_configuration() -> None:
    done = ran("amtool", "check-config", str(ALERTMANAGER))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        (["alertname=TocsinCanaryLost", "severity=critical"], "ops-page"),
        (["alertname=TocsinFeedSilent", "severity=warning"], "ops-day"),
        (["alertname=TocsinWatchdog", "severity=none"], "dead-man"),
    ],
)
def test_an_alert_goes_to_whom_its_severity_says(labels: list[str], receiver: str) -> None:
    done = ran("amtool", "config", "routes", "test", "--config.file", str(ALERTMANAGER), *labels)
    assert done.stdout.split() == [receiver], done.stderr


def test_what_the_routes_name_by_alert_exists() -> None:
    named = set(re.findall(r"Tocsin[A-Z]\w+", ALERTMANAGER.read_text(encoding="utf-8")))
    assert named <= NAMES


def test_prometheus_reads_these_rules_and_tells_the_alertmanager_of_compose() -> None:
    told = read_yaml(FOLDER / "prometheus.yml")
    assert RULES in [path for pattern in told["rule_files"] for path in FOLDER.glob(pattern)]
    (manager,) = told["alerting"]["alertmanagers"]
    service = services()["alertmanager"]
    assert manager["static_configs"] == [{"targets": [f"alertmanager:{service['ports'][0].rpartition(':')[2]}"]}]
    assert set(service["networks"]) & set(services()["prometheus"]["networks"])
    assert f"./{ALERTMANAGER.relative_to(ROOT)}:/etc/alertmanager/{ALERTMANAGER.name}:ro" in service["volumes"]
    assert f"--config.file=/etc/alertmanager/{ALERTMANAGER.name}" in service["command"]
