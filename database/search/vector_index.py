"""The HNSW index of the configured model; it depends on the settings, so no migration creates it."""

import hashlib

from sqlalchemy import literal, text
from sqlalchemy.dialects import postgresql

from contracts.ids import embedding_label
from database.engine import create_migration_engine

INDEXED_DIMENSIONS = 4_000
"""The most numbers of a vector that pgvector indexes in half precision."""


def quoted(value: str) -> str:
    """Returns a string as an SQL literal; an index predicate takes no parameters."""
    compiled = literal(value).compile(
        dialect=postgresql.dialect(),  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
        compile_kwargs={"literal_binds": True},
    )
    return str(compiled)


def index_name(label: str) -> str:
    return f"ix_tenant_knowledge_embedding_{hashlib.sha256(label.encode()).hexdigest()[:8]}"


def ensure(url: str, *, model: str, dimensions: int, variant: str = "", purpose: str = "migrate") -> bool:
    """Create the index unless a valid one exists; returns whether it was created.

    Vectors of more than `INDEXED_DIMENSIONS` numbers get none: all of them are compared with each question.

    It is built concurrently, so a running service is not blocked; an interrupted build is repeated.
    `purpose` ends the application name of the session that builds it.
    """
    if dimensions > INDEXED_DIMENSIONS:
        return False
    label = embedding_label(model, dimensions, variant)
    name = index_name(label)
    engine = create_migration_engine(url, purpose=purpose)
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            valid = connection.execute(
                text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)"),
                {"name": name},
            ).scalar_one_or_none()
            if valid:
                return False
            connection.execute(text(f"DROP INDEX CONCURRENTLY IF EXISTS {name}"))
            connection.execute(
                text(
                    f"CREATE INDEX CONCURRENTLY {name} ON tenant_knowledge"
                    f" USING hnsw ((embedding::halfvec({dimensions})) halfvec_cosine_ops)"
                    f" WHERE is_live AND model = {quoted(label)}"
                )
            )
            return True
    finally:
        engine.dispose()
