"""The README's commands work as pasted, and their answers look as it shows."""

import asyncio
import json
import re
import tomllib
from typing import Any

import yaml

from tests.support.environment import ROOT
from tests.support.shop import Shop

PAGE = (ROOT / "README.md").read_text()
EXAMPLES = re.findall(r"```sh\n(curl .*?)```.*?```json\n(.*?)```", PAGE, flags=re.DOTALL)
"""Each command of the page, with the answer that follows it."""

TIME = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]+Z")

IMAGES = ROOT / "docs" / "images"


async def pasted(command: str, shop: Shop) -> dict[str, Any]:
    """Run a command in a shell, against the API of the tests. Returns the JSON that it prints."""
    process = await asyncio.create_subprocess_exec(
        "bash",
        "-c",
        command.replace("http://127.0.0.1:8000", str(shop.http.base_url).rstrip("/")),
        env={"TOKEN": shop.secret, "PATH": "/usr/bin:/bin"},
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await process.communicate()
    assert process.returncode == 0
    answer: dict[str, Any] = json.loads(printed)
    return answer


def shape(value: object) -> object:
    """Returns the value with its numbers and times replaced by names of types; they differ with every run."""
    match value:
        case dict():
            return {name: shape(field) for name, field in value.items()}
        case list():
            return [shape(item) for item in value]
        case int() | float() if not isinstance(value, bool):
            return type(value).__name__
        case str() if TIME.fullmatch(value):
            return "time"
    return value


async def test_the_product_that_is_sent_is_found(shop: Shop) -> None:
    """The first command is accepted and the second finds its product; both answer as the page shows."""
    (send, sent), (search, found) = EXAMPLES
    accepted = await pasted(send, shop)
    assert shape(accepted) == shape(json.loads(sent))
    assert (await shop.ended(accepted["event_id"]))["status"] == "succeeded"
    assert shape(await pasted(search, shop)) == shape(json.loads(found))


def test_every_command_shows_its_answer() -> None:
    """A reader can compare what they see."""
    assert len(EXAMPLES) == PAGE.count("```sh\ncurl ") == 2


def test_links_and_pictures_exist() -> None:
    """Every file that the page links to is in the repository."""
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", PAGE)
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_pictures_are_small() -> None:
    """At most 200 kB each, so that the page loads quickly."""
    assert {path.name for path in IMAGES.iterdir() if path.stat().st_size > 200_000} == set()


def test_badges_show_what_the_project_says() -> None:
    """The licence of pyproject.toml, and the Python versions that CI runs."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    versions = workflow["jobs"]["unit"]["strategy"]["matrix"]["python-version"]
    assert f">{project['license']}<" in (IMAGES / "badge-licence.svg").read_text()
    assert f">{' | '.join(versions)}<" in (IMAGES / "badge-python.svg").read_text()


def test_the_version_is_the_projects() -> None:
    """Status names the version of pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert f"Version {project['version']}." in PAGE
