"""The manifests for Kubernetes: by its own schema, and by how their names, labels, ports, mounts and rights fit each other."""

from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from alerts.cli import main
from streams.settings import read_settings
from tests.deploy.files import ROOT

FOLDER = ROOT / "deploy" / "kubernetes"
VERSIONS = ("1.29", "1.33")
"""Of Kubernetes: an old one that is still met, and a newer."""
KUSTOMIZATION: dict[str, Any] = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())
RESOURCES: list[dict[str, Any]] = [r for file in KUSTOMIZATION["resources"] for r in yaml.safe_load_all((FOLDER / file).read_text())]
PODS: dict[str, dict[str, Any]] = {r["metadata"]["name"]: r["spec"]["template"] for r in RESOURCES if r["kind"] in ("Deployment", "Job")}


def of_kind(kind: str) -> list[dict[str, Any]]:
    return [r for r in RESOURCES if r["kind"] == kind]


def named(resource: dict[str, Any]) -> str:
    return f"{resource['kind']} {resource['metadata']['name']}"


def fits(selector: dict[str, str], pod: dict[str, Any]) -> bool:
    return selector.items() <= pod["metadata"]["labels"].items()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("resource", RESOURCES, ids=named)
def test_it_is_what_kubernetes_says_such_a_thing_is(resource: dict[str, Any], version: str) -> None:
    kubernetes_validate.validate(resource, version, strict=True)


def test_every_manifest_is_in_the_base_and_nothing_else() -> None:
    assert {f.name for f in FOLDER.glob("*.yaml")} == {*KUSTOMIZATION["resources"], "kustomization.yaml"}
    assert {i["name"] for i in KUSTOMIZATION["images"]} == {c["image"] for pod in PODS.values() for c in pod["spec"]["containers"]}


@pytest.mark.parametrize("name", PODS)
def test_a_pod_has_no_right_that_it_does_not_need(name: str) -> None:
    spec = PODS[name]["spec"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["enableServiceLinks"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in spec["containers"]:
        own = container["securityContext"]
        assert (own["allowPrivilegeEscalation"], own["readOnlyRootFilesystem"], own["capabilities"]) == (False, True, {"drop": ["ALL"]})
        assert container["resources"]["limits"]["memory"] == container["resources"]["requests"]["memory"]


@pytest.mark.parametrize("name", PODS)
def test_what_is_mounted_is_there_and_what_is_probed_is_open(name: str) -> None:
    spec = PODS[name]["spec"]
    for container in spec["containers"]:
        assert {m["name"] for m in container["volumeMounts"]} == {v["name"] for v in spec["volumes"]}
        ports = {p["name"]: p["containerPort"] for p in container.get("ports", ())}
        probes = [container[p]["httpGet"] for p in ("startupProbe", "readinessProbe", "livenessProbe") if p in container]
        assert all(p["port"] in ports and p["path"] in ("/health/live", "/health/ready") for p in probes)
        assert set(ports.values()) <= {read_settings(settings()).metrics[1]}


def settings() -> dict[str, str]:
    [found] = of_kind("ConfigMap")
    data: dict[str, str] = found["data"]
    return data


def test_its_settings_are_settings() -> None:
    read = read_settings(settings())
    assert read.kafka_named
    mounts = {Path(m["mountPath"]) for c in PODS["tocsin-poller"]["spec"]["containers"] for m in c["volumeMounts"]}
    assert {read.rules, read.feeds.parent, read.receivers.parent} <= mounts


@pytest.mark.parametrize("name", PODS)
def test_what_is_run_is_a_verb_with_its_options(name: str) -> None:
    for container in PODS[name]["spec"]["containers"]:
        with pytest.raises(SystemExit) as ended:
            main([*container["args"], "--help"])
        assert ended.value.code == 0


@pytest.mark.parametrize("resource", of_kind("Deployment"), ids=named)
def test_a_deployment_finds_its_own_pods_and_no_others(resource: dict[str, Any]) -> None:
    selector = resource["spec"]["selector"]["matchLabels"]
    assert [n for n, pod in PODS.items() if fits(selector, pod)] == [resource["metadata"]["name"]]


def test_every_deployment_keeps_one_while_nodes_are_drained() -> None:
    kept = [p["spec"]["selector"]["matchLabels"] for p in of_kind("PodDisruptionBudget")]
    for deployment in of_kind("Deployment"):
        assert sum(fits(selector, deployment["spec"]["template"]) for selector in kept) == 1
        assert deployment["spec"]["replicas"] > 1


def test_only_those_who_fetch_and_deliver_go_outside() -> None:
    policies = {p["metadata"]["name"]: p["spec"] for p in of_kind("NetworkPolicy")}
    outside = policies["tocsin-outside"]["podSelector"]["matchLabels"]
    assert {n for n, pod in PODS.items() if fits(outside, pod)} == {"tocsin-poller", "tocsin-deliverer"}
    assert all(fits(policies["tocsin"]["podSelector"]["matchLabels"], pod) for pod in PODS.values())
    [house] = [b["ipBlock"]["except"] for b in policies["tocsin-outside"]["egress"][0]["to"] if "except" in b["ipBlock"]]
    assert {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"} <= set(house)


def test_the_namespace_refuses_what_asks_for_more() -> None:
    [namespace] = of_kind("Namespace")
    assert namespace["metadata"]["name"] == KUSTOMIZATION["namespace"]
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
