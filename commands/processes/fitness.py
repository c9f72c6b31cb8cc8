"""Whether this program can work with the server of Postgres, before a process starts."""

import logging

from sqlalchemy.exc import SQLAlchemyError

from commands.environment import fail, run
from database import health
from database.connecting.problems import problem_of
from database.engine import Database, create_engine
from database.migrations import revisions
from database.migrations.revisions import Tables
from settings import Settings

logger = logging.getLogger(__name__)

UNFIT = {
    Tables.OLDER: "the tables are not migrated to this version. Run `pilito migrate`.",
    Tables.NEWER: "a newer version of this program made the tables. Install that version.",
}


def check_database(configured: Settings) -> None:
    """Exit with a sentence if this program can never work with the server of Postgres.

    A server that does not answer may do so later, and tables may be migrated later; until then events are
    kept in Temporal.
    """
    if not configured.database_url:
        return
    address = configured.database_url

    async def look() -> str | None:
        opened = Database(create_engine(address, pool_size=1))
        try:
            async with opened.transaction() as connection:
                if sentence := await health.unsupported(connection):
                    return sentence
                if advice := UNFIT.get(await revisions.tables(connection)):
                    logger.warning("Postgres: %s", advice)
                return None
        except (SQLAlchemyError, OSError) as error:
            if problem := problem_of(error, address):
                logger.warning("Postgres: %s. %s", problem.said, problem.advice)
            return None
        finally:
            await opened.close()

    if sentence := run(look()):
        raise fail(sentence)
