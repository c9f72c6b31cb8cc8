"""Lists of synonyms of stores: read for a search, and replaced as a whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import RowMapping, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from database.sql import as_json
from database.tables import stores, synonyms

MOST_LISTS = 20
"""A search in more stores than this reads the lists of the stores with the smallest ids."""

_FOR_SEARCH = text(f"""
    WITH scope AS MATERIALIZED (
        SELECT y.store_id, y.version, y.groups FROM synonyms y JOIN stores s ON s.id = y.store_id
        WHERE s.user_id = :user_id AND (CAST(:store_id AS bigint) IS NULL OR s.id = :store_id)
        ORDER BY y.store_id LIMIT {MOST_LISTS})
    SELECT version,
           CASE WHEN (SELECT array_agg(version ORDER BY store_id) FROM scope)
                     IS DISTINCT FROM CAST(:known AS uuid[])
                THEN groups END AS groups
    FROM scope ORDER BY store_id
""")

_REPLACE = text("""
    INSERT INTO synonyms (store_id, groups, version)
    SELECT :store_id, CAST(:groups AS jsonb), gen_random_uuid()
    WHERE NOT :checked OR CAST(:expected AS uuid) IS NULL
       OR EXISTS (SELECT FROM synonyms WHERE store_id = :store_id AND version = :expected)
    ON CONFLICT (store_id) DO UPDATE
    SET groups = excluded.groups, version = excluded.version, updated_at = now()
    WHERE NOT :checked OR synonyms.version = :expected
    RETURNING groups, version, updated_at
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class SynonymList:
    """The groups of a store; `version` and `updated_at` are None where it never had any."""

    groups: Sequence[Sequence[str]] = ()
    version: UUID | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchecked:
    """Replaces the list in any version."""


async def for_search(
    connection: AsyncConnection, user_id: int, store_id: int | None, *, known: Sequence[UUID] = ()
) -> tuple[list[UUID], list[Sequence[str]] | None]:
    """Returns the versions of the lists of a user's stores, or of one of them, and all groups.

    The groups are None where the versions are the `known` ones, and then stay in Postgres.
    """
    parameters = {"user_id": user_id, "store_id": store_id, "known": list(known)}
    rows = (await connection.execute(_FOR_SEARCH, parameters)).all()
    versions = [row.version for row in rows]
    if versions == list(known):
        return versions, None
    return versions, [group for row in rows for group in row.groups]


async def read(connection: AsyncConnection, store_id: int, *, owner: int | None = None) -> SynonymList | None:
    """Returns the list of a store; None if there is no such store, or the `owner` is another user."""
    wanted = (
        select(synonyms.c.groups, synonyms.c.version, synonyms.c.updated_at)
        .select_from(stores.outerjoin(synonyms))
        .where(stores.c.id == store_id)
    )
    if owner is not None:
        wanted = wanted.where(stores.c.user_id == owner)
    row = (await connection.execute(wanted)).mappings().one_or_none()
    return _list(row) if row is not None else None


async def replace(
    connection: AsyncConnection,
    store_id: int,
    groups: Sequence[Sequence[str]],
    *,
    expected: UUID | Unchecked | None,
) -> SynonymList | None:
    """Replace the list of a store that exists; returns None if the present version is not `expected`.

    None is expected of a store that never had a list.
    """
    checked = not isinstance(expected, Unchecked)
    parameters = {
        "store_id": store_id,
        "groups": as_json(groups),
        "checked": checked,
        "expected": expected if checked else None,
    }
    row = (await connection.execute(_REPLACE, parameters)).mappings().one_or_none()
    return _list(row) if row is not None else None


def _list(row: RowMapping) -> SynonymList:
    return SynonymList(groups=row["groups"] or (), version=row["version"], updated_at=row["updated_at"])
