"""Questions that people ask the search of a store: how often, and how many got no good answer.

A row is a question of a store on a day; nothing says who asked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from database.sql import as_json, recordset

MOST_ROWS = 10_000
"""Of a store; the questions asked least are removed first, and of these the oldest."""

_ASKED = {
    "store_id": "bigint",
    "text": "text",
    "asked": "bigint",
    "unanswered": "bigint",
    "first_at": "timestamptz",
    "last_at": "timestamptz",
    "last_total": "bigint",
}

_TODAY = "CAST(now() AT TIME ZONE 'UTC' AS date)"

_COUNT = text(f"""
    INSERT INTO questions (store_id, text, day, asked, unanswered, first_at, last_at, last_total)
    SELECT n.store_id, n.text, CAST(n.last_at AT TIME ZONE 'UTC' AS date), n.asked, n.unanswered,
           n.first_at, n.last_at, n.last_total
    FROM {recordset("rows", "n", _ASKED)} JOIN stores s ON s.id = n.store_id AND s.keeps_questions
    ORDER BY n.store_id, n.text COLLATE "C"
    ON CONFLICT (store_id, text, day) DO UPDATE
    SET asked = questions.asked + excluded.asked,
        unanswered = questions.unanswered + excluded.unanswered,
        first_at = least(questions.first_at, excluded.first_at),
        last_at = greatest(questions.last_at, excluded.last_at),
        last_total = CASE WHEN excluded.last_at >= questions.last_at THEN excluded.last_total
                          ELSE questions.last_total END
""")

_TRIM = text("""
    WITH over AS MATERIALIZED (
        SELECT one.id FROM unnest(CAST(:stores AS bigint[])) AS one(id)
        WHERE (SELECT count(*) FROM questions q WHERE q.store_id = one.id) > :most
    ), placed AS (
        SELECT store_id, text, day,
               row_number() OVER (PARTITION BY store_id ORDER BY total DESC, day DESC, text) AS place
        FROM (SELECT q.store_id, q.text, q.day,
                     sum(q.asked) OVER (PARTITION BY q.store_id, q.text) AS total
              FROM questions q WHERE q.store_id IN (SELECT id FROM over)) AS each
    )
    DELETE FROM questions WHERE (store_id, text, day) IN (
        SELECT q.store_id, q.text, q.day FROM questions q JOIN placed USING (store_id, text, day)
        WHERE placed.place > :most FOR UPDATE OF q SKIP LOCKED)
""")

_FORGET = text(f"""
    DELETE FROM questions WHERE (store_id, text, day) IN (
        SELECT store_id, text, day FROM questions WHERE day <= {_TODAY} - CAST(:days AS integer)
        ORDER BY day LIMIT :limit FOR UPDATE SKIP LOCKED)
""")

_LIST = text(f"""
    SELECT * FROM (
        SELECT text, CAST(sum(asked) AS bigint) AS asked, CAST(sum(unanswered) AS bigint) AS unanswered,
               min(first_at) AS first_at, max(last_at) AS last_at,
               (array_agg(last_total ORDER BY day DESC))[1] AS last_total,
               CAST(sum(CASE WHEN :only_unanswered THEN unanswered ELSE asked END) AS bigint) AS rank
        FROM questions
        WHERE store_id = :store_id AND day > {_TODAY} - CAST(:days AS integer)
          AND (CAST(:pattern AS text) IS NULL OR text ILIKE :pattern)
        GROUP BY text) AS each
    WHERE rank > 0 AND (CAST(:rank AS bigint) IS NULL OR rank < :rank OR (rank = :rank AND text > :text))
    ORDER BY rank DESC, text LIMIT :limit
""")

_SWITCH = text("UPDATE stores SET keeps_questions = :keeps, updated_at = now() WHERE id = :id")
_KEEPS = text("SELECT keeps_questions FROM stores WHERE id = :id")
_CLEAR = text("DELETE FROM questions WHERE store_id = :id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How often a question was asked, how often without a good answer, and the last number of results."""

    asked: int
    unanswered: int
    first_at: datetime
    last_at: datetime
    last_total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedQuestion(Asked):
    """A question with its counts of some days."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionFilter:
    """The questions of the last `days`; with `only_unanswered`, the ones without a good answer.

    `search` is a part of the question.
    """

    days: int
    only_unanswered: bool = False
    search: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a page of questions ends: how often its last one was asked, or was not answered, and its text."""

    rank: int
    text: str


async def count(connection: AsyncConnection, asked: Mapping[int, Mapping[str, Asked]]) -> None:
    """Add what was asked: store id -> question -> counts. Stores that keep no questions are left out."""
    rows = [
        {
            "store_id": store_id,
            "text": question,
            "asked": one.asked,
            "unanswered": one.unanswered,
            "first_at": one.first_at.isoformat(),
            "last_at": one.last_at.isoformat(),
            "last_total": one.last_total,
        }
        for store_id, questions in asked.items()
        for question, one in questions.items()
    ]
    await connection.execute(_COUNT, {"rows": as_json(rows)})


async def trim(connection: AsyncConnection, stores: Sequence[int], *, most: int = MOST_ROWS) -> int:
    """Remove what stores have above `most` rows. Returns how many rows were removed."""
    return (await connection.execute(_TRIM, {"stores": list(stores), "most": most})).rowcount


async def forget(connection: AsyncConnection, *, days: int, limit: int) -> int:
    """Remove rows that are `days` days old or older, the oldest first. Returns how many, at most `limit`."""
    return (await connection.execute(_FORGET, {"days": days, "limit": limit})).rowcount


async def list_questions(
    connection: AsyncConnection,
    store_id: int,
    filters: QuestionFilter,
    *,
    after: Place | None = None,
    limit: int,
) -> tuple[Sequence[AskedQuestion], Place | None]:
    """Returns the questions of a store, the ones asked most first, and the place of the next page."""
    escaped = filters.search.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    values = {
        "store_id": store_id,
        "days": filters.days,
        "only_unanswered": filters.only_unanswered,
        "pattern": f"%{escaped}%" if escaped else None,
        "rank": after.rank if after else None,
        "text": after.text if after else "",
        "limit": limit + 1,
    }
    rows = (await connection.execute(_LIST, values)).mappings().all()
    shown = rows[:limit]
    following = Place(rank=shown[-1]["rank"], text=shown[-1]["text"]) if len(rows) > limit else None
    fields = AskedQuestion.__dataclass_fields__
    return [AskedQuestion(**{name: row[name] for name in fields}) for row in shown], following


async def keeps(connection: AsyncConnection, store_id: int) -> bool:
    """Returns whether questions of a store are counted."""
    return bool((await connection.execute(_KEEPS, {"id": store_id})).scalar_one_or_none())


async def switch(connection: AsyncConnection, store_id: int, *, keep: bool) -> None:
    """Count the questions of a store from now on, or remove all of them and count none."""
    await connection.execute(_SWITCH, {"id": store_id, "keeps": keep})
    if not keep:
        await connection.execute(_CLEAR, {"id": store_id})
