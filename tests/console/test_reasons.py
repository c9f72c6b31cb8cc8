"""Reasons are read in the language of the page."""

import re
import tomllib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.console import reasons
from api.console.formats import Formats
from api.console.language import TEXTS, Language
from tests.console.sentences import written

NOW = datetime(2026, 11, 26, tzinfo=UTC)
PERSIAN, ENGLISH = Formats(Language.PERSIAN, NOW), Formats(Language.ENGLISH, NOW)
MARKED = "پیام فنی:"

COMPOSED = {
    "The clock of {} is {} that of Postgres.": (
        "The clock of this process is 90 s behind that of Postgres.",
        "The clock of this process is 90 s ahead of that of Postgres.",
        "The clock of Temporal is 90 s behind that of Postgres.",
        "The clock of Temporal is 90 s ahead of that of Postgres.",
    ),
    "only its first {} of {} characters were embedded.": (
        "text: chunk 3 (“Oil 5W”) was refused whole; only its first 100 of 2,000 characters were embedded."
        " The embedding service rejects the request as invalid (HTTP 400, too_long).",
    ),
    "{}{} is longer than the embedding model accepts; {} Set PILITO_EMBEDDING_MAX_TEXT_TOKENS to the limit"
    " of the model.": (
        "text: chunk 3 (“روغن زیتون”) is longer than the embedding model accepts; only its first 100 of 2,000"
        " characters were embedded. Set PILITO_EMBEDDING_MAX_TEXT_TOKENS to the limit of the model.",
    ),
    "No text of the product can be embedded: {}": (
        "No text of the product can be embedded: chunk 1 (“Oil”) cannot be embedded. The embedding service"
        " rejects the request as invalid (HTTP 400, bad). It answered: “no. not this”",
        "text: chunk 1 (“Oil”) cannot be embedded. The embedding service cannot be reached.",
    ),
    "{} Given up after {}.": ("The shop cannot be reached. Given up after 1 day, 0:00:12.",),
    "The shop listed {}{}; {}": (
        "The shop listed 1,200 of the 1,300 products it counts; its pages skip the others. A cache or a"
        " plugin that changes the REST API may be the cause.",
        "The shop listed 1,200 products, and does not count them; it answers different pages with the same"
        " products. A cache or the web server may drop the query string of requests.",
    ),
    "Accepted without confirmation from the shop: {}": (
        "The product was removed from search. Accepted without confirmation from the shop: The shop cannot be"
        " reached.",
    ),
    "Product {} of the page: {}": ("Product 3 of the page: The shop fails to answer for it.",),
    "The shop does not know the consumer key, or its user may not see products.{}": (
        "The shop does not know the consumer key, or its user may not see products. If the key is right, a"
        " proxy removes the Authorization header.",
    ),
    "The shop refuses the consumer secret, or its key may not read; create one that may.{}": (
        "The shop refuses the consumer secret, or its key may not read; create one that may. Over plain HTTP"
        " the shop's clock must be right, and base_url must be WordPress's own address, as in Settings >"
        " General; HTTPS is better.",
    ),
    "; a firewall or maintenance mode may answer.": (
        "The shop has a temporary problem (HTTP 503); a firewall or maintenance mode may answer.",
    ),
    "The shop has a temporary problem (HTTP {}){}": ("The shop has a temporary problem (HTTP 502).",),
    "{} The server has {}: run `ALTER EXTENSION vector UPDATE`.": (
        "This is pgvector 0.7.0; Pilito Sync needs version 0.8.0 or later. The server has 0.8.1: run `ALTER"
        " EXTENSION vector UPDATE`.",
    ),
    "It answered: “{}”": ("The embedding service cannot be reached. It answered: “try later”",),
    "the embedding service": ("Unusable answer: the embedding service did not answer with JSON.",),
}
"""Sentences that the source puts together of pieces, each with reasons as they are stored."""

NEVER_SHOWN = {
    "database/connecting/": "the commands print them when they cannot connect",
    "embeddings/registry.py": "the programs print it when they cannot start",
    "connectors/fields.py": "the OpenAPI document describes fields with them",
    "connectors/woocommerce/fields/categories.py": "names of the default category, and a description",
    "connectors/registry.py": "names of platforms",
    "connectors/shopify/parse.py": "a name that Shopify gives",
    "activities/errors.py: Postgres: %s": "a line of the log",
    "connectors/bounds.py: Value error, ": "a prefix that is removed",
    "connectors/shopify/errors.py: Answer | None": "a type",
    "contracts/catalog.py: Product | None": "a type",
    "connectors/woocommerce/webhooks.py: Pilito Sync: {}": "the name of a webhook in the shop",
    "database/access/tokens.py: Integration Token": "the name of a token without one",
}
"""Files, or sentences of a file, that are no reasons, and what they are."""

