"""A pytest plugin: gives every test exactly one marker, derived from the fixtures that it uses.

plugin       runs in a real WordPress
crash        kills processes or cuts connections
integration  needs Postgres, Temporal or a program of its own
unit         needs none of these; servers inside the test's own process are fine
"""

import subprocess
from collections.abc import Collection, Generator

import pytest
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]  # it has no types

FIXTURES = {
    "plugin": {"site", "packages"},
    "crash": {"crash"},
    "integration": {"postgres_url", "temporal_address", "programs"},
}
"""Marker -> the fixtures that earn it, the first match wins. A test that matches none is a unit test."""

PLUGIN = "tests/plugin"
"""The folder of tests that share one WordPress."""

LONGEST = ("tests/failures/test_crashes.py", PLUGIN)
"""The scopes of tests that take longer than all others."""

MARKERS = (*FIXTURES, "unit")


def marker_of(fixtures: Collection[str]) -> str:
    """Returns the marker of a test that uses these fixtures, directly or through others."""
    return next((marker for marker, names in FIXTURES.items() if names.intersection(fixtures)), "unit")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Add the marker, and begin with what takes longest, so that no process works alone at the end."""
    for item in items:
        item.add_marker(marker_of(getattr(item, "fixturenames", ())))
    items.sort(key=lambda item: _scope(item.nodeid) not in LONGEST)


def _scope(nodeid: str) -> str:
    module = nodeid.partition("::")[0]
    return PLUGIN if module.startswith(f"{PLUGIN}/") else module


class WholeModules(LoadScopeScheduling):  # type: ignore[misc]  # as above
    """Lets a process take whole modules, for their fixtures; the tests of the plugin share one WordPress.

    The mark `xdist_group` does not do that: pytest 9.2 ignores the names that pytest-xdist 3.8 writes.
    """

    def _split_scope(self, nodeid: str) -> str:
        return _scope(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> WholeModules:
    return WholeModules(config, log)


def _refuse(*arguments: object, **_: object) -> None:
    raise AssertionError(f"A unit test starts {arguments[1:2]}: let it use the fixture `programs`.")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, bool | None, bool | None]:
    """Fail a unit test that starts a program, such as Postgres, be it in a fixture."""
    with pytest.MonkeyPatch.context() as patch:
        if item.get_closest_marker("unit"):
            patch.setattr(subprocess.Popen, "__init__", _refuse)
        return (yield)
