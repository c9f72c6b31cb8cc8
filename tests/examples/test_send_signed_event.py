"""The senders of signed events work in each language against the running API."""

import asyncio
import json
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from fakes.openai import EmbeddingServer
from tests.support.environment import ROOT
from tests.support.shop import Shop
from tests.support.system import System

FOLDER = ROOT / "examples" / "send_signed_event"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw0123456789ab"
ANOTHER_SECRET = "whsec_AAAA9r8GKYqrTwjUPD8ILPZIo2LaLaSw0123456789ab"


@dataclass(frozen=True)
class Sender:
    """An example in one language; `package` is what Debian calls the interpreter."""

    program: str
    file: str
    package: str = ""

    def command(self) -> tuple[str, str]:
        """Returns the interpreter and the file. Without the interpreter, CI fails and other machines skip."""
        path = shutil.which(self.program)
        if path is None:
            reason = f"needs {self.program}: apt-get install --no-install-recommends {self.package}"
            if os.environ.get("CI"):
                pytest.fail(reason, pytrace=False)
            pytest.skip(reason)
        return path, str(FOLDER / self.file)


SENDERS = [
    Sender(sys.executable, "send.py"),
    Sender("php", "send.php", "php-cli"),
    Sender("node", "send.mjs", "nodejs"),
]

every_language = pytest.mark.parametrize("sender", SENDERS, ids=lambda sender: sender.file)


@pytest_asyncio.fixture
async def custom_shop(system: System, embeddings: EmbeddingServer) -> Shop:
    return await system.shop(webhook_secret=SECRET, store_type="custom", integration_type="custom")


async def send(sender: Sender, shop: Shop, event: Path, secret: str = SECRET) -> tuple[int, str]:
    """Run an example as its README says. Returns its exit code and what it printed."""
    process = await asyncio.create_subprocess_exec(
        *sender.command(),
        str(event),
        env={
            "PATH": os.environ["PATH"],
            "WEBHOOK_URL": str(shop.http.base_url.join(f"/api/integrations/custom/webhook/{shop.store_id}/")),
            "WEBHOOK_SECRET": secret,
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, printed.decode()


@every_language
async def test_a_signed_event_is_accepted_and_its_product_found(sender: Sender, custom_shop: Shop) -> None:
    """The event of the example ends with success, and search returns its product."""
    exit_code, printed = await send(sender, custom_shop, FOLDER / "event.json")
    assert exit_code == 0, printed
    assert printed.startswith("202 ")
    event_id = json.loads(printed.removeprefix("202 "))["event_id"]
    assert (await custom_shop.ended(event_id))["status"] == "succeeded"
    assert await custom_shop.found("چراغ مطالعه رومیزی") == ["777"]


@every_language
async def test_the_same_event_sent_again_is_accepted_without_effect(
    sender: Sender, custom_shop: Shop
) -> None:
    """A sender may repeat an event after an answer was lost."""
    await send(sender, custom_shop, FOLDER / "event.json")
    await custom_shop.ended("evt_example_1")
    exit_code, printed = await send(sender, custom_shop, FOLDER / "event.json")
    assert exit_code == 0, printed
    rows = await custom_shop.rows("SELECT status FROM events WHERE store_id = :store")
    assert [row["status"] for row in rows if row["status"] != "duplicate"] == ["succeeded"]


@every_language
async def test_a_wrong_secret_is_refused_and_the_example_fails(sender: Sender, custom_shop: Shop) -> None:
    """The answer is 401, and a script can see the failure by the exit code."""
    exit_code, printed = await send(sender, custom_shop, FOLDER / "event.json", ANOTHER_SECRET)
    assert exit_code == 1, printed
    assert printed.startswith("401 ")
