"""JSON with the mistakes that shops make is read, and means what correct JSON would mean."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as some

from connectors.json_bounds import TooDeep, parse
from connectors.json_text import loads
from tests.support.plugins.examples import examples

HALVES = some.characters(categories=["Cs"])
TEXTS = some.text(some.one_of(some.characters(), HALVES, some.just("🎁")))

VALUES = some.recursive(
    some.none() | some.booleans() | some.integers(-(2**63), 2**64 - 1) | TEXTS,
    lambda inner: some.lists(inner) | some.dictionaries(some.text(), inner),
)


def without_halves(value: Any) -> Any:
    if isinstance(value, str):
        joined = value.encode("utf-16", "surrogatepass").decode("utf-16", "ignore")
        return joined.encode("utf-8", "ignore").decode()
    if isinstance(value, dict):
        return {name: without_halves(inner) for name, inner in value.items()}
    return [without_halves(inner) for inner in value] if isinstance(value, list) else value


@examples(200)
@given(VALUES)
def test_half_characters_are_left_out_and_nothing_else_changes(value: Any) -> None:
    """Wherever they are; two halves that follow each other are a whole character."""
    assert loads(json.dumps(value).encode()) == without_halves(value)


def test_an_escaped_backslash_is_no_half_character() -> None:
    """Only the escape itself is left out, also in names."""
    assert loads(rb'{"a": "Gift \ud83c", "\udc00k": "\\ud83c", "b": "\ud83c\udf81"}') == {
        "a": "Gift ",
        "k": r"\ud83c",
        "b": "🎁",
    }


@examples(200)
@given(VALUES.map(without_halves), some.text("\ufeff\0 \n\t\u200b\u2060", max_size=8))
def test_what_is_invisible_around_a_value_is_ignored(value: Any, around: str) -> None:
    """Such as several byte order marks, which PHP files leave in front of what they print."""
    text = json.dumps(value, ensure_ascii=False)
    assert loads(f"{around}{text}{around}".encode()) == value


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_names_the_encoding(encoding: str) -> None:
    """Windows writes UTF-16 with one."""
    assert loads('{"name": "چراغ"}'.encode(encoding)) == {"name": "چراغ"}


@examples(200)
@given(some.binary(max_size=20))
def test_a_wrong_byte_spoils_only_its_own_text(wrong: bytes) -> None:
    """What is not UTF-8 becomes U+FFFD; the other fields are intact."""
    inside = wrong.replace(b'"', b"").replace(b"\\", b"")
    body = b'{"id": 5, "note": "' + inside + b'", "price": "9.50"}'
    assert loads(body) == {"id": 5, "note": inside.decode("utf-8", "replace"), "price": "9.50"}


def test_numbers_that_json_does_not_have_are_texts() -> None:
    """So a price of NaN is refused as a price, and not taken for no price."""
    huge = b"123456789012345678901234567890"
    body = b'{"a": NaN, "b": -Infinity, "c": 1e999, "d": ' + huge + b', "e": 18446744073709551615}'
    expected = {"a": "NaN", "b": "-Infinity", "c": "1e999", "d": float(huge), "e": 2**64 - 1}
    assert loads(body) == expected


def test_a_mistake_does_not_change_numbers() -> None:
    """A number is the same, whether orjson reads it or the slower reader."""
    numbers = b'"a": 18446744073709551616, "b": -9223372036854775809, "c": 0.1, "d": 1E5, "e": -0.0'
    assert loads(b'{"x": "\\ud800", ' + numbers + b"}") == {"x": "", **orjson.loads(b"{" + numbers + b"}")}


@examples(200)
@given(some.text('{}[]":,\\u d8NaIfinty019.eE+-'), some.sampled_from([b"", b"\xef\xbb\xbf", b"\xff"]))
def test_what_is_read_can_be_written(text: str, before: bytes) -> None:
    """Any text is a value that orjson writes, or an error that callers expect."""
    try:
        value = parse(before + text.encode())
    except (orjson.JSONDecodeError, TooDeep):
        return
    assert loads(orjson.dumps(value)) == value


@pytest.mark.parametrize("deep", [b"[" * 1_000_000, b'{"a":' * 1_000_000, b"[" * 500 + b"NaN" + b"]" * 500])
def test_depth_is_bounded_in_the_slower_reader_too(deep: bytes) -> None:
    """No input ends the process."""
    with pytest.raises(TooDeep):
        parse(deep)


def test_the_error_is_the_first_readers() -> None:
    """It says where the text breaks off."""
    with pytest.raises(orjson.JSONDecodeError, match="line 1 column"):
        loads(b'{"a": ')
