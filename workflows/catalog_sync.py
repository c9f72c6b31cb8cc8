"""A sync of a shop's catalogue: afterwards the stored products are the products of the shop."""

import asyncio
from dataclasses import replace

from temporalio import workflow
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    FailureError,
    WorkflowAlreadyStartedError,
    is_cancelled_exception,
)
from temporalio.workflow import ActivityConfig, ParentClosePolicy

from workflows.policies import BEHIND_EVENTS, DATABASE, READING, UPKEEP, of_store

with workflow.unsafe.imports_passed_through():
    from activities.stores.webhooks import WebhookActivities
    from activities.sync.compare import CatalogSyncActivities
    from activities.sync.missing import MissingActivities
    from contracts.ids import bulk_queue, catalog_sync_id
    from contracts.syncs import (
        DifferingPages,
        SyncEnd,
        SyncMode,
        SyncPosition,
        SyncRequest,
        SyncRun,
        SyncStatus,
    )
    from contracts.webhooks import WebhookCheck
    from contracts.wording.counted import agreeing
    from workflows.indexing import plain

MAX_REMOVED_SHARE = 5
"""A sync that would remove more than one in this many products is refused, unless the request allows it."""

COMPARED = "Everything the shop lists was compared."

STORE_ID = SearchAttributeKey.for_keyword("StoreId")


@workflow.defn(name="CatalogSync")
class CatalogSyncWorkflow:
    """Compare the shop's list with the stored products, apply what differs, and remove what is missing."""

    @workflow.run
    async def run(self, request: SyncRequest, position: SyncPosition | None = None) -> SyncEnd:
        if position is None:
            run = await workflow.execute_local_activity_method(
                CatalogSyncActivities.begin_sync, request, **DATABASE
            )
            position = SyncPosition(run=run)
        try:
            end = await self._sync(request, position)
        except (FailureError, asyncio.CancelledError) as error:
            if is_cancelled_exception(error):
                await self._finish(_end(position.run, SyncStatus.CANCELLED, "The sync was cancelled."))
                raise
            end = _end(position.run, SyncStatus.FAILED, plain(error))
        await self._finish(end)
        if end.status is SyncStatus.FAILED:
            raise ApplicationError(end.reason, type="failed", non_retryable=True)
        return end

    async def _sync(self, request: SyncRequest, position: SyncPosition) -> SyncEnd:
        run = position.run
        if position.page == 1 and not run.dry_run:
            await self._maintain_webhooks(run)
        if position.missing_after is None:
            position = await self._process_pages(request, position)
            if run.mode is SyncMode.INCREMENTAL and run.modified_after is not None:
                return _end(run, SyncStatus.SUCCEEDED, "What changed since the last sync was compared.")
            missing = await workflow.execute_local_activity_method(
                MissingActivities.count_missing, run, **DATABASE
            )
            if missing.missing * MAX_REMOVED_SHARE > missing.stored and not run.allow_gone:
                return _end(
                    run,
                    SyncStatus.REFUSED,
                    f"{missing.missing} of {missing.stored} products would vanish; if the shop really removed"
                    " them, ask for a full sync with allow_gone.",
                )
            if run.dry_run:
                reason = agreeing(
                    missing.missing,
                    "Nothing was changed; 1 product would be removed.",
                    f"Nothing was changed; {missing.missing} products would be removed.",
                )
                return _end(run, SyncStatus.SUCCEEDED, reason)
            if not missing.missing:
                return _end(run, SyncStatus.SUCCEEDED, COMPARED)
            position = replace(position, missing_after=0)
        await self._remove_missing(request, position)
        return _end(run, SyncStatus.SUCCEEDED, COMPARED)

    async def _maintain_webhooks(self, run: SyncRun) -> None:
        """Repair the shop's webhooks first, so that the sync finds what they lost until now."""
        check = WebhookCheck(store_id=run.store_id, missed=run.missed)
        try:
            await workflow.execute_activity_method(
                WebhookActivities.maintain_webhooks, check, **_bulk(run, UPKEEP)
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            workflow.logger.warning("webhooks could not be maintained: %s", plain(error))

    async def _process_pages(self, request: SyncRequest, position: SyncPosition) -> SyncPosition:
        """Compare (or import) some pages, apply the differing pages, and go on until the end of the list."""
        last = position.page + request.pages_per_run
        is_import = position.run.is_import
        step = CatalogSyncActivities.import_pages if is_import else CatalogSyncActivities.compare_pages
        while True:
            processed = await workflow.execute_activity_method(step, position, **_bulk(position.run))
            if processed.differing:
                differing = DifferingPages(run=position.run, pages=processed.differing)
                await workflow.execute_activity_method(
                    CatalogSyncActivities.apply_pages, differing, **_bulk(position.run)
                )
            position = processed.next
            if position.cursor is None:
                return position
            if position.page >= last:
                workflow.continue_as_new(args=[request, position])

    async def _remove_missing(self, request: SyncRequest, position: SyncPosition) -> None:
        last = position.page + request.pages_per_run
        while position.missing_after is not None:
            if position.page >= last:
                workflow.continue_as_new(args=[request, position])
            missing_after = await workflow.execute_activity_method(
                MissingActivities.remove_missing, position, **_bulk(position.run)
            )
            position = replace(position, page=position.page + 1, missing_after=missing_after)

    async def _finish(self, end: SyncEnd) -> None:
        await workflow.execute_local_activity_method(CatalogSyncActivities.finish_sync, end, **DATABASE)


@workflow.defn(name="ScheduledSync")
class ScheduledSyncWorkflow:
    """What a schedule starts: the store's sync, unless one is running already."""

    @workflow.run
    async def run(self, request: SyncRequest) -> str:
        earlier = f"catalog-sync/{request.store_id}"
        sync_id = catalog_sync_id(request.task_queue, request.store_id) if request.task_queue else earlier
        try:
            await workflow.start_child_workflow(
                CatalogSyncWorkflow.run,
                args=[request, None],
                id=sync_id,
                parent_close_policy=ParentClosePolicy.ABANDON,
                priority=of_store(request.store_id),
                static_summary=f"{request.mode} sync of store {request.store_id}",
                search_attributes=TypedSearchAttributes(
                    [SearchAttributePair(STORE_ID, str(request.store_id))]
                ),
            )
        except WorkflowAlreadyStartedError:
            return "A sync of this store is running already."
        return "Started."


def _end(run: SyncRun, status: SyncStatus, reason: str) -> SyncEnd:
    return SyncEnd(sync_id=run.sync_id, status=status, reason=reason)


def _bulk(run: SyncRun, policy: ActivityConfig = READING) -> ActivityConfig:
    """Returns the options of an activity that waits behind events and shares its queue with other stores."""
    return ActivityConfig(
        **policy,
        task_queue=bulk_queue(workflow.info().task_queue),
        priority=of_store(run.store_id, BEHIND_EVENTS),
    )
