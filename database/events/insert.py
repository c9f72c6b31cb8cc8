"""The one INSERT of events: what every delivery brings, and what each writer adds to it."""

from collections.abc import Mapping

import orjson

from contracts.events import EventStatus, ProductEvent, time_of_change
from database.sql import literal, names

DELIVERED = {
    "store_id": ":store_id",
    "event_id": ":event_id",
    "event_type": ":event_type",
    "external_id": ":external_id",
    "product_key": "coalesce(:parent, :external_id)",
    "payload": "CAST(:payload AS json)",
    "version": ":version",
    "received_at": ":received_at",
    "burst_started_at": ":received_at",
    "workflow_id": ":workflow_id",
    "source_address": ":source_address",
    "user_agent": ":user_agent",
    "confirm": ":confirm",
}
"""Column -> SQL of its value; `delivered_values` returns the parameters."""


def insert_event(columns: Mapping[str, str], *, status: EventStatus, source: str = "") -> str:
    """Returns the INSERT of an event `e` up to ON CONFLICT; a `DO UPDATE` follows.

    `source` is the FROM clause that the values of the columns refer to.
    """
    values = {**columns, "status": literal(status)}
    return f"""
        INSERT INTO events AS e ({names(values)})
        SELECT {", ".join(values.values())} {source}
        ON CONFLICT (store_id, event_id)
    """


def delivered_values(event: ProductEvent, *, workflow_id: str) -> dict[str, object]:
    """Returns the parameters of `DELIVERED`; `workflow_id` is the event's workflow, or the one it will get.

    Raises ValueError for an event without a time of arrival.
    """
    if event.received_at is None:
        raise ValueError(f"event {event.event_id} has no time of arrival")
    return {
        "store_id": event.store_id,
        "event_id": event.event_id,
        "event_type": event.event_type,
        "external_id": event.external_id,
        "parent": event.parent,
        "payload": event.body_json if event.body is None else orjson.dumps(event.body).decode(),
        "version": time_of_change(event.version, arrived=event.received_at),
        "received_at": event.received_at,
        "workflow_id": workflow_id,
        "source_address": event.source_address,
        "user_agent": event.user_agent,
        "confirm": event.confirm,
    }
