"""SQL text made from Python values: statuses, column lists and parameters that hold rows as JSON."""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

import orjson
from sqlalchemy import Table
from sqlalchemy.dialects import postgresql

_WORD = re.compile(r"[a-z_]+(\.[a-z_]+)?")

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped


def literal(value: StrEnum) -> str:
    """Returns a member of an enum as an SQL literal; ValueError where its value needs quoting."""
    if not _WORD.fullmatch(value.value):
        raise ValueError(f"not a plain word: {value.value!r}")
    return f"'{value.value}'"


def in_(values: Iterable[StrEnum]) -> str:
    """Returns the right side of an SQL `IN`, such as `('a', 'b')`."""
    return f"({', '.join(map(literal, values))})"


def names(columns: Iterable[str], prefix: str = "") -> str:
    """Returns column names separated by commas, each with a prefix such as `n.`."""
    return ", ".join(f"{prefix}{column}" for column in columns)


def assignments(columns: Iterable[str]) -> str:
    """Returns the part of an upsert's SET that takes these columns from the new row."""
    return ", ".join(f"{column} = excluded.{column}" for column in columns)


def types(table: Table, columns: Iterable[str]) -> dict[str, str]:
    """Returns the SQL type of each of these columns of a table, by name."""
    return {column: table.c[column].type.compile(dialect=_DIALECT) for column in columns}


def recordset(parameter: str, alias: str, columns: Mapping[str, str]) -> str:
    """Returns a FROM item with these columns (name -> type); its rows come from `as_json(rows)`.

    The parameter is json, not jsonb: it is read once, so parsing it into jsonb first would be wasted.
    """
    shape = ", ".join(f"{name} {type_}" for name, type_ in columns.items())
    return f"json_to_recordset(CAST(:{parameter} AS json)) AS {alias}({shape})"


def as_json(value: Any) -> str:
    """Returns a value as JSON text; decimals and other unusual types are written as strings."""
    return orjson.dumps(value, default=str).decode()
