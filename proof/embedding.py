"""Embedding calls avoided, as the embedding server counts them: calls, and texts with their bytes.

A catalogue is sent four times, with nothing, all prices, or a paragraph of every tenth product changed; then
a burst of changes of few products.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bench.catalogue import product
from fakes.openai import EmbeddingServer
from proof.rows import Row, Target, failed
from proof.running.stack import Terms, running
from proof.running.store import Store, event, eventually, opened
from proof.running.traffic import side_by_side

PRODUCTS = 200
EDITED_EVERY = 10
BURST_EVENTS, BURST_PRODUCTS = 300, 30
SECONDS_TO_SETTLE = 120.0
COMMAND = "embedding"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A round over the catalogue, and the calls that it may cost."""

    name: str
    made: Callable[[int], dict[str, Any]]
    calls: Target


def _edited(number: int) -> dict[str, Any]:
    return product(number, price=number, edited=number % EDITED_EVERY == 0)


NONE = Target(least=0, most=0, unit=" calls")
STEPS = (
    Step(name="first sync", made=product, calls=Target(most=PRODUCTS, unit=" calls")),
    Step(name="the same again", made=product, calls=NONE),
    Step(name="all prices changed", made=lambda number: product(number, price=number), calls=NONE),
    Step(
        name="a paragraph changed in 10 %",
        made=_edited,
        calls=Target(most=PRODUCTS // EDITED_EVERY, unit=" calls"),
    ),
)
BURST = Target(most=40, unit=" calls")


def _send(store: Store, products: Sequence[dict[str, Any]]) -> None:
    """Send the products and wait for the ends of their events."""
    events = [event(each) for each in products]
    answers = side_by_side(store.send, events)
    if not all(answer.is_accepted for answer in answers):
        raise TimeoutError(f"{sum(not answer.is_accepted for answer in answers)} events were not accepted")
    ids = [each["event_id"] for each in events]
    eventually(lambda: not store.unfinished(ids), seconds=SECONDS_TO_SETTLE, what="the end of all events")


def _burst(number: int) -> dict[str, Any]:
    """Returns one of ten versions of one of thirty products, each with other words in its description."""
    made = product(10_000 + number % BURST_PRODUCTS)
    return {**made, "description": f"{made['description']}<p>نسخه {number // BURST_PRODUCTS} است.</p>"}


def measure(products: int = PRODUCTS) -> list[Row]:
    """Returns a row for each step and one for the burst."""
    rows: list[Row] = []
    with (
        EmbeddingServer(instant=True) as embeddings,
        running(Terms(embeddings_url=embeddings.base_url)) as stack,
        opened(stack) as store,
    ):
        for step in STEPS:
            embeddings.reset()
            try:
                _send(store, [step.made(number) for number in range(1, products + 1)])
            except TimeoutError as error:
                return [*rows, failed(step.name, COMMAND, str(error), str(step.calls))]
            rows.append(_row(f"{products} products: {step.name}", step.calls, embeddings, products))
        embeddings.reset()
        try:
            _send(store, [_burst(number) for number in range(BURST_EVENTS)])
        except TimeoutError as error:
            return [*rows, failed("burst", COMMAND, str(error), str(BURST))]
        name = f"{BURST_EVENTS} changes of {BURST_PRODUCTS} products at once"
        rows.append(_row(name, BURST, embeddings, BURST_EVENTS))
    return rows


def _row(name: str, target: Target, embeddings: EmbeddingServer, events: int) -> Row:
    calls, texts = len(embeddings.requests), embeddings.texts.total()
    kib = sum(len(text.encode()) * count for text, count in embeddings.texts.items()) / 1024
    avoided = 1 - calls / events
    measured = f"{calls} calls with {texts} texts, {kib:,.0f} KiB; {avoided:.0%} of {events} calls avoided"
    return target.row(name, COMMAND, calls, measured)
