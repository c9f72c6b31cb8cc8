"""Lists that owners of stores write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.search.synonym_lists import parse, problems, tidy, write


def said(groups: list[list[str]]) -> list[tuple[str, str]]:
    return [(str(problem), problem.reason) for problem in problems(groups)]


def test_a_text_has_a_group_a_line() -> None:
    """Comments and empty lines are skipped."""
    text = "\ufeff# everyday words\n\nموبایل = گوشی=phone\r\n  یخچال = fridge  \n"
    assert parse(text) == [["موبایل", "گوشی", "phone"], ["یخچال", "fridge"]]
    assert write(parse(text)) == "موبایل = گوشی = phone\nیخچال = fridge\n"


def test_stored_phrases_are_normal() -> None:
    """Arabic letters, spaces and repetitions are gone; the first of equal ones stays."""
    assert tidy([["كيف\nدستي", "کیف  دستی", "Hand-Bag", "handbag"]]) == [["کیف دستی", "Hand-Bag"]]


@pytest.mark.parametrize(
    ("group", "where", "reason"),
    [
        ([], "group 1", "The group has 0 phrases; it needs 1 to 10."),
        (["a"] * 11, "group 1", "The group has 11 phrases; it needs 1 to 10."),
        (["گوشی", "x" * 61], "group 1, phrase 2", "The phrase has 61 characters; the most is 60."),
        (["گوشی", "؟!"], "group 1, phrase 2", "The phrase has no letter or digit."),
        (["یک دو سه چهار پنج"], "group 1, phrase 1", "The phrase has 5 words; the most is 4."),
        (["a = b"], "group 1, phrase 1", "A phrase has no = and does not begin with #."),
        (["#sale"], "group 1, phrase 1", "A phrase has no = and does not begin with #."),
    ],
)
def test_a_problem_names_group_and_phrase(group: list[str], where: str, reason: str) -> None:
    """And what is allowed."""
    assert said([group]) == [(where, reason)]


def test_a_phrase_belongs_to_one_group() -> None:
    """In any spelling, because groups do not chain."""
    assert said([["لپ تاپ", "laptop"], ["نوت بوک", "لپ\u200cتاپ"]]) == [
        ("group 2, phrase 2", "The phrase is in group 1 too. Join the two groups.")
    ]
    assert problems([["لپ تاپ", "لپ\u200cتاپ"]]) == []


def test_a_list_is_bounded() -> None:
    """At 500 groups."""
    assert problems([[f"w{number}"] for number in range(500)]) == []
    assert said([["w"]] * 501) == [("", "The list has 501 groups; the most is 500.")]
    assert [problem.sentence for problem in problems([["w"]] * 501)] == [
        "The list has 501 groups; the most is 500."
    ]
    assert [problem.sentence for problem in problems([["?"]])] == [
        "group 1, phrase 1: The phrase has no letter or digit."
    ]


@given(st.lists(st.lists(st.text(max_size=70), min_size=1, max_size=4), max_size=4))
def test_a_sound_list_survives_its_text(groups: list[list[str]]) -> None:
    """What is stored can be exported and imported."""
    tidied = tidy(groups)
    assert tidy(tidied) == tidied
    if not problems(tidied):
        assert parse(write(tidied)) == tidied
