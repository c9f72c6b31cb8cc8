"""Workflows replay the recorded histories, so that running workflows survive an upgrade."""

from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.runtime import Runtime, TelemetryConfig
from temporalio.worker import Replayer
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from workflows import WORKFLOWS

HISTORIES = sorted((Path(__file__).parent / "histories").glob("*.json"))


@pytest.fixture(scope="module")
def runtime() -> Runtime:
    """Returns a runtime apart from the one of other tests, which a failed replay could stall."""
    return Runtime(telemetry=TelemetryConfig())


@pytest.mark.parametrize("recorded", [pytest.param(path.read_text(), id=path.stem) for path in HISTORIES])
async def test_a_recorded_history_replays(recorded: str, runtime: Runtime) -> None:
    """A failure here would stop running workflows: use `workflow.patched`, or a new workflow."""
    history = WorkflowHistory.from_json("recorded", recorded)
    replayer = Replayer(
        workflows=WORKFLOWS,
        data_converter=pydantic_data_converter,
        runtime=runtime,
        workflow_runner=SandboxedWorkflowRunner(),
    )
    await replayer.replay_workflow(history)


def test_every_workflow_has_a_recorded_history() -> None:
    """A change of any workflow is checked."""
    kept = [path.read_text() for path in HISTORIES]
    for workflow in WORKFLOWS:
        name = vars(workflow)["__temporal_workflow_definition"].name
        assert any(f'"name": "{name}"' in history for history in kept), name
