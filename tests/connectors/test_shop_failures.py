"""Every failure of reading a shop has one retry decision, made by its type."""

import inspect
from datetime import timedelta

import pytest

from connectors.http.failures import shop_failure
from contracts import errors
from contracts.retry import LONGEST_PAUSE, WAIT_INTERVAL, Retry, retry_after
from contracts.stores import ShopAccess, StoreType

RETRY, WAIT, NEVER = Retry

PROBLEMS = [
    found
    for _, found in inspect.getmembers(errors, inspect.isclass)
    if issubclass(found, errors.ShopProblem) and found is not errors.ShopProblem
]


@pytest.mark.parametrize(
    ("error", "retry"),
    [
        (errors.ShopDown("down"), RETRY),
        (errors.ShopDown("slow down", retry_after=30.0), RETRY),
        (errors.ShopAnswersNonsense("a page"), RETRY),
        (errors.ShopRefuses("a new key, please"), WAIT),
        (errors.ShopProblem("something new"), WAIT),
        (errors.ForbiddenAddress("inside"), WAIT),
        (errors.UnknownKey("old key"), WAIT),
        (errors.InvalidField("product.id", "no number"), NEVER),
        (ZeroDivisionError(), RETRY),
        (TimeoutError(), RETRY),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value,
)
def test_each_failure_has_a_retry_decision(error: Exception, retry: Retry) -> None:
    """Temporary problems are retried, problems for an operator wait, invalid requests fail."""
    failure = shop_failure(error)
    assert failure.retry is retry
    assert 0 < len(failure.reason) <= 500
    assert (failure.pause == WAIT_INTERVAL) is (retry is WAIT)


@pytest.mark.parametrize("kind", PROBLEMS)
def test_no_problem_of_a_shop_is_fatal(kind: type[errors.ShopProblem]) -> None:
    """Shops recover; the sentence reaches people unchanged and has a bounded length."""
    assert len(PROBLEMS) == 6
    failure = shop_failure(kind("What to do."))
    assert failure.retry is not NEVER
    assert failure.reason == "What to do."
    assert len(shop_failure(kind("x" * 9_000)).reason) == 500


@pytest.mark.parametrize(
    ("asked", "pause"),
    [
        (None, None),
        (30.0, timedelta(seconds=30)),
        (-1.0, None),
        (float("nan"), None),
        (float("inf"), LONGEST_PAUSE),
    ],
)
def test_a_shop_that_names_a_pause_gets_it(asked: float | None, pause: timedelta | None) -> None:
    """The pause is at most an hour."""
    assert shop_failure(errors.ShopDown("slow down", retry_after=asked)).pause == pause


@pytest.mark.parametrize(
    ("value", "pause"),
    [
        ("30", timedelta(seconds=30)),
        ("Thu, 01 Jan 1970 00:01:40 GMT", timedelta(seconds=90)),
        ("Thu, 01 Jan 1970 00:00:01 GMT", None),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_PAUSE),
        ("soon", None),
        (None, None),
    ],
)
def test_a_pause_is_named_in_seconds_or_as_a_date(value: str | None, pause: timedelta | None) -> None:
    """As in RFC 9110."""
    assert retry_after(value, now=10.0) == pause


def test_access_to_a_shop_shows_no_secret() -> None:
    """Its `repr` has the address and no credentials."""
    access = ShopAccess(
        store_id=7,
        type=StoreType.WOOCOMMERCE,
        base_url="https://shop.example",
        credentials={"consumer_key": "ck_hidden", "consumer_secret": "cs_hidden"},
    )
    assert "shop.example" in repr(access)
    assert "hidden" not in repr(access)
