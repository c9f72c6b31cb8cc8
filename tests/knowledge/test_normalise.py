"""Normalised text and its search form."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from knowledge.normalise import is_settled, normalise, search_form, settle
from tests.support.plugins.examples import examples

PERSIAN = "ابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهیآأإؤئءةۀيكى"
PARTS = [
    *PERSIAN,
    *"۰۱۹٠١٩0129٫٬،.,/'’-_ \n\t",
    *"aZßİΣﬁ²½ﷲ﷼ﻻﹶ\u0640\u064b\u0654\u0653\u0301\u0338<=",
    *"\u200c\u200d\u200b\u200e\u202e\u2066\ufeff\xad\x00\x1f\x85\u2028\u2003\xa0\r",
    "👨\u200d👩\u200d👧\u200d👦",
    "🏴\U000e0067\U000e0062\U000e007f",
    "\U000e0041",
    "❤\ufe0f",
    "1\ufe0f\u20e3",
    "1,234",
    "1.234.567",
    "한글",
    "が",
    "\ud800",
]
CALM = [*"ابپآئیک۴5aZ،.,[«", " ", "\n", "\u200c", "é", "❤\ufe0f"]
texts = st.one_of(
    st.lists(st.sampled_from(PARTS), max_size=30).map("".join),
    st.text(st.characters(codec=None), max_size=30),
)
many = examples(300)


@many
@given(texts)
@example("ۀ" + "\u0301" * 16)
@example("\u0958" + "\u0301" * 16)
@example("ي\u200c\u0654")
def test_normalised_text_stays_as_it_is(text: str) -> None:
    """Normalising twice is normalising once."""
    once = normalise(text)
    assert normalise(once) == once


@many
@given(texts | st.lists(st.sampled_from(CALM), max_size=30).map("".join))
@example("ا\u200c ب")
@example("\u1100\u1161")
@example("a \n b")
@example("a\n\n\nb")
@example("\na")
def test_text_that_needs_no_step_is_normal(text: str) -> None:
    """Text that is taken for settled is what all steps would make of it."""
    assert not is_settled(text) or settle(text) == text
    assert normalise(text) == settle(text)


def test_no_step_changes_a_character_that_is_taken_for_settled() -> None:
    """Of all characters of Unicode, those let through stay as they are between letters."""
    text = "ا".join(("", *filter(is_settled, map(chr, range(0x110000))), ""))
    assert settle(text) == text


@many
@given(texts)
def test_normalised_text_can_be_stored(text: str) -> None:
    """No control character but the newline, no NUL, no surrogate and no bidi mark is left."""
    left = normalise(text)
    assert left.encode().decode() == left
    assert all(character == "\n" or unicodedata.category(character) not in ("Cc", "Cs") for character in left)
    assert not set(left) & set("\u200b\u200e\u200f\u202a\u202e\u2066\u2069\ufeff\u061c\u0640")
    assert unicodedata.is_normalized("NFC", left)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("كيبورد عربي", "کیبورد عربی"),
        ("موسى", "موسی"),
        ("خانۀ ما", "خانه\u0654 ما"),
        ("مســـئول", "مسئول"),
        ("مس\u064a\u0654ول", "مسئول"),
        ("ﻻﻟﻪ ﮐﺘﺎﺏ", "لاله کتاب"),
        ("می\u200c\u200c\u200cشود", "می\u200cشود"),
        ("\u200cکتاب\u200c ها\u200c، «\u200cخوب\u200c»\u200c", "کتاب ها، «خوب»"),
        ("لپ\u200cتاپ", "لپ\u200cتاپ"),
        ("\ufeffالف\u200e\u202b ب\x00پ\ud83d", "الف بپ"),
        ("الف\xa0\u2003\tب", "الف ب"),
        ("  الف  \r\n ب\u2028\n\n\n\nپ ", "الف\nب\n\nپ"),
        ("۱۵٫۶ و 12", "۱۵٫۶ و 12"),
        ("هـ ه\u200d.ق", "ه ه\u200d.ق"),
        ("👨\u200d👩\u200d👧\u200d👦 ❤\ufe0f 👍🏽 🇮🇷", "👨\u200d👩\u200d👧\u200d👦 ❤\ufe0f 👍🏽 🇮🇷"),
        (
            "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
            "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        ),
        ("متن\U000e0068\U000e0069پنهان", "متنپنهان"),
        ("cafe\u0301", "café"),
    ],
)
def test_one_spelling(text: str, normal: str) -> None:
    """Variants of spelling and spacing become one; joiners that carry meaning, emoji and digits stay."""
    assert normalise(text) == normal


def test_a_long_run_of_marks_is_cut() -> None:
    """Marks piled on one letter are cut to sixteen, so that composing them takes no quadratic time."""
    assert normalise("a" + "\u0301\u0316" * 100_000) == unicodedata.normalize("NFC", "a" + "\u0301\u0316" * 8)


@many
@given(texts)
@example("5/1.234.567")
@example("1.234.567/8")
@example("1\u200c2.345.678")
@example("\u0345α")
def test_search_form_stays_as_it_is(text: str) -> None:
    """Folding twice is folding once."""
    once = search_form(text)
    assert search_form(once) == once


@many
@given(texts)
def test_search_form_is_words_and_single_spaces(text: str) -> None:
    """The form holds letters and digits, points inside numbers, and single spaces between words."""
    form = search_form(text)
    assert form == " ".join(form.split())
    assert all(character.isalnum() or character in " ." for character in form)
    assert not any(word.startswith(".") or word.endswith(".") for word in form.split())


@many
@given(st.text(st.sampled_from(PERSIAN + "۰۱۹ \n\u200c،"), max_size=30))
def test_keyboards_do_not_matter(text: str) -> None:
    """Arabic and Persian letters and digits, capitals and tatweel find each other."""
    arabic = text.translate(str.maketrans("یک۰۱۹", "يك٠١٩"))
    assert (
        search_form(arabic) == search_form(text) == search_form(text.translate(str.maketrans("۰۱۹", "019")))
    )


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("لپ\u200cتاپ", "لپتاپ لپ تاپ"),
        ("می\u200cشود، نمی\u200cشود", "میشود می شود نمیشود نمی شود"),
        ("کتاب\u200cخانه\u200cها", "کتابخانهها کتاب خانه ها"),
        ("۳۲٬۵۰۰٬۰۰۰ تومان", "32500000 تومان"),
        ("۳۲،۵۰۰ 32,500 32.500.000 32/500/000", "32500 32500 32500000 32500000"),
        ("1,5 1,2345 1,234,56 1.234", "1 5 1 2345 1 234 56 1.234"),
        ("15.6,234 1,234.5", "15.6 234 1234.5"),
        ("۱۵٫۶ اینچ، 1402/05/12", "15.6 اینچ 1402 05 12"),
        ("آبی أحمد إسلام ٱلله", "ابی احمد اسلام الله"),
        ("مؤثر مسئول خانۀ خانهٔ فاطمة شیء", "موثر مسیول خانه خانه فاطمه شی"),
        ("مُحَمَّد قُرآنٌ", "محمد قران"),
        ("Core i5-1235U / STRASSE straße Ｆｕｌｌ", "core i5 1235u strasse strasse full"),
        ("«حراج» 🔥 50% off! m²", "حراج 50 off m2"),
        ("snake_case a.b", "snake case a b"),
        ("🔥 … —", ""),
    ],
)
def test_folding(text: str, form: str) -> None:
    """Letters fold to their base, half-spaced words give both forms, numbers lose their grouping."""
    assert search_form(text) == form


@pytest.mark.parametrize("word", ["لپ\u200cتاپ", "لپ تاپ", "لپتاپ"])
def test_a_half_spaced_word_is_found_by_each_spelling(word: str) -> None:
    """A stored half-spaced word shares a word with each way of typing it."""
    assert set(search_form(word).split()) & set(search_form("لپ\u200cتاپ").split())


@pytest.mark.parametrize("text", ["x" * 100_000, "1,234" * 20_000, "ا\u200c" * 30_000, "1." * 50_000])
def test_long_runs_are_folded(text: str) -> None:
    """A word, number or chain of joiners of any length is folded in linear time."""
    assert search_form(search_form(text)) == search_form(text)
