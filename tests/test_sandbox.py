"""The sandbox of workflows: tests have it, production does without."""

import ast
from collections.abc import Iterator
from pathlib import Path

from temporalio.worker import UnsandboxedWorkflowRunner

import worker

TESTS = Path(__file__).parent
SANDBOXED = "SandboxedWorkflowRunner()"


def runners(file: Path, function: str) -> Iterator[str | None]:
    """Yields the workflow runner of each call of a function in a file; None where the call names none."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == function:
            named = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
            yield named.get("workflow_runner")


def test_production_runs_workflows_without_the_sandbox() -> None:
    """The sandbox would import all workflows again for each event: 9 ms of CPU."""
    assert isinstance(worker.WORKFLOW_RUNNER, UnsandboxedWorkflowRunner)
    file = Path(worker.__file__)
    assert list(runners(file, "build")) == [None]
    assert list(runners(file, "tuned")) == ["workflow_runner"]


def test_workers_of_tests_and_the_replayer_have_the_sandbox() -> None:
    """A workflow that reads a clock or a file fails here, before it is deployed."""
    assert list(runners(TESTS / "support" / "system.py", "build")) == [SANDBOXED]
    assert list(runners(TESTS / "test_replay.py", "Replayer")) == [SANDBOXED]
