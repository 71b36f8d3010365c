"""Prometheus and Grafana: they are told of services that exist, at the ports these listen on."""

import shutil
import subprocess

import pytest

from streams.settings import read_settings
from tests.deploy.files import EXACT, ROOT, read_yaml, services, tocsins

PROMETHEUS = ROOT / "deploy" / "prometheus" / "prometheus.yml"
GRAFANA = ROOT / "deploy" / "grafana"
JOBS = {job["job_name"]: job for job in read_yaml(PROMETHEUS)["scrape_configs"]}


def test_prometheus_reads_its_configuration() -> None:
    if not shutil.which("promtool"):
        pytest.skip("needs promtool, of Debian's package prometheus")
    done = subprocess.run(["promtool", "check", "config", str(PROMETHEUS)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_replica_of_all_that_is_ours_is_asked_at_the_port_of_the_metrics() -> None:
    (discovery,) = JOBS["tocsin"]["dns_sd_configs"]
    assert set(discovery["names"]) == tocsins().keys() - {"topics"}
    assert (discovery["type"], discovery["port"]) == ("A", read_settings({}).metrics[1])


def test_prometheus_shares_a_network_with_all_that_it_asks() -> None:
    ours = set(services()["prometheus"]["networks"])
    assert [name for name in JOBS["tocsin"]["dns_sd_configs"][0]["names"] if ours.isdisjoint(tocsins()[name]["networks"])] == []


def test_prometheus_finds_its_configuration_where_it_is_mounted() -> None:
    service = services()["prometheus"]
    assert "./deploy/prometheus:/etc/prometheus:ro" in service["volumes"]
    assert f"--config.file=/etc/prometheus/{PROMETHEUS.name}" in service["command"]


def test_grafana_asks_the_prometheus_of_compose() -> None:
    (source,) = read_yaml(GRAFANA / "provisioning" / "datasources" / "prometheus.yaml")["datasources"]
    (port,) = services()["prometheus"]["ports"]
    assert source["url"] == f"http://prometheus:{port.rpartition(':')[2]}"
    assert source["jsonData"]["timeInterval"] == read_yaml(PROMETHEUS)["global"]["scrape_interval"]
    assert set(services()["prometheus"]["networks"]) & set(services()["grafana"]["networks"])


def test_grafana_looks_for_dashboards_where_they_are_mounted() -> None:
    (provider,) = read_yaml(GRAFANA / "provisioning" / "dashboards" / "tocsin.yaml")["providers"]
    assert f"./deploy/grafana/dashboards:{provider['options']['path']}:ro" in services()["grafana"]["volumes"]


def test_every_file_of_grafanas_provisioning_is_mounted_and_of_the_version_that_grafana_reads() -> None:
    files = [path for path in (GRAFANA / "provisioning").rglob("*") if path.is_file()]
    mounted = [one.split(":")[0] for one in services()["grafana"]["volumes"]]
    assert files
    for path in files:
        assert f"./{path.parent.relative_to(ROOT)}" in mounted
        assert read_yaml(path)["apiVersion"] == 1


def test_prometheus_asks_the_host_where_it_shows_its_disks() -> None:
    (target,) = JOBS["node"]["static_configs"]
    assert target["targets"] == ["node:9100"]
    assert set(services()["node"]["networks"]) & set(services()["prometheus"]["networks"])
    assert all(volume.endswith(":ro") for volume in services()["node"]["volumes"])


def test_the_renderer_of_screenshots_is_of_an_exact_version_and_beside_grafana() -> None:
    added = read_yaml(GRAFANA / "screenshots.yaml")["services"]
    assert EXACT.fullmatch(added["renderer"]["image"])
    assert set(added["renderer"]["networks"]) <= set(services()["grafana"]["networks"])


def test_the_script_for_screenshots_is_read_by_bash() -> None:
    done = subprocess.run(["bash", "-n", str(GRAFANA / "screenshots.sh")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
