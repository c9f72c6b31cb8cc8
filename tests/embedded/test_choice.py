"""Which model `pilito up` uses without an embedding service."""

import pytest

from contracts.ids import embedding_label
from embedded.children.processes import StartFailed
from embedded.embedding.choice import chosen, needs_the_model
from settings import Settings

E5 = "multilingual-e5-small"


def settings(**given: object) -> Settings:
    return Settings(_env_file=None, **given)  # type: ignore[arg-type]  # read as from the environment


def label(variables: dict[str, str]) -> str:
    """The label of the vectors of processes with these variables."""
    names = {name.removeprefix("PILITO_").lower(): value for name, value in variables.items()}
    made = settings(**names)
    return embedding_label(made.embedding_model, made.embedding_dimensions, made.embedding_variant)


def test_meanings_are_compared_where_the_model_can_be_loaded() -> None:
    """Questions and passages have input types; a prefix of another model is not sent to this one."""
    choice = chosen(settings(embedding_query_prefix="query: "), is_usable=True)
    assert (choice.model, choice.dimensions, choice.kind, choice.note) == (E5, 384, "e5", "")
    assert choice.variables["PILITO_EMBEDDING_QUERY_INPUT_TYPE"] == "query"
    assert choice.variables["PILITO_EMBEDDING_PASSAGE_INPUT_TYPE"] == "passage"
    assert choice.variables["PILITO_EMBEDDING_QUERY_PREFIX"] == ""


def test_words_are_compared_where_the_model_cannot_be_loaded() -> None:
    """It is said, and such vectors are never compared with vectors of a model, also once a key is set."""
    words, meaning = (chosen(settings(), is_usable=usable) for usable in (False, True))
    assert (words.kind, words.model) == ("lexical", "pilito-lexical")
    assert "cannot be loaded" in words.note
    labels = {label(dict(words.variables)), label(dict(meaning.variables)), label({})}
    assert len(labels) == 3


@pytest.mark.parametrize(
    "given",
    [
        {"embedding_model": "text-embedding-3-small"},
        {"embedding_model": "text-embedding-3-large", "embedding_dimensions": 3072},
        {"embedding_dimensions": 256},
    ],
)
def test_a_model_that_needs_a_key_is_replaced_by_words(given: dict[str, object]) -> None:
    """Under the name and with the dimensions that are set; the sentence says what to do."""
    assert not needs_the_model(settings(**given))
    choice = chosen(settings(**given), is_usable=False)
    assert (choice.kind, choice.model) == ("lexical", given.get("embedding_model", "pilito-lexical"))
    assert choice.dimensions == given.get("embedding_dimensions", 1536)
    assert "OPENAI_API_KEY" in choice.note


def test_empty_settings_choose_nothing() -> None:
    """As in a copy of `.env.example`."""
    empty = settings(embedding_model="", embedding_dimensions="")
    assert needs_the_model(empty)
    assert chosen(empty, is_usable=True).model == E5
    assert (empty.embedding_model, empty.embedding_dimensions) == ("text-embedding-3-small", 1536)


def test_an_own_limit_of_requests_is_kept() -> None:
    """A smaller one, or a larger one that the server refuses first."""
    assert chosen(settings(), is_usable=True).variables["PILITO_EMBEDDING_MAX_TOKENS"] == "2000"
    choice = chosen(settings(embedding_max_tokens=500), is_usable=True)
    assert choice.variables["PILITO_EMBEDDING_MAX_TOKENS"] == "500"


def test_the_model_by_its_name() -> None:
    """It is not replaced by another one: the start fails with what to do."""
    assert chosen(settings(embedding_model=E5, embedding_dimensions=384), is_usable=True).kind == "e5"
    with pytest.raises(StartFailed, match="cannot be loaded"):
        chosen(settings(embedding_model=E5), is_usable=False)
    with pytest.raises(StartFailed, match="384 dimensions"):
        chosen(settings(embedding_model=E5, embedding_dimensions=512), is_usable=True)
