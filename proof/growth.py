"""Growth: what an event costs in a store of 1,000, 10,000 and 50,000 products.

The cost is CPU time of the worker, the API, Temporal and Postgres together; the vector index of pgvector is
measured apart, because inserting into it costs more the larger it is. Each number is the least of three
rounds.
"""

from collections.abc import Callable, Sequence
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
    """A store that grows, and the cost of events of new products in it."""

    def __init__(self, stack: Stack, store: Store) -> None:
        self._stack = stack
        self._store = store
        self._numbers = count(FIRST_NEW)

    def cost(self) -> Cost:
        """Returns the cost of an event in the cheapest of a few rounds, after events that warm everything up.

        A store that was just filled is analyzed and vacuumed next to the first round.
        """
        self._send(WARM_UP)
        return min((self._round() for _ in range(ROUNDS)), key=lambda cost: cost.total)

    def _round(self) -> Cost:
        before = {name: self._stack.parts[name].cpu_seconds for name in MEASURED}
        self._send(EVENTS)
        used = {name: self._stack.parts[name].cpu_seconds - before[name] for name in MEASURED}
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
    with (
        EmbeddingServer(instant=True) as embeddings,
        running(Terms(embeddings_url=embeddings.base_url, vector_index=False)) as stack,
        opened(stack) as store,
    ):
        scale, filler = Scale(stack, store), Filler(store)
        costs: dict[tuple[int, bool], Cost] = {}
        for size in sizes:
            filler.fill(size)
            for indexed in (False, True) if with_index else (False,):
                if indexed:
                    stack.make_vector_index()
                try:
                    costs[size, indexed] = scale.cost()
                except TimeoutError as error:
                    rows.append(failed(f"{size:,} products", command, str(error), str(FLAT)))
                if indexed:
                    stack.drop_vector_index()
    order = sorted(costs, key=lambda at: at[::-1])
    return [*rows, *(_row(size, costs, command, indexed=indexed) for size, indexed in order)]


def _row(size: int, costs: dict[tuple[int, bool], Cost], command: str, *, indexed: bool) -> Row:
    cost = costs[size, indexed]
    first = costs.get((min(at for at, with_index in costs if with_index is indexed), indexed), cost)
    ratio = cost.total / first.total
    name = f"an event in a store of {size:,} products, {'with' if indexed else 'without'} the vector index"
    measured = f"{ratio:.2f}×, {cost}"
    if indexed or cost is first:
        return Row(name=name, command=command, measured=measured)
    return FLAT.row(name, command, ratio, measured)
