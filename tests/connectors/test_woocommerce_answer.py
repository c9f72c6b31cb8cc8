"""What an answer of a WooCommerce shop costs to read."""

import json

import httpx2
import pytest

from connectors import json_bounds
from connectors.woocommerce.answer import LONGEST_REFUSAL, Answer
from connectors.woocommerce.errors import is_gone, is_hidden, problem

ERROR = {"code": "rest_forbidden", "message": "x", "data": {"status": 403, "params": {"per_page": "x"}}}


def refusal(body: bytes) -> Answer:
    return Answer(status=403, headers=httpx2.Headers(), body=body, secure=True)


def test_an_error_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many checks it goes through."""
    read: list[bytes] = []
    parse = json_bounds.parse

    def counted(body: bytes) -> object:
        read.append(body)
        return parse(body)

    monkeypatch.setattr(json_bounds, "parse", counted)
    answer = refusal(json.dumps(ERROR).encode())
    assert (is_gone(answer), is_hidden(answer), answer.code()) == (False, False, "rest_forbidden")
    assert "rest_forbidden" in str(problem(answer))
    assert answer.parameters() == {"per_page": "x"}
    assert len(read) == 1


def test_a_large_refusal_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A web page of several megabytes is no error of WordPress."""
    monkeypatch.setattr(json_bounds, "parse", None)
    answer = refusal(b"[" * (LONGEST_REFUSAL + 1))
    assert (answer.code(), answer.parameters(), is_gone(answer)) == ("", {}, False)
    assert "firewall" in str(problem(answer))
