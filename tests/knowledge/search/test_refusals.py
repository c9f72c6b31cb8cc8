"""What a question says that a product must not be."""

import pytest

from knowledge.search.questions.refusals import is_colour
from knowledge.search.understanding import understand


def refused(question: str) -> tuple[str, list[str], set[bool]]:
    """Returns the words that are left, the things that are refused, and whether they certainly are."""
    found = understand(question, "IRT")
    places = [range(each.start, each.end) for each in found.excluded]
    rest = found.text.without(found.taken.union(*places))
    return (
        rest,
        [" ".join(each.words) for each in found.excluded],
        {each.is_certain for each in found.excluded},
    )


@pytest.mark.parametrize(
    ("question", "rest", "things"),
    [
        ("گوشی غیر از سامسونگ و اپل", "گوشی", ["سامسونگ", "اپل"]),
        ("لپ‌تاپ به جز ایسوس برای بازی", "لپ‌تاپ برای بازی", ["ایسوس"]),
        ("گوشی غیر از ال جی", "گوشی", ["ال جی"]),
        ("phone except samsung", "phone", ["samsung"]),
        ("phone but not samsung", "phone", ["samsung"]),
        ("I don't want samsung", "", ["samsung"]),
        ("phone, i don’t want samsung", "phone", ["samsung"]),
        ("headphones, not the wireless ones", "headphones", ["wireless ones"]),
        ("تیشرت نه، هودی", "هودی", ["تیشرت"]),
        ("گوشی شیائومی نباشه", "گوشی", ["شیائومی"]),
        ("گوشی شیائومی نمی خوام", "گوشی", ["شیائومی"]),
        ("گوشی شیائومی نمی‌خوام", "گوشی", ["شیائومی"]),
        ("گوشی مارک شیائومی نباشه", "گوشی", ["شیائومی"]),
        ("سامسونگ و اپل نباشه", "", ["سامسونگ", "اپل"]),
        ("گوشی سامسونگ یا اپل یا نوکیا نمیخوام", "گوشی", ["سامسونگ", "اپل", "نوکیا"]),
        ("کیف و کفش چرم نباشه", "کیف و کفش", ["چرم"]),
    ],
)
def test_things_that_are_certainly_refused(question: str, rest: str, things: list[str]) -> None:
    """They are named before or after, alone or joined."""
    assert refused(question) == (rest, things, {True})


@pytest.mark.parametrize(
    ("question", "rest", "things"),
    [
        ("گوشی غیر از برند سامسونگ", "گوشی", ["سامسونگ"]),
        ("گوشی غیر از مارک ال جی", "گوشی", ["ال جی"]),
        ("تیشرت به جز رنگ مشکی", "تیشرت", ["مشکی"]),
        ("مانتو بجز رنگ های تیره", "مانتو", ["تیره"]),
        ("مانتو بجز رنگ‌های تیره", "مانتو", ["تیره"]),
        ("کفش به جز سایز L", "کفش", ["L"]),
        ("گوشی غیر از گوشی سامسونگ", "گوشی", ["سامسونگ"]),
        ("گوشی‌های غیر از گوشی سامسونگ", "گوشی‌های", ["سامسونگ"]),
        ("phone except samsung phones", "phone", ["samsung phones"]),
        ("phones except the samsung phones", "phones", ["samsung phones"]),
    ],
)
def test_words_before_a_value_are_not_it(question: str, rest: str, things: list[str]) -> None:
    """Articles, words such as رنگ and برند, and what was asked already."""
    assert refused(question) == (rest, things, {True})


@pytest.mark.parametrize(
    ("question", "things"),
    [
        ("مانتو غیر مشکی", ["مشکی"]),
        ("مداد رنگی غیر سمی", ["سمی"]),
        ("not a samsung phone", ["samsung phone"]),
        ("phone not samsung and not apple", ["samsung", "apple"]),
        ("shoes not made of leather", ["leather"]),
        ("I am not sure, maybe a lamp", ["sure"]),
    ],
)
def test_things_that_may_be_refused(question: str, things: list[str]) -> None:
    """A bare "not" is part of names and sentences as well: the store's words decide."""
    assert refused(question)[1:] == (things, {False})


@pytest.mark.parametrize(
    "question",
    [
        "پیراهن دارید یا نه",
        "تیشرت دارید نه؟",
        "forget me not earrings",
        "گوشی غیر از این",
        "غیر",
        "not",
        "نه",
        "نباشه",
    ],
)
def test_questions_that_refuse_nothing(question: str) -> None:
    """A question with "or not" asks, and nothing is named after the others."""
    assert refused(question) == (question, [], set())


@pytest.mark.parametrize(
    ("question", "earlier"),
    [
        ("گوشی ال جی نباشه", [("گوشی", "ال")]),
        ("لپ تاپ نه، تبلت", [("لپ",)]),
        ("گوشی برند سامسونگ نباشه", [()]),
        ("گوشی سامسونگ و اپل نباشه", [("گوشی",), ()]),
        ("برای بازی سامسونگ نباشه", [("بازی",)]),
    ],
)
def test_words_before_a_refused_one_may_be_part_of_it(question: str, earlier: list[tuple[str, ...]]) -> None:
    """The store decides whether they are a part of a brand or a category."""
    assert [each.earlier for each in understand(question, "IRT").excluded] == earlier


def test_a_thing_is_shown_as_it_was_written() -> None:
    """Without the marks around it."""
    assert refused("گوشی غیر از «شیائومی»، زیر ۵ میلیون") == ("گوشی", ["شیائومی"], {True})


def test_colours_are_known() -> None:
    """In both languages, and in one spelling."""
    assert all(map(is_colour, ("مشکی", "آبی", "قهوه‌ای", "Black", "سرمه ای")))
    assert not is_colour("جیبی")
