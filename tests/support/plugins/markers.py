"""A pytest plugin: gives every test exactly one marker, derived from the fixtures that it uses.

plugin       runs in a real WordPress
crash        kills processes or cuts connections
integration  needs Postgres, Temporal or a program of its own
unit         needs none of these; servers inside the test's own process are fine
"""

import subprocess
from collections.abc import Collection, Generator

import pytest

FIXTURES = {
    "plugin": {"site", "packages"},
    "crash": {"crash"},
    "integration": {"postgres_url", "temporal_address", "programs"},
}
"""Marker -> the fixtures that earn it, the first match wins. A test that matches none is a unit test."""

MARKERS = (*FIXTURES, "unit")


def marker_of(fixtures: Collection[str]) -> str:
    """Returns the marker of a test that uses these fixtures, directly or through others."""
    return next((marker for marker, names in FIXTURES.items() if names.intersection(fixtures)), "unit")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Add the marker, before tests are selected by it."""
    for item in items:
        item.add_marker(marker_of(getattr(item, "fixturenames", ())))


def _refuse(*arguments: object, **_: object) -> None:
    raise AssertionError(f"A unit test starts {arguments[1:2]}: let it use the fixture `programs`.")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, bool | None, bool | None]:
    """Fail a unit test that starts a program, such as Postgres, be it in a fixture."""
    with pytest.MonkeyPatch.context() as patch:
        if item.get_closest_marker("unit"):
            patch.setattr(subprocess.Popen, "__init__", _refuse)
        return (yield)
