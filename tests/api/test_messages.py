"""What we say to people is Persian unless they prefer English."""

import ast
from pathlib import Path

import pytest

import api
from api.explain import Verdict
from api.intake import Taken
from api.messages import MESSAGES, language, message


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, "fa"),
        ("", "fa"),
        ("*", "fa"),
        ("fa", "fa"),
        ("en", "en"),
        ("EN-US", "en"),
        ("fa-IR,fa;q=0.9,en;q=0.8", "fa"),
        ("en-US,en;q=0.9,fa;q=0.8", "en"),
        ("fa;q=0.3, en;q=0.7", "en"),
        ("en, fa", "fa"),
        ("en;q=0", "fa"),
        ("de", "fa"),
        ("de, en;q=0.5", "en"),
        ("en;q=nonsense", "fa"),
        ("en;q=nan", "fa"),
        ("english", "fa"),
        (",;=,;q=;", "fa"),
    ],
)
def test_the_header_decides_the_language(header: str | None, expected: str) -> None:
    """English where `Accept-Language` prefers it to Persian; whatever cannot be read counts as nothing."""
    assert language(header) == expected


@pytest.mark.parametrize("name", MESSAGES)
def test_every_message_has_both_languages(name: str) -> None:
    """Persian text is written in Persian letters, English text in Latin ones."""
    texts = MESSAGES[name]
    assert set(texts) == {"fa", "en"}
    assert any("\u0600" <= letter <= "\u06ff" for letter in texts["fa"])
    assert texts["en"].isascii()


def test_every_message_that_is_asked_for_exists_and_none_is_left_over() -> None:
    """The names the routes use are those of the table."""
    folder = Path(*api.__path__)
    calls = [
        node.args[0]
        for file in folder.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "message"
    ]
    named = {argument.value for argument in calls if isinstance(argument, ast.Constant)}
    explained = {f"explain.{verdict}{rest}" for verdict in Verdict for rest in ("", ".to_do")}
    assert {*named, *Taken, *explained} == set(MESSAGES)


def test_the_words_of_the_contract_are_kept() -> None:
    """Plugins show these to shop owners as they are."""
    assert message("accepted", None) == "رویداد دریافت شد و در صف پردازش قرار گرفت"
    assert message("skipped", None) == "این رویداد قبلاً پردازش شده است"
    assert message("connected", None) == "اتصال برقرار است"
    assert message("connected", "en") == "The connection works"
