"""Rules for all tests. Fixtures and markers are in `tests.support.plugins`."""

import functools
import gc
import os
import random
from collections.abc import Callable, Iterator
from typing import Any

import httpcore2
import pytest

pytest_plugins = [
    "tests.support.plugins.examples",
    "tests.support.plugins.leftovers",
    "tests.support.plugins.markers",
    "tests.support.plugins.order",
    "tests.support.plugins.servers",
]

for name in [name for name in os.environ if name.startswith(("PILITO_", "OPENAI_", "OTEL_"))]:
    del os.environ[name]  # the tests decide all settings themselves


def pytest_collection_finish() -> None:
    """Keep imported modules out of garbage collections, as the worker does; it saves a tenth of the CPU."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000)


@pytest.fixture
def shuffle() -> Callable[[list[Any]], list[Any]]:
    """Returns a function that returns the items in another order, the same in every run."""
    return lambda items: random.Random(7).sample(items, len(items))  # noqa: S311 - disorder, not secrecy


@pytest.fixture(scope="session", autouse=True)
def _one_certificate_store() -> Iterator[None]:
    """Let all HTTP clients share one TLS context: each would spend 15 ms on loading the certificates."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpcore2, "default_ssl_context", functools.cache(httpcore2.default_ssl_context))
        yield
