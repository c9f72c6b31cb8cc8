"""How `pilito api` and `pilito worker` start their process."""

import socket
from types import SimpleNamespace
from typing import Any

import pytest

from embedded.ports import free_ports
from tests.support.environment import empty_database
from tests.support.pilito import Pilito
from worker import COURTESY, Share

CONFIGURED = {
    "PILITO_SECRET_KEY": "k" * 32,
    "PILITO_DATABASE_URL": "postgresql://user@127.0.0.1:1/name",
    "PILITO_TEMPORAL_ADDRESS": "127.0.0.1:1",
    "PILITO_API_PORT": str(free_ports(1)[0]),
}


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """What a command would do to its process, in order, instead of doing it."""
    calls: list[tuple[str, Any]] = []

    def record(name: str) -> Any:
        return lambda argument=None, **_: calls.append((name, argument))

    monkeypatch.setattr("observability.logs.configure", record("logs"))
    monkeypatch.setattr("os.nice", record("nice"))
    monkeypatch.setattr("temporal.client.install", record("runtime"))
    monkeypatch.setattr("worker.main", record("worker"))
    served = SimpleNamespace(run=record("api"), started=True)
    monkeypatch.setattr("commands.processes.api.uvicorn.Server", lambda _: served)
    return calls


def test_a_worker_for_bulk_syncs_only_yields_the_processor(started: list[tuple[str, Any]]) -> None:
    """It lowers its priority before Temporal's threads exist, because threads inherit it."""
    environment = {"PILITO_WORKER_METRICS_ADDRESS": "127.0.0.1:9464", "PILITO_LOG_FORMAT": "json"}
    assert Pilito(environment).run("worker", "--only", "bulk").code == 0
    assert started == [
        ("logs", "json"),
        ("nice", COURTESY),
        ("runtime", "127.0.0.1:9464"),
        ("worker", Share.BULK),
    ]


def test_other_workers_keep_their_priority(started: list[tuple[str, Any]]) -> None:
    """A worker that processes events has normal priority, with bulk syncs or without."""
    for arguments, share in (((), None), (("--only", "events"), Share.EVENTS)):
        started.clear()
        assert Pilito({}).run("worker", *arguments).code == 0
        assert started == [("logs", None), ("runtime", None), ("worker", share)]


def test_the_api_is_served_after_logs_and_runtime_are_set_up(started: list[tuple[str, Any]]) -> None:
    """The first client of Temporal uses the runtime that logs as we do. Postgres may start later."""
    assert Pilito(CONFIGURED).run("api").code == 0
    assert [name for name, _ in started] == ["logs", "runtime", "api"]


async def test_tables_that_are_not_migrated_are_named(
    started: list[tuple[str, Any]], caplog: pytest.LogCaptureFixture, postgres_url: str
) -> None:
    """In the log of the API and of workers, which start: `pilito migrate` may run later."""
    url = empty_database(postgres_url, "unserved")
    for verb in ("api", "worker"):
        assert (await Pilito(CONFIGURED)(verb, PILITO_DATABASE_URL=url)).code == 0
        assert "the tables are not migrated to this version. Run `pilito migrate`." in caplog.text
        caplog.clear()
    assert {"api", "worker"} <= {name for name, _ in started}


@pytest.mark.parametrize("missing", [name for name in CONFIGURED if name != "PILITO_API_PORT"])
def test_the_api_names_a_missing_setting(started: list[tuple[str, Any]], missing: str) -> None:
    """In one sentence, and nothing is started."""
    printed = Pilito(CONFIGURED).run("api", **{missing: ""})
    assert (printed.code, missing in printed.text, started) == (1, True, []), printed.text


def test_the_api_names_a_port_that_is_taken(started: list[tuple[str, Any]]) -> None:
    """With the settings to change."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        printed = Pilito(CONFIGURED).run("api", PILITO_API_PORT=port)
    expected = f"The API cannot listen on 127.0.0.1, port {port}: Address already in use."
    assert (printed.code, printed.text.startswith(expected)) == (1, True), printed.text
    assert "PILITO_API_PORT" in printed.text
    assert started == [("logs", None)]


def test_a_proxy_that_cannot_be_used_ends_the_api_with_a_sentence(started: list[tuple[str, Any]]) -> None:
    """The variable is named, and the server does not start."""
    printed = Pilito(CONFIGURED).run("api", ALL_PROXY="socks://127.0.0.1:1")
    assert (printed.code, "ALL_PROXY" in printed.text) == (1, True)
    assert "api" not in [name for name, _ in started]
