"""`pilito roll-out`: which version of the workers takes up work."""

from dataclasses import asdict
from typing import Annotated

import typer

from commands.environment import fail, run, settings, temporal
from commands.output import AsJson, print_json, say
from settings import Settings
from temporal import deployments


def roll_out(
    build_id: Annotated[
        str | None,
        typer.Argument(help="PILITO_WORKER_BUILD_ID of the workers that take up work from now on."),
    ] = None,
    *,
    unversioned: Annotated[
        bool, typer.Option("--unversioned", help="Workers without a PILITO_WORKER_BUILD_ID take up work.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the versions of the workers, or let one of them take up all work from now on.

    Events under way end on the version that started them; syncs and schedules continue on the new one.
    """
    if build_id and unversioned:
        raise fail("Name a version or --unversioned, not both.")
    configured = settings(adopt=True)
    run(
        _change(configured, build_id, as_json=as_json)
        if build_id or unversioned
        else _list(configured, as_json=as_json)
    )


async def _list(configured: Settings, *, as_json: bool) -> None:
    client = await temporal(configured)
    found = await deployments.versions(client, configured.task_queue)
    if as_json:
        print_json([asdict(version) for version in found])
        return
    for version in found:
        typer.echo(f"{version.status:<9} {version.build_id}")
    if not found:
        typer.echo("No worker has had a version. PILITO_WORKER_BUILD_ID gives a worker one.")


async def _change(configured: Settings, build_id: str | None, *, as_json: bool) -> None:
    client = await temporal(configured)
    name = f"Version {build_id}" if build_id else "Workers without a version"
    try:
        await deployments.make_current(client, configured.task_queue, build_id)
    except deployments.RollOutRefused as error:
        raise fail(
            f"{name}: Temporal refused. {error}. Start workers for events and for bulk work with this"
            " PILITO_WORKER_BUILD_ID, and run the command again."
        ) from None
    said = f"{name}: current. Stop workers of a former version once `pilito roll-out` calls it drained."
    say(said, {"build_id": build_id, "current": True}, as_json=as_json)
