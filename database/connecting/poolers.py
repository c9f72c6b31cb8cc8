"""Connections through a pooler, such as pgbouncer, that gives each transaction another session of Postgres.

Such a pooler refuses or ignores `options`, and a session does not keep what the last transaction prepared or
set. A pooler is recognised by the process number it gives: it is not that of the session in Postgres.
"""

import re
from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg.errors import DuplicatePreparedStatement, InvalidSqlStatementName
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import Dialect, ExceptionContext
from sqlalchemy.ext.asyncio import AsyncConnection

from database.connecting.address import own_options

REFUSES_OPTIONS = "unsupported startup parameter"

_NAMES = re.compile(r"(?:-c\s*|--)([\w.-]+)\s*=")

# A setting that a connection brought along has the source `client`, or `session` where a pooler sets it.
_IGNORED = """
    SELECT name FROM pg_settings
    WHERE lower(name) = ANY(CAST(%(names)s AS text[])) AND source NOT IN ('client', 'session')
    ORDER BY name
"""


class Poolers:
    """Opens the connections of one engine, with `limits` on their sessions: names of settings and values."""

    def __init__(self, engine: Engine, limits: Mapping[str, int]) -> None:
        self._limits = " ".join(f"-c {name}={value}" for name, value in limits.items())
        changes = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in limits.items())
        self._set_local = f"SELECT {changes}"
        self._takes_limits = True
        self._prepares = True
        event.listen(engine, "do_connect", self._connect)
        event.listen(engine, "begin", self._begin)
        event.listen(engine, "handle_error", self._lost_statement)

    def _connect(self, dialect: Dialect, _: object, arguments: list[Any], parameters: dict[str, Any]) -> Any:
        """Returns a connection with the limits and the options of the address, which take precedence."""
        own = own_options(parameters)
        if self._takes_limits:
            options = f"{self._limits} {own}".strip()
            try:
                return self._prepared(dialect.connect(*arguments, **{**parameters, "options": options}), own)
            except psycopg.OperationalError as error:
                if REFUSES_OPTIONS not in str(error):
                    raise
                self._takes_limits = False
        return self._prepared(dialect.connect(*arguments, **parameters), own)

    def _prepared(self, connection: Any, own: str) -> Any:
        try:
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute("SELECT pg_backend_pid()")
            is_pooled = cursor.fetchone()[0] != connection.info.backend_pid
            if is_pooled and own:
                cursor.execute(
                    _IGNORED, {"names": [name.lower().replace("-", "_") for name in _NAMES.findall(own)]}
                )
                if ignored := [row[0] for row in cursor.fetchall()]:
                    raise psycopg.OperationalError(f"the pooler ignores the options: {', '.join(ignored)}")
            cursor.close()
            connection.autocommit = False
        except BaseException:
            connection.close()
            raise
        if is_pooled or not self._prepares:
            driver = getattr(connection, "driver_connection", connection)
            driver.prepare_threshold = None
        return connection

    def _begin(self, connection: Connection) -> None:
        """Set the limits for a transaction of a pooled connection; the next one has another session."""
        driver = connection.connection.driver_connection
        if driver is not None and driver.prepare_threshold is None and not driver.autocommit:
            connection.exec_driver_sql(self._set_local)

    def _lost_statement(self, context: ExceptionContext) -> None:
        """Prepare no more statements once the session lacks one, or has one of another client."""
        if isinstance(context.original_exception, DuplicatePreparedStatement | InvalidSqlStatementName):
            self._prepares = False
            context.is_disconnect = True


async def is_pooled(connection: AsyncConnection) -> bool:
    """Returns whether a connection leads through a pooler."""
    raw = await connection.get_raw_connection()
    driver: psycopg.AsyncConnection | None = raw.driver_connection
    return driver is not None and driver.prepare_threshold is None
