"""Which model `pilito up` uses where no embedding service is configured."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from embedded.children.processes import StartFailed
from embedded.embedding.protocol import E5, E5_DIMENSIONS, LEXICAL
from embeddings.registry import is_configured
from settings import Settings

REQUEST_TOKENS = 2_000
"""Estimated tokens of one request to the model; the server accepts twice as many of its own."""

UNUSABLE = f"The model {E5} cannot be loaded on this machine; set OPENAI_BASE_URL to use another server."
NOT_WANTED = (
    f"To compare meanings, leave PILITO_EMBEDDING_MODEL and PILITO_EMBEDDING_DIMENSIONS empty for {E5}, or"
    " set OPENAI_API_KEY for the model they name."
)
NOT_USABLE = (
    f"The model {E5} cannot be loaded on this machine. Leave PILITO_EMBEDDING_MODEL empty to compare words,"
    " or set OPENAI_BASE_URL."
)
OTHER_SIZE = f"Vectors of {E5} have {E5_DIMENSIONS} dimensions: leave PILITO_EMBEDDING_DIMENSIONS empty."


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A model of the local server; `note` says what people should know about it, if anything.

    `variables` are set for the processes that use the model.
    """

    model: str
    dimensions: int
    kind: Literal["e5", "lexical"]
    note: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)


def needs_the_model(settings: Settings) -> bool:
    """Returns whether the choice depends on whether this machine can load the model."""
    return not is_configured(settings) and _wants_meaning(settings)


def chosen(settings: Settings, *, is_usable: bool) -> Choice:
    """Returns the model that the settings name; else the one by meaning if it is usable, else that by words.

    Raises StartFailed where the settings name a model that cannot be had.
    """
    name, size = _named(settings), settings.embedding_dimensions
    if name == E5:
        if not is_usable:
            raise StartFailed(NOT_USABLE)
        if not _wants_meaning(settings):
            raise StartFailed(OTHER_SIZE)
    if is_usable and _wants_meaning(settings):
        return _by_meaning(settings)
    model = name or LEXICAL
    reason = NOT_WANTED if not _wants_meaning(settings) else UNUSABLE
    return Choice(
        model=model,
        dimensions=size,
        kind="lexical",
        note=f"Texts are compared by their words, as {model} with {size} dimensions. {reason}",
        variables={"PILITO_EMBEDDING_MODEL": model, "PILITO_EMBEDDING_DIMENSIONS": str(size)},
    )


def _by_meaning(settings: Settings) -> Choice:
    return Choice(
        model=E5,
        dimensions=E5_DIMENSIONS,
        kind="e5",
        variables={
            "PILITO_EMBEDDING_MODEL": E5,
            "PILITO_EMBEDDING_DIMENSIONS": str(E5_DIMENSIONS),
            "PILITO_EMBEDDING_QUERY_INPUT_TYPE": "query",
            "PILITO_EMBEDDING_PASSAGE_INPUT_TYPE": "passage",
            "PILITO_EMBEDDING_QUERY_PREFIX": "",
            "PILITO_EMBEDDING_PASSAGE_PREFIX": "",
            "PILITO_EMBEDDING_MAX_TOKENS": str(settings.embedding_max_tokens or REQUEST_TOKENS),
        },
    )


def _named(settings: Settings) -> str:
    """Returns the model that an operator chose; empty if none was."""
    return settings.embedding_model if "embedding_model" in settings.model_fields_set else ""


def _wants_meaning(settings: Settings) -> bool:
    """Returns whether neither a setting of the model nor of its dimensions asks for another one."""
    is_sized = "embedding_dimensions" in settings.model_fields_set
    size = settings.embedding_dimensions if is_sized else E5_DIMENSIONS
    return _named(settings) in ("", E5) and size == E5_DIMENSIONS
