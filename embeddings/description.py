"""What people are shown about the model of an embedder."""

from dataclasses import dataclass
from typing import Literal

from embeddings.base import Embedder

Kind = Literal["e5", "lexical", "service"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """A model and how it compares texts.

    e5          by meaning, on the local server of `pilito up`
    lexical     by words, on that server
    service     as the configured service does

    `place` is the scheme, host and port of the server.
    """

    model: str
    dimensions: int
    kind: Kind
    place: str


def described(embedder: Embedder) -> Description:
    """Returns the description of an embedder that has embedded a text; before, the kind is a service."""
    kinds: dict[str, Kind] = {"e5": "e5", "lexical": "lexical"}
    return Description(
        model=embedder.model,
        dimensions=embedder.dimensions,
        kind=kinds.get(embedder.served_by, "service"),
        place=embedder.place,
    )
