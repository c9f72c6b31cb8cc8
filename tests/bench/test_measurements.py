"""The benchmarks of events run to their end with small numbers; an idle machine decides their targets."""

from collections.abc import Awaitable, Callable, Iterator
from types import ModuleType

import pytest
from rich.progress import Progress

from bench import batches, throughput
from bench.results import Row
from bench.system import Servers, running
from contracts.deliveries import MOST_EVENTS

SMALL: dict[ModuleType, dict[str, object]] = {
    batches: {"ROUNDS": 1, "PRODUCTS": batches.PRODUCTS[: MOST_EVENTS + 1]},
    throughput: {"ALONE_ROUNDS": 1, "ALONE": 2, "ROUNDS": 1, "EVENTS": 12, "LANES": 4},
}

Measure = Callable[[Servers, Progress], Awaitable[list[Row]]]


@pytest.fixture(scope="module")
def servers(programs: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    with running(tmp_path_factory.mktemp("bench")) as started:
        yield started


@pytest.mark.parametrize("module", SMALL, ids=lambda module: module.__name__)
async def test_a_measurement_has_its_rows(
    module: ModuleType, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each row names what was measured, and has a number."""
    for name, value in SMALL[module].items():
        monkeypatch.setattr(module, name, value)
    measure: Measure = module.measure
    with Progress(disable=True) as progress:
        rows = await measure(servers, progress)
    assert rows
    assert len({row.measurement for row in rows}) == len(rows)
    assert all(any(letter.isdigit() for letter in row.result) for row in rows)
