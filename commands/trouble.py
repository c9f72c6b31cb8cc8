"""Ordinary trouble of commands: one sentence and exit code 1 instead of a traceback."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError
from temporalio.service import RPCError, RPCStatusCode

from commands.environment import fail, settings, warn_of_misspelt_settings
from contracts.errors import UnknownKey
from database.connecting.address import InvalidAddress
from database.connecting.problems import Problem, problem_of
from temporal.connecting import UNREADABLE

CONNECT_FAILED = "Failed client connect"
"""How Temporal's client begins the message of its RuntimeError."""

_QUOTED = re.compile(r'(?:message|error): "([^"]{1,200})"')

_ADVICE = {
    RPCStatusCode.NOT_FOUND: "Create the namespace, or correct PILITO_TEMPORAL_NAMESPACE.",
    RPCStatusCode.UNAUTHENTICATED: "Set PILITO_TEMPORAL_API_KEY, or correct it.",
    RPCStatusCode.PERMISSION_DENIED: "Allow this program in the Temporal server's authorization.",
    RPCStatusCode.RESOURCE_EXHAUSTED: "Run the command again later: the server limits requests.",
}

NEXT = (
    "Check PILITO_TEMPORAL_ADDRESS, PILITO_TEMPORAL_NAMESPACE, PILITO_TEMPORAL_TLS and that the server runs."
)


@contextmanager
def sentences() -> Iterator[None]:
    """Warn of misspelt settings; end the program with a sentence where a server cannot be reached."""
    warn_of_misspelt_settings()
    try:
        yield
    except UnknownKey as error:
        raise fail(str(error)) from None
    except (InvalidAddress, SQLAlchemyError) as error:
        problem = problem_of(error, settings(adopt=True).database_url or "")
        if problem is None:
            raise
        raise fail(f"Postgres: {problem.said}. {problem.advice}") from None
    except (RPCError, RuntimeError, ValueError, TimeoutError) as error:
        problem = temporal_problem(error)
        if problem is None:
            raise
        address = settings(adopt=True).temporal_address
        raise fail(f"Temporal at {address}: {problem.said}. {problem.advice}") from None


def temporal_problem(error: Exception) -> Problem | None:
    """Returns what an error of Temporal's client means; None for any other error."""
    if isinstance(error, RPCError):
        is_unprepared = "search attribute" in error.message.lower()
        advice = "Run `pilito prepare-temporal`." if is_unprepared else _ADVICE.get(error.status, NEXT)
        return Problem(said=error.message.rstrip("."), advice=advice)
    if isinstance(error, TimeoutError):
        return Problem(said="it does not answer in time", advice=NEXT)
    said = str(error)
    if isinstance(error, ValueError) and UNREADABLE in said:
        return Problem(said=said, advice="Correct the path, or allow this user to read the file.")
    if isinstance(error, ValueError) and said.startswith("invalid target URL"):
        return Problem(said=said, advice="Write PILITO_TEMPORAL_ADDRESS as host:port.")
    if not isinstance(error, RuntimeError) or not said.startswith(CONNECT_FAILED):
        return None
    quoted = _QUOTED.findall(said)
    return Problem(said=quoted[-1].rstrip(".") if quoted else "it does not answer", advice=NEXT)
