"""SQL of one page of the ranked products, in an order that a later request continues."""

from dataclasses import dataclass

from contracts.search import Position, Question, Sort
from database.search import products, scope
from database.search.conditions import prices
from database.search.filters import Narrowed, asked_options

SCORE = "CAST(round(CAST(r.score AS numeric), 6) AS float8)"
"""Rounded, because the last digits may depend on the plan, and a page continues after a score."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """An order: the value and its type, and the directions of the value and of the ids of equal ones."""

    value: str
    type_: str
    direction: str
    ids: str = "ASC"


def _order(question: Question) -> _Order:
    """Returns the order that a question asks for; products of other currencies have no price in it."""
    match question.sort:
        case Sort.RELEVANCE:
            return _Order(value=SCORE, type_="float8", direction="DESC")
        case Sort.CHEAPEST:
            return _Order(value=prices.lowest(question, "p"), type_="numeric", direction="ASC")
        case Sort.DEAREST:
            return _Order(value=prices.highest(question, "p"), type_="numeric", direction="DESC")
        case Sort.NEWEST:
            return _Order(value="p.created_at", type_="timestamptz", direction="DESC", ids="DESC")


_BEYOND = {"ASC": ">", "DESC": "<"}


def _after(order: _Order, after: Position | None) -> str:
    """Returns SQL: whether a product comes after the position; products without a value come last."""
    if after is None:
        return "true"
    id_ = f"r.product_id {_BEYOND[order.ids]} :after_id"
    if after.value is None:
        return f"{order.value} IS NULL AND {id_}"
    value = f"CAST(:after_value AS {order.type_})"
    beyond = f"{order.value} {_BEYOND[order.direction]} {value}"
    return f"({beyond} OR {order.value} = {value} AND {id_} OR {order.value} IS NULL)"


def statements(question: Question, narrowed: Narrowed) -> tuple[str, dict[str, object]]:
    """Returns common table expressions after `ranked`, and their parameters.

    The last one is `hits`: a page of `ranked` with their products, and one row more if there are more.
    """
    order = _order(question)
    direction = f"{order.value} {order.direction} NULLS LAST, r.product_id {order.ids}"
    sql = f""",
        page AS MATERIALIZED (
            SELECT r.*, {SCORE} AS shown_score, {order.value} AS value,
                   row_number() OVER (ORDER BY {direction}) AS place
            FROM ranked r JOIN products p ON p.id = r.product_id
            WHERE {scope.owned(question, "p")} AND {_after(order, question.after)}
            ORDER BY {direction} LIMIT :limit + 1
        ),
        hits AS (
            SELECT page.place, page.value AS position, page.shown_score AS score, page.similarity, page.share,
                   page.missing, coalesce(CASE
                       WHEN page.chunk_id IS NULL
                       THEN (SELECT k.text FROM tenant_knowledge k WHERE k.product_id = p.id AND k.is_live
                             ORDER BY k.position LIMIT 1)
                       ELSE (SELECT k.text FROM tenant_knowledge k WHERE k.id = page.chunk_id)
                   END, '') AS text, {products.columns()}
            FROM page JOIN products p ON p.id = page.product_id
            {products.variations(likely=asked_options(question, narrowed))}
        )"""
    parameters: dict[str, object] = {"limit": question.limit}
    if question.after is not None:
        parameters["after_id"] = question.after.product_id
        if question.after.value is not None:
            parameters["after_value"] = question.after.value
    return sql, parameters
