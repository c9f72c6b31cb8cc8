"""`pilito` with workers that can be held: `python -m proof.running.stepping [OPTION]... COMMAND...`.

`--holds FOLDER`: while the folder contains a file `before.ACTIVITY.PART` or `after.ACTIVITY.PART`, an
activity of that name waits there until the file is removed, if the id of its workflow contains PART, where
`_` stands for each slash and for the end. When it waits, `reached.FILE` appears; each file holds once. Every
activity that has run leaves a file `ran.ACTIVITY`.

`--workflow-tasks N` changes how many workflow tasks a worker handles at a time.
"""

import argparse
import asyncio
from pathlib import Path
from typing import Any

from temporalio import activity
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
    Worker,
)

PAUSE = 0.02


class Holds(Interceptor):
    """Holds the activities that a folder names."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - Temporal's name
        return _Held(next, self._folder)


class _Held(ActivityInboundInterceptor):
    def __init__(self, following: ActivityInboundInterceptor, folder: Path) -> None:
        super().__init__(following)
        self._folder = folder

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - Temporal's name
        await self._pass("before")
        result = await super().execute_activity(input)
        await self._pass("after")
        return result

    async def _pass(self, moment: str) -> None:
        info = activity.info()
        (self._folder / f"ran.{info.activity_type}").touch()
        workflow = f"{info.workflow_id}/".replace("/", "_")
        prefix = f"{moment}.{info.activity_type}."
        for file in self._folder.glob(f"{prefix}*"):
            reached = self._folder / f"reached.{file.name}"
            if file.name.removeprefix(prefix) in workflow and not reached.exists():
                reached.touch()
                while file.exists():
                    if not info.is_local:
                        activity.heartbeat()
                    await asyncio.sleep(PAUSE)


def arm(holds: Path | None, workflow_tasks: int | None) -> None:
    """Change how workers are made from now on."""
    made = Worker.__init__

    def make(self: Worker, *positional: Any, **options: Any) -> None:
        if holds:
            options["interceptors"] = [*options.get("interceptors", ()), Holds(holds)]
        if workflow_tasks and options.get("workflows"):
            options["max_concurrent_workflow_tasks"] = workflow_tasks
        made(self, *positional, **options)

    setattr(Worker, "__init__", make)  # noqa: B010 - mypy refuses to assign a method


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--holds", type=Path)
    parser.add_argument("--workflow-tasks", type=int)
    asked, command = parser.parse_known_args()
    arm(asked.holds, asked.workflow_tasks)
    from cli import app

    app(command)


if __name__ == "__main__":
    main()
