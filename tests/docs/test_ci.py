"""The files for GitHub follow their schemas, and its workflow runs verbs that exist, with few rights."""

import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml
from jsonschema import ValidationError, validators

ROOT = Path(__file__).parent.parent.parent
GITHUB = ROOT / ".github"
WORKFLOW_FILE = GITHUB / "workflows" / "ci.yml"


def read(file: Path) -> dict[str, Any]:
    """Returns the document of a YAML file. YAML 1.1 reads the key `on` as True, YAML 1.2 as a word."""
    document: dict[Any, Any] = yaml.safe_load(file.read_text())
    return {"on" if key is True else key: value for key, value in document.items()}


WORKFLOW = read(WORKFLOW_FILE)
JOBS: dict[str, dict[str, Any]] = WORKFLOW["jobs"]

SCHEMAS = {
    "workflows/ci.yml": "github-workflows",
    "dependabot.yml": "dependabot",
    "ISSUE_TEMPLATE/bug.yml": "github-issue-forms",
    "ISSUE_TEMPLATE/feature.yml": "github-issue-forms",
    "ISSUE_TEMPLATE/config.yml": "github-issue-config",
}
"""Every YAML file below `.github`, with the name of its schema in check-jsonschema."""

PINNED = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


def validate(document: Any, schema_name: str) -> None:
    """Validate against a schema that check-jsonschema ships. Raises ValidationError."""
    carried = files("check_jsonschema") / "builtin_schemas" / "vendor" / f"{schema_name}.json"
    schema = orjson.loads(carried.read_bytes())
    validators.validator_for(schema)(schema).validate(document)


def commands() -> list[str]:
    """Returns every command line of every job."""
    return [step["run"] for job in JOBS.values() for step in job["steps"] if "run" in step]


@pytest.mark.parametrize(("name", "schema_name"), SCHEMAS.items())
def test_a_file_for_github_follows_its_schema(name: str, schema_name: str) -> None:
    """GitHub can read it."""
    validate(read(GITHUB / name), schema_name)


def test_every_file_for_github_has_a_schema() -> None:
    """A new YAML file is validated as well."""
    assert {str(path.relative_to(GITHUB)) for path in GITHUB.rglob("*.yml")} == set(SCHEMAS)


@pytest.mark.parametrize("broken", [{"steps": {}}, {"runs_on": "x"}, {"permissions": {"contents": "all"}}])
def test_the_schema_refuses_a_broken_job(broken: dict[str, object]) -> None:
    """The test above can fail."""
    with pytest.raises(ValidationError):
        validate({**WORKFLOW, "jobs": {"lint": {**JOBS["lint"], **broken}}}, "github-workflows")


def test_actions_are_pinned_by_commit() -> None:
    """A tag can be moved, a commit cannot; the comment names the version for dependabot."""
    used = re.findall(r"uses: (.+)", WORKFLOW_FILE.read_text())
    assert used
    assert [action for action in used if not PINNED.fullmatch(action)] == []


def test_jobs_can_only_read_the_repository() -> None:
    """No job may write, and the checkout leaves no credentials behind."""
    assert WORKFLOW["permissions"] == {}
    assert {
        name: job["permissions"] for name, job in JOBS.items() if job["permissions"] != {"contents": "read"}
    } == {}
    checkouts = [
        step["with"]
        for job in JOBS.values()
        for step in job["steps"]
        if step.get("uses", "").startswith("actions/checkout@")
    ]
    assert checkouts == [{"persist-credentials": False}] * len(JOBS)


def test_every_job_has_a_time_limit() -> None:
    """A job that hangs ends after at most 45 minutes."""
    assert {name for name, job in JOBS.items() if not 0 < job["timeout-minutes"] <= 45} == set()


def test_jobs_run_verbs_of_the_makefile() -> None:
    """`make X` of a job is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    verbs = {command.split()[1] for command in commands() if command.startswith("make ")}
    assert verbs - targets == set()


def test_every_supported_python_runs_the_unit_tests() -> None:
    """The lowest version is the one that pyproject.toml requires."""
    versions = JOBS["unit"]["strategy"]["matrix"]["python-version"]
    lowest = re.search(r'requires-python = ">=([\d.]+)"', (ROOT / "pyproject.toml").read_text())
    assert lowest
    assert versions[0] == lowest[1]
    assert versions == [f"3.{minor}" for minor in range(11, 15)]


def test_hooks_before_a_commit_are_local() -> None:
    """They run programs of `.venv` and download nothing."""
    (local,) = read(ROOT / ".pre-commit-config.yaml")["repos"]
    assert local["repo"] == "local"
    for hook in local["hooks"]:
        assert hook["language"] == "system"
        assert hook["entry"].startswith(".venv/bin/")
