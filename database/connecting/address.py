"""The address of Postgres: how PILITO_DATABASE_URL is read, and what a connection asks for by default."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from psycopg import pq
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

EXAMPLE = "postgresql://user:password@host:5432/name"

DEFAULTS = {
    "connect_timeout": "3",
    "application_name": "pilito",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
"""Parameters of a connection that neither the address nor a variable of libpq sets.

A server that vanished without a word is noticed after half a minute, also in the middle of a statement.
"""

_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9.-]{0,30})(?:\+[a-zA-Z0-9_]{1,30})?://")

_SCHEMES = {"postgresql", "postgres"}


class InvalidAddress(ValueError):
    """PILITO_DATABASE_URL cannot be read; the message says what to change, and shows no part of it."""


def read_address(address: str) -> URL:
    """Returns the URL for SQLAlchemy's dialect of psycopg.

    Several hosts are written as libpq writes them, `host1:5432,host2:5432`, or as parameters `host`. Raises
    InvalidAddress.
    """
    scheme = _SCHEME.match(address)
    if scheme is None:
        raise InvalidAddress(f"PILITO_DATABASE_URL has no scheme: write {EXAMPLE}.")
    if scheme[1].lower() not in _SCHEMES:
        raise InvalidAddress(
            f"PILITO_DATABASE_URL begins with {scheme[1]}://, not Postgres: write {EXAMPLE}."
        )
    try:
        url = _with_hosts(f"postgresql+psycopg://{address[scheme.end() :]}")
    except (ArgumentError, ValueError):
        raise InvalidAddress(
            "PILITO_DATABASE_URL has a port that is not a number. If the password contains : / ? # @ or %,"
            " write it as %3A %2F %3F %23 %40 %25."
        ) from None
    if "@" in (url.host or ""):
        raise InvalidAddress(
            "PILITO_DATABASE_URL has more than one @: write an @ of the user or the password as %40."
        )
    try:
        url.get_dialect()().create_connect_args(url)
    except (ArgumentError, ValueError):
        raise InvalidAddress(
            "PILITO_DATABASE_URL has hosts or ports that cannot be read: write several hosts as"
            " name:port,name:port, and an IPv6 address among them by its name."
        ) from None
    return url


def _with_hosts(address: str) -> URL:
    user, at, hosts = urlsplit(address).netloc.rpartition("@")
    if "," not in hosts:
        return make_url(address)
    url = make_url(address.replace(f"{user}{at}{hosts}", f"{user}{at}", 1))
    return url.update_query_dict({"host": tuple(hosts.split(","))})


def connection_defaults(url: URL) -> dict[str, str]:
    """Returns the parameters of DEFAULTS that are not set elsewhere."""
    set_by_libpq = _libpq()
    return {
        name: value
        for name, value in DEFAULTS.items()
        if name not in url.query and set_by_libpq.get(name) is None
    }


def own_options(parameters: Mapping[str, object]) -> str:
    """Returns the `options` of the address, or else of PGOPTIONS: `-c` and settings of the session."""
    return str(parameters.get("options") or _libpq().get("options") or "")


def _libpq() -> dict[str, str | None]:
    """Returns what libpq takes from variables such as PGOPTIONS and PGAPPNAME."""
    return {
        option.keyword.decode(): option.val.decode() if option.val is not None else None
        for option in pq.Conninfo.get_defaults()
    }
