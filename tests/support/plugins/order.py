"""A pytest plugin: which process runs which modules, and in which order, so that all end together."""

from collections.abc import Sequence

import pytest
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]  # it has no types

PLUGIN = "tests/plugin"
"""The folder of tests that share one WordPress."""

LONGEST = ("tests/failures/test_crashes.py", PLUGIN)
"""The scopes of tests that take longer than all others; they come first."""

WAITING = ("tests/failures/", "tests/workflows/")
"""Folders of tests that wait more than they compute; they are spread among the others."""


def scope_of(nodeid: str) -> str:
    """Returns the tests that one process runs together: a module, or all that share one WordPress."""
    module = nodeid.partition("::")[0]
    return PLUGIN if module.startswith(f"{PLUGIN}/") else module


def places(scopes: Sequence[str]) -> dict[str, float]:
    """Returns the place of each scope, between 0 and 1, or -1 for the longest ones."""
    found = {scope: -1.0 for scope in scopes if scope in LONGEST}
    for waits in (False, True):
        alike = [scope for scope in scopes if scope not in LONGEST and scope.startswith(WAITING) is waits]
        found |= {scope: number / len(alike) for number, scope in enumerate(alike)}
    return found


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort the tests by the places of their scopes."""
    place = places(list(dict.fromkeys(scope_of(item.nodeid) for item in items)))
    items.sort(key=lambda item: place[scope_of(item.nodeid)])


class WholeModules(LoadScopeScheduling):  # type: ignore[misc]  # as above
    """Lets a process take whole scopes, for their fixtures.

    The mark `xdist_group` does not do that: pytest 9.2 ignores the names that pytest-xdist 3.8 writes.
    """

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> WholeModules:
    return WholeModules(config, log)
