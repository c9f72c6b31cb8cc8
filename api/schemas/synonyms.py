"""The body and the response of a store's synonyms."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field
from pydantic.config import JsonDict

from api.bodies import RequestBody
from api.openapi.build import ResponseModel, example
from database.search.synonyms import SynonymList
from knowledge.search.synonym_lists import LONGEST_PHRASE, MOST_GROUPS, MOST_PHRASES

GROUPS: JsonDict = {"groups": [["موبایل", "گوشی", "phone"], ["ماگ", "لیوان دسته‌دار", "mug"]]}
EXAMPLE: JsonDict = {**GROUPS, "version": "2f1c9a52-6d0e-4b7e-9a53-0c1de7d5a6b4"}

Phrase = Annotated[str, Field(min_length=1, max_length=LONGEST_PHRASE)]
GroupIn = Annotated[list[Phrase], Field(min_length=1, max_length=MOST_PHRASES)]


class SynonymsChange(RequestBody):
    """All synonyms of a store: groups of phrases that mean the same, each of at most four words.

    A phrase belongs to one group. A group of one phrase takes the phrase out of the built-in synonyms.
    With `version`, the change is made only if the list still has this version, null for none.
    """

    model_config = example(GROUPS, EXAMPLE)

    groups: list[GroupIn] = Field(max_length=MOST_GROUPS)
    version: UUID | None = None


class SynonymsOut(ResponseModel):
    """The synonyms of a store, without the built-in ones; `version` is null before the first change."""

    model_config = example({**EXAMPLE, "updated_at": "2026-11-20T10:00:00Z"})

    groups: list[list[str]]
    version: UUID | None
    updated_at: datetime | None

    @classmethod
    def of(cls, stored: SynonymList) -> Self:
        return cls(
            groups=[list(phrases) for phrases in stored.groups],
            version=stored.version,
            updated_at=stored.updated_at,
        )
