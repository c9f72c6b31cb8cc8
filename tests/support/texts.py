"""Texts to embed, as chunks of products."""

from dataclasses import dataclass

from knowledge.chunks import estimate_tokens


@dataclass(frozen=True)
class Text:
    """A chunk of a product."""

    text: str
    position: int = 0

    @property
    def tokens(self) -> int:
        return estimate_tokens(self.text)
