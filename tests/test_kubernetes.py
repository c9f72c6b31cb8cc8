"""The manifests for Kubernetes follow their schemas, and run what the Compose file runs."""

import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]  # it has no types
import pytest
import typer
import yaml
from cloudcoil.models.keda.v1alpha1 import ScaledObject
from pydantic import SecretStr

from cli import app
from contracts.ids import bulk_queue
from settings import Settings
from worker import POOLS, Share

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "deploy" / "kubernetes"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
COMMANDS = frozenset(getattr(typer.main.get_command(app), "commands", {}))
TEMPLATE = FOLDER / "secret.example.yaml"
SCHEMAS = ("1.37", "1.31")
"""The newest release that has schemas, and the oldest that pauses before a pod ends."""

Manifest = dict[str, Any]


def name_of(field: str) -> str:
    return str(Settings.model_fields[field].validation_alias or f"PILITO_{field.upper()}")


SETTINGS = {name_of(field) for field in Settings.model_fields}
SECRETS = {
    name_of(field)
    for field, described in Settings.model_fields.items()
    if SecretStr in getattr(described.annotation, "__args__", ()) or field == "database_url"
}


def documents(path: Path) -> list[Manifest]:
    return [found for found in yaml.safe_load_all(path.read_text()) if found]


KUSTOMIZATIONS = {path.parent: documents(path)[0] for path in sorted(FOLDER.rglob("kustomization.yaml"))}
FILES = {
    path: documents(path) for path in sorted(FOLDER.rglob("*.yaml")) if path.name != "kustomization.yaml"
}
MANIFESTS: dict[str, Manifest] = {
    f"{path.relative_to(FOLDER)}: {found['kind']} {found['metadata']['name']}": found
    for path, all_found in FILES.items()
    for found in all_found
    if "kind" in found and "$patch" not in found
}
PODS = [found for found in MANIFESTS.values() if found["kind"] in ("Deployment", "Job", "CronJob")]


def only(kind: str, name: str) -> Manifest:
    """Returns a manifest that no overlay changes."""
    (found,) = (
        found
        for id_, found in MANIFESTS.items()
        if id_.endswith(f": {kind} {name}") and not id_.startswith("overlays")
    )
    return found


def validate(manifest: Manifest, version: str = SCHEMAS[0]) -> None:
    """Raise an error if a manifest breaks its schema, or has a field that the schema lacks."""
    if manifest["kind"] == "ScaledObject":
        read = ScaledObject.model_validate(manifest)
        assert read.model_dump(mode="json", by_alias=True, exclude_unset=True) == manifest
    else:
        kubernetes_validate.validate(manifest, version, strict=True)


@pytest.mark.parametrize("version", SCHEMAS)
@pytest.mark.parametrize("manifest", MANIFESTS.values(), ids=MANIFESTS)
def test_manifests_follow_their_schemas(manifest: Manifest, version: str) -> None:
    """Of Kubernetes, and of KEDA's definition of a ScaledObject."""
    validate(manifest, version)


@pytest.mark.parametrize(
    ("kind", "name", "key", "value"),
    [
        ("Deployment", "pilito-api", "replicas", "two"),
        ("Deployment", "pilito-worker", "replica", 2),
        ("ScaledObject", "pilito-worker", "minReplicas", 2),
        ("ScaledObject", "pilito-worker", "triggers", [{"metadata": {}}]),
        ("NetworkPolicy", "pilito", "egress", [{"to": [{"cidr": "0.0.0.0/0"}]}]),
    ],
)
def test_the_schemas_refuse_what_is_no_manifest(kind: str, name: str, key: str, value: object) -> None:
    """The test above can fail."""
    broken = deepcopy(only(kind, name))
    broken["spec"][key] = value
    with pytest.raises((kubernetes_validate.ValidationError, ValueError, AssertionError)):
        validate(broken)


def test_every_kind_has_a_schema() -> None:
    """A kind without one would pass unread."""
    with pytest.raises(kubernetes_validate.SchemaNotFoundError):
        validate({"apiVersion": "v9", "kind": "Unknown", "metadata": {"name": "x"}})


def named(folder: Path, kustomization: Manifest) -> Iterator[Path]:
    """Yields the files and folders that a kustomization names."""
    for key in ("resources", "components", "configurations"):
        yield from ((folder / name).resolve() for name in kustomization.get(key, ()))
    for patch in kustomization.get("patches", ()):
        if "path" in patch:
            yield (folder / patch["path"]).resolve()


def test_every_file_is_named_by_one_kustomization() -> None:
    """None is forgotten, none is applied twice, and what is named exists."""
    all_named = [path for folder, content in KUSTOMIZATIONS.items() for path in named(folder, content)]
    assert [path for path in all_named if not path.exists()] == []
    assert sorted(path for path in all_named if path.is_file()) == sorted(set(FILES) - {TEMPLATE})


@pytest.mark.parametrize(
    "folder", [path for path in KUSTOMIZATIONS if path.name != "hpa"], ids=lambda path: path.name
)
@pytest.mark.usefixtures("programs")
def test_kustomize_renders_valid_manifests(folder: Path) -> None:
    """With the suffix of a version wherever a worker is named."""
    if not shutil.which("kubectl"):
        pytest.skip("kubectl is not installed")
    rendered = subprocess.run(["kubectl", "kustomize", folder], check=True, capture_output=True, text=True)
    found = [each for each in yaml.safe_load_all(rendered.stdout) if each]
    deployments = {each["metadata"]["name"] for each in found if each["kind"] == "Deployment"}
    for manifest in found:
        validate(manifest)
        if "scaleTargetRef" in manifest.get("spec", {}):
            assert manifest["spec"]["scaleTargetRef"]["name"] in deployments


