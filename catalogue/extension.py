"""What this service says of a product beyond UCP, in `metadata` under its own name."""

from dataclasses import dataclass
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from contracts.search import Hit

NAMESPACE = "com.pilito"
"""The key of our fields, in a product's `metadata` and in a response."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Why a product is a result of search.

    `score` is between 0 and 1, `similarity` the cosine of question and text. `share` is the part of the
    question's words that the product has, by weight, and `missing` are the words that it lacks.
    """

    score: float
    similarity: float | None
    share: float | None
    missing: tuple[str, ...] = ()

    @classmethod
    def of(cls, hit: Hit) -> Self:
        """Returns why a hit was found."""
        return cls(
            score=hit.score,
            similarity=hit.similarity,
            share=hit.matched.share,
            missing=tuple(hit.matched.missing),
        )


class Attribute(BaseModel):
    """A property of a product and its values."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    values: list[str]


class Extension(BaseModel):
    """Our fields of a product.

    `price_text` has the price as the shop says it, `currency` the shop's own code. `known_at` is when the
    product's text was indexed, `facts_at` when the shop's last change arrived. `attributes` have the custom
    fields that the shop's owner has chosen, `parts` the products of a set, and `sale_ends` is a time in UTC.
    The last four are of results of search.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    price_text: str
    currency: str
    brands: list[str] | None = None
    attributes: list[Attribute] | None = None
    weight: str | None = None
    dimensions: str | None = None
    parts: list[str] | None = None
    rating: float | None = None
    rating_count: int | None = None
    sale_ends: str | None = None
    price_includes_tax: bool | None = None
    variants_total: int
    known_at: str | None = None
    facts_at: str
    score: float | None = None
    similarity: float | None = None
    matched_share: float | None = None
    missing_words: list[str] | None = None


class Metadata(BaseModel):
    """`metadata` of a product."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_by_name=True, serialize_by_alias=True)

    pilito: Extension = Field(alias=NAMESPACE)
