"""Messages are Persian unless the client prefers English."""

import ast
import re
from pathlib import Path
from string import Formatter

import pytest

import api
from api.i18n import MESSAGES, language, message
from api.ingest.accept import IngestResult
from api.verdict import Verdict
from contracts.deliveries import ItemCode


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
        ("en;q=1.000", "en"),
        ("en ; q=0.7 , fa ; q=0.3", "en"),
        ("en;level=1;q=0.4, fa;q=0.3", "en"),
        ("fa;q=0, *", "en"),
        ("fa;q=0.5, *;q=0.8", "en"),
        ("en;q=0, *", "fa"),
        ("de, *;q=0.5", "fa"),
        ("en;q=5", "fa"),
        ("en;q=-1", "fa"),
        ("en;q=inf", "fa"),
        ("en;q=1e0", "fa"),
        ("en;q=\u06f1", "fa"),
        ("\u0435n", "fa"),
        ("en" + "\0", "fa"),
        ("de," * 100_000 + "en", "fa"),
        ("en" + "-x" * 100_000, "en"),
        (";" * 100_000 + "q=1,en", "en"),
    ],
)
def test_the_header_decides_the_language(header: str | None, expected: str) -> None:
    """English if `Accept-Language` prefers it to Persian; entries that cannot be parsed are ignored."""
    assert language(header) == expected


@pytest.mark.parametrize("name", MESSAGES)
def test_every_message_has_both_languages(name: str) -> None:
    """With the same placeholders."""
    texts = MESSAGES[name]
    assert set(texts) == {"fa", "en"}
    fa, en = ({field for _, field, _, _ in Formatter().parse(text) if field} for text in texts.values())
    assert fa == en


FOREIGN = {"token", "last", "error", "next", "retry", "at"}
"""Words that stay in Latin letters in Persian sentences."""

MISSPELT = {
    "an Arabic letter": "[\u064a\u0643\u0649\u0629\u0660-\u0669]",
    "a half-space at the border of a word": "(?<![\u0621-\u06cc])\u200c|\u200c(?![\u0621-\u06cc])",
    "a space where a half-space belongs": r"\b(ن?می) |\b\w+ (ها|های|هایی|تر|ترین|ام|اند)\b",
    "a verb grown together": r"\bن?می(شود|شوند|کند|کنند|کنید|باشد|توان|خواه|ده|گیر)",
    "too many spaces": r"^\s|\s$|\s\s|\s[،.؟!]",
    "Latin punctuation": r"[,;?](\s|$)",
}


@pytest.mark.parametrize("name", MESSAGES)
def test_persian_is_persian(name: str) -> None:
    """Persian letters, correct half-spaces, and no Latin words but names of fields."""
    text = MESSAGES[name]["fa"]
    assert re.search("[\u0621-\u06cc]", text)
    assert set(re.findall("[A-Za-z]+", text)) <= FOREIGN
    assert not {what for what, pattern in MISSPELT.items() if re.search(pattern, text)}


@pytest.mark.parametrize("name", MESSAGES)
def test_english_is_english(name: str) -> None:
    """Plain letters, and a sentence."""
    text = MESSAGES[name]["en"]
    assert text.isascii()
    assert text[0].isupper()
    assert text == text.strip()


@pytest.mark.parametrize(
    "wrong",
    [
        *("رويداد دریافت شد", "نمایش داده می شود", "نمایش داده میشود", "پیام ها", "پیام\u200c ها"),
        *("این ، آن", "این, آن", "نمی شود", " این", "۱ یا ٢", "بزرگ ترین"),
    ],
)
def test_wrong_persian_is_noticed(wrong: str) -> None:
    """The test above can fail."""
    assert {what for what, pattern in MISSPELT.items() if re.search(pattern, wrong)}


def test_every_used_message_exists_and_every_message_is_used() -> None:
    """The routes use exactly the names of the table."""
    folder = Path(*api.__path__)
    calls = [
        node.args[0]
        for file in folder.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "message"
    ]
    named = {argument.value for argument in calls if isinstance(argument, ast.Constant)}
    explained = {f"explain.{verdict}{rest}" for verdict in Verdict for rest in ("", ".to_do")}
    in_batches = {f"batch.{code}" for code in ItemCode}
    assert {*named, *IngestResult, *explained, *in_batches} == set(MESSAGES)


def test_the_messages_of_the_contract_are_unchanged() -> None:
    """Plugins show them to shop owners."""
    assert message("accepted", None) == "رویداد دریافت شد و در صف پردازش قرار گرفت"
    assert message("skipped", None) == "این رویداد قبلاً پردازش شده است"
    assert message("connected", None) == "اتصال برقرار است"
    assert message("connected", "en") == "The connection works"
