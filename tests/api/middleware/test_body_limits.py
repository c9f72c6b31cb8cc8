"""Bodies are limited in size while they are received."""

from collections.abc import Sequence

import pytest
from fastapi import Request
from starlette.datastructures import Headers
from starlette.types import Message

from api.errors import ApiError
from api.middleware.body_limits import LimitedBody


class Delivery:
    """A request with a body in parts; `received` counts the parts that were asked for."""

    def __init__(self, parts: Sequence[bytes], *, limit: int, content_length: str | None = None) -> None:
        self._parts = list(parts)
        self.received = 0
        headers = [] if content_length is None else [(b"content-length", content_length.encode("latin-1"))]
        receive = LimitedBody(self._receive, Headers(raw=headers), limit)
        self.request = Request({"type": "http", "headers": headers}, receive)

    async def _receive(self) -> Message:
        if self.received == len(self._parts):
            return {"type": "http.disconnect"}
        part = self._parts[self.received]
        self.received += 1
        return {"type": "http.request", "body": part, "more_body": part != b"end"}


async def test_a_body_arrives_as_it_was_sent() -> None:
    """The parts are joined; a body of exactly the limit is accepted."""
    delivery = Delivery([b"ab", b"", b"c", b"end"], limit=6, content_length="6")
    assert await delivery.request.body() == b"abcend"


async def test_a_declared_length_over_the_limit_is_refused_unread() -> None:
    """Nothing of the body is received."""
    delivery = Delivery([b"abcde"], limit=4, content_length="5")
    with pytest.raises(ApiError) as refused:
        await delivery.request.body()
    assert refused.value.status_code == 413
    assert refused.value.content == {"error": "Payload too large", "limit_bytes": 4}
    assert delivery.received == 0


@pytest.mark.parametrize("declared", [None, "1", "nonsense", "-5", "\xb2"])
async def test_a_body_that_grows_over_the_limit_is_refused_at_once(declared: str | None) -> None:
    """Receiving stops with the part that exceeds the limit, for any declared length."""
    delivery = Delivery([b"abc", b"de", b"f", b"end"], limit=4, content_length=declared)
    with pytest.raises(ApiError) as refused:
        await delivery.request.body()
    assert refused.value.status_code == 413
    assert delivery.received == 2


async def test_a_body_that_breaks_off_is_refused() -> None:
    """The client disconnects before the end; the 400 is for the log."""
    delivery = Delivery([b"abc"], limit=4)
    with pytest.raises(ApiError) as refused:
        await delivery.request.body()
    assert (refused.value.status_code, refused.value.content) == (400, {"error": "The body ended too early"})
