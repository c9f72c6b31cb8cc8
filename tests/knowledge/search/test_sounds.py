"""Words of both scripts sound alike by their consonants."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.normalise import search_form
from knowledge.search.sounds import LEAST, LONGEST, is_latin, sound


@pytest.mark.parametrize(
    ("persian", "latin"),
    [
        ("سامسونگ", "samsung"),
        ("گلکسی", "galaxy"),
        ("فیلیپس", "philips"),
        ("ویووبوک", "vivobook"),
        ("دلونگی", "delonghi"),
        ("آکواریوم", "aquarium"),
        ("ژیلت", "gillette"),
    ],
)
def test_a_name_sounds_alike_in_both_scripts(persian: str, latin: str) -> None:
    """Vowels are not compared, and letters for one sound count as one."""
    assert sound(search_form(persian)) == sound(latin) != ""


@pytest.mark.parametrize("word", ["بوش", "asus", "", "s23", "galaxyگ", "۴۵۶", "سلام1"])
def test_short_and_mixed_words_have_no_sound(word: str) -> None:
    """Too many other words would sound like them."""
    assert sound(word) == ""


@given(st.text(max_size=60))
def test_a_sound_is_bounded(text: str) -> None:
    """For any text, also one that is no word."""
    heard = sound(text)
    assert heard == "" or LEAST <= len(heard) <= LONGEST
    assert not is_latin(text) or text.isascii()
