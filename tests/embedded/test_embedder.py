"""The local embedding server, asked by OpenAI's own client."""

import math
from collections.abc import Iterator

import httpx2
import pytest
from openai import BadRequestError, NotFoundError, OpenAI

from embedded.children.processes import stop_together
from embedded.embedder import start
from embedded.embedding.protocol import MAX_INPUTS
from embedded.ports import free_ports

pytestmark = pytest.mark.usefixtures("programs")

MODEL = "text-embedding-3-small"
OWN = "bge-m3"


@pytest.fixture(scope="module")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    (port,) = free_ports(1)
    child = start(port, state_dir=tmp_path_factory.mktemp("embedder"), by_words=True, name=OWN)
    try:
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        stop_together([child], seconds=5)


@pytest.fixture(scope="module")
def openai(base_url: str) -> Iterator[OpenAI]:
    with OpenAI(base_url=base_url, api_key="local", max_retries=0) as client:
        yield client


def test_a_text_is_embedded(openai: OpenAI) -> None:
    """One text gives one unit vector of the model's size, under the name that was asked for."""
    answer = openai.embeddings.create(model=MODEL, input="کفش ورزشی")
    assert answer.model == MODEL
    assert [item.index for item in answer.data] == [0]
    assert len(answer.data[0].embedding) == 1536
    assert math.hypot(*answer.data[0].embedding) == pytest.approx(1)


def test_many_texts_keep_their_order(openai: OpenAI) -> None:
    """Vectors come in the order of their texts, each with its index."""
    texts = ["کفش", "کیف", "کلاه"]
    together = openai.embeddings.create(model=MODEL, input=texts, dimensions=64)
    alone = [openai.embeddings.create(model=MODEL, input=text, dimensions=64).data[0] for text in texts]
    assert [item.index for item in together.data] == [0, 1, 2]
    assert [item.embedding for item in together.data] == [item.embedding for item in alone]


def test_both_encodings_carry_the_same_vector(openai: OpenAI) -> None:
    """`float` and `base64` differ by the precision of 32-bit floats at most."""
    as_floats = openai.embeddings.create(model=MODEL, input="کفش", encoding_format="float", dimensions=16)
    as_base64 = openai.embeddings.create(model=MODEL, input="کفش", dimensions=16)
    assert as_floats.data[0].embedding == pytest.approx(as_base64.data[0].embedding)


def test_dimensions_are_honoured(openai: OpenAI) -> None:
    """A vector has as many numbers as were asked for."""
    answer = openai.embeddings.create(model="text-embedding-3-large", input="کفش", dimensions=3072)
    assert len(answer.data[0].embedding) == 3072


def test_usage_counts_tokens(openai: OpenAI) -> None:
    """The answer says how many tokens its texts had."""
    usage = openai.embeddings.create(model=MODEL, input=["abcd" * 10, "abcd"], dimensions=8).usage
    assert (usage.prompt_tokens, usage.total_tokens) == (11, 11)


def test_it_says_that_it_is_lexical(base_url: str) -> None:
    """No answer can be taken for OpenAI's."""
    answer = httpx2.post(f"{base_url}/embeddings", json={"model": MODEL, "input": "کفش", "dimensions": 8})
    assert answer.headers["x-pilito-embedder"] == "lexical"


def test_models_are_listed(openai: OpenAI) -> None:
    """The list names the models and their owner, also the one that the settings name."""
    listed = {(model.id, model.owned_by) for model in openai.models.list()}
    assert listed >= {(MODEL, "pilito-lexical"), (OWN, "pilito-lexical")}
    assert len(openai.embeddings.create(model=OWN, input="کفش", dimensions=8).data[0].embedding) == 8


@pytest.mark.parametrize("dimensions", [8, 1536])
def test_an_unknown_model_does_not_exist(openai: OpenAI, dimensions: int) -> None:
    """A name with a mistake is not answered with vectors of another model."""
    with pytest.raises(NotFoundError, match="`nope` does not exist") as refused:
        openai.embeddings.create(model="nope", input="کفش", dimensions=dimensions)
    assert (refused.value.param, refused.value.code) == ("model", "model_not_found")
    with pytest.raises(NotFoundError) as refused:
        openai.embeddings.create(model="n" * 10_000, input="کفش")
    assert len(refused.value.message) < 1_000


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        ("", "empty string"),
        (["کفش", ""], "empty string"),
        ([], "not empty"),
        (["x"] * (MAX_INPUTS + 1), "2048"),
        (["x" * 4 * 8193], "8192 tokens"),
        (["x" * 4 * 8000] * 38, "300000 tokens"),
    ],
)
def test_limits_are_openais(openai: OpenAI, texts: str | list[str], says: str) -> None:
    """What OpenAI refuses is refused with 400 and the name of the parameter."""
    with pytest.raises(BadRequestError, match=says) as refused:
        openai.embeddings.create(model=MODEL, input=texts)
    assert (refused.value.param, refused.value.type) == ("input", "invalid_request_error")


def test_the_largest_request_is_answered(openai: OpenAI) -> None:
    """2048 texts of 146 tokens are within all limits."""
    answer = openai.embeddings.create(model=MODEL, input=["abc " * 146] * MAX_INPUTS, dimensions=8)
    assert len(answer.data) == MAX_INPUTS


def test_tokens_are_refused(openai: OpenAI) -> None:
    """Arrays of token numbers are refused in words."""
    with pytest.raises(BadRequestError, match="arrays of tokens"):
        openai.embeddings.create(model=MODEL, input=[[1, 2, 3]])


@pytest.mark.parametrize("dimensions", [0, -1, 1537])
def test_impossible_dimensions_are_refused(openai: OpenAI, dimensions: int) -> None:
    """A model gives no more numbers than it has, and at least one."""
    with pytest.raises(BadRequestError) as refused:
        openai.embeddings.create(model=MODEL, input="کفش", dimensions=dimensions)
    assert refused.value.param == "dimensions"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"input":"x"}',
        b'{"model":"m","input":"x","encoding_format":"hex"}',
        rb'{"model":"text-embedding-3-small\ud800","input":"x"}',
        rb'{"model":"multilingual-e5-small\udfff","input":"x"}',
    ],
)
def test_an_invalid_body_is_refused(base_url: str, body: bytes) -> None:
    """What is no request of this protocol is answered 400 in OpenAI's shape."""
    answer = httpx2.post(f"{base_url}/embeddings", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_an_unknown_address_is_not_found(base_url: str) -> None:
    """Other addresses are answered 404 in OpenAI's shape."""
    with (
        OpenAI(base_url=f"{base_url}/other", api_key="local", max_retries=0) as lost,
        pytest.raises(NotFoundError, match="Invalid URL"),
    ):
        lost.embeddings.create(model=MODEL, input="کفش")
