"""What is counted for the whole installation: workers add it up, any API process tells it."""

from bisect import bisect_left
from enum import StrEnum

FRESHNESS_BOUNDS = (1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 21600.0, 86400.0)
"""Seconds; whatever took longer is in a last bucket of its own."""


class Counter(StrEnum):
    """Names; the label beside one says which of several."""

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
    """The label of the bucket that counts so many seconds: its upper bound."""
    at = bisect_left(FRESHNESS_BOUNDS, seconds)
    return str(FRESHNESS_BOUNDS[at]) if at < len(FRESHNESS_BOUNDS) else "+Inf"
