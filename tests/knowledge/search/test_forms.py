"""Texts and questions meet in their lexemes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.normalise import search_form
from knowledge.search.builtin import builtin
from knowledge.search.forms import (
    EXACT,
    FAR,
    LONGEST_LEXEME,
    MOST_WORDS,
    NEAR,
    PREFIX,
    STRENGTHS,
    TITLE,
    asked,
    asked_codes,
    indexed,
    mistakes,
    vocabulary,
)
from knowledge.search.polite import polite
from knowledge.search.synonyms import Synonyms

NONE = Synonyms(())


def strength(question: str, text: str, synonyms: Synonyms = NONE) -> list[float]:
    """Returns how much of each word of a question a text has."""
    lexemes = set(indexed(text))
    return [
        max((value for form, value in one.forms.items() if lexemes.issuperset(form)), default=0.0)
        for one in asked(question, synonyms)
    ]


@pytest.mark.parametrize(
    ("question", "text", "strengths"),
    [
        ("لپتاپ", "لپ تاپ گیمینگ", [EXACT]),
        ("لپ تاپ", "لپتاپ گیمینگ", [EXACT, EXACT]),
        ("لپ‌تاپ", "لپ تاپ", [EXACT]),
        ("گوشی‌های سامسونگ", "گوشی سامسونگ", [NEAR, EXACT]),
        ("گوشیهای ساده", "گوشی", [NEAR, 0.0]),
        ("قابلمه‌ها", "قندان‌ها", [0.0]),
        ("wh1000xm5", "هدفون WH-1000XM5", [EXACT]),
        ("WH 1000 XM5", "هدفون wh1000xm5", [EXACT, EXACT, EXACT]),
        ("سلام گوشی دارین؟", "گوشی", [EXACT]),
        ("headphones", "studio headphone", [NEAR]),
    ],
)
def test_words_meet_in_their_forms(question: str, text: str, strengths: list[float]) -> None:
    """Joined and apart, with endings, as codes, and without polite words."""
    assert strength(question, text) == strengths


def test_a_code_is_found_by_its_beginning() -> None:
    """As a form that stands for all codes that begin so; short ones would be too many."""
    (word,) = asked("ux3405", NONE)
    assert word.forms[(f"#ux3405{PREFIX}",)] == NEAR
    assert not any(form[0].endswith(PREFIX) for one in asked("s23", NONE) for form in one.forms)


def test_synonyms_are_forms_of_all_words_of_a_phrase() -> None:
    """In both directions, and the built-in ones join the languages."""
    synonyms = Synonyms([("تلفن همراه", "گوشی")])
    assert strength("تلفن همراه", "گوشی", synonyms) == [EXACT, EXACT]
    assert strength("گوشی", "تلفن همراه", synonyms) == [EXACT]
    assert strength("samsung fridge", "یخچال سامسونگ", builtin()) == [EXACT, EXACT]


def test_names_are_marked() -> None:
    """The title's words are there once more, also without their endings."""
    lexemes = indexed("گوشی‌ها\nارزان", "گوشی‌ها")
    assert {f"{TITLE}گوشیها", f"{TITLE}گوشی", "ارزان"} <= set(lexemes)
    assert f"{TITLE}ارزان" not in lexemes


def test_only_polite_words_are_searched_for_if_there_are_no_others() -> None:
    """A question never loses all its words."""
    assert [one.word for one in asked("سلام وقت بخیر", NONE)] == ["سلام", "وقت", "بخیر"]
    assert all(word == search_form(word) for word in polite())


@pytest.mark.parametrize(
    ("question", "codes"),
    [
        ("978 0132350884", {"9780132350884", "0132350884"}),
        ("mng crd bg", {"mngcrdbg"}),
        ("قیمت SM-S911B چنده", {"sms911b", "s911b", "قیمتsms911bچنده"}),
        ("؟", set()),
    ],
)
def test_codes_of_a_question(question: str, codes: set[str]) -> None:
    """Each run of its Latin words with a digit, and the whole."""
    assert codes <= asked_codes(question)
    assert bool(codes) == bool(asked_codes(question))


@pytest.mark.parametrize(("word", "allowed"), [("سبز", 0), ("رباطیک", 1), ("استخدامی", 2), ("s23ultra", 0)])
def test_long_words_may_have_more_mistakes(word: str, allowed: int) -> None:
    """Codes have none."""
    assert mistakes(word) == allowed


@given(st.text(max_size=300))
def test_any_question_has_words_if_its_search_form_has(text: str) -> None:
    """They are few, fit into an index, and their forms are valid."""
    words = asked(text, builtin())
    assert bool(words) == any(len(word.encode()) <= LONGEST_LEXEME for word in search_form(text).split())
    assert len(words) <= MOST_WORDS
    for one in words:
        assert one.forms[(one.word,)] == EXACT
        assert set(one.forms.values()) <= set(STRENGTHS)
        assert all(0 < len(lexeme.encode()) <= LONGEST_LEXEME for form in one.forms for lexeme in form)


@given(st.text(max_size=300))
def test_a_text_has_the_words_of_its_search_form(text: str) -> None:
    """Lexemes have no spaces, and the words of the vocabulary are among them."""
    lexemes = set(indexed(text, text))
    assert {word for word in search_form(text).split() if len(word.encode()) <= LONGEST_LEXEME} <= lexemes
    assert all(one and not any(map(str.isspace, one)) for one in lexemes)
    assert vocabulary(text) <= lexemes
    assert FAR < NEAR < EXACT
