"""What requests contain, by the settings, and without what a server refuses."""

import asyncio
import itertools
import struct
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import openai
import pytest
from pydantic import ValidationError

from contracts.errors import WrongDimensions
from contracts.ids import embedding_label
from contracts.retry import Retry
from contracts.search import numbers
from embeddings.openai import SHORT_QUERY, OpenAIEmbedder
from embeddings.registry import create_embedder
from fakes import embedding_dialects as dialects
from fakes.openai import Asked, EmbeddingServer, Refusal, Rule
from knowledge.chunks import CHUNK_TOKENS
from settings import LARGEST_TEXT, Settings

DIMENSIONS = 8


def configured(server: EmbeddingServer | None, **changes: object) -> Settings:
    address = server.base_url if server else "http://embeddings.test/v1"
    return Settings.model_validate(
        {
            "OPENAI_API_KEY": "sk-test",
            "OPENAI_BASE_URL": address,
            "embedding_dimensions": DIMENSIONS,
            "embedding_timeout_seconds": 5.0,
            **changes,
        }
    )


@asynccontextmanager
async def embedder(server: EmbeddingServer, **changes: object) -> AsyncIterator[OpenAIEmbedder]:
    made = OpenAIEmbedder.configured(configured(server, **changes))
    try:
        yield made
    finally:
        await made.close()


class Recorder:
    """A rule that answers as another one does and keeps what was asked."""

    def __init__(self, rule: Rule | None = None) -> None:
        self.asked: list[Asked] = []
        self._inner = rule
        self.rule = Rule(answer=self._answer)

    def _answer(self, asked: Asked) -> Refusal | None:
        self.asked.append(asked)
        return self._inner.answer(asked) if self._inner else None


@pytest.mark.parametrize(
    ("setting", "first", "then"),
    [
        ("auto", "base64", "base64"),
        ("base64", "base64", "base64"),
        ("float", "float", "float"),
        ("none", None, None),
    ],
)
async def test_the_encoding_format_is_a_setting(
    embeddings: EmbeddingServer, setting: str, first: str | None, then: str | None
) -> None:
    """By default base64 is asked for, a quarter of the size."""
    recorder = Recorder()
    embeddings.fail_always(recorder.rule)
    async with embedder(embeddings, embedding_encoding_format=setting) as made:
        await made.embed_documents(["کیف"])
        await made.embed_query("کیف")
    assert [asked.fields.get("encoding_format") for asked in recorder.asked] == [first, then]


@pytest.mark.parametrize("parameter", ["encoding_format", "dimensions"])
async def test_a_parameter_that_is_refused_is_left_out_from_then_on(
    embeddings: EmbeddingServer, parameter: str
) -> None:
    """The same texts are asked for once more without it, and the next ones at once so."""
    recorder = Recorder(dialects.refuses_parameter(parameter))
    embeddings.fail_always(recorder.rule)
    async with embedder(
        embeddings, embedding_model="text-embedding-3-small", embedding_dimensions=1536
    ) as made:
        await made.embed_documents(["کیف"])
        await made.embed_documents(["کفش"])
        await made.embed_query("کلاه")
    assert [parameter in asked.fields for asked in recorder.asked] == [True, False, False, False]


async def test_an_unnamed_parameter_that_is_refused_is_found(embeddings: EmbeddingServer) -> None:
    """First one is left out, then the other."""

    def strict(asked: Asked) -> Refusal | None:
        if set(asked.fields) == {"model", "input"}:
            return None
        return dialects.said(
            422, {"detail": [{"msg": "Extra inputs are not permitted", "type": "extra_forbidden"}]}
        )

    embeddings.fail_always(Rule(answer=strict))
    async with embedder(embeddings, embedding_dimensions=1536) as made:
        assert len((await made.embed_documents(["کیف"])).vectors) == 1
    assert len(embeddings.requests) == 3


