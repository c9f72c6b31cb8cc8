"""What a change is worth: two measurements of the same questions, with intervals by paired bootstrap."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy

from bench.search_set.questions import NONE
from bench.search_set.scores import ALL, Answer

RESAMPLES = 10_000
SEED = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The change of nDCG of one kind; the true one is between `low` and `high` with 95 % confidence."""

    kind: str
    questions: int
    before: float
    after: float
    low: float
    high: float
    better: int
    worse: int


def compare(before: Iterable[Answer], after: Iterable[Answer]) -> list[Difference]:
    """Returns the differences of the questions that both measurements have, a kind a row, then all."""
    earlier = {answer.id: answer for answer in before}
    pairs = defaultdict[str, list[tuple[float, float]]](list)
    for answer in after:
        if answer.kind != NONE and answer.id in earlier:
            for kind in (answer.kind, ALL):
                pairs[kind].append((earlier[answer.id].ndcg, answer.ndcg))
    return [_difference(kind, pairs[kind]) for kind in sorted(pairs, key=lambda kind: (kind == ALL, kind))]


def _difference(kind: str, pairs: Sequence[tuple[float, float]]) -> Difference:
    marks = numpy.array(pairs)
    changes = marks[:, 1] - marks[:, 0]
    drawn = numpy.random.default_rng(SEED).integers(len(changes), size=(RESAMPLES, len(changes)))
    low, high = numpy.percentile(changes[drawn].mean(axis=1), (2.5, 97.5))
    return Difference(
        kind=kind,
        questions=len(pairs),
        before=float(marks[:, 0].mean()),
        after=float(marks[:, 1].mean()),
        low=float(low),
        high=float(high),
        better=int((changes > 1e-9).sum()),
        worse=int((changes < -1e-9).sum()),
    )
