"""SQL text that is made from Python values."""

import ast
import re
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

import pytest

from contracts.catalog import Product, Variation
from contracts.events import (
    EFFECTIVE,
    RUNNABLE,
    SUCCESSFUL,
    TERMINAL,
    UNFINISHED,
    YIELDED,
    EventStatus,
    EventType,
)
from database.events.write import OpenedEvent
from database.products import columns, variations
from database.products.columns import ProductWrite
from database.sql import in_, literal, types
from database.tables import products

ROOT = Path(__file__).parents[2]

NOW = datetime(2026, 11, 25, tzinfo=UTC)
CHANGE = OpenedEvent(
    id=1,
    store_id=1,
    user_id=1,
    event_id="e-1",
    event_type=EventType.UPDATED,
    external_id="7",
    product_key="7",
    payload="",
    is_trimmed=False,
    is_without_body=False,
    version=NOW,
    received_at=NOW,
    superseded_by=None,
    platform="custom",
    currency=None,
)


def test_the_sets_of_statuses_fit_together() -> None:
    """Every event is either unfinished or has ended; sets of ended events are parts of the latter."""
    assert {*UNFINISHED, *TERMINAL} == set(EventStatus)
    assert not set(UNFINISHED) & set(TERMINAL)
    assert set(YIELDED) < set(SUCCESSFUL) < set(TERMINAL)
    assert set(EventStatus) - set(RUNNABLE) == set(SUCCESSFUL)
    assert set(EventStatus) - set(EFFECTIVE) == {EventStatus.RECEIVED, EventStatus.FAILED}


def test_a_set_of_statuses_becomes_the_right_side_of_in() -> None:
    """In the order of the set, so that statements and partial indexes always read alike."""
    assert in_([EventStatus.WAITING, EventStatus.FAILED]) == "('waiting', 'failed')"


def test_a_value_that_needs_quoting_is_refused() -> None:
    """Only plain words are written into SQL text."""

    class Odd(StrEnum):
        QUOTED = "it's"

    with pytest.raises(ValueError, match="not a plain word"):
        literal(Odd.QUOTED)


def test_types_come_from_the_tables() -> None:
    """A column list needs no second place for its types."""
    assert types(products, ("title", "tags", "received_at")) == {
        "title": "TEXT",
        "tags": "TEXT[]",
        "received_at": "TIMESTAMP WITH TIME ZONE",
    }


def test_rows_have_a_value_for_every_column() -> None:
    """A missing value would be written as NULL without an error."""
    written = ProductWrite(change=CHANGE, product=Product(external_id="7", title="A"), content_hash="h")
    assert {*columns.values_of(written)} == {*columns.COLUMNS, "currency"}
    variation = Variation(external_id="8", parent="7")
    assert {*variations._row(variation, CHANGE)} == {*variations.COLUMNS, "absent"}


EVENT_STATUS = re.compile(rf"'({'|'.join(EventStatus)})'")


def test_no_statement_names_the_status_of_an_event() -> None:
    """Sets of `contracts.events` are rendered into SQL, so that a new status has one place."""
    named = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for file in (ROOT / "database").rglob("*.py")
        if not {"migrations", "sync"} & {*file.parts}
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and EVENT_STATUS.search(node.value)
    ]
    assert named == []
