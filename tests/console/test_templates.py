"""Templates have no script, style or handler of their own, are short, and take every word from the texts."""

import ast
import re
import string
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from api.console.language import Language, texts
from api.console.rendering import TEMPLATES
from contracts.events import EventStatus, EventType
from contracts.webhooks import WebhookHealth
from tests.console.test_texts import ONE
from tests.support.environment import ROOT

FILES = sorted(TEMPLATES.rglob("*.html"))
SOURCES = sorted((ROOT / "api" / "console").rglob("*.py"))
LONGEST = 200

_TAGS = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
_QUOTED = re.compile(r"\"([^\"]*)\"|'([^']*)'")
_TOLD = re.compile(r"""\bt\(\s*(?:"([\w.]+)"|'([\w.]+)')\s*[,)]""")

LATIN = {
    "csv",
    "json",
    "JSON",
    "curl",
    "MCP",
    "API",
    "SKU",
    "GTIN",
    "URL",
    "HTTPS",
    "English",
    "pilito",
    "doctor",
    "UTC",
}
LATIN |= {
    "Postgres",
    "Temporal",
    "IRT",
    "IRR",
    "EUR",
    "WooCommerce",
    "Shopify",
    "Pilito",
    "WordPress",
    "Standard",
    "Webhooks",
    "Bearer",
    "PILITO_TOKEN",
    "Sync",
    "search_catalog",
    "read_products",
}
"""Proper names and codes, which Persian texts write in Latin letters."""


class _Markup(HTMLParser):
    """Collects what a strict policy refuses."""

    def __init__(self) -> None:
        super().__init__()
        self.problems: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "style" or (tag == "script" and "src" not in given):
            self.problems.append(f"<{tag}> with content")
        if tag in ("script", "link") and "integrity" not in given and given.get("rel") != "icon":
            self.problems.append(f"<{tag}> without integrity")
        if tag in ("iframe", "object", "embed", "base"):
            self.problems.append(f"<{tag}>")
        for name, value in attrs:
            if name.startswith(("on", "hx-on")) or name in ("style", "hx-vars"):
                self.problems.append(f"{name}=")
            if value and re.match(r"\s*(javascript|data|js):", value, re.IGNORECASE):
                self.problems.append(f'{name}="{value}"')


def _inner(file: Path) -> list[str]:
    return _TAGS.findall(file.read_text())


@pytest.mark.parametrize("file", FILES, ids=[file.name for file in FILES])
def test_a_template_needs_nothing_that_the_policy_refuses(file: Path) -> None:
    found = _Markup()
    found.feed(_TAGS.sub("x", file.read_text()))
    assert found.problems == []


@pytest.mark.parametrize("file", FILES, ids=[file.name for file in FILES])
def test_a_template_escapes_and_is_short(file: Path) -> None:
    source = file.read_text()
    assert not re.search(r"\|\s*safe\b|autoescape|Markup", source)
    assert len(source.splitlines()) <= LONGEST


@pytest.mark.parametrize("file", FILES, ids=[file.name for file in FILES])
def test_a_template_has_no_words_of_its_own(file: Path) -> None:
    """Names of products of others stay as they are."""
    visible = re.sub(r"<[^>]*>|[\w-]+=\"\w+\"", " ", _TAGS.sub(" ", file.read_text()))
    words = set(re.findall(r"[^\W\d_]{2,}", visible)) - {"Postgres", "Temporal", "amp", "DOCTYPE"}
    assert words == set()
    labels = re.findall(
        r"(?:aria-label|title|placeholder|alt)=\"([^\"{]+)\"", _TAGS.sub("{}", file.read_text())
    )
    assert [
        label for label in labels if re.search(r"[^\W\d_]{3,}", label) and not label.startswith("woo_")
    ] == []


def _used() -> tuple[set[str], set[str]]:
    """Returns the keys that pages use, and the beginnings of keys that they put together."""
    strings: set[str] = set()
    for file in FILES:
        strings |= {one or other for inner in _inner(file) for one, other in _QUOTED.findall(inner)}
    for source in SOURCES:
        strings |= set(_strings(ast.parse(source.read_text())))
    keys = texts(Language.ENGLISH)
    empty = {f"{text}{end}" for text in strings for end in (".title", ".to_do")}
    starts = {text for text in strings if text.endswith((".", "_")) and re.fullmatch(r"\w+\.[\w.]*", text)}
    return (strings | empty) & keys.keys(), starts


def _strings(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_every_text_of_a_page_exists() -> None:
    keys = texts(Language.ENGLISH)
    missing = {
        f"{file.name}: {one or other}"
        for file in FILES
        for inner in _inner(file)
        for one, other in _TOLD.findall(inner)
        if (one or other) not in keys
    }
    assert missing == set()


def test_every_text_is_used() -> None:
    used, starts = _used()
    unused = {
        key
        for key in texts(Language.ENGLISH)
        if _of_many(key) not in used and not key.startswith(tuple(starts))
    }
    assert unused == set()


def test_both_languages_have_the_same_texts_with_the_same_values() -> None:
    english, persian = texts(Language.ENGLISH), texts(Language.PERSIAN)
    assert {_of_many(key) for key in english} == persian.keys()
    for key in persian:
        assert _values(english[key]) == _values(persian[key]), key


def _of_many(key: str) -> str:
    """Returns the key of the text for several things, where a key is for one thing; else the key."""
    many = key.removesuffix(ONE)
    return many if many in texts(Language.ENGLISH) else key


def _values(said: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(said) if name is not None}


@pytest.mark.parametrize(
    ("table", "members"),
    [("status", EventStatus), ("event_type", EventType), ("webhooks", WebhookHealth)],
    ids=["status", "event type", "webhooks"],
)
def test_every_state_has_a_word(table: str, members: type[EventStatus]) -> None:
    for member in members:
        assert f"{table}.{member}" in texts(Language.PERSIAN)


def test_persian_texts_are_persian() -> None:
    """Letters of Arabic, digits and words of English do not get in by accident."""
    latin = set()
    for key, said in texts(Language.PERSIAN).items():
        plain = re.sub(
            r"\{\w+\}|\u2066[^\u2069]*\u2069|https?://\S+|/[\w/-]+|\b[0-9a-f]+:[0-9a-f:]+", "", said
        )
        latin |= {f"{key}: {word}" for word in set(re.findall(r"[A-Za-z_]{2,}", plain)) - LATIN}
        assert not re.search("[يك٠-٩0-9]", plain), key
        assert not re.search(r"\bمی |\bنمی | ها\b| های\b", plain), f"{key} lacks a half-space"
        assert not re.search(r"[?;,]", plain), f"{key} has English punctuation"
    assert latin == set()
