"""Growth: what an event costs in installations of 1,000, 10,000 and 50,000 products.

The cost is CPU time of the worker, the API, Temporal and Postgres together. Temporal and the workers cost
more the longer they run, so each size has an installation of its own, all of one age, and rounds of events
alternate between them; the cheapest round of each counts. The vector index of pgvector is measured apart,
because inserting into it costs more the larger it is.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import count

from bench.catalogue import product
from fakes.openai import EmbeddingServer
from proof.products import Filler
from proof.rows import Row, Target, failed
from proof.running.stack import Stack, Terms, running
from proof.running.store import Answer, Store, event, eventually, opened
from proof.running.traffic import at_rate

SIZES = (1_000, 10_000, 50_000)
EVENTS = 50
ROUNDS = 3
RATE = 10.0
WARM_UP = 30
SECONDS_TO_SETTLE = 90.0
FLAT = Target(most=1.15, unit="×")
MEASURED = ("worker", "API", "Temporal", "Postgres")
FIRST_NEW = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """CPU milliseconds of one event, by part."""

    parts: dict[str, float]

    @property
    def total(self) -> float:
        return sum(self.parts.values())

    def __str__(self) -> str:
        each = ", ".join(f"{name} {milliseconds:.0f}" for name, milliseconds in self.parts.items())
        return f"{self.total:.0f} ms an event ({each})"


class Scale:
    """An installation with one store of a size, and the cost of events of new products in it."""

    def __init__(self, stack: Stack, store: Store, size: int) -> None:
        self.size = size
        self.stack = stack
        self._store = store
        self._numbers = count(FIRST_NEW)
        Filler(store).fill(size)
        self._send(WARM_UP)

    def round(self) -> Cost:
        """Returns the cost of an event; raises TimeoutError if the events do not end."""
        before = {name: self.stack.parts[name].cpu_seconds for name in MEASURED}
        self._send(EVENTS)
        used = {name: self.stack.parts[name].cpu_seconds - before[name] for name in MEASURED}
        return Cost(parts={name: 1_000 * seconds / EVENTS for name, seconds in used.items()})

    def _send(self, events: int) -> None:
        bodies = [event(product(next(self._numbers))) for _ in range(events)]
        calls: list[Callable[[], Answer]] = [partial(self._store.send, body) for body in bodies]
        at_rate(calls, RATE)
        ids = [body["event_id"] for body in bodies]
        eventually(
            lambda: not self._store.unfinished(ids), seconds=SECONDS_TO_SETTLE, what="the end of all events"
        )


def measure(sizes: Sequence[int] = SIZES, *, with_index: bool = True) -> list[Row]:
    """Returns a row for each size, without the vector index and then with it."""
    rows: list[Row] = []
    command = "growth" if tuple(sizes) == SIZES else "growth " + " ".join(f"--products {n}" for n in sizes)
    with EmbeddingServer(instant=True) as embeddings, ExitStack() as opening:
        try:
            scales = [_opened(opening, embeddings.base_url, size) for size in sizes]
            for indexed in (False, True) if with_index else (False,):
                if indexed:
                    for scale in scales:
                        scale.stack.make_vector_index()
                costs = _least(scales)
                rows += [_row(size, costs, command, indexed=indexed) for size in sizes]
        except TimeoutError as error:
            rows.append(failed("the cost of an event", command, str(error), str(FLAT)))
    return rows


def _opened(opening: ExitStack, embeddings_url: str, size: int) -> Scale:
    stack = opening.enter_context(running(Terms(embeddings_url=embeddings_url, vector_index=False)))
    return Scale(stack, opening.enter_context(opened(stack)), size)


def _least(scales: Sequence[Scale]) -> dict[int, Cost]:
    """Returns the least cost by size, of rounds that alternate."""
    found: dict[int, list[Cost]] = {scale.size: [] for scale in scales}
    for _ in range(ROUNDS):
        for scale in scales:
            found[scale.size].append(scale.round())
    return {size: min(costs, key=lambda cost: cost.total) for size, costs in found.items()}


def _row(size: int, costs: Mapping[int, Cost], command: str, *, indexed: bool) -> Row:
    cost, first = costs[size], costs[min(costs)]
    ratio = cost.total / first.total
    name = f"an event at {size:,} products, {'with' if indexed else 'without'} the vector index"
    measured = f"{ratio:.2f}×, {cost}"
    if indexed or cost is first:
        return Row(name=name, command=command, measured=measured)
    return FLAT.row(name, command, ratio, measured)
