"""SQL of what the owner of a question has: chunks, products, stores, and keys of their products."""

from contracts.search import Question


def owned(question: Question, row: str) -> str:
    """Returns SQL: whether a chunk or a product belongs to the owner of the question."""
    if question.store_id is None:
        return f"{row}.user_id = :user_id"
    return (
        f"{row}.store_id = :store_id AND :user_id = (SELECT s.user_id FROM stores s WHERE s.id = :store_id)"
    )


def stores(question: Question, row: str = "s") -> str:
    """Returns SQL: whether a store belongs to the owner of the question, and is asked."""
    one = "" if question.store_id is None else f" AND {row}.id = :store_id"
    return f"{row}.user_id = :user_id{one}"


def keys(question: Question, parameter: str) -> str:
    """Returns SQL of an array: each key of `parameter` in each of the owner's stores."""
    return (
        f"ARRAY(SELECT s.id || '/' || unscoped FROM stores s"
        f" CROSS JOIN unnest(CAST(:{parameter} AS text[])) AS unscoped WHERE {stores(question)})"
    )


def marked(question: Question) -> str:
    """Returns SQL of the full-text query that every chunk of the owner satisfies."""
    marker = (
        "'user=' || CAST(:user_id AS text)"
        if question.store_id is None
        else "'store=' || CAST(:store_id AS text)"
    )
    return f"CAST(format('%L', {marker}) AS tsquery)"


def parameters(question: Question) -> dict[str, object]:
    """Returns the parameters of this module's SQL."""
    return {"user_id": question.user_id, "store_id": question.store_id}
