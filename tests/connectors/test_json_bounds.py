"""Bounds on the values and the depth of JSON."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as some

from connectors import json_bounds
from connectors.json_bounds import TooDeep, TooManyValues

anything = some.recursive(
    some.none() | some.booleans() | some.integers(-(2**53), 2**53) | some.text(),
    lambda inner: some.lists(inner) | some.dictionaries(some.text(), inner),
)


def values(value: object) -> int:
    """Returns how many values a value holds, itself included."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(values, inside))


def depth(value: object) -> int:
    inside: Any = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inside is None else 1 + max(map(depth, inside), default=0)


@given(anything)
def test_there_are_never_more_values_than_are_counted(value: object) -> None:
    """Characters inside of strings only raise the count."""
    assert values(value) <= json_bounds.values_at_most(orjson.dumps(value))


@given(anything, some.integers(1, 4))
def test_a_value_is_refused_only_above_its_depth(value: object, most: int) -> None:
    """A number or a text has the depth 0, an empty list 1."""
    if depth(value) <= most:
        json_bounds.check_depth(value, most=most)
    else:
        with pytest.raises(TooDeep, match=f"more than {most} levels"):
            json_bounds.check_depth(value, most=most)


def test_values_are_counted_before_they_are_parsed() -> None:
    """A megabyte of empty objects is refused."""
    with pytest.raises(TooManyValues, match="more than 250,000 values"):
        json_bounds.check_values(b"[" + b"{}," * 350_000 + b"{}]")


def test_a_text_that_nests_too_deeply_is_refused() -> None:
    """Also if orjson would read it."""
    assert json_bounds.parse(b"[" * 64 + b"]" * 64)
    with pytest.raises(TooDeep):
        json_bounds.parse(b"[" * 65 + b"]" * 65)
