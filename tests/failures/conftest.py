"""These tests kill processes or cut connections; see `tests.support.plugins.markers`."""

import pytest


@pytest.fixture(autouse=True)
def crash() -> None:
    """Marks every test of this folder."""
