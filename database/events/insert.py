"""The one INSERT of events: what every delivery brings, and what each writer adds to it."""

import re
from collections.abc import Mapping, Sequence

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
    "is_bulk": ":is_bulk",
}
"""Column -> SQL of its value; `delivered_values` returns the parameters."""

_TYPES = {
    "store_id": "bigint",
    "event_id": "text",
    "event_type": "text",
    "external_id": "text",
    "parent": "text",
    "payload": "text",
    "version": "timestamptz",
    "received_at": "timestamptz",
    "workflow_id": "text",
    "source_address": "text",
    "user_agent": "text",
    "confirm": "boolean",
    "is_bulk": "boolean",
    "reason": "text",
}

EACH_DELIVERED = {column: re.sub(r":(\w+)", r"one.\1", value) for column, value in DELIVERED.items()}
"""`DELIVERED` for many events at once, from the rows `one` of `FROM_EACH`."""

FROM_EACH = f"""
    FROM unnest({", ".join(f"CAST(:{name} AS {type_}[])" for name, type_ in _TYPES.items())})
        AS one({names(_TYPES)})
"""
"""SQL: a row for each event; `each_delivered_values` returns the parameters."""


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
        "is_bulk": event.is_bulk,
    }


def each_delivered_values(rows: Sequence[Mapping[str, object]]) -> dict[str, list[object]]:
    """Returns the parameters of `FROM_EACH`: `delivered_values` of each event, and its `reason` if any.

    The rows are in the order of the event ids, so that two statements with the same events lock their rows in
    one order. An id may occur once.
    """
    ordered = sorted(rows, key=lambda row: str(row["event_id"]))
    return {name: [row.get(name, "") for row in ordered] for name in _TYPES}
