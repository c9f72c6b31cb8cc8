"""Workflows: deterministic decisions without clock, network or SQL."""

from workflows.catalog_sync import CatalogSyncWorkflow, ScheduledSyncWorkflow
from workflows.event_inbox import EventInboxWorkflow
from workflows.event_retention import EventRetentionWorkflow
from workflows.pinned import PinnedProductEventWorkflow
from workflows.product_event import ProductEventWorkflow
from workflows.product_text import ProductTextWorkflow
from workflows.store_schedules import StoreSchedulesWorkflow

WORKFLOWS = (
    ProductEventWorkflow,
    ProductTextWorkflow,
    CatalogSyncWorkflow,
    ScheduledSyncWorkflow,
    EventInboxWorkflow,
    EventRetentionWorkflow,
    StoreSchedulesWorkflow,
)
"""All workflows, for the worker, the replayer and the tests."""

VERSIONED_WORKFLOWS = (
    PinnedProductEventWorkflow,
    *(one for one in WORKFLOWS if one is not ProductEventWorkflow),
)
"""The same for a worker that has a version: all but events continue on the current one."""
