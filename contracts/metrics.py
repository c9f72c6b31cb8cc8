"""What is counted: totals of the whole installation, and what embedding costs each store."""

from bisect import bisect_left
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Self

FRESHNESS_BOUNDS = (1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 21600.0, 86400.0)
"""Upper bounds in seconds; a last bucket holds everything above."""


class Counter(StrEnum):
    """Names of counters; a label distinguishes several counters of one name."""

    EMBEDDINGS = "embeddings"
    EMBEDDING_TOKENS = "embedding_tokens"
    FRESHNESS = "freshness"
    FRESHNESS_SUM = "freshness_sum"


class EmbeddingCount(StrEnum):
    """Labels of `EMBEDDINGS`."""

    CREATED = "created"
    REUSED = "reused"
    SKIPPED = "skipped"


def freshness_bucket(seconds: float) -> str:
    """Returns the label of the bucket for a number of seconds: its upper bound."""
    at = bisect_left(FRESHNESS_BOUNDS, seconds)
    return str(FRESHNESS_BOUNDS[at]) if at < len(FRESHNESS_BOUNDS) else "+Inf"


class Purpose(StrEnum):
    """What texts are embedded for.

    event       a delivery of a shop, or a text that an event has left to the recovery
    sync        the pages of a resync
    question    the question of a search
    """

    EVENT = "event"
    SYNC = "sync"
    QUESTION = "question"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Requests that were answered with vectors, and what they were for.

    `calls` are the requests, `texts` and `tokens` what they embedded. `estimated` is the part of the tokens
    that the server did not name, so that we estimated them. `saved_texts` and `saved_tokens`, always
    estimated, were not sent, because a vector of the same text was there.
    """

    calls: int = 0
    texts: int = 0
    tokens: int = 0
    estimated: int = 0
    saved_texts: int = 0
    saved_tokens: int = 0

    def __add__(self, other: Self) -> "Usage":
        names = (field.name for field in fields(self))
        return Usage(**{name: getattr(self, name) + getattr(other, name) for name in names})

    @property
    def saved_share(self) -> float:
        """The saved tokens as a share of all that would have been spent; 0 without any."""
        return self.saved_tokens / (self.saved_tokens + self.tokens or 1)


def spent(*, texts: int, billed: int, estimate: int) -> Usage:
    """Returns the usage of one request; `billed` tokens are 0 if the server does not name them."""
    return Usage(calls=1, texts=texts, tokens=billed or estimate, estimated=0 if billed else estimate)
