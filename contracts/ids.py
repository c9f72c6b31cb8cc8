"""Identifiers that several processes must agree on."""

import hashlib

VERSION = "0.1.0"
"""The version of the product; the image has no other source for it."""

SEARCH_ATTRIBUTES = ("StoreId", "ExternalId", "EventType", "EventStatus")
"""All of type Keyword; an operator filters the Temporal UI by them."""


LONGEST_WORKFLOW_ID = 255
"""Bytes; what Temporal keeps in its SQL databases."""


def _workflow_id(kind: str, task_queue: str, *rest: str) -> str:
    """Returns a workflow id that names the installation, which is what a task queue stands for.

    Installations with databases of their own may share a namespace and give out equal numbers. A slash in the
    name of the queue is escaped. In an id that is too long, the last part becomes its hash; if that is not
    enough, all parts do.
    """
    parts = (kind, _escaped(task_queue), *rest)
    hashed = f"sha256:{hashlib.sha256(parts[-1].encode()).hexdigest()}"
    every = f"sha256:{hashlib.sha256('/'.join(parts).encode()).hexdigest()}"
    candidates = ("/".join(parts), "/".join((*parts[:-1], hashed)))
    fitting = [one for one in candidates if len(one.encode()) <= LONGEST_WORKFLOW_ID]
    return fitting[0] if fitting else f"{kind}/{every}"


def _escaped(task_queue: str) -> str:
    return task_queue.replace("%", "%25").replace("/", "%2F")


def product_events_of(task_queue: str) -> str:
    """Returns how the workflow ids of an installation's events begin, apart from hashed ones."""
    return f"product-event/{_escaped(task_queue)}/"


def product_event_id(task_queue: str, store_id: int, event_id: str) -> str:
    """The workflow id of an event, which is also the key of its idempotency.

    The store's id keeps one shop from taking another's event ids.
    """
    return _workflow_id("product-event", task_queue, str(store_id), event_id)


def event_inbox_id(task_queue: str) -> str:
    """The schedule of the inbox; one per installation, which is what a task queue stands for."""
    return f"event-inbox/{task_queue}"


def product_text_id(task_queue: str, product_id: int) -> str:
    """The workflow that indexes a product's text after the event that should have indexed it is gone."""
    return _workflow_id("product-text", task_queue, str(product_id))


def catalog_sync_id(task_queue: str, store_id: int) -> str:
    """The bulk resync of a store, of which there is one at a time."""
    return _workflow_id("catalog-sync", task_queue, str(store_id))


def sync_schedule_id(task_queue: str, store_id: int, mode: str) -> str:
    """The schedule of a store's syncs of one mode; each installation in a namespace has its own."""
    return f"catalog-sync-{mode}/{task_queue}/{store_id}"


def store_schedules_id(task_queue: str) -> str:
    """The schedule that aligns the sync schedules of all stores with the settings of the stores."""
    return f"store-schedules/{task_queue}"


def bulk_queue(task_queue: str) -> str:
    """The task queue of bulk activities, so that they never delay the activities of events."""
    return f"{task_queue}-bulk"


def event_retention_id(task_queue: str) -> str:
    """The schedule that trims the payloads of old events; one per installation too."""
    return f"event-retention/{task_queue}"


def webhook_address(public: str, platform: str, store_id: int) -> str:
    """Returns the address for a store's own webhooks; `public` is our address as shops reach it."""
    return f"{public.rstrip('/')}/api/integrations/{platform}/webhook/{store_id}/"


def embedding_label(model: str, dimensions: int, variant: str = "") -> str:
    """Returns the label of vectors that may be compared with each other.

    `variant` is what else they depend on, such as the prefix of texts; mostly it is empty.
    """
    return f"{model}@{dimensions}" + (f"#{variant}" if variant else "")
