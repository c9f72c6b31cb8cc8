"""The commands of docs/reference/api.md work when they are pasted one after the other."""

import asyncio
import json
import os
import re
import shutil
from typing import Any

import pytest

from database.access import provision
from tests.support.environment import ROOT
from tests.support.eventually import eventually
from tests.support.openapi.contract import CONTRACT
from tests.support.system import System

PAGE = (ROOT / "docs" / "reference" / "api.md").read_text()
COMMANDS = re.findall(r"```sh\n(.*?)```", PAGE, flags=re.DOTALL)
UNSHOWN = {"/openapi.json", "/healthz"}
SIGNED = "/api/integrations/(woocommerce|shopify|custom)/webhook/{id}/"

ASSIGNMENT = re.compile(r"^([A-Z_]+)=", re.MULTILINE)


def test_every_route_is_shown_or_named() -> None:
    """The page shows every route, except signed deliveries and what operators probe."""
    shown = PAGE.partition("## All routes")[0]
    text = re.sub(r"\$[A-Z_]+", "{id}", shown.replace("$API", "")).replace(
        "…/events/{id}/retry/", "/events/{id}/retry/"
    )
    for route in CONTRACT:
        if route.path in UNSHOWN or route.path.startswith("/docs") or re.fullmatch(SIGNED, route.path):
            continue
        tail = route.path.removeprefix("/api/v1/integrations")
        assert tail in text or route.path in text, f"{route} is not on the page"


class Shell:
    """A shell that runs one command after the other and keeps the variables."""

    def __init__(self, **variables: str) -> None:
        self.variables = variables

    async def paste(self, command: str) -> str:
        """Returns what a command prints; variables it assigns are set for the next command."""
        assigned = ASSIGNMENT.findall(command) + re.findall(r"\s([A-Z_]+)=\$\(", command)
        report = "\n".join(f'printf "\\0{name}=%s" "${name}"' for name in assigned)
        process = await asyncio.create_subprocess_exec(
            "bash",
            "-ec",
            f"{command}\n{report}",
            env={**self.variables, "PATH": "/usr/bin:/bin"},
            stdout=asyncio.subprocess.PIPE,
        )
        printed, _ = await process.communicate()
        assert process.returncode == 0, command
        output, *variables = printed.decode().split("\0")
        self.variables.update((name, value) for name, _, value in (line.partition("=") for line in variables))
        return output


@pytest.mark.skipif(not shutil.which("jq") and "CI" not in os.environ, reason="the page uses jq; install it")
async def test_the_page_can_be_pasted_from_top_to_bottom(system: System) -> None:
    """Each command succeeds, and each answer is what the page promises."""
    await provision.save_user(system.database, email="page@example.com", password="p a g e", is_staff=True)
    shell = Shell(API=str(system.http.base_url).rstrip("/"), EMAIL="page@example.com", PASSWORD="p a g e")
    answers: list[Any] = []
    for command in COMMANDS:
        output = await shell.paste(command)
        answers.append(json.loads(output) if output.startswith(("{", "[")) else None)
        assert not (isinstance(answers[-1], dict) and {"error", "detail"} & set(answers[-1])), output
        if '"evt_1"' in command:
            await eventually(lambda: finished(system, int(shell.variables["STORE"])), what="the event's end")
    assert shell.variables["TOKEN"].startswith("wc_sk_live_")
    assert int(shell.variables["PRODUCT"]) > 0
    explained = next(a for a in answers if isinstance(a, dict) and a.get("verdict") == "known")
    assert explained["message"] == "The assistant knows this product"
    search = next(a for a in answers if isinstance(a, dict) and "mode" in a)
    assert search["results"][0]["product"]["external_id"] == "woo_777"
    assert answers[-4:-2] == [None, None], "answered 204 without a body"


async def finished(system: System, store_id: int) -> bool:
    async with system.database.reading() as connection:
        rows = await connection.exec_driver_sql(
            "SELECT finished_at FROM events WHERE store_id = %s", (store_id,)
        )
        return [row[0] is not None for row in rows] == [True]
