"""`pilito sync`: the resyncs of stores."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from commands.environment import database, run, settings
from commands.output import AsJson, Limit, print_rows
from commands.shops.ids import OfStore
from contracts.syncs import Sync
from database.sync import runs

sync = typer.Typer(no_args_is_help=True, help="Show the resyncs of stores; `pilito resync` starts one.")

COLUMNS = ("id", "store_id", "started_at", "mode", "status", "seen", "changed", "gone", "failed", "reason")


@sync.command("list")
def list_(
    store_id: OfStore = None,
    running: Annotated[bool, typer.Option("--running", help="Only those that have not ended.")] = False,  # noqa: FBT002 - a command line flag
    limit: Limit = 20,
    as_json: AsJson = False,  # noqa: FBT002 - a command line flag
) -> None:
    """List syncs, newest first, with what they counted; of all stores, or of one."""

    async def work() -> list[Sync]:
        async with database(settings(adopt=True)) as opened, opened.reading() as connection:
            return await runs.list_latest(connection, store_id=store_id, is_running=running, limit=limit)

    print_rows([_fields(one) for one in run(work())], COLUMNS, as_json=as_json)


def _fields(one: Sync) -> dict[str, Any]:
    fields = asdict(one)
    return {**fields, **fields.pop("counts")}
