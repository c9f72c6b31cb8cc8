"""What `pilito up` prepares and prints once everything runs."""

import asyncio
import re
from pathlib import Path

import pytest

from embedded.bootstrap import DEMO_STORE, sample_products
from embedded.welcome import greet
from tests.support.environment import SECRET_KEY
from tests.support.eventually import eventually
from tests.support.system import System

EMAIL = "welcome@example.com"


def environment(system: System, state_dir: Path) -> dict[str, str]:
    return {
        "PATH": "/usr/bin",
        "PILITO_DATABASE_URL": system.settings.database_url or "",
        "PILITO_API_PORT": str(system.http.base_url.port),
        "PILITO_STATE_DIR": str(state_dir),
        "PILITO_SECRET_KEY": SECRET_KEY,
        "PILITO_ADMIN_EMAIL": EMAIL,
    }


async def test_the_first_start_prepares_a_shop_that_can_be_searched(
    system: System, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It prints a password and a token that work, and keeps the token for the next start."""
    await asyncio.to_thread(greet, environment(system, tmp_path))
    first = capsys.readouterr().out
    (password,) = re.findall(r"Password +(\S+)", first)
    assert re.search(rf"Console +\S+/console/sign-in/\?email={EMAIL.replace('@', '%40')}", first)
    (token,) = re.findall(r"Demo token +(\S+)", first)
    signed_in = await system.http.post("/api/v1/auth/token/", json={"email": EMAIL, "password": password})
    assert signed_in.status_code == 200, signed_in.text
    headers = {"Authorization": f"Bearer {token}"}
    health = await system.http.get("/api/integrations/woocommerce/health/", headers=headers)
    assert health.json()["store"]["name"] == DEMO_STORE
    sample = sample_products()[0]

    async def titles() -> set[str]:
        query = {"query": sample["name"]}
        answer = await system.http.post("/api/v1/knowledge/search/", json=query, headers=headers)
        return {hit["product"]["title"] for hit in answer.json()["results"]}

    await eventually(titles, lambda found: sample["name"] in found, what="the sample product")
    assert (tmp_path / "demo-token").stat().st_mode & 0o077 == 0
    await asyncio.to_thread(greet, environment(system, tmp_path))
    second = capsys.readouterr().out
    assert f"Demo token    {token}" in second
    assert "Password" not in second.split("Send a product")[0]
