"""Each test has one marker, which follows from its fixtures; `make unit` relies on it."""

import subprocess
import sys

import pytest

from tests.support.plugins.markers import FIXTURES, MARKERS, marker_of


def test_each_test_has_exactly_one_marker(request: pytest.FixtureRequest) -> None:
    """Derived, never written by hand."""
    assert [
        item.nodeid
        for item in request.session.items
        if len([mark for mark in item.iter_markers() if mark.name in MARKERS]) != 1
    ] == []


def test_no_unit_test_uses_a_server(request: pytest.FixtureRequest) -> None:
    """Neither directly nor through another fixture; `database_url` and `system` need `postgres_url`."""
    servers = set().union(*FIXTURES.values())
    assert [
        item.nodeid
        for item in request.session.items
        if item.get_closest_marker("unit") and servers.intersection(getattr(item, "fixturenames", ()))
    ] == []


def test_the_first_marker_that_matches_wins() -> None:
    """A test of the plugin needs servers as well, and so does one that kills a worker."""
    assert marker_of(["tmp_path", "monkeypatch"]) == "unit"
    assert marker_of(["system", "database_url", "postgres_url", "temporal_address"]) == "integration"
    assert marker_of(["programs"]) == "integration"
    assert marker_of(["postgres_url", "crash"]) == "crash"
    assert marker_of(["wordpress", "site", "packages", "postgres_url"]) == "plugin"


def test_a_unit_test_cannot_start_a_program() -> None:
    """So none starts Postgres by calling what the fixtures call."""
    with pytest.raises(AssertionError, match="programs"):
        subprocess.run([sys.executable, "--version"], check=True)