async def test_a_parameter_that_an_operator_chose_is_not_left_out(embeddings: EmbeddingServer) -> None:
    """The service's sentence says what to change, and events wait until then."""
    embeddings.fail_always(dialects.refuses_parameter("encoding_format"))
    async with embedder(embeddings, embedding_encoding_format="base64") as made:
        with pytest.raises(openai.BadRequestError) as raised:
            await made.embed_documents(["کیف"])
        failure = made.failure(raised.value)
    assert failure.retry is Retry.BLOCKED
    assert "PILITO_EMBEDDING_*" in failure.reason
    assert "encoding_format: this value is not supported" in failure.reason
    assert len(embeddings.requests) == 1


@pytest.mark.parametrize(
    ("model", "setting", "sent"),
    [
        ("text-embedding-3-large", "auto", True),
        ("openai/text-embedding-3-large", "auto", True),
        ("text-embedding-3-large", "never", False),
        ("my-deployment", "always", True),
        ("my-deployment", "never", False),
    ],
)
async def test_dimensions_are_sent_by_the_name_of_the_model_or_the_setting(
    embeddings: EmbeddingServer,
    model: str,
    setting: str,
    sent: bool,  # noqa: FBT001 - a parameter of a test
) -> None:
    """Routers put a vendor in front of the name; a deployment has any name."""
    recorder = Recorder()
    embeddings.fail_always(recorder.rule)
    changes = {"embedding_model": model, "embedding_send_dimensions": setting}
    async with embedder(embeddings, **changes, embedding_dimensions=3072 if not sent else 1024) as made:
        try:
            await made.embed_documents(["کیف"])
        except WrongDimensions:
            assert not sent
    assert [asked.fields.get("dimensions") for asked in recorder.asked] == [1024 if sent else None]


async def test_dimensions_are_asked_for_where_the_model_answers_others(embeddings: EmbeddingServer) -> None:
    """Qwen3 and Gemini answer any size, but only if it is asked for; what works is remembered."""
    recorder = Recorder()
    embeddings.fail_always(recorder.rule)
    async with embedder(embeddings, embedding_model="qwen3-embedding") as made:
        for _ in range(2):
            (vector,) = (await made.embed_documents(["کیف"])).vectors
            assert vector is not None
            assert len(numbers(vector)) == DIMENSIONS
    assert [asked.fields.get("dimensions") for asked in recorder.asked] == [None, DIMENSIONS, DIMENSIONS]


@pytest.mark.parametrize("name", ["encoding_format", "dimensions", "any"])
async def test_calls_at_one_time_take_one_step_back(embeddings: EmbeddingServer, name: str) -> None:
    """All are refused before the first asks again; none takes the refusal for a setting to correct."""
    calls, at_once = 3, threading.Barrier(3)
    seen = itertools.count()

    def together(asked: Asked) -> Refusal | None:
        if next(seen) < calls:
            at_once.wait(timeout=30)
        if name == "any":
            known = set(asked.fields) == {"model", "input"}
            return None if known else dialects.said(400, {"error": "extra_forbidden"})
        return dialects.refuses_parameter("encoding_format").answer(asked) if name != "dimensions" else None

    embeddings.fail_always(Rule(answer=together))
    model = "text-embedding-3-small" if name == "any" else "qwen3"
    size = DIMENSIONS if name == "dimensions" else 1536
    async with embedder(embeddings, embedding_model=model, embedding_dimensions=size) as made:
        answers = await asyncio.gather(*(made.embed_documents([f"text {at}"]) for at in range(calls)))
        assert all(answer.vectors[0] for answer in answers)
        asked = len(embeddings.requests)
        await made.embed_documents(["later"])
        assert len(embeddings.requests) == asked + 1


