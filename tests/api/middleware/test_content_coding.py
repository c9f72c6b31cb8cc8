"""Packed bodies are unpacked within the limit, in any parts in which they arrive."""

import gzip
import os
import zlib
from collections.abc import Sequence

import pytest
from fastapi import Request
from hypothesis import given
from hypothesis import strategies as some
from starlette.datastructures import Headers
from starlette.types import Message

from api.bodies_in_flight import SENT, BodiesInFlight, signed_forms
from api.errors import ApiError
from api.middleware.content_coding import MOST_FILES, UnpackedBody
from tests.support.plugins.examples import examples

BODY = b'{"event_id": "e", "product": {"name": "Lamp"}}'
PACKED = gzip.compress(BODY)


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


async def received(body: bytes, coding: str | None, *, limit: int = 1_000, part: int = 7) -> Request:
    """Returns a request with a body that was received in parts of this size."""
    headers = [] if coding is None else [(b"content-encoding", coding.encode())]
    parts: Sequence[bytes] = [body[start : start + part] for start in range(0, len(body), part)] or [b""]
    messages = iter(parts)
    left = len(parts)

    async def receive() -> Message:
        nonlocal left
        left -= 1
        return {"type": "http.request", "body": next(messages), "more_body": left > 0}

    scope = {"type": "http", "headers": headers}
    request = Request(scope, UnpackedBody(receive, scope, Headers(raw=headers), limit=limit))
    await request.body()
    return request


async def refusal(body: bytes, coding: str, *, limit: int = 1_000) -> ApiError:
    with pytest.raises(ApiError) as refused:
        await received(body, coding, limit=limit)
    return refused.value


@pytest.mark.parametrize(
    "coding", ["gzip", "GZIP", "x-gzip", " gzip ", "identity, gzip", "utf-8", None, '"gzip"']
)
@pytest.mark.parametrize("part", [1, 2, 1_000])
async def test_a_gzip_file_is_unpacked(coding: str | None, part: int) -> None:
    """Its beginning says what it is, with any header."""
    request = await received(PACKED, coding, part=part)
    assert await request.body() == BODY
    assert signed_forms(request, BODY) == (PACKED, BODY)


@pytest.mark.parametrize("packed", [zlib.compress(BODY), raw_deflate(BODY)])
@pytest.mark.parametrize("coding", ["deflate", "Deflate"])
async def test_deflate_is_unpacked(packed: bytes, coding: str) -> None:
    """With its header, and as some send it, without."""
    assert await (await received(packed, coding, part=1)).body() == BODY


@pytest.mark.parametrize(
    "coding", [None, "", "identity", "none", "UTF-8", "gzip", "deflate", "x-gzip", "utf8"]
)
@pytest.mark.parametrize("part", [1, 1_000])
async def test_a_plain_body_is_not_changed(coding: str | None, part: int) -> None:
    """Also if it names a coding that it does not have."""
    request = await received(BODY, coding, part=part)
    assert await request.body() == BODY
    assert SENT not in request.scope
    assert signed_forms(request, BODY) == (BODY,)
    assert await (await received(b"", coding)).body() == b""


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip", "gzip, br", "compress", "gzip;q=1", "x"])
async def test_other_codings_are_refused_with_those_that_are_supported(coding: str) -> None:
    """Before the body is received."""
    error = await refusal(BODY, coding)
    assert error.status_code == 415
    assert error.headers is not None
    assert error.headers["Accept-Encoding"] == "gzip, identity"
    assert "gzip" in error.content["error"]


@pytest.mark.parametrize(
    "body",
    [gzip.compress(BODY)[:-1], gzip.compress(BODY)[:20], b"\x1f\x8b" + BODY, b"\x1f\x8b"],
    ids=["without its end", "its beginning", "not packed", "only its mark"],
)
async def test_a_damaged_file_is_refused(body: bytes) -> None:
    """Half an event is none."""
    error = await refusal(body, "gzip")
    assert (error.status_code, "packed" in error.content["error"]) == (400, True)


@pytest.mark.parametrize("part", [10, 100_000])
async def test_a_bomb_is_refused_at_the_limit(part: int) -> None:
    """A body of the limit is taken, and one byte more is refused; a gigabyte is never unpacked."""
    assert len(await (await received(gzip.compress(b"0" * 999), "gzip")).body()) == 999
    with pytest.raises(ApiError) as refused:
        await received(gzip.compress(b"0" * 1_001), "gzip", part=part)
    assert (refused.value.status_code, refused.value.content["limit_bytes"]) == (413, 1_000)
    layered = zlib.compressobj(wbits=31)
    bomb = b"".join(layered.compress(bytes(2**20)) for _ in range(200)) + layered.flush()
    assert (await refusal(bomb, "gzip")).status_code == 413


async def test_a_packed_body_counts_in_both_forms() -> None:
    """As long as it is in flight."""
    bodies = BodiesInFlight(10 * 2**20, largest=2**20)
    body = os.urandom(200_000)
    packed = gzip.compress(body)
    request = await received(packed, "gzip", limit=2**20, part=50_000)
    async with bodies.body(request, store_id=1, network=None) as whole:
        assert whole == body
        assert bodies.taken == len(body) + len(packed)
    assert bodies.taken == 0


@examples(200)
@given(some.lists(some.binary(max_size=40), min_size=1, max_size=6), some.integers(1, 60))
async def test_files_behind_each_other_are_one_body(files: list[bytes], part: int) -> None:
    """As the format allows; the parts in which they arrive do not matter."""
    body = b"".join(map(gzip.compress, files))
    assert await (await received(body, "gzip", part=part)).body() == b"".join(files)
    padded = await received(body + b"\0\0", "gzip", part=part)
    assert await padded.body() == b"".join(files)


async def test_thousands_of_empty_files_are_refused() -> None:
    """Each takes longer to begin than its bytes to arrive."""
    assert await (await received(gzip.compress(b"") * MOST_FILES, "gzip")).body() == b""
    assert (await refusal(gzip.compress(b"") * (MOST_FILES + 1), "gzip")).status_code == 400
