"""SQL of a question's filters, and of what they leave."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from contracts.search import Question
from database.search import scope
from database.search.conditions import prices
from database.search.conditions.compiled import compiled
from database.search.lexical import quoted
from database.search.values import CONDITION, Resolved
from knowledge.search.forms import TITLE
from knowledge.search.stems import stems


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowed:
    """The filters of a question in SQL.

    `found` is the condition on products `p`: active, and with all that is asked. `first` are common table
    expressions that the condition needs, each followed by a comma. `sought` are pairs of the parameter with
    the keys of an asked attribute and the one with the beginnings of its keys. `few` is whether the ids of
    all products that pass are the parameter `passing`.
    """

    found: str
    first: str
    parameters: dict[str, object]
    is_filtered: bool
    sought: Sequence[tuple[str, str]] = ()
    few: bool = False

    def only(self, ids: Sequence[int]) -> "Narrowed":
        """Returns the same filters for the few products that pass, by their ids."""
        return replace(
            self,
            few=True,
            found="p.is_active AND p.id = ANY(CAST(:passing AS bigint[]))",
            first="",
            parameters={**self.parameters, "passing": list(ids)},
        )


def narrowed(question: Question, resolved: Resolved) -> Narrowed:
    """Returns the filters of a question; `resolved` has the keys of its values."""
    filters = question.filters
    parameters = scope.parameters(question)
    conditions: list[str] = []
    first: list[str] = []
    sought: list[tuple[str, str]] = []
    of_fields = [item for item in resolved.fields.items() if not item[0].startswith(CONDITION)]
    for place, (name, meant) in enumerate(of_fields):
        parameters[f"keys_{place}"] = sorted(meant.keys)
        if name.startswith("attributes."):
            parameters[f"beginnings_{place}"] = sorted(meant.beginnings)
            sought.append((f"keys_{place}", f"beginnings_{place}"))
            continue
        is_excluded = name.startswith("exclude.")
        if is_excluded and not meant.keys:
            continue
        condition = f"p.keys && {scope.keys(question, f'keys_{place}')}"
        if meant.is_varied:
            first.append(f"varied_{place} AS MATERIALIZED ({_having(question, f'keys_{place}')}),")
            condition = f"p.id IN (SELECT varied.id FROM varied_{place} AS varied)"
        conditions.append(f"NOT {condition}" if is_excluded else condition)
    for limit in ("in_stock", "min_price", "max_price"):
        if (value := getattr(filters, limit)) is not None:
            parameters[limit] = value
    if question.excluded_words:
        first.append(_excluded(question))
        parameters["excluded"] = _titled(question.excluded_words)
        conditions.append("p.id NOT IN (SELECT excluded.product_id FROM excluded)")
    condition, of_condition = compiled(question, resolved)
    if condition:
        conditions.append(condition)
        parameters |= of_condition
    if sought:
        first.append(_fitting(question, sought))
        conditions.append("p.id IN (SELECT fitting.id FROM fitting)")
    else:
        conditions += _product_limits(question, "p")
    return Narrowed(
        found=" AND ".join(["p.is_active", *conditions]),
        first="".join(first),
        parameters=parameters,
        is_filtered=bool(conditions),
        sought=sought,
    )


def _excluded(question: Question) -> str:
    """Returns SQL of the products with one of the excluded words in their names."""
    return f"""
        excluded AS MATERIALIZED (
            SELECT k.product_id FROM tenant_knowledge k
            WHERE k.is_live AND {scope.owned(question, "k")}
              AND k.words @@ ({scope.marked(question)} && CAST(:excluded AS tsquery))),"""


def _titled(words: Iterable[str]) -> str:
    """Returns a query for names with one of the words, or with its stem."""
    forms = {form for word in words for form in (word, *stems(word)[:1])}
    return " | ".join(quoted(TITLE + form) for form in sorted(forms))


def _limits(question: Question, row: str, *, lowest: str, highest: str) -> list[str]:
    """Returns SQL of the limits of stock and price; a range of prices passes if a part of it does."""
    filters = question.filters
    limits = {
        f"{row}.in_stock = :in_stock": filters.in_stock,
        f"{highest} >= :min_price": filters.min_price,
        f"{lowest} <= :max_price": filters.max_price,
    }
    return [sql for sql, value in limits.items() if value is not None]


def _product_limits(question: Question, row: str) -> list[str]:
    """Returns SQL of the limits for a product."""
    lowest, highest = prices.lowest(question, row), prices.highest(question, row)
    return _limits(question, row, lowest=lowest, highest=highest)


def _having(question: Question, parameter: str) -> str:
    """Returns SQL of the ids of products that have one of the keys, or have a variation that does."""
    keys = scope.keys(question, parameter)
    return f"""
        SELECT p.id FROM products p WHERE p.keys && {keys}
        UNION ALL
        SELECT p.id FROM product_variations v JOIN products p
            ON p.store_id = v.store_id AND p.external_id = v.parent_external_id
        WHERE v.keys && {keys} AND v.is_active"""


def _fitting(question: Question, sought: Sequence[tuple[str, str]]) -> str:
    """Returns SQL of `fitting (id)`: the products with all asked attributes, in stock and at the price asked.

    One active variation must have them all. An attribute that the variation has no option for is the
    product's. A product without active variations has its attributes itself.
    """
    own = [f"c.keys && {scope.keys(question, keys)}" for keys, _ in sought]
    options = [
        f"""(v.keys && {scope.keys(question, keys)} OR {of_product} AND NOT EXISTS (
                SELECT FROM unnest(v.keys) AS has JOIN unnest({scope.keys(question, beginnings)}) AS beginning
                    ON starts_with(has, beginning)))"""
        for (keys, beginnings), of_product in zip(sought, own, strict=True)
    ]
    price = prices.converted(
        question, "coalesce(v.price, CASE WHEN c.min_price IS NULL THEN c.price END)", "c"
    )
    in_stock = question.filters.in_stock is not None
    limits = [sql for sql in _limits(question, "v", lowest=price, highest=price) if ":in_stock" not in sql]
    matching = " AND ".join([*options, *limits])
    simple = " AND ".join([*own, *_product_limits(question, "c")])
    return f"""
        fitting AS MATERIALIZED (
            SELECT c.id FROM products c CROSS JOIN LATERAL (
                SELECT count(*) AS active, bool_or(v.in_stock) FILTER (WHERE {matching}) AS in_stock
                FROM product_variations v
                WHERE v.store_id = c.store_id AND v.parent_external_id = c.external_id AND v.is_active
            ) AS variations
            WHERE c.id IN ({_having(question, sought[0][0])})
            AND {scope.owned(question, "c")} AND c.is_active
            AND CASE WHEN variations.active > 0
                THEN variations.in_stock {"= :in_stock" if in_stock else "IS NOT NULL"}
                ELSE {simple} END
        ),"""


def asked_options(question: Question, narrowed: Narrowed) -> str:
    """Returns SQL of how many of the asked attributes a variation `v` has among its options."""
    return " + ".join(
        ["0", *(f"CAST(v.keys && {scope.keys(question, keys)} AS int)" for keys, _ in narrowed.sought)]
    )
