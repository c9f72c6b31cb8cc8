"""Workflow ids: they name the installation, are of bounded length, and never collide."""

import pytest

from contracts.ids import LONGEST_WORKFLOW_ID, catalog_sync_id, product_event_id, product_text_id


def test_an_id_names_the_task_queue() -> None:
    """Two installations with databases of their own may share a namespace."""
    assert product_event_id("shops", 4, "evt_1") == "product-event/shops/4/evt_1"
    assert catalog_sync_id("shops", 4) == "catalog-sync/shops/4"
    assert product_text_id("shops", 7) == "product-text/shops/7"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("a", 1, "2/e"), ("a/1", 2, "e")),
        (("a%2F1", 2, "e"), ("a/1", 2, "e")),
        (("a", 1, "e" * 400), ("b", 1, "e" * 400)),
        (("a" * 400, 1, "e"), ("a" * 400, 2, "e")),
        (("q" * 400, 1, "e" * 400), ("q" * 400, 1, "e" * 399)),
    ],
)
def test_different_events_have_different_ids(one: tuple[str, int, str], other: tuple[str, int, str]) -> None:
    """Slashes in names and long names make no difference."""
    assert product_event_id(*one) != product_event_id(*other)
    assert all(len(product_event_id(*of).encode()) <= LONGEST_WORKFLOW_ID for of in (one, other))
