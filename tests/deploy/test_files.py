"""The configurations of proxies and the units of systemd fit the product."""

import re
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from cli import app
from settings import Settings
from tests.support.environment import ROOT
from tests.test_deployment import SERVICES

DEPLOY = ROOT / "deploy"
PROXIES = [DEPLOY / name for name in ("nginx/pilito.conf", "caddy/Caddyfile", "traefik/pilito.yaml")]
UNITS = sorted((DEPLOY / "systemd").iterdir())
COMMANDS = frozenset(getattr(typer.main.get_command(app), "commands", {}))

BODY = re.compile(r"(?:client_max_body_size|max_size|maxRequestBodyBytes:) (\d+)(MB|m)?\b")
UNIT_OF = {"": 1, "m": 1024**2, "MB": 1000**2}


def unit(path: Path) -> dict[str, dict[str, list[str]]]:
    """Returns section -> name -> values of a unit; a name may have several."""
    sections: dict[str, dict[str, list[str]]] = {}
    current: dict[str, list[str]] = {}
    for line in path.read_text().splitlines():
        if line.startswith("["):
            current = sections.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            name, _, value = line.partition("=")
            current.setdefault(name, []).append(value)
    return sections


@pytest.mark.parametrize("path", PROXIES, ids=lambda path: path.parent.name)
def test_a_proxy_passes_what_the_api_accepts_and_hides_what_is_inside(path: Path) -> None:
    """With the default settings, before the two processes of the Compose file."""
    text = path.read_text()
    (size,) = BODY.findall(text)
    assert int(size[0]) * UNIT_OF[size[1]] > Settings.model_fields["max_body_bytes"].default
    assert "(metrics|readyz)" in text
    ports = [re.sub(r".*:-(\d+).*", r"\1", SERVICES[name]["ports"][0]) for name in ("api", "api-2")]
    assert re.findall(r"\b127\.0\.0\.1:(\d+)", text) == ports


def test_traefik_names_what_it_has() -> None:
    """Routers, services and middlewares of its two files lead to each other."""
    routes: dict[str, Any] = yaml.safe_load(PROXIES[2].read_text())["http"]
    start: dict[str, Any] = yaml.safe_load((DEPLOY / "traefik" / "traefik.yaml").read_text())
    (router,) = routes["routers"].values()
    assert set(router["middlewares"]) == set(routes["middlewares"])
    assert router["service"] in routes["services"]
    assert set(router["entryPoints"]) <= set(start["entryPoints"])
    assert router["tls"]["certResolver"] in start["certificatesResolvers"]
    service = routes["services"][router["service"]]["loadBalancer"]
    assert service["serversTransport"] in routes["serversTransports"]


def test_units_run_what_the_compose_file_runs() -> None:
    """The same verbs, without rights, with limits, and as a user of their own."""
    started = []
    for path in UNITS:
        service = unit(path).get("Service")
        if service is None:
            continue
        for line in service["ExecStart"]:
            program, *words = line.split()
            assert program == "/opt/pilito/.venv/bin/pilito"
            assert words[0] in COMMANDS
            started.append(words)
        assert service["User"] == ["pilito"]
        assert {"MemoryMax", "TasksMax", "EnvironmentFile"} <= set(service)
        assert (service["NoNewPrivileges"], service["ProtectSystem"]) == (["yes"], ["strict"])
    ours = [
        service["command"] for name, service in SERVICES.items() if "build" in service and name != "api-2"
    ]
    assert sorted(words for words in started if words[0] != "backup") == sorted(ours)


def test_a_timer_backs_up_where_its_unit_may_write() -> None:
    """The folder belongs to the unit's user, and the number of backups is bounded."""
    timer, service = (unit(DEPLOY / "systemd" / f"pilito-backup.{kind}") for kind in ("timer", "service"))
    assert timer["Install"]["WantedBy"] == ["timers.target"]
    (state,) = service["Service"]["StateDirectory"]
    (command,) = service["Service"]["ExecStart"]
    assert command.split()[1:] == ["backup", "--keep", "14", f"/var/lib/{state}"]


def test_units_name_each_other() -> None:
    """A name that is misspelt would be ignored."""
    names = {path.name for path in UNITS}
    for path in UNITS:
        section = unit(path)["Unit"]
        for key in ("Wants", "Requires", "After", "PartOf"):
            for named in " ".join(section.get(key, [])).split():
                template = re.sub(r"@\w+\.", "@.", named)
                assert template in names or named == "network-online.target", f"{path.name}: {named}"


def test_the_socket_of_the_api_belongs_to_its_service() -> None:
    """One socket, which systemd keeps open, at the address that the proxies ask first."""
    socket = unit(DEPLOY / "systemd" / "pilito-api.socket")["Socket"]
    assert (socket["ListenStream"], socket["Accept"]) == (["127.0.0.1:8000"], ["no"])
    service = unit(DEPLOY / "systemd" / "pilito-api.service")["Unit"]
    assert service["Requires"] == ["pilito-api.socket"]
