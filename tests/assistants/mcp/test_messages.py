"""Bodies that are no message of the protocol."""

import json
from typing import Any

import pytest

from api.assistants.mcp.messages import InvalidMessage, read_message

GOOD: dict[str, Any] = {"jsonrpc": "2.0", "id": 7, "method": "ping"}


@pytest.mark.parametrize(
    "message",
    [GOOD, {**GOOD, "id": "چراغ"}, {**GOOD, "params": {}}, {"jsonrpc": "2.0", "method": "notifications/x"}],
)
def test_a_message_is_read_as_it_is(message: dict[str, Any]) -> None:
    """Requests and notifications."""
    assert read_message(json.dumps(message).encode()) == message


@pytest.mark.parametrize(
    ("body", "code", "names"),
    [
        (b"", -32700, "JSON"),
        (b"{", -32700, "JSON"),
        (b"\xff\xfe", -32700, "UTF-8"),
        (b'{"jsonrpc": "2.0", "id": NaN, "method": "ping"}', -32700, "JSON"),
        (b'{"a": "\\ud800"}', -32700, "JSON"),
        (b"[" * 100_000, -32700, ""),
        (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, -32700, ""),
        (b"[]", -32600, "Batches"),
        (json.dumps([GOOD, GOOD]).encode(), -32600, "Batches"),
        (b'"text"', -32600, "object"),
        (b"null", -32600, "object"),
        (b"{}", -32600, "jsonrpc"),
        (json.dumps({**GOOD, "jsonrpc": "1.0"}).encode(), -32600, "jsonrpc"),
        (json.dumps({**GOOD, "id": None}).encode(), -32600, "id"),
        (json.dumps({**GOOD, "id": True}).encode(), -32600, "id"),
        (json.dumps({**GOOD, "id": 1.5}).encode(), -32600, "id"),
        (json.dumps({**GOOD, "id": []}).encode(), -32600, "id"),
        (json.dumps({**GOOD, "id": 2**63}).encode(), -32600, "id"),
        (json.dumps({**GOOD, "id": -(2**63)}).encode(), -32600, "id"),
        (json.dumps({**GOOD, "id": 10**30}).encode(), -32600, "id"),
        (json.dumps({**GOOD, "method": 1}).encode(), -32600, "method"),
        (json.dumps({"jsonrpc": "2.0", "id": 1, "result": {}}).encode(), -32600, "method"),
        (json.dumps({**GOOD, "params": []}).encode(), -32600, "params"),
        (json.dumps({**GOOD, "params": None}).encode(), -32600, "params"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_anything_else_gets_an_error_of_json_rpc(body: bytes, code: int, names: str) -> None:
    """With a sentence that names what is wrong, and status 400."""
    with pytest.raises(InvalidMessage) as raised:
        read_message(body)
    response = raised.value.response()
    assert response.status_code == 400
    content = json.loads(bytes(response.body))
    assert content["jsonrpc"] == "2.0"
    assert content["error"]["code"] == code
    assert names in content["error"]["message"]


def test_the_error_has_the_id_of_the_message() -> None:
    """So that a client finds the request that failed; an id of another type is null."""
    for message, id_ in (({"id": 5}, 5), ({"id": "a"}, "a"), ({"id": []}, None), ({}, None)):
        with pytest.raises(InvalidMessage) as raised:
            read_message(json.dumps(message).encode())
        assert json.loads(bytes(raised.value.response().body))["id"] == id_
