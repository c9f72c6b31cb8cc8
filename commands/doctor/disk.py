"""The check of the room on the disk, and of the size of the database."""

import asyncio
import shutil
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from commands.doctor.result import CheckResult
from database import health
from database.connecting.address import InvalidAddress
from database.engine import Database, create_engine
from settings import Settings

SUBJECT = "Disk"

GIB = 2**30

LITTLE, VERY_LITTLE = 0.10, 0.05
"""Shares of a disk that are free."""

ENOUGH = 20 * GIB
"""Bytes that are enough on a disk of any size."""

ADVICE = (
    "Make room: remove old dumps, images and logs, or shorten PILITO_PAYLOAD_RETENTION_DAYS and"
    " PILITO_EVENT_RETENTION_DAYS."
)


async def check_disk(settings: Settings) -> CheckResult:
    """Returns how much is free where Postgres stores its data, or else where this program runs."""
    size, folder = await _database(settings)
    is_here = folder is not None and await asyncio.to_thread(folder.is_dir)
    place = folder if is_here and folder is not None else Path.cwd()
    usage = await asyncio.to_thread(shutil.disk_usage, place)
    where = "where Postgres stores its data" if is_here else "on this machine"
    said = f"{_gib(usage.free)} of {_gib(usage.total)} free {where}"
    if size is not None:
        said += f"; the database has {_gib(size)}"
    share = usage.free / max(1, usage.total)
    is_low = share < LITTLE and usage.free < ENOUGH
    return CheckResult(
        subject=SUBJECT, said=said, advice=ADVICE if is_low else "", is_warning=share >= VERY_LITTLE
    )


async def _database(settings: Settings) -> tuple[int | None, Path | None]:
    """Returns the size of the database and its folder, as far as Postgres shows them."""
    if not settings.database_url:
        return None, None
    try:
        opened = Database(create_engine(settings.database_url, pool_size=1))
    except InvalidAddress:
        return None, None
    try:
        async with opened.reading() as connection:
            size, folder = await health.size_and_folder(connection)
    except (SQLAlchemyError, OSError):
        return None, None
    finally:
        await opened.close()
    return size, Path(folder) if folder else None


def _gib(size: int) -> str:
    return f"{size / GIB:.1f} GiB" if size >= GIB // 10 else f"{size / 2**20:.0f} MiB"
