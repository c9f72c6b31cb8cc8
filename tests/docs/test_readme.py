"""The README's commands work as pasted."""

import asyncio
import json
import re

import pytest

from tests.conftest import ROOT
from tests.support.system import Shop

pytestmark = pytest.mark.slow

COMMANDS = re.findall(r"```sh\n(curl .*?)```", (ROOT / "README.md").read_text(), flags=re.DOTALL)


async def pasted(command: str, shop: Shop) -> dict[str, object]:
    here = command.replace("http://127.0.0.1:8000", str(shop.http.base_url).rstrip("/"))
    process = await asyncio.create_subprocess_exec(
        "bash",
        "-c",
        here,
        env={"TOKEN": shop.secret, "PATH": "/usr/bin:/bin"},
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await process.communicate()
    assert process.returncode == 0
    answer: dict[str, object] = json.loads(printed)
    return answer


async def test_the_product_that_is_sent_is_found(shop: Shop) -> None:
    """The first command is accepted, and the second finds its product."""
    send, search = COMMANDS
    accepted = await pasted(send, shop)
    assert (accepted["status"], accepted["event_id"]) == ("accepted", "evt_1")
    assert (await shop.ended("evt_1"))["status"] == "succeeded"
    found = await pasted(search, shop)
    results = found["results"]
    assert isinstance(results, list)
    assert results[0]["product"]["external_id"] == "woo_777"
