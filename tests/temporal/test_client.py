"""The client of the Temporal server: its codec and its runtime."""

import urllib.request
import zlib

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.runtime import Runtime

from embedded.ports import free_ports
from temporal.client import COMPRESS_ABOVE, LargePayloadCodec, install

SMALL = Payload(metadata={"encoding": b"json/plain"}, data=b"x" * COMPRESS_ABOVE)
LARGE = Payload(metadata={"encoding": b"json/plain", "kept": b"too"}, data=b"x" * (COMPRESS_ABOVE + 1))


async def test_small_payloads_are_sent_as_they_are() -> None:
    """The Temporal UI shows them."""
    assert await LargePayloadCodec().encode([SMALL]) == [SMALL]
    assert await LargePayloadCodec().decode([SMALL]) == [SMALL]


async def test_large_payloads_are_compressed_and_restored() -> None:
    """Data and metadata, in their order among other payloads."""
    codec = LargePayloadCodec()
    encoded = await codec.encode([SMALL, LARGE])
    assert encoded[0] == SMALL
    assert encoded[1].ByteSize() < LARGE.ByteSize() / 10
    assert await codec.decode(encoded) == [SMALL, LARGE]


async def test_a_payload_that_expands_beyond_all_bounds_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few kilobytes cannot fill the memory of a worker."""
    monkeypatch.setattr("temporal.client._LARGEST_DECODED", 1_000)
    bomb = Payload(metadata={"encoding": b"binary/zlib"}, data=zlib.compress(LARGE.SerializeToString()))
    with pytest.raises(Exception, match="parsing message"):
        await LargePayloadCodec().decode([bomb])


def test_the_runtime_serves_temporals_metrics_where_the_setting_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """In Prometheus' format; without an address there is no listener."""
    installed: list[Runtime] = []
    monkeypatch.setattr(Runtime, "set_default", installed.append)
    (port,) = free_ports(1)
    install(f"127.0.0.1:{port}")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        assert answer.status == 200
    install()
    assert len(installed) == 2
