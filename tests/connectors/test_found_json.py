"""JSON is found between other output of a shop's software, and nothing else is taken for it."""

import json
from contextlib import suppress
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.woocommerce import found_json as module
from connectors.woocommerce.found_json import found_json

PRODUCTS = [{"id": 11, "name": "چراغ {a} [b]", "tags": [], "meta": [{"id": 7, "value": "x"}]}]

BEFORE = [
    "q",
    "\n\n\ufeff\ufeff",
    "\x00\x00 ",
    '<div class="error"><p>Deprecated hook</p></div>',
    "<br />\n<b>Notice</b>: Undefined index [a] in <b>/srv/x.php</b> on line <b>3</b><br />\n",
    "[26-Nov-2026 10:00:00 UTC] PHP Warning: Undefined array key 3\n",
    "Array\n(\n    [0] => 1\n    [1] => {\n)\n",
    "<!DOCTYPE html><html><script>var x = [{}];</script></html>",
    'console.log({"a": 1});',
]
BEHIND = [
    "",
    "0",
    "\x00",
    "\n<!-- Performance optimized by a cache plugin -->",
    '<script type="text/javascript" src="http://host/ad.js"></script>',
    '<script>window.stats = {"page": 3};</script>',
    "<br />\n<b>Warning</b>: mysqli_query(): [x] in <b>/w/p.php</b><br />\n",
    "]}",
]


LARGE = json.dumps({"@context": "https://schema.org", "text": "y" * 400, "more": [{"id": 1}]})
SCRIPTS = [
    f'<script type="application/ld+json">{LARGE}</script>',
    f"\n<script>window.cfg = {LARGE};</script>",
    f"\n<SCRIPT>\n{LARGE}\n</SCRIPT>\n",
]


@pytest.mark.parametrize("script", [*SCRIPTS, SCRIPTS[0][:-50], LARGE, f"\n{LARGE}"])
@pytest.mark.parametrize("before", ["", "\ufeff\ufeff", " \r\n\0", "<!doctype html><html></html>\n"])
@pytest.mark.parametrize("value", [[], {}, PRODUCTS, {"code": "invalid_id", "data": {"status": 404}}])
def test_the_value_that_begins_the_body_is_the_answer(before: str, script: str, value: Any) -> None:
    """Also if larger values follow it, or broken ones."""
    found = found_json(f"{before}{json.dumps(value)}{script}".encode())
    assert found is not None
    assert orjson.loads(found) == value


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("between", ["\n", "\r\n", "\n\ufeff", "\n\0"])
@pytest.mark.parametrize("value", [[{"id": 1}], {"code": "a"}])
def test_the_value_that_begins_a_line_is_the_answer(between: str, script: str, value: Any) -> None:
    """Behind notices and scripts, and in front of others."""
    for before in (f"<b>Notice</b>: [x] in y.php{between}", f"{script}{between}"):
        found = found_json(f"{before}{json.dumps(value)}{script}".encode())
        assert found is not None
        assert orjson.loads(found) == value


def test_a_fragment_that_begins_a_line_is_not_the_answer() -> None:
    """An answer that is written on many lines was cut."""
    whole = json.dumps([{"id": number} for number in range(9)]).replace(", ", ",\n")
    for end in range(1, len(whole)):
        assert found_json(whole[:end].encode()) is None
        assert found_json(f"q\n{whole[:end]}".encode()) is None


@pytest.mark.parametrize("behind", BEHIND)
@pytest.mark.parametrize("before", ["", *BEFORE])
@pytest.mark.parametrize("value", [PRODUCTS, PRODUCTS[0], {"0": PRODUCTS[0], "3": PRODUCTS[0]}])
def test_a_value_is_found_between_other_output(before: str, behind: str, value: Any) -> None:
    """Notices of PHP in front, comments of caches and scripts of hosts behind."""
    found = found_json(f"{before}{json.dumps(value)}{behind}".encode())
    assert found is not None
    assert orjson.loads(found) == value


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(
    st.lists(st.fixed_dictionaries({"id": st.integers(1, 2**31), "more": VALUES}), min_size=1, max_size=5),
    st.sampled_from(["", *BEFORE]),
    st.sampled_from(BEHIND),
)
@settings(max_examples=200, deadline=None)
def test_any_list_of_objects_is_found(value: Any, before: str, behind: str) -> None:
    """Nothing is changed, and no part of it is taken for the whole."""
    padded = [*value, {"id": 1, "padding": "x" * 100}]
    found = found_json(f"{before}{json.dumps(padded)}{behind}".encode())
    assert found is not None
    assert orjson.loads(found) == padded


@given(st.integers(1, 200), st.sampled_from(["", *BEFORE[:4]]))
@settings(deadline=None)
def test_a_fragment_of_a_broken_answer_is_not_the_answer(cut: int, before: str) -> None:
    """An answer that was cut off has whole objects inside, which are no answers of their own."""
    whole = json.dumps([{"id": number, "name": "x" * 30} for number in range(20)])
    assert found_json(f"{before}{whole[:-cut]}".encode()) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"not json",
        b"[3] [4]",
        b"<html><script>var x = [{}];</script>",
        b"<!doctype html><p>{}</p></html>",
        b'{"a"',
        "\u200b".encode(),
    ],
)
def test_other_output_has_no_json(body: bytes) -> None:
    """Numbers in brackets, the scripts of a maintenance page, broken values."""
    assert found_json(body) is None


@pytest.mark.parametrize(
    "piece", [b"[", b"{", b'{"', b"[{", b'[{"a":', b'"', b"[]", b"[0]", b"{}", b'{"a":{}} ', b"[{},", b"\xff"]
)
def test_hostile_bodies_are_read_a_few_times(piece: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Together, the beginnings that are tried are not longer than four times the body."""
    body, looked_at = piece * (2**21 // len(piece)), 0
    raw_decode = module._DECODER.raw_decode

    def counted(text: str, start: int) -> Any:
        nonlocal looked_at
        try:
            value, end = raw_decode(text, start)
        except json.JSONDecodeError as error:
            looked_at += error.pos - start
            raise
        looked_at += end - start
        return value, end

    monkeypatch.setattr(module._DECODER, "raw_decode", counted)
    with suppress(RecursionError):
        found_json(body)
    assert looked_at <= 4 * len(body)
