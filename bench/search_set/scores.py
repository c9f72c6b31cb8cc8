"""How good an answer is: binary relevance, the first ten products."""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench.search_set.questions import NONE, Question

DEPTH = 10
ALL = "ALL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The products that one question found, and the marks for them. Times are in milliseconds."""

    id: str
    kind: str
    query: str
    found: list[int]
    ndcg: float
    hit1: float
    hit10: float
    reciprocal_rank: float
    low: bool
    milliseconds: float
    again_milliseconds: float | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def marked(
    question: Question, answer: Mapping[str, Any], milliseconds: float, again: float | None = None
) -> Answer:
    """Returns an answer of the API with its marks; an answer without products counts as `low`."""
    found = [int(hit["product"]["external_id"].rsplit("_", 1)[-1]) for hit in answer["results"]][:DEPTH]
    ranks = [rank for rank, product in enumerate(found, 1) if product in question.relevant]
    return Answer(
        id=question.id,
        kind=question.kind,
        query=question.query,
        found=found,
        ndcg=ndcg(found, question.relevant),
        hit1=float(1 in ranks),
        hit10=float(bool(ranks)),
        reciprocal_rank=1 / ranks[0] if ranks else 0.0,
        low=answer.get("confidence") == "low" or not found,
        milliseconds=milliseconds,
        again_milliseconds=again,
    )


def ndcg(found: Sequence[int], relevant: Collection[int]) -> float:
    """Returns the gain of the first ten products, discounted by rank, as a share of the best possible."""
    gain = sum(
        1 / math.log2(rank + 1) for rank, product in enumerate(found[:DEPTH], 1) if product in relevant
    )
    best = sum(1 / math.log2(rank + 1) for rank in range(1, min(len(relevant), DEPTH) + 1))
    return gain / best if best else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The mean marks of the questions of one kind."""

    kind: str
    questions: int
    ndcg: float
    hit1: float
    hit10: float
    mrr: float
    low: float
    """The share that was called low although a product answers it."""


def table(answers: Iterable[Answer]) -> list[Row]:
    """Returns a row for each kind that has answers, in alphabetical order, and one for all kinds."""
    kinds = defaultdict[str, list[Answer]](list)
    for answer in answers:
        if answer.kind != NONE:
            kinds[answer.kind].append(answer)
            kinds[ALL].append(answer)
    return [
        Row(
            kind=kind,
            questions=len(marks),
            ndcg=mean([answer.ndcg for answer in marks]),
            hit1=mean([answer.hit1 for answer in marks]),
            hit10=mean([answer.hit10 for answer in marks]),
            mrr=mean([answer.reciprocal_rank for answer in marks]),
            low=mean([float(answer.low) for answer in marks]),
        )
        for kind, marks in sorted(kinds.items(), key=lambda item: (item[0] == ALL, item[0]))
    ]


def rejected(answers: Iterable[Answer]) -> tuple[int, int]:
    """Returns how many questions without an answer were called low, and how many there are."""
    nothing = [answer.low for answer in answers if answer.kind == NONE]
    return sum(nothing), len(nothing)


def mean(values: Collection[float]) -> float:
    return sum(values) / len(values)


def percentile(values: Iterable[float], percent: int) -> float:
    """Returns the value that `percent` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]
