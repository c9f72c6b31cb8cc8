"""SQL of what the owner of a question has: chunks, products, stores, and keys of their products."""

from contracts.search import Question


def owned(question: Question, row: str) -> str:
    """Returns SQL: whether a chunk or a product belongs to the owner of the question."""
    return owned_row(row, one_store=question.store_id is not None)


def owned_row(row: str, *, one_store: bool) -> str:
    """Returns SQL: whether a chunk or a product belongs to the owner, in one store or in all."""
    if not one_store:
        return f"{row}.user_id = :user_id"
    return (
        f"{row}.store_id = :store_id AND :user_id = (SELECT s.user_id FROM stores s WHERE s.id = :store_id)"
    )


def stores(question: Question, row: str = "s") -> str:
    """Returns SQL: whether a store belongs to the owner of the question, and is asked."""
    return owned_store(row, one_store=question.store_id is not None)


def owned_store(row: str, *, one_store: bool) -> str:
    """Returns SQL: whether a store belongs to the owner, and is the one that is asked if one is."""
    return f"{row}.user_id = :user_id{f' AND {row}.id = :store_id' if one_store else ''}"


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
