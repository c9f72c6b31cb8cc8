"""The fake embedding server fails on demand; OpenAI's own client sees each failure as from OpenAI."""

import math
import threading
from collections.abc import Iterator

import openai as vendor
import pytest
from openai import OpenAI

from fakes import openai as servers
from fakes.openai import EmbeddingServer

MODEL = "text-embedding-3-small"


@pytest.fixture
def server() -> Iterator[EmbeddingServer]:
    with EmbeddingServer() as started:
        yield started


@pytest.fixture
def client(server: EmbeddingServer) -> Iterator[OpenAI]:
    with OpenAI(base_url=server.base_url, api_key="sk-test", max_retries=0) as client:
        yield client


def embed(client: OpenAI, *texts: str) -> list[list[float]]:
    answer = client.embeddings.create(model=MODEL, input=list(texts), dimensions=16)
    return [item.embedding for item in answer.data]


def test_it_counts_what_it_embedded(server: EmbeddingServer, client: OpenAI) -> None:
    """Requests, texts and tokens can be read; failed requests embedded nothing."""
    embed(client, "abcd", "efgh")
    server.fail_next(servers.server_error())
    with pytest.raises(vendor.InternalServerError):
        embed(client, "abcd")
    embed(client, "abcd")
    assert server.texts == {"abcd": 2, "efgh": 1}
    assert server.tokens == 3
    assert [seen.inputs for seen in server.requests] == [("abcd", "efgh"), ("abcd",), ("abcd",)]
    assert (server.requests[0].authorization, server.requests[0].model) == ("Bearer sk-test", MODEL)
    assert server.requests[0].dimensions == 16


@pytest.mark.parametrize(
    ("fault", "error", "code"),
    [
        (servers.bad_request(), vendor.BadRequestError, None),
        (servers.invalid_api_key(), vendor.AuthenticationError, "invalid_api_key"),
        (servers.permission_denied(), vendor.PermissionDeniedError, None),
        (servers.request_timeout(), vendor.APIStatusError, None),
        (servers.conflict(), vendor.ConflictError, None),
        (servers.rate_limit_exceeded(), vendor.RateLimitError, "rate_limit_exceeded"),
        (servers.insufficient_quota(), vendor.RateLimitError, "insufficient_quota"),
        (servers.credit_balance_exhausted(), vendor.RateLimitError, "credit_balance_exhausted"),
        (servers.server_error(), vendor.InternalServerError, None),
        (servers.overloaded(), vendor.InternalServerError, None),
    ],
)
def test_refusals_have_openais_shape(
    server: EmbeddingServer,
    client: OpenAI,
    fault: servers.Refusal,
    error: type[vendor.APIStatusError],
    code: str | None,
) -> None:
    """The client raises the error that OpenAI's own answer would raise."""
    server.fail_next(fault)
    with pytest.raises(error) as raised:
        embed(client, "x")
    assert (raised.value.status_code, raised.value.code) == (fault.status, code)


def test_a_refusal_says_when_to_come_back(server: EmbeddingServer, client: OpenAI) -> None:
    """Both headers that name a pause arrive."""
    server.fail_next(servers.rate_limit_exceeded(retry_after="7", retry_after_ms=7000))
    with pytest.raises(vendor.RateLimitError) as raised:
        embed(client, "x")
    assert raised.value.response.headers["retry-after"] == "7"
    assert raised.value.response.headers["retry-after-ms"] == "7000"


def test_fail_always_lasts_until_it_is_ended(server: EmbeddingServer, client: OpenAI) -> None:
    """`fail_next` goes first, then `fail_always`, then service."""
    server.fail_always(servers.overloaded())
    server.fail_next(servers.invalid_api_key())
    for error in (vendor.AuthenticationError, vendor.InternalServerError, vendor.InternalServerError):
        with pytest.raises(error):
            embed(client, "x")
    server.fail_always(None)
    assert len(embed(client, "x")) == 1


def test_a_hanging_request_is_answered_when_released(server: EmbeddingServer, client: OpenAI) -> None:
    """Nothing is answered before `release`, everything after it."""
    server.fail_next("hang")
    vectors: list[list[float]] = []
    waiting = threading.Thread(target=lambda: vectors.extend(embed(client, "x")))
    waiting.start()
    server.wait_for_requests(1)
    embed(client, "y")
    assert not vectors
    server.release()
    waiting.join()
    assert len(vectors) == 1


def test_a_hanging_request_times_out(server: EmbeddingServer, client: OpenAI) -> None:
    """A client that waits less long gives up."""
    server.fail_always("hang")
    with pytest.raises(vendor.APITimeoutError):
        embed(client.with_options(timeout=0.05), "x")


def test_a_connection_breaks(server: EmbeddingServer, client: OpenAI) -> None:
    """ "reset" ends the connection without an answer."""
    server.fail_next("reset")
    with pytest.raises(vendor.APIConnectionError):
        embed(client, "x")
    assert len(embed(client, "x")) == 1


def test_connections_are_refused_and_accepted_again(server: EmbeddingServer, client: OpenAI) -> None:
    """The port is closed while it refuses connections, and the same afterwards."""
    embed(client, "x")
    for _ in range(2):
        server.refuse_connections()
        with pytest.raises(vendor.APIConnectionError):
            embed(client, "x")
        server.accept_connections()
        embed(client, "x")
    assert server.texts == {"x": 3}


def test_vectors_may_be_missing(server: EmbeddingServer, client: OpenAI) -> None:
    """No data at all, or less than was asked for."""
    server.fail_next(servers.EMPTY_DATA, servers.LAST_MISSING)
    with pytest.raises(ValueError, match="No embedding data"):
        embed(client, "x")
    assert len(embed(client, "x", "y")) == 1


def test_vectors_may_be_wrong(server: EmbeddingServer, client: OpenAI) -> None:
    """Another order, another size, or no numbers."""
    server.fail_next(servers.OUT_OF_ORDER, servers.WRONG_DIMENSIONS, servers.NOT_A_NUMBER)
    answer = client.embeddings.create(model=MODEL, input=["x", "y"], dimensions=16)
    assert [item.index for item in answer.data] == [1, 0]
    assert len(embed(client, "x")[0]) == 15
    assert math.isnan(embed(client, "x")[0][0])


def test_an_answer_may_be_no_json(server: EmbeddingServer, client: OpenAI) -> None:
    """A proxy's page instead of an answer."""
    server.fail_next(servers.NOT_JSON)
    with pytest.raises((vendor.APIError, AttributeError, ValueError)):
        embed(client, "x")


def test_instant_vectors_are_as_good_as_any() -> None:
    """In `instant` mode a text has always the same unit vector, in both encodings."""
    with (
        EmbeddingServer(instant=True) as server,
        OpenAI(base_url=server.base_url, api_key="sk-test", max_retries=0) as client,
    ):
        (first,), (again,) = embed(client, "x"), embed(client, "x")
        assert first == again
        assert math.hypot(*first) == pytest.approx(1)
        floats = client.embeddings.create(model=MODEL, input="x", dimensions=16, encoding_format="float")
        assert floats.data[0].embedding == pytest.approx(first)
