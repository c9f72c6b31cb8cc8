"""An embedding server of its own for each test: no worker of another test sends it requests."""

from collections.abc import Iterator

import pytest

from fakes.openai import EmbeddingServer


@pytest.fixture
def embeddings() -> Iterator[EmbeddingServer]:
    with EmbeddingServer() as server:
        yield server
