"""Modules of tests that wait are spread among the others; each process takes whole modules."""

from tests.support.plugins.order import LONGEST, PLUGIN, places, scope_of


def test_a_scope_is_a_module_or_the_folder_of_the_plugin() -> None:
    assert scope_of("tests/test_order.py::test_a[1::2]") == "tests/test_order.py"
    assert scope_of("tests/plugin/test_page.py::test_b") == scope_of("tests/plugin/test_facts.py::test_c")


def test_scopes_that_wait_are_spread_and_the_longest_come_first() -> None:
    computing = [f"tests/api/test_{number}.py" for number in range(6)]
    waiting = [f"tests/workflows/test_{number}.py" for number in range(3)]
    place = places([*computing, *LONGEST, *waiting])
    ordered = sorted(place, key=lambda scope: place[scope])
    assert set(ordered[:2]) == {LONGEST[0], PLUGIN}
    kinds = ["waits" if scope in waiting else "computes" for scope in ordered[2:]]
    assert kinds == ["computes", "waits", "computes"] * 3


def test_a_single_scope_has_a_place() -> None:
    assert places(["tests/workflows/test_a.py"]) == {"tests/workflows/test_a.py": 0.0}
    assert places([]) == {}
