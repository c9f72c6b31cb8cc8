"""The workflow that runs the current activity."""

from temporalio import activity


def workflow_id() -> str:
    """Returns the id of the workflow; rows are compared with it."""
    return activity.info().workflow_id or ""


def run_id() -> str:
    """Returns the id of the workflow's run."""
    return activity.info().workflow_run_id or ""
