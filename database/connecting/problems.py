"""What Postgres or libpq said where a connection or a statement failed, and what to do about it."""

import re
from dataclasses import dataclass

import psycopg
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from database.connecting.address import InvalidAddress, read_address
from database.connecting.poolers import REFUSES_OPTIONS

LONGEST = 400
"""Characters of what Postgres said that are shown."""

NEXT = "Check PILITO_DATABASE_URL and that the server runs."

_NO_CONNECTION_LEFT = r"too many (clients|connections)|connection slots|no more connections"

_ADVICE_BY_STATE = {
    "25006": "Point PILITO_DATABASE_URL at the primary, or let the database accept writes.",
    "3D000": "Create the database, or correct its name in PILITO_DATABASE_URL.",
    "42P01": "Run `pilito migrate`.",
    "42703": "Run `pilito migrate`.",
    "42501": "Grant this right to the user in PILITO_DATABASE_URL; a superuser creates extensions.",
    "53100": "Make room on the disk of Postgres.",
    "53300": "Stop other clients of Postgres, or raise its max_connections.",
    "55P03": "End the session that holds the lock, or run the command again later.",
    "57014": "Run the command with an address past the pooler, or without a statement_timeout of the role.",
    "57P01": "Run the command again; an administrator ended the session.",
    "57P03": "Run the command again once the server has started.",
}
"""SQLSTATE -> what to do."""

_ADVICE_BY_WORDS = {
    "extension": "Install pgvector on the server of Postgres.",
    REFUSES_OPTIONS: (
        "Set what the `options` of PILITO_DATABASE_URL say with ALTER ROLE … SET, and remove them from the"
        " address; this pooler refuses them."
    ),
    "pooler ignores the options": (
        "Set them with ALTER ROLE … SET and remove them from PILITO_DATABASE_URL, or connect past the pooler."
    ),
    "statement pooling mode": "Set the pooler's pool_mode to session or transaction.",
    r"password authentication failed|no password supplied|SASL|auth(entication)? failed": (
        "Correct the user and the password in PILITO_DATABASE_URL; write special characters as %XX."
    ),
    r"does not support SSL|SSL was required": (
        "Remove sslmode from PILITO_DATABASE_URL, or switch on TLS in Postgres."
    ),
    r"no encryption|SSL (connection )?is required|SSL required": (
        "Add ?sslmode=require to PILITO_DATABASE_URL."
    ),
    "pg_hba.conf": "Allow this machine and this user in pg_hba.conf.",
    r"certificate|root\.crt": (
        "Set sslrootcert in PILITO_DATABASE_URL to the file of the authority that signed the certificate."
    ),
    r"database .* does not exist|no such database": (
        "Create the database, or correct its name in PILITO_DATABASE_URL."
    ),
    r"role .* does not exist|no such user": "Create the user, or correct it in PILITO_DATABASE_URL.",
    r"resolve host|translate host|name or service not known": "Correct the host in PILITO_DATABASE_URL.",
    r"connection option|invalid \w+ value|invalid integer|invalid port": (
        "Correct this parameter in PILITO_DATABASE_URL; Postgres knows those of libpq only."
    ),
    "unrecognized configuration parameter": "Correct `options` in PILITO_DATABASE_URL.",
    r"not in hot standby|is in hot standby|read-only|not accept": (
        "Name a server that accepts writes in PILITO_DATABASE_URL, or change target_session_attrs."
    ),
    _NO_CONNECTION_LEFT: (
        "Stop other clients of Postgres, or raise its max_connections or the pool of the pooler."
    ),
    r"starting up|shutting down|recovery": "Run the command again once the server has started.",
    r"connection refused|no such file": (
        "Start the server, or correct host and port in PILITO_DATABASE_URL: nothing listens there."
    ),
    r"time ?out": (
        "Correct host and port in PILITO_DATABASE_URL, or open the firewall: nothing answers there."
    ),
    r"invalid response|expected authentication|closed the connection|unsupported frontend": (
        "Correct host and port in PILITO_DATABASE_URL: what listens there may not be Postgres."
    ),
}
"""Words of a refusal without an SQLSTATE, as a regular expression -> what to do; the first counts."""

_PREFIX = re.compile(r"^(connection failed|connection is bad): ")

_NOT_OF_A_STATEMENT = {"08", "0A", "28", "53", "57", "58"}
"""Classes of SQLSTATE: connection, feature not supported, authorization, resources, intervention, files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What Postgres said, without the password, and the next step."""

    said: str
    advice: str


def problem_of(error: BaseException, address: str) -> Problem | None:
    """Returns what an error of a connection or of the server's state means.

    Returns None for an error that only a change of this program can remove, such as one of syntax.
    """
    if isinstance(error, InvalidAddress):
        return Problem(said="the address cannot be read", advice=str(error))
    if isinstance(error, PoolTimeout):
        return Problem(said="all connections are busy", advice="Run the command again.")
    if isinstance(error, OSError):
        return Problem(said=_without_password(str(error), address), advice=NEXT)
    original = error.orig if isinstance(error, DBAPIError) else None
    if not isinstance(original, psycopg.Error):
        return None
    state = original.sqlstate
    words = _words(original)
    said = _without_password(words, address)
    if advice := _ADVICE_BY_STATE.get(state or ""):
        return Problem(said=said, advice=advice)
    if state is not None and state[:2] not in _NOT_OF_A_STATEMENT:
        return None
    for pattern, meant in _ADVICE_BY_WORDS.items():
        if re.search(pattern, words, re.IGNORECASE):
            return Problem(said=said, advice=meant)
    return Problem(said=said, advice=NEXT)


def has_no_connection_left(error: BaseException) -> bool:
    """Returns whether a server or a pooler refused one more connection; such a refusal has no SQLSTATE."""
    return isinstance(error, OperationalError) and bool(re.search(_NO_CONNECTION_LEFT, str(error.orig)))


def _words(error: psycopg.Error) -> str:
    """Returns the message on one line, without what is repeated for each attempt."""
    said = error.diag.message_primary or str(error).partition("Multiple connection attempts failed")[0]
    lines = (" ".join(line.split()) for line in said.splitlines())
    kept = (_PREFIX.sub("", line) for line in lines if line and not line.startswith("Is the server running"))
    one = " ".join(dict.fromkeys(kept))[:LONGEST]
    return "".join(character if character.isprintable() else " " for character in one)


def _without_password(said: str, address: str) -> str:
    """Returns the message with `***` for the password, in case an address was split in the wrong place."""
    try:
        url = read_address(address)
    except InvalidAddress:
        return said
    password = url.password
    if not password or password in (url.username, url.host, url.database):
        return said
    return re.sub(rf"(?<!\w){re.escape(str(password))}(?!\w)", "***", said)
