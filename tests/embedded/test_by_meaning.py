"""How the server shares out the model, with a stand-in that computes only when it may."""

import asyncio
import threading
from collections.abc import MutableMapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import orjson
import pytest

from embedded.embedding.app import CLIENT_CLOSED, Server
from embedded.embedding.by_meaning import MOST_TOKENS, ByMeaning
from embedded.embedding.e5 import Model, Singles
from embedded.embedding.protocol import E5, EmbeddingRequest, Refused, parse
from tests.support.eventually import eventually


class StandIn(Model):
    """Counts words as tokens. Passages wait until `go` is set; `begun` has the texts that were taken up."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.begun: list[str] = []

    def count(self, text: str, *, is_query: bool) -> int:
        return len(text.split()) + 4

    def vectors(self, texts: Sequence[str], *, is_query: bool) -> Singles:
        self.begun.extend(texts)
        assert is_query or self.go.wait(30)
        return np.full((len(texts), 384), 1, np.float32)


@pytest.fixture
def model() -> StandIn:
    return StandIn()


@pytest.fixture
def by_meaning(model: StandIn) -> ByMeaning:
    model.go.set()
    made = ByMeaning(model)
    model.go.clear()
    model.begun.clear()
    return made


def request(*texts: str, **more: str) -> EmbeddingRequest:
    return parse(orjson.dumps({"model": E5, "input": texts, **more}))


async def begun(model: StandIn) -> None:
    await eventually(lambda: asyncio.sleep(0, model.begun), bool, what="the first step")


PAGE = "کفش " * 400


async def test_a_question_is_answered_while_all_passages_wait(model: StandIn, by_meaning: ByMeaning) -> None:
    """Also behind more passages than there are threads."""
    passages = [asyncio.create_task(by_meaning.embed(request(*[PAGE] * 10))) for _ in range(8)]
    await begun(model)
    question = await by_meaning.embed(request("کفش دویدن", input_type="query"))
    assert question.tokens == 6
    assert not any(passage.done() for passage in passages)
    model.go.set()
    assert [len((await passage).vectors) for passage in passages] == [10] * 8


async def test_a_large_request_is_taken_in_small_steps(model: StandIn, by_meaning: ByMeaning) -> None:
    """Each of about the tokens that the model reads at once; a long text is cut and put together again."""
    model.go.set()
    answer = await by_meaning.embed(request("word " * 2_000, "کفش"))
    assert (len(answer.vectors), len(model.begun)) == (2, 5)
    assert np.linalg.norm(list(answer.vectors[0])) == pytest.approx(1)
    assert answer.tokens == sum(len(text.split()) + 4 for text in model.begun)


async def test_too_many_tokens_are_refused_before_any_work(model: StandIn, by_meaning: ByMeaning) -> None:
    """Of a text, of a request and of a question."""
    for asked in (
        request("w " * MOST_TOKENS),
        request(*[PAGE] * 11),
        request("w " * 600, input_type="query"),
    ):
        with pytest.raises(Refused) as refused:
            await by_meaning.embed(asked)
        assert refused.value.status == 400
    assert model.begun == []


async def test_a_busy_server_asks_to_come_back(model: StandIn, by_meaning: ByMeaning) -> None:
    """Once the work that waits takes too long, with OpenAI's error and a Retry-After."""
    by_meaning._passages._seconds_per_token = 1.0
    waiting = asyncio.create_task(by_meaning.embed(request(PAGE)))
    await begun(model)
    with pytest.raises(Refused, match="overloaded") as refused:
        await by_meaning.embed(request("کفش"))
    assert refused.value.status == 503
    assert int(refused.value.headers["retry-after"]) > 0
    await by_meaning.embed(request("کفش", input_type="query"))
    model.go.set()
    await waiting


class Connection:
    """A client of the application that closes its connection when `close` is set."""

    def __init__(self, server: Server, body: bytes) -> None:
        self._server, self._body = server, body
        self.close = asyncio.Event()
        self.sent: list[MutableMapping[str, Any]] = []

    async def receive(self) -> MutableMapping[str, Any]:
        if self._body:
            body, self._body = self._body, b""
            return {"type": "http.request", "body": body, "more_body": False}
        await self.close.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: MutableMapping[str, Any]) -> None:
        self.sent.append(message)

    async def ask(self) -> int:
        """Returns the status of the answer."""
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/v1/embeddings",
            "headers": [],
            "query_string": b"",
        }
        await self._server.app(scope, self.receive, self.send)
        status: int = self.sent[0]["status"]
        return status


async def test_what_a_closed_connection_asked_for_is_not_embedded(
    model: StandIn, by_meaning: ByMeaning
) -> None:
    """The steps under way end, the others are never begun."""
    server = Server(by_meaning)
    left = Connection(server, orjson.dumps({"model": E5, "input": [PAGE] * 10}))
    asking = asyncio.create_task(left.ask())
    await begun(model)
    left.close.set()
    assert await asking == CLIENT_CLOSED
    model.go.set()
    await eventually(
        lambda: asyncio.sleep(0, by_meaning._passages.seconds_waiting), lambda left: left == 0, what="the end"
    )
    assert len(model.begun) < 10
    served = Connection(server, orjson.dumps({"model": E5, "input": "کفش"}))
    assert await served.ask() == 200


async def test_the_model_is_missed_by_its_name() -> None:
    """Where it cannot be loaded, its name is not that of a stand-in."""
    alone = Connection(Server(None), orjson.dumps({"model": E5, "input": "کفش"}))
    assert await alone.ask() == 404
    assert b"model_not_found" in alone.sent[1]["body"]


async def test_bodies_in_flight_are_bounded(by_meaning: ByMeaning) -> None:
    """Further ones are refused as by a busy server; one that is too large is refused for good."""
    server = Server(by_meaning)
    assert await Connection(server, b"x" * (33 * 1024 * 1024)).ask() == 413
    server._bytes = 64 * 1024 * 1024
    assert await Connection(server, b"xx").ask() == 503


def test_an_input_type_is_part_of_a_request() -> None:
    """Only a text counts as one."""
    assert request("کفش", input_type="query").input_type == "query"
    asked = parse(orjson.dumps({"model": E5, "input": "کفش", "input_type": 7}))
    assert asked == replace(request("کفش"), input_type="")