def pod_of(manifest: Manifest) -> Manifest:
    spec = manifest["spec"]["jobTemplate"]["spec"] if manifest["kind"] == "CronJob" else manifest["spec"]
    pod: Manifest = spec["template"]["spec"]
    return pod


def containers(manifest: Manifest) -> list[Manifest]:
    found: list[Manifest] = pod_of(manifest)["containers"]
    return found


def test_pods_run_what_compose_runs() -> None:
    """The same commands; a job ends, the others go on. A backup, too, which Compose leaves to its user."""
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    wanted = {tuple(service["command"]) for service in compose.values() if "build" in service}
    found = {tuple(one["args"]): each["kind"] for each in PODS for one in containers(each)}
    backups = [args for args, kind in found.items() if kind == "CronJob"]
    assert set(found) - set(backups) == wanted
    assert {args[0] for args in found} <= COMMANDS
    assert {args[0] for args, kind in found.items() if kind == "Job"} == {"migrate", "prepare-temporal"}
    assert [args[0] for args in backups] == ["backup"]


@pytest.mark.parametrize("manifest", PODS, ids=lambda pod: pod["metadata"]["name"])
def test_pods_have_few_rights(manifest: Manifest) -> None:
    """A user without rights, a root that cannot be written, no token of Kubernetes, bounded memory."""
    pod = pod_of(manifest)
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert f"USER {pod['securityContext']['runAsUser']}\n" in (ROOT / "Dockerfile").read_text()
    assert pod["automountServiceAccountToken"] is False
    for container in containers(manifest):
        assert container["image"] == PROJECT["name"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert {"memory", "cpu"} <= set(container["resources"]["requests"])
        assert "memory" in container["resources"]["limits"]
        written = {mount["mountPath"] for mount in container["volumeMounts"]}
        assert written == {"/tmp", *({"/backups"} & set(container["args"]))}  # noqa: S108


def test_an_outage_of_one_server_takes_no_api_out_of_service() -> None:
    """`/readyz` needs Postgres and Temporal; the API accepts events with one of them."""
    (api,) = containers(only("Deployment", "pilito-api"))
    probes = [api[probe]["httpGet"]["path"] for probe in ("startupProbe", "readinessProbe", "livenessProbe")]
    assert set(probes) == {"/healthz"}


def test_settings_exist_and_secrets_are_secret() -> None:
    """A misspelt name would be ignored in silence; a secret in a ConfigMap would be read by many."""
    for each in MANIFESTS.values():
        if each["kind"] == "ConfigMap":
            assert set(each["data"]) <= SETTINGS - SECRETS
    (secret,) = FILES[TEMPLATE]
    assert set(secret["stringData"]) <= SECRETS
    assert set(secret["stringData"].values()) == {""}


def test_autoscalers_ask_for_the_queues_of_the_workers() -> None:
    """Every worker is scaled by the backlog of its own queue, with KEDA or without."""
    queue = Settings.model_fields["task_queue"].default
    queues = {"pilito-worker": queue, "pilito-bulk-worker": bulk_queue(queue)}
    for name, wanted in queues.items():
        scaled = only("ScaledObject", name)["spec"]
        (trigger,) = scaled["triggers"]
        assert trigger["type"] == "temporal"
        assert trigger["metadata"]["taskQueue"] == wanted
        plain = only("HorizontalPodAutoscaler", name)["spec"]
        (metric,) = plain["metrics"]
        assert metric["external"]["metric"]["selector"]["matchLabels"] == {"queue": wanted}
        assert (plain["minReplicas"], plain["maxReplicas"]) == (
            scaled["minReplicaCount"],
            scaled["maxReplicaCount"],
        )


def test_the_page_says_how_many_connections_that_makes() -> None:
    """Of all replicas that the autoscalers may start."""
    most = {
        name: only("ScaledObject", name)["spec"]["maxReplicaCount"]
        for name in ("pilito-worker", "pilito-bulk-worker")
    }
    apis = only("HorizontalPodAutoscaler", "pilito-api")["spec"]["maxReplicas"]
    sum_ = (
        apis * 20
        + most["pilito-worker"] * POOLS[Share.EVENTS]
        + most["pilito-bulk-worker"] * POOLS[Share.BULK]
    )
    assert f"{sum_} connections" in (ROOT / "docs" / "how-to" / "run-on-kubernetes.md").read_text()


def test_the_example_runs_this_version() -> None:
    """Its workers name the version as their build id, and KEDA asks for the tasks of this version."""
    for folder in (path for path in KUSTOMIZATIONS if "overlays" in path.parts):
        assert [image["newTag"] for image in KUSTOMIZATIONS[folder]["images"]] == [PROJECT["version"]]
    workers = KUSTOMIZATIONS[FOLDER / "overlays" / "example" / "workers"]
    assert workers["nameSuffix"] == f"-{PROJECT['version'].replace('.', '-')}"
    patches = " ".join(patch["patch"] for patch in workers["patches"])
    assert patches.count(f"value: {PROJECT['version']}") == 2
