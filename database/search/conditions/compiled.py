"""SQL of a question's condition: comparisons of fields, joined by "and" and "or"."""

from contracts.search import AllOf, AnyOf, Comparing, Comparison, Condition, Question
from database.search import scope
from database.search.conditions.fields import FIELDS, Kind, kind_of, spellings
from database.search.values import CONDITION, Resolved
from knowledge.search.keys import CODE, TITLE, keys

_TYPES = {
    Kind.TEXT: "text",
    Kind.LINK: "text",
    Kind.NUMBER: "numeric",
    Kind.FLAG: "boolean",
    Kind.MOMENT: "timestamptz",
}
_SIGNS = {
    Comparing.GREATER: ">",
    Comparing.AT_LEAST: ">=",
    Comparing.LESS: "<",
    Comparing.AT_MOST: "<=",
}
_NEGATIVE = {Comparing.DIFFERENT, Comparing.NOT_AMONG}


def compiled(question: Question, resolved: Resolved) -> tuple[str, dict[str, object]]:
    """Returns SQL of the condition on products `p`, with its parameters; empty if every product passes."""
    parameters: dict[str, object] = {}
    numbers = iter(range(1_000_000))

    def sql(condition: Condition) -> str:
        match condition:
            case AllOf(parts=parts):
                return f"({' AND '.join(map(sql, parts))})" if parts else "true"
            case AnyOf(parts=parts):
                return f"({' OR '.join(map(sql, parts))})" if parts else "false"
            case Comparison():
                name = f"{CONDITION}{next(numbers)}"
                matches = f"coalesce({_matches(question, condition, resolved, name, parameters)}, false)"
                return f"NOT {matches}" if condition.how in _NEGATIVE else matches

    condition = question.filters.condition
    if condition is None or condition == AllOf():
        return "", {}
    return sql(condition), parameters


def _matches(
    question: Question,
    comparison: Comparison,
    resolved: Resolved,
    name: str,
    parameters: dict[str, object],
) -> str:
    """Returns SQL: whether a product has one of the values, or is on the asked side of the only one.

    The parameter has the same name as the field of `resolved`, without a dot.
    """
    kind = kind_of(comparison.field)
    parameter = name.replace(".", "_")
    match kind:
        case Kind.VALUE:
            parameters[parameter] = sorted(resolved.fields[name].keys) if name in resolved.fields else []
            return _having(question, parameter)
        case Kind.CODE | Kind.TITLE:
            unscoped = TITLE if kind is Kind.TITLE else CODE
            parameters[parameter] = sorted(keys(unscoped, map(str, comparison.values)))
            return _having(question, parameter)
        case None:
            raise ValueError(f"unknown field: {comparison.field!r}")
    sql, type_ = FIELDS[comparison.field].sql, _TYPES[kind]
    if sign := _SIGNS.get(comparison.how):
        parameters[parameter] = comparison.values[0]
        return f"({sql}) {sign} CAST(:{parameter} AS {type_})"
    values = list(comparison.values)
    parameters[parameter] = (
        [one for link in values for one in spellings(str(link))] if kind is Kind.LINK else values
    )
    return f"({sql}) = ANY(CAST(:{parameter} AS {type_}[]))"


def _having(question: Question, parameter: str) -> str:
    """Returns SQL: whether a product, or one of its active variations, has one of the keys."""
    asked = scope.keys(question, parameter)
    return f"""p.id IN (
        SELECT one.id FROM products one WHERE one.keys && {asked}
        UNION ALL
        SELECT one.id FROM product_variations v JOIN products one
            ON one.store_id = v.store_id AND one.external_id = v.parent_external_id
        WHERE v.keys && {asked} AND v.is_active)"""
