"""Bodies are bounded while they arrive, then JSON objects."""

from collections.abc import Sequence

import orjson
import pytest
from fastapi import Request
from starlette.types import Message

from api.errors import Refused
from api.middleware.body import MAX_DEPTH, json_object, read_body


class Delivery:
    """A request whose body comes in these parts; `taken` counts those that were asked for."""

    def __init__(self, parts: Sequence[bytes], *, content_length: str | None = None) -> None:
        self._parts = list(parts)
        self.taken = 0
        headers = [] if content_length is None else [(b"content-length", content_length.encode("latin-1"))]
        self.request = Request({"type": "http", "headers": headers}, self._receive)

    async def _receive(self) -> Message:
        part = self._parts[self.taken]
        self.taken += 1
        return {"type": "http.request", "body": part, "more_body": self.taken < len(self._parts)}


async def test_a_body_arrives_as_it_was_sent() -> None:
    """Parts are joined; a body of just the limit is taken."""
    delivery = Delivery([b"ab", b"", b"cd"], content_length="4")
    assert await read_body(delivery.request, limit=4) == b"abcd"


async def test_a_declared_length_over_the_limit_is_refused_unread() -> None:
    """Nothing is read of a body that says it is too large."""
    delivery = Delivery([b"abcde"], content_length="5")
    with pytest.raises(Refused) as refused:
        await read_body(delivery.request, limit=4)
    assert refused.value.status == 413
    assert refused.value.content == {"error": "Payload too large", "limit_bytes": 4}
    assert delivery.taken == 0


@pytest.mark.parametrize("declared", [None, "1", "nonsense", "-5", "\xb2"])
async def test_a_body_that_grows_over_the_limit_is_refused_at_once(declared: str | None) -> None:
    """Whatever was declared, reading stops with the part that goes over the limit."""
    delivery = Delivery([b"abc", b"de", b"f", b"g"], content_length=declared)
    with pytest.raises(Refused) as refused:
        await read_body(delivery.request, limit=4)
    assert refused.value.status == 413
    assert delivery.taken == 2


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
        (b'{"a": NaN}', "The body is not JSON"),
        (b'{"a": "\xff"}', "The body is not JSON"),
        (b'{"a": "\\ud800"}', "The body is not JSON"),
        (b"[" * 100_000, "The body is not JSON"),
        (b"[]", "The body must be a JSON object"),
        (b"null", "The body must be a JSON object"),
        (b'"text"', "The body must be a JSON object"),
        (b"1", "The body must be a JSON object"),
    ],
)
def test_what_is_no_object_is_refused(body: bytes, error: str) -> None:
    """Anything else is a 400 that says what it is instead."""
    with pytest.raises(Refused) as refused:
        json_object(body)
    assert refused.value.status == 400
    assert refused.value.content["error"] == error


def nested(depth: int, *, lists: bool) -> bytes:
    """An object of so many levels."""
    value: object = {}
    for _ in range(depth - 2):
        value = [value] if lists else {"a": value}
    return orjson.dumps({"product": value})


@pytest.mark.parametrize("lists", [True, False])
def test_nesting_is_bounded(lists: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """As many levels as allowed are read, and one more is refused."""
    assert json_object(nested(MAX_DEPTH, lists=lists))
    with pytest.raises(Refused) as refused:
        json_object(nested(MAX_DEPTH + 1, lists=lists))
    assert refused.value.status == 400
    assert refused.value.content["error"] == "The body nests too deeply"
