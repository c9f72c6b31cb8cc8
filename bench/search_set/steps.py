"""What each step of the ranking is worth: the questions are asked with it and without it.

`python -m bench.search_set steps` searches the database of a running `pilito up` directly, so that single
steps can be left out.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from typing import Any
from unittest.mock import patch

from sqlalchemy import text

from bench.search_set.questions import Question as Asked
from bench.search_set.scores import Answer, marked
from contracts.ids import embedding_label
from contracts.search import Filters, Question
from database.engine import Database, create_engine
from database.search.find import find
from database.search.understood import understood
from embeddings.query_cache import QueryCache
from embeddings.registry import create_embedder
from knowledge.normalise import normalise
from knowledge.search.builtin import builtin
from knowledge.search.synonyms import Synonyms
from settings import Settings

NOTHING: dict[str, Any] = {}

_FORMS = "knowledge.search.forms"
_RANKING = "database.search.ranking"
_VOCABULARY = "database.search.vocabulary"

STEPS: dict[str, dict[str, Any]] = {
    "all steps": {},
    "without codes": {
        f"{_FORMS}.codes": lambda _: {},
        "database.search.find.asked_codes": lambda _: set(),
    },
    "without stems": {f"{_FORMS}.stems": lambda _: (), f"{_VOCABULARY}.stems": lambda _: ()},
    "without joined neighbours": {f"{_FORMS}._joins": lambda _: ()},
    "without corrections": {f"{_VOCABULARY}._add_corrections": lambda *_: None},
    "without sounds": {f"{_VOCABULARY}._add_alike": lambda *_: None},
    "with polite words": {f"{_FORMS}.polite": frozenset},
    "without the built-in synonyms": {"synonyms": Synonyms(())},
    "without understanding": {"understand": False},
    "without names": {f"{_RANKING}.TITLED": 0.0},
    "vectors only": {f"{_RANKING}.SHARE": 0.0, f"{_RANKING}.TITLED": 0.0},
    "words only": {"vector": False},
}
STEPS |= {
    f"words only, {step}": {**STEPS[step], "vector": False}
    for step in ("without stems", "without corrections", "without sounds", "without the built-in synonyms")
}
"""A step -> what is replaced to leave it out: objects by their names, and three arguments of the search."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """A store that has the catalogue, and what is needed to search it."""

    database: Database
    vectors: QueryCache
    settings: Settings
    user_id: int
    store_id: int

    async def answer(self, asked: Asked, left_out: Mapping[str, Any]) -> Answer:
        """Returns the answer to a question, with its marks."""
        question = Question(
            user_id=self.user_id,
            store_id=self.store_id,
            text=normalise(asked.query).strip(),
            vector=None,
            filters=_filters(asked.filters),
        )
        synonyms = left_out.get("synonyms", builtin())
        async with self.database.transaction() as connection:
            read = await understood(
                connection, question, synonyms, understand=left_out.get("understand", True)
            )
        vector = await self.vectors.of(read.question.text) if left_out.get("vector", True) else None
        async with self.database.transaction() as connection:
            found = await find(
                connection,
                replace(read.question, vector=vector),
                synonyms,
                label=embedding_label(
                    self.settings.embedding_model,
                    self.settings.embedding_dimensions,
                    self.settings.embedding_variant,
                ),
                dimensions=self.settings.embedding_dimensions,
            )
        answer = {
            "results": [asdict(hit) for hit in found.hits],
            "confidence": "high" if found.is_confident else "low",
        }
        return marked(asked, answer, 0.0)


def _filters(fields: Mapping[str, Any]) -> Filters:
    prices = {name: Decimal(value) for name, value in fields.items() if name.endswith("_price")}
    return Filters(**{**fields, **prices})


@contextmanager
def _left_out(step: Mapping[str, Any]) -> Iterator[None]:
    with ExitStack() as stack:
        for name, instead in step.items():
            if "." in name:
                stack.enter_context(patch(name, instead))
        yield


async def measure(settings: Settings, store: str, questions: Iterable[Asked]) -> dict[str, list[Answer]]:
    """Returns step -> the answers without it; `store` is the name of the store that has the catalogue."""
    database = Database(create_engine(settings.database_url or "", pool_size=1, statement_timeout_seconds=60))
    embedder = create_embedder(settings)
    try:
        async with database.reading() as connection:
            statement = text("SELECT id, user_id FROM stores WHERE name = :name ORDER BY id LIMIT 1")
            row = (await connection.execute(statement, {"name": store})).one()
        searched = Searched(
            database=database,
            vectors=QueryCache(embedder),
            settings=settings,
            user_id=row.user_id,
            store_id=row.id,
        )
        found: dict[str, list[Answer]] = {}
        for name, left_out in STEPS.items():
            with _left_out(left_out):
                found[name] = [await searched.answer(question, left_out) for question in questions]
        return found
    finally:
        await embedder.close()
        await database.close()
