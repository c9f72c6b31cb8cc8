"""The lexical vectors: equal for spellings of one text, nearer for texts that share words."""

import math
import subprocess
import sys
from array import array

import pytest

from embedded.embedding.lexical import embed

DIMENSIONS = 1536


def likeness(left: str, right: str) -> float:
    return sum(a * b for a, b in zip(embed(left, DIMENSIONS), embed(right, DIMENSIONS), strict=True))


@pytest.mark.parametrize(
    ("written", "otherwise"),
    [
        ("كفش ورزشي", "کفش ورزشی"),
        ("گوشی ۱۲۸ گیگ", "گوشی 128 گیگ"),
        ("گوشی ١٢٨ گیگ", "گوشی 128 گیگ"),
        ("می‌\u200cخورم", "می‌خورم"),
        ("ASUS Rog", "asus ROG"),
        ("لپ‌تاپ، ایسوس!", "لپ‌تاپ ایسوس"),
    ],
)
def test_spellings_of_one_text_have_one_vector(written: str, otherwise: str) -> None:
    """Arabic letters, digits, doubled half-spaces, case and punctuation make no difference."""
    assert embed(written, DIMENSIONS) == embed(otherwise, DIMENSIONS)


@pytest.mark.parametrize(
    ("query", "near", "far"),
    [
        ("لپ تاپ ایسوس", "لپ‌تاپ ایسوس ROG Strix با کارت گرافیک", "کفش ورزشی مردانه برای دویدن"),
        ("لپتاپ", "لپ تاپ سبک و کم‌صدا", "تابلو فرش دستباف"),
        ("کفش مردانه", "کفش‌های ورزشی مردانه", "کیف زنانه چرم"),
        ("gaming laptop", "ASUS laptops for gaming", "running shoes for men"),
        ("قیمت گوشی سامسونگ", "گوشی موبایل سامسونگ گلکسی", "قیمت مناسب کفش از چرم"),
    ],
)
def test_related_texts_rank_above_unrelated_ones(query: str, near: str, far: str) -> None:
    """A text that shares words, or parts of them, is nearer than one that does not."""
    assert likeness(query, near) > likeness(query, far) + 0.1


@pytest.mark.parametrize("text", [" ", "!!!", "😀", "\ud800", "و", "a", "\u200c"])
@pytest.mark.parametrize("dimensions", [1, 8, 3072])
def test_every_vector_has_length_one(text: str, dimensions: int) -> None:
    """No text has a zero vector, not even one without a word."""
    assert math.hypot(*embed(text, dimensions)) == pytest.approx(1)


def test_texts_without_words_differ() -> None:
    """Without words, characters decide."""
    assert embed("!!!", DIMENSIONS) != embed("???", DIMENSIONS)


@pytest.mark.usefixtures("programs")
def test_another_process_gives_the_same_vector() -> None:
    """A vector does not depend on the process that made it."""
    code = "from embedded.embedding.lexical import embed; print(embed('کفش ورزشی', 64).tobytes().hex())"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert array("f", bytes.fromhex(other.stdout)) == embed("کفش ورزشی", 64)
