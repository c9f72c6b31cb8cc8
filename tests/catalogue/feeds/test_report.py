"""What products lack is named, and counted by rows and products."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import orjson
import pytest

from catalogue.feeds.gaps import MEANINGS, Gap
from catalogue.feeds.parts import Limits, Parts
from catalogue.feeds.rendering import render, weight
from catalogue.feeds.report import Lacking, Report, report_line
from catalogue.feeds.terms import FeedFormat, terms_of
from tests.catalogue.stored import BLACK, LAMP, PERSIAN_STORE, PHONE, WHITE

TERMS = terms_of(PERSIAN_STORE, FeedFormat.OPENAI)


@pytest.mark.parametrize(
    ("change", "gap"),
    [
        ({"title": "<b></b>"}, Gap.TITLE),
        ({"description": "", "short_description": " "}, Gap.DESCRIPTION),
        ({"link": "javascript:alert(1)"}, Gap.LINK),
        ({"image": "", "gallery": ["data:image/png;base64,AAAA"]}, Gap.IMAGE),
        ({"price": None}, Gap.PRICE),
        ({"price": Decimal(0)}, Gap.PRICE),
        ({"price": Decimal(-1)}, Gap.PRICE),
        ({"currency": "BTC"}, Gap.CURRENCY),
        ({"brands": ["", " "]}, Gap.BRAND),
        ({"external_id": "a\tb"}, Gap.ID),
        ({"external_id": "x" * 101}, Gap.ID),
    ],
)
def test_a_row_without_a_required_value_is_left_out_and_named(change: dict[str, Any], gap: Gap) -> None:
    """Nothing is put in its place."""
    lamp = replace(LAMP, **change)
    rendered = render([PHONE, lamp], FeedFormat.OPENAI, TERMS)
    assert len(rendered.rows) == 2
    named = rendered.gaps[-1]
    assert (named.id, named.rows, named.left_out, named.lacks) == (lamp.external_id, 1, 1, {gap: 1})


def test_products_without_a_price_in_an_unknown_currency_lack_both() -> None:
    """The shop can add both."""
    rendered = render([replace(LAMP, price=None, currency="BTC")], FeedFormat.OPENAI, TERMS)
    assert rendered.gaps[0].lacks == {Gap.PRICE: 1, Gap.CURRENCY: 1}


@pytest.mark.parametrize(
    ("code", "gap"),
    [("", Gap.GTIN), (" ", Gap.GTIN), ("4006381333932", Gap.GTIN_CHECK), ("SM-S911B", Gap.GTIN_CHECK)],
)
def test_a_bar_code_is_wanted(code: str, gap: Gap) -> None:
    """A row without a right one is written without one."""
    rendered = render([replace(LAMP, gtin=code)], FeedFormat.OPENAI, TERMS)
    assert rendered.gaps[0].lacks == {gap: 1}
    assert "gtin" not in orjson.loads(rendered.rows[0])


def test_a_bar_code_in_persian_digits_is_one() -> None:
    """With separators too."""
    (row,) = render([replace(LAMP, gtin="۴۰۰۶-۳۸۱۳-۳۳۹۳-۱")], FeedFormat.OPENAI, TERMS).rows
    assert orjson.loads(row)["gtin"] == "4006381333931"


def test_rows_and_products_are_counted() -> None:
    """A product with two variations of which one lacks its price is one product, two rows, one left out."""
    phone = replace(PHONE, price=None, variations=[BLACK, replace(WHITE, price=None, gtin="")])
    report = Report()
    report.add(render([phone, LAMP], FeedFormat.OPENAI, TERMS))
    report.add(render([replace(LAMP, brands=[], gtin="")], FeedFormat.OPENAI, TERMS))
    assert (report.products, report.rows, report.left_out) == (3, 2, 2)
    assert list(report.lacking()) == [
        Lacking(gap=Gap.PRICE, products=1, rows=1),
        Lacking(gap=Gap.BRAND, products=1, rows=1),
        Lacking(gap=Gap.GTIN, products=2, rows=2),
    ]


def test_a_line_names_the_product() -> None:
    """As JSON, with plain texts."""
    (gaps,) = render([replace(LAMP, brands=[], title="<b>چراغ</b>")], FeedFormat.OPENAI, TERMS).gaps
    assert orjson.loads(report_line(gaps)) == {
        "id": "shopify_12",
        "title": "چراغ",
        "link": "https://shop.example/p/777",
        "rows": 1,
        "left_out": 1,
        "lacks": {"brand": 1},
    }


def test_every_gap_has_a_meaning() -> None:
    """For people."""
    assert set(MEANINGS) == set(Gap)


def test_rows_are_shared_out_by_number_and_by_size() -> None:
    """A row that is larger than a file is alone in one; the lines at the beginning count."""
    parts = Parts(Limits(rows=2, size=100), head=10)
    assert [parts.place(size) for size in (10, 10, 10, 80, 1, 500, 1)] == [1, 1, 2, 2, 3, 4, 5]
    assert parts.count == 5
    assert Parts(Limits(rows=1, size=1), head=0).count == 1


def test_the_weight_grows_with_the_texts() -> None:
    """It decides whether a child process makes the rows."""
    assert weight([replace(LAMP, description="x" * 100_000)]) > 100_000 > weight([LAMP]) > 0
