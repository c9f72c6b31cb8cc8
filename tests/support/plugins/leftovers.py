"""A pytest plugin: workers of a module recover nothing that an earlier module left in the shared database."""

from collections.abc import Iterator

import pytest

SHARED_DATABASE = pytest.StashKey[str]()
"""The address of the database, once a test has asked for it."""

END_ALL = (
    "UPDATE events SET status = 'cancelled', is_pending = false, finished_at = now()"
    " WHERE finished_at IS NULL",
    "UPDATE products SET claimed_hash = content_hash"
    " WHERE is_active AND claimed_hash IS DISTINCT FROM content_hash",
)
"""End each event without an end, and mark each text without an index as if an event had claimed it."""


@pytest.fixture(scope="module", autouse=True)
def _nothing_is_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """A worker that started later would embed it, and its embedding server would count the calls."""
    yield
    address = request.config.stash.get(SHARED_DATABASE, None)
    if address is None:
        return
    from sqlalchemy import create_engine

    engine = create_engine(address, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in END_ALL:
            connection.exec_driver_sql(statement)
    engine.dispose()