async def test_dimensions_are_asked_for_again_after_a_passing_problem(embeddings: EmbeddingServer) -> None:
    """A busy server has not refused the parameter."""
    busy = iter([False, True])
    embeddings.fail_always(
        Rule(answer=lambda _: dialects.said(503, {"error": "busy"}) if next(busy, False) else None)
    )
    async with embedder(embeddings, embedding_model="qwen3-embedding") as made:
        with pytest.raises(openai.InternalServerError):
            await made.embed_documents(["کیف"])
        assert (await made.embed_documents(["کیف"])).vectors[0]


async def test_the_size_of_a_model_without_choice_is_named(embeddings: EmbeddingServer) -> None:
    """A model that refuses the parameter keeps its own size; the first error is the one to correct."""
    embeddings.fail_always(dialects.refuses_parameter("dimensions"))
    async with embedder(embeddings, embedding_model="bge-m3") as made:
        for requests in (2, 3):
            with pytest.raises(WrongDimensions, match=f"1536 numbers where {DIMENSIONS} are"):
                await made.embed_documents(["کیف"])
            assert len(embeddings.requests) == requests


async def test_questions_and_chunks_have_their_own_prefix_and_input_type(embeddings: EmbeddingServer) -> None:
    """As models for search demand; without the settings nothing is added."""
    recorder = Recorder(dialects.demands_parameter("input_type"))
    embeddings.fail_always(recorder.rule)
    settings = {
        "embedding_query_prefix": "query: ",
        "embedding_passage_prefix": "passage: ",
        "embedding_query_input_type": "query",
        "embedding_passage_input_type": "passage",
    }
    async with embedder(embeddings, **settings) as made:
        await made.embed_documents(["کیف", "کفش"])
        await made.embed_query("کیف")
    sent = [(asked.fields["input"], asked.fields["input_type"]) for asked in recorder.asked]
    assert sent == [(["passage: کیف", "passage: کفش"], "passage"), (["query: کیف"], "query")]
    async with embedder(embeddings) as plain:
        with pytest.raises(openai.BadRequestError) as raised:
            await plain.embed_query("کیف")
        assert plain.failure(raised.value).retry is Retry.BLOCKED


async def test_azure_is_asked_at_a_deployment_with_its_version_and_key(embeddings: EmbeddingServer) -> None:
    """The query of OPENAI_BASE_URL is kept, and the key has a header of its own."""
    recorder = Recorder(dialects.demands_azure("2024-10-21"))
    embeddings.fail_always(recorder.rule)
    root = embeddings.base_url.removesuffix("/v1")
    for address in (
        f"{root}/openai/deployments/texts?api-version=2024-10-21",
        f"{root}/openai/deployments/texts/embeddings?api-version=2024-10-21",
    ):
        async with embedder(embeddings, OPENAI_BASE_URL=address) as made:
            await made.embed_query("کیف")
    target = "/openai/deployments/texts/embeddings?api-version=2024-10-21"
    assert [asked.target for asked in recorder.asked] == [target, target]
    assert {asked.headers["api-key"] for asked in recorder.asked} == {"sk-test"}


@pytest.mark.parametrize("value", ['{"X-Team": "paprika", "x-region": "eu"}', "X-Team=paprika, x-region=eu"])
async def test_further_headers_are_sent_and_stay_secret(embeddings: EmbeddingServer, value: str) -> None:
    """As JSON or as a list."""
    recorder = Recorder()
    embeddings.fail_always(recorder.rule)
    async with embedder(embeddings, embedding_headers=value) as made:
        await made.embed_query("کیف")
    (asked,) = recorder.asked
    assert (asked.headers["x-team"], asked.headers["x-region"]) == ("paprika", "eu")
    assert "paprika" not in repr(configured(embeddings, embedding_headers=value))


@pytest.mark.parametrize("value", ["2048", "{not json", '{"a b": "c"}', "x=\u0627", "x=a\nb", "=a", "[1]"])
def test_headers_that_cannot_be_sent_are_refused(value: str) -> None:
    """The error does not show them."""
    with pytest.raises(ValidationError) as raised:
        configured(None, embedding_headers=value)
    assert "name=value" in str(raised.value)


