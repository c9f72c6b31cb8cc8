"""How workflows end that report no result."""

RUNNING, COMPLETED = "RUNNING", "COMPLETED"

ENDINGS = {
    "TERMINATED": "The workflow was terminated.",
    "CANCELED": "The workflow was cancelled.",
    "FAILED": "The workflow failed without reporting why; the worker may run another version of the code.",
}


def how_it_ended(status: str | None) -> str:
    """Returns a sentence about a workflow that ended with this status."""
    return ENDINGS.get(status or "", f"The workflow ended ({status}) without reporting a result.")
