"""Names that several processes must agree on."""

EVENT_INBOX_ID = "event-inbox"

SEARCH_ATTRIBUTES = ("StoreId", "ExternalId", "EventType", "EventStatus")
"""All of type Keyword; an operator filters the Temporal UI by them."""


def product_event_id(store_id: int, event_id: str) -> str:
    """The workflow id of an event, which is also the key of its idempotency.

    The store's id keeps one shop from taking another's event ids.
    """
    return f"product-event/{store_id}/{event_id}"


def embedding_label(model: str, dimensions: int) -> str:
    """Which vectors may be compared with each other."""
    return f"{model}@{dimensions}"