async def test_a_question_that_is_too_long_is_cut(embeddings: EmbeddingServer) -> None:
    """A search is answered by meaning all the same."""
    embeddings.fail_always(dialects.longest_text(SHORT_QUERY // 2))
    async with embedder(embeddings) as made:
        assert (await made.embed_query("x" * 2_000)).vector
    assert [len(seen.inputs[0]) for seen in embeddings.requests] == [2_000, SHORT_QUERY]


def test_vectors_of_another_prefix_have_another_label() -> None:
    """What decides about vectors of chunks is part of their label; the defaults leave it as it was."""

    def label(**changes: object) -> str:
        settings = configured(None, **changes)
        return embedding_label(
            settings.embedding_model, settings.embedding_dimensions, settings.embedding_variant
        )

    plain = label()
    assert plain == f"text-embedding-3-small@{DIMENSIONS}"
    assert label(embedding_query_prefix="query: ", embedding_query_input_type="query") == plain
    assert label(embedding_max_text_tokens=512) == plain
    others = [
        label(embedding_passage_prefix="passage: "),
        label(embedding_passage_input_type="passage"),
        label(embedding_max_text_tokens=128),
    ]
    assert len({plain, *others}) == 4
    assert LARGEST_TEXT == CHUNK_TOKENS


def test_the_settings_name_the_limits() -> None:
    """Requests are packed within them from the start."""
    made = OpenAIEmbedder.configured(
        configured(None, embedding_max_items=32, embedding_max_tokens=8_000, embedding_max_text_tokens=256)
    )
    limits = made.limits
    assert (limits.texts, limits.tokens, limits.text_tokens) == (32, 8_000, 256)


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def socks5(port: int, seen: list[str]) -> Handler:
    """Returns a SOCKS5 proxy that connects every request to a port of this machine."""

    async def pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while part := await source.read(65_536):
            target.write(part)
            await target.drain()
        target.close()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, methods = await reader.readexactly(2)
        await reader.readexactly(methods)
        writer.write(b"\x05\x00")
        *_, kind = await reader.readexactly(4)
        length = (await reader.readexactly(1))[0] if kind == 3 else 4
        seen.append((await reader.readexactly(length)).decode())
        await reader.readexactly(2)
        writer.write(b"\x05\x00\x00\x01" + bytes(4) + struct.pack(">H", port))
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pump(reader, up_writer), pump(up_reader, writer), return_exceptions=True)

    return handle


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
async def test_a_socks_proxy_of_the_environment_is_used(
    embeddings: EmbeddingServer, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    """Where OpenAI is blocked; a server on this machine and hosts in NO_PROXY are asked directly."""
    seen: list[str] = []
    port = int(embeddings.base_url.rpartition(":")[2].removesuffix("/v1"))
    proxy = await asyncio.start_server(socks5(port, seen), "127.0.0.1", 0)
    monkeypatch.setenv("ALL_PROXY", f"{scheme}://127.0.0.1:{proxy.sockets[0].getsockname()[1]}")
    monkeypatch.setenv("NO_PROXY", "direct.test")
    async with proxy:
        async with embedder(embeddings) as made:
            await made.embed_query("کیف")
        assert seen == []
        async with embedder(embeddings, OPENAI_BASE_URL="http://embeddings.test/v1") as made:
            await made.embed_query("کیف")
        assert seen == ["embeddings.test"]
        async with embedder(embeddings, OPENAI_BASE_URL="http://direct.test/v1") as made:
            with pytest.raises(openai.APIConnectionError):
                await made.embed_query("کیف")
    assert seen == ["embeddings.test"]


def test_a_proxy_that_cannot_be_used_ends_the_program_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without the password of the proxy."""
    monkeypatch.setenv("ALL_PROXY", "socks://me:hidden@127.0.0.1:1")
    with pytest.raises(SystemExit, match="ALL_PROXY") as raised:
        create_embedder(configured(None))
    assert "hidden" not in str(raised.value)
