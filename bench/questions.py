"""Whole questions among 100,000 chunks, by words and by both, against the search of version 0.1."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection

from bench import former
from bench.corpus import Corpus, Store
from bench.results import Row, Times, at_most, compared, ratio
from bench.system import DIMENSIONS, MODEL
from contracts.ids import embedding_label
from contracts.search import Question
from database.engine import Database
from database.search.find import find
from database.search.vectors import Space
from knowledge.search.builtin import builtin

ROUNDS = 60
WARM_UP = 10
WORDS = 4
LABEL = embedding_label(MODEL, DIMENSIONS)
SPACE = Space(one_store=True, first="", filters="", label=LABEL, dimensions=DIMENSIONS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A store that is asked, and the most that its answers may take, against version 0.1."""

    name: str
    store: Store
    has_vector: bool
    p50: float | None = None
    p95: float | None = None


def cases(stores: dict[str, Store]) -> list[Case]:
    large, middle, small = stores["large"], stores["middle"], stores["small 20"]
    return [
        Case(name="words in a store of 50,000", store=large, has_vector=False),
        Case(name="words in a store of 10,000", store=middle, has_vector=False, p50=1.6),
        Case(name="words in a store of 1,000", store=small, has_vector=False),
        Case(name="a question in a store of 50,000", store=large, has_vector=True, p95=1.0),
        Case(name="a question in a store of 10,000", store=middle, has_vector=True, p95=0.5),
        Case(name="a question in a store of 1,000", store=small, has_vector=True, p50=1.0),
    ]


async def rows_of(database: Database, case: Case, corpus: Corpus, advance: Callable[[], object]) -> list[Row]:
    """Returns two rows of whole questions, both ways asked in alternation."""
    ours, theirs = Times(), Times()
    for at, vector in enumerate(corpus.vectors(WARM_UP + ROUNDS)):
        question = Question(
            user_id=case.store.id,
            store_id=case.store.id,
            text=corpus.text(WORDS),
            vector=vector.tolist() if case.has_vector else None,
        )
        kept = (Times(), Times()) if at < WARM_UP else (theirs, ours)
        for times, search in zip(kept, (_formerly, _today), strict=True):
            await times.take(partial(_in_transaction, database, search, question))
        if at >= WARM_UP:
            advance()
    return [
        at_most(
            f"{case.name} p{percent}, against version 0.1",
            ratio(ours, theirs, percent),
            limit,
            compared(ours, theirs, percent),
        )
        for percent, limit in ((50, case.p50), (95, case.p95))
    ]


async def _in_transaction(
    database: Database, search: Callable[[AsyncConnection, Question], Awaitable[object]], question: Question
) -> object:
    async with database.transaction() as connection:
        return await search(connection, question)


async def _today(connection: AsyncConnection, question: Question) -> object:
    return await find(connection, question, builtin(), label=LABEL, dimensions=DIMENSIONS)


async def _formerly(connection: AsyncConnection, question: Question) -> object:
    return await former.find(connection, question, SPACE)