SAMPLES = [reason for reasons in COMPOSED.values() for reason in reasons]


def _is_exempt(sentence: str, file: str) -> bool:
    return any(f"{file}: {sentence}".startswith(start) for start in NEVER_SHOWN)


def test_every_sentence_that_the_service_writes_has_a_persian_one() -> None:
    missing = [
        f"{file}: {sentence}"
        for sentence, file in written().items()
        if sentence not in COMPOSED and not _is_exempt(sentence, file)
        if None in reasons.patterns_of(sentence.replace("{}", "7"))
    ]
    assert missing == [], "add them to api/console/texts/reasons.fa.toml"


@pytest.mark.parametrize("reason", SAMPLES)
def test_sentences_that_are_put_together_are_translated_whole(reason: str) -> None:
    assert None not in reasons.patterns_of(reason)
    assert MARKED not in PERSIAN.reason(reason)


def test_exemptions_are_of_sentences_that_exist() -> None:
    lines = [f"{file}: {sentence}" for sentence, file in written().items()]
    assert [start for start in NEVER_SHOWN if not any(line.startswith(start) for line in lines)] == []


def test_a_translation_has_the_values_of_its_sentence() -> None:
    tables = tomllib.loads((TEXTS / "reasons.fa.toml").read_text())
    for table in tables.values():
        for english, persian in table.items():
            places = re.findall(r"\{[nw]?\}", english)
            named = {int(place) for place in re.findall(r"\{(\d)\}", persian)}
            assert named == set(range(len(places))) if named else persian.count("{}") == len(places), english


def test_no_sentence_has_two_translations() -> None:
    tables = tomllib.loads((TEXTS / "reasons.fa.toml").read_text())
    sentences = [english for table in tables.values() for english in table]
    assert sorted(sentences) == sorted(set(sentences))


def test_no_translation_is_left_of_a_sentence_that_is_gone() -> None:
    tables = tomllib.loads((TEXTS / "reasons.fa.toml").read_text())
    said = [sentence.replace("{}", "7") for sentence in written()] + SAMPLES
    used = {pattern for sentence in said for pattern in reasons.patterns_of(sentence)}
    inner = ("Its confirmation", "it answers", "its pages", "chunk {n}")
    unused = {
        english
        for name, table in tables.items()
        if name != "values"
        for english in table
        if english not in used and not english.startswith(inner)
    }
    assert unused == set()


def test_values_stand_apart_and_numbers_are_persian() -> None:
    shown = PERSIAN.reason("images: only the first 1,500 entries were kept.")
    assert shown == "تصویر: تنها ۱٬۵۰۰ مورد نخست نگه داشته شد."
    shown = PERSIAN.reason("Saved; waiting for its product woo_7.")
    assert shown == "ذخیره شد و منتظر محصول خود، <bdi>woo_7</bdi>، است."


def test_codes_are_no_numbers_and_clocks_are_persian() -> None:
    assert "<bdi>22021</bdi>" in PERSIAN.reason("Postgres cannot store this product (22021).")
    assert "<bdi>12345</bdi>" in PERSIAN.reason("Event 12345 is newer.")
    assert "HTTP ۵۰۲" in PERSIAN.reason("The shop has a temporary problem (HTTP 502).")
    assert "۱ روز و <bdi>۰:۰۰:۱۲</bdi>" in PERSIAN.reason("Given up after 1 day, 0:00:12.")


def test_an_unknown_sentence_is_marked_and_the_others_are_translated() -> None:
    shown = PERSIAN.reason("Something <new> happened. The shop cannot be reached.")
    marked, _, known = shown.partition("</span> ")
    assert marked == (
        f'<span class="technical">{MARKED} <bdi lang="en" dir="ltr">Something &lt;new&gt; happened.</bdi>'
    )
    assert known == PERSIAN.reason("The shop cannot be reached.")
    assert MARKED not in known


def test_a_sentence_that_the_log_cut_off_is_known() -> None:
    whole = "The user of the consumer key may not see products; create the key for a shop manager."
    assert PERSIAN.reason(whole[:40]) == PERSIAN.reason(whole)


def test_an_english_page_shows_the_sentence_itself() -> None:
    assert ENGLISH.reason("Unreadable: <b>: no.") == "Unreadable: &lt;b&gt;: no."
    assert ENGLISH.reason(None) == PERSIAN.reason("") == ""


@given(
    st.text(max_size=3_000)
    | st.lists(st.sampled_from([*SAMPLES, "<", ": ", "{}", "“", ".", "; left out."])).map("".join)
)
def test_any_text_is_shown_without_markup_of_its_own(said: str) -> None:
    shown = re.sub(r"</?(span|bdi|time)\b[^<>]*>", "", PERSIAN.reason(said))
    assert "<" not in shown
