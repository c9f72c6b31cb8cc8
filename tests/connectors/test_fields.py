"""Fields of products, in the spellings of shops."""

from datetime import UTC, datetime

import pytest
from pydantic import TypeAdapter, ValidationError

from connectors.fields import Flag, Hint, Moment, StockWord

FLAG, HINT, WORD = TypeAdapter[bool](Flag), TypeAdapter[bool](Hint), TypeAdapter[str](StockWord)


@pytest.mark.parametrize("sent", ["outofstock", "Out of stock: back soon", "ناموجود", "false", 0, "0", False])
def test_a_word_for_absence_is_a_flag_that_is_not_set(sent: object) -> None:
    assert FLAG.validate_python(sent) is False


@pytest.mark.parametrize("sent", ["instock", "onbackorder", "موجود", "yes", 1, True])
def test_a_word_for_stock_is_a_flag_that_is_set(sent: object) -> None:
    assert FLAG.validate_python(sent) is True


@pytest.mark.parametrize("sent", ["perhaps", 2, ["yes"], "5 left"])
def test_any_other_flag_is_refused(sent: object) -> None:
    with pytest.raises(ValidationError, match="true or false"):
        FLAG.validate_python(sent)


def test_a_word_for_stock_allows_no_backorders() -> None:
    assert HINT.validate_python("instock") is False


@pytest.mark.parametrize(
    ("sent", "word"),
    [
        ("outofstock", "outofstock"),
        (["outofstock"], "outofstock"),
        (True, "true"),
        (False, "false"),
        ([False], "false"),
        (0, "0"),
        (None, ""),
        ("", ""),
        ([], ""),
    ],
)
def test_a_word_for_stock_in_every_spelling(sent: object, word: str) -> None:
    assert WORD.validate_python(sent) == word


@pytest.mark.parametrize("sent", [["a", "b"], {"value": "outofstock"}, [["outofstock"]]])
def test_other_words_for_stock_are_refused(sent: object) -> None:
    with pytest.raises(ValidationError, match="expected a text"):
        WORD.validate_python(sent)


@pytest.mark.parametrize("sent", ["202611201000", 202611201000, 20261120100000, 1795168800, 1795168800000.0])
def test_a_time_in_digits_is_read_from_a_text_and_from_a_number(sent: object) -> None:
    moment = TypeAdapter[datetime | None](Moment)
    assert moment.validate_python(sent) == datetime(2026, 11, 20, 10, tzinfo=UTC)


@pytest.mark.parametrize("sent", [True, 12345, 10**300, [1795168800]])
def test_what_is_no_time_is_refused(sent: object) -> None:
    with pytest.raises(ValidationError, match="time"):
        TypeAdapter[datetime | None](Moment).validate_python(sent)


@pytest.mark.parametrize("sent", [False, None, 0, -5, ""])
def test_an_unset_time(sent: object) -> None:
    assert TypeAdapter[datetime | None](Moment).validate_python(sent) is None
