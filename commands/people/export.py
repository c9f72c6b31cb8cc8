"""Export an account, as JSON or into files."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from commands.data.export import write_account
from commands.data.files import written_to
from commands.environment import database, run, settings
from commands.people.accounts import find
from database.data import export


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """The JSON of an account, and how much was written into files; all counts are 0 without a folder."""

    account: dict[str, Any]
    stores: int
    products: int = 0
    events: int = 0


def export_account(email: str, out: Path | None) -> Exported:
    """Returns an account; with a folder, also writes it there, with all rows of its stores.

    All is of one moment. Exits with a sentence if the folder is in use or cannot be written.
    """

    async def work() -> Exported:
        async with database(settings(adopt=True)) as opened:
            person = await find(opened, email)
            async with opened.transaction() as connection:
                await export.use_one_snapshot(connection)
                found = orjson.loads(await export.account(connection, person.id) or '{"stores": []}')
                if out is None:
                    return Exported(account=found, stores=len(found["stores"]))
                with written_to(out):
                    counts = await write_account(connection, person.id, out)
                return Exported(
                    account=found,
                    stores=counts["stores"],
                    products=counts["products"],
                    events=counts["events"],
                )

    return run(work())
