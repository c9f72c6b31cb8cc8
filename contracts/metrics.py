"""Counters of the whole installation: workers add to them, every API process exposes them."""

from bisect import bisect_left
from enum import StrEnum

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
