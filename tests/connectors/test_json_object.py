"""Bodies are JSON objects; the bodies of shops may have mistakes that the bodies of people may not."""

import orjson
import pytest

from connectors.json_bounds import MAX_DEPTH
from connectors.json_object import json_object
from contracts.errors import InvalidBody


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"{}", {}),
        (b' {"a": [1, "\\u06cc", null]}\n', {"a": [1, "ی", None]}),
        (b'{"id": 9223372036854775807}', {"id": 2**63 - 1}),
        (b'{"a": 1, "a": 2}', {"a": 2}),
    ],
)
def test_an_object_is_read(body: bytes, value: dict[str, object]) -> None:
    """JSON objects become dicts; numbers of 64 bits keep every digit."""
    assert json_object(body) == value


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", "The body is not JSON"),
        (b"{", "The body is not JSON"),
        (b"event_id=1&event_type=product.updated", "The body is not JSON"),
        (b"[" * 100_000, "The body nests too deeply"),
        (b"[]", "The body must be a JSON object"),
        (b"null", "The body must be a JSON object"),
        (b'"text"', "The body must be a JSON object"),
        (b"1", "The body must be a JSON object"),
    ],
)
def test_a_body_without_an_object_is_refused(body: bytes, error: str) -> None:
    """Anything else is an error that says what is wrong."""
    with pytest.raises(InvalidBody) as refused:
        json_object(body)
    assert refused.value.error == error


def nested(depth: int, *, lists: bool) -> bytes:
    """Returns an object with this many levels."""
    value: object = {}
    for _ in range(depth - 2):
        value = [value] if lists else {"a": value}
    return orjson.dumps({"product": value})


@pytest.mark.parametrize("lists", [True, False])
def test_nesting_is_bounded(lists: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """The largest allowed depth is read, and one more level is refused."""
    assert json_object(nested(MAX_DEPTH, lists=lists))
    with pytest.raises(InvalidBody) as refused:
        json_object(nested(MAX_DEPTH + 1, lists=lists))
    assert refused.value.error == "The body nests too deeply"


@pytest.mark.parametrize("body", [b'{"a": NaN}', b'{"a": "\xff"}', b'{"a": "\\ud800"}', b"\xef\xbb\xbf{}"])
def test_mistakes_of_shops_are_forgiven_to_shops_alone(body: bytes) -> None:
    """People who send settings read our answer, and nothing of their body is guessed."""
    assert json_object(body) is not None
    with pytest.raises(InvalidBody, match="The body is not JSON"):
        json_object(body, strict=True)
