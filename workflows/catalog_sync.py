"""One walk through a shop's catalogue, after which we hold what it holds."""

import asyncio
from collections import deque
from dataclasses import dataclass, replace
from math import ceil

from temporalio import workflow
from temporalio.common import Priority, SearchAttributeKey, SearchAttributePair, TypedSearchAttributes
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    FailureError,
    WorkflowAlreadyStartedError,
    is_cancelled_exception,
)
from temporalio.workflow import ActivityConfig, ParentClosePolicy

from workflows.policies import DATABASE, READING, UPKEEP

with workflow.unsafe.imports_passed_through():
    from activities.stores.webhooks import WebhookActivities
    from activities.sync.compare import CatalogSyncActivities
    from activities.sync.first_import import FirstImportActivities
    from activities.sync.missing import AbsentActivities
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
    from workflows.indexing import plain

SIDE_BY_SIDE = 2
"""Steps that walk at once, each over pages of its own; by one bulk worker, or by two."""

STEPS_AT_A_TIME = 3
"""Steps that take pages over while the next pages are compared; each holds the products of one in memory."""

LARGEST_SHARE_GONE = 5
"""One in so many may vanish without somebody having allowed it."""

BEHIND_EVENTS = 4
"""Priority; that of everything else is 3, and lower goes first."""

COMPARED = "Everything the shop lists was compared."

STORE_ID = SearchAttributeKey.for_keyword("StoreId")


@workflow.defn(name="CatalogSync")
class CatalogSyncWorkflow:
    """Compare page by page, take over what differs, and remove what a complete walk did not see."""

    @workflow.run
    async def run(self, request: SyncRequest, at: SyncPosition | None = None) -> SyncEnd:
        run = at.run if at else await self._begin(request)
        try:
            end = await self._walk(request, at or SyncPosition(run=run))
        except (FailureError, asyncio.CancelledError) as error:
            if is_cancelled_exception(error):
                await self._finish(self._end(run, SyncStatus.CANCELLED, "Somebody cancelled it."))
                raise
            end = self._end(run, SyncStatus.FAILED, plain(error))
        await self._finish(end)
        if end.status is SyncStatus.FAILED:
            raise ApplicationError(end.reason, type="failed", non_retryable=True)
        return end

    async def _begin(self, request: SyncRequest) -> SyncRun:
        return await workflow.execute_local_activity_method(
            CatalogSyncActivities.begin_sync, request, **DATABASE
        )

    async def _walk(self, request: SyncRequest, at: SyncPosition) -> SyncEnd:
        run = at.run
        if at.page == 1 and not run.dry_run:
            await self._wake_webhooks(run)
        if at.beyond is None:
            at = await self._walk_pages(request, at)
        if run.mode is SyncMode.INCREMENTAL and run.modified_after is not None:
            return self._end(run, SyncStatus.SUCCEEDED, "What changed since the last walk was compared.")
        return await self._remove_absent(request, at)

    async def _wake_webhooks(self, run: SyncRun) -> None:
        """Put the shop's own webhooks right first: what they lost meanwhile is what the walk then finds."""
        check = WebhookCheck(store_id=run.store_id, missed=run.missed)
        try:
            await workflow.execute_activity_method(
                WebhookActivities.maintain_webhooks, check, **_bulk(run, UPKEEP)
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            workflow.logger.warning("webhooks were not looked after: %s", plain(error))

    async def _walk_pages(self, request: SyncRequest, at: SyncPosition) -> SyncPosition:
        """Compare some pages after the others, while those before are taken over."""
        last = at.page + request.pages_per_run - 1
        shared = workflow.patched("shared-pages")
        left_out: list[SyncPosition] = []
        told = 0
        walking: list[asyncio.Task[_Walked]] = []
        taking: deque[asyncio.Task[None]] = deque()
        differing: list[tuple[int, ...]] = []
        begin: SyncPosition | None = at
        try:
            while True:
                while begin and len(walking) < SIDE_BY_SIDE:
                    if shared:
                        begin = _sharing(begin, last, among=SIDE_BY_SIDE - len(walking))
                    walking.append(asyncio.create_task(_walk_some(begin)))
                    begin = _beyond(begin, last)
                for pages in differing:
                    taking.append(asyncio.create_task(_take(DifferingPages(run=at.run, pages=pages))))
                if not walking:
                    break
                done, walking = await workflow.wait(walking, return_when=asyncio.FIRST_COMPLETED)
                if any(task.exception() for task in done):
                    await asyncio.gather(*walking, return_exceptions=True)  # what they walk is not in vain
                walked = [task.result() for task in done]
                at = max((*(some.at for some in walked), at), key=lambda reached: reached.page)
                differing = [some.differing for some in walked if some.differing]
                if shared:
                    left_out += [some.left_out for some in walked if some.left_out]
                    told = max(told, *(some.at.numbered or 0 for some in walked))
                while len(taking) + len(differing) > STEPS_AT_A_TIME:
                    await taking.popleft()
                if begin:
                    totals = (some.total for some in (begin, *(some.at for some in walked)))
                    begin = replace(begin, total=max((total for total in totals if total), default=None))
                elif not walking:
                    if at.cursor is None and at.page <= told and not at.empty_in_row:
                        at = replace(at, cursor=str(at.page))
                    there = [step for step in left_out if step.page < at.page and step.page <= told]
                    walking, left_out = [asyncio.create_task(_walk_some(step)) for step in there], []
                    if not walking and at.cursor is not None and at.page <= last:
                        begin = at
            await asyncio.gather(*taking)
        finally:
            for task in (*walking, *taking):
                task.cancel()
        if at.cursor is not None:
            workflow.continue_as_new(args=[request, at])
        return replace(at, beyond=0)

    async def _remove_absent(self, request: SyncRequest, at: SyncPosition) -> SyncEnd:
        """Remove what is gone, unless that is suspiciously much."""
        run = at.run
        if at.beyond == 0:
            absent = await workflow.execute_local_activity_method(
                AbsentActivities.weigh_absent, run, **DATABASE
            )
            if absent.absent * LARGEST_SHARE_GONE > absent.held and not run.allow_gone:
                return self._end(
                    run,
                    SyncStatus.REFUSED,
                    f"{absent.absent} of {absent.held} products would vanish; if the shop really removed"
                    " them, ask for a full sync with allow_gone.",
                )
            if run.dry_run:
                reason = f"Nothing was changed; {absent.absent} products would be removed."
                return self._end(run, SyncStatus.SUCCEEDED, reason)
            if not absent.to_ask:
                return self._end(run, SyncStatus.SUCCEEDED, COMPARED)
        first, beyond = at.page, at.beyond
        while beyond is not None:
            if at.page - first >= request.pages_per_run:
                workflow.continue_as_new(args=[request, at])
            beyond = await workflow.execute_activity_method(AbsentActivities.take_absent, at, **_bulk(run))
            at = replace(at, page=at.page + 1, beyond=beyond)
        return self._end(run, SyncStatus.SUCCEEDED, COMPARED)

    async def _finish(self, end: SyncEnd) -> None:
        await workflow.execute_local_activity_method(CatalogSyncActivities.finish_sync, end, **DATABASE)

    def _end(self, run: SyncRun, status: SyncStatus, reason: str) -> SyncEnd:
        return SyncEnd(sync_id=run.sync_id, status=status, reason=reason)


@workflow.defn(name="ScheduledSync")
class ScheduledSyncWorkflow:
    """What a schedule starts: the store's one sync, unless that is under way."""

    @workflow.run
    async def run(self, request: SyncRequest) -> str:
        try:
            await workflow.start_child_workflow(
                CatalogSyncWorkflow.run,
                args=[request, None],
                id=catalog_sync_id(request.store_id),
                parent_close_policy=ParentClosePolicy.ABANDON,
                static_summary=f"{request.mode} sync of store {request.store_id}",
                search_attributes=TypedSearchAttributes(
                    [SearchAttributePair(STORE_ID, str(request.store_id))]
                ),
            )
        except WorkflowAlreadyStartedError:
            return "A sync of this store is under way already."
        return "Started."


def _bulk(run: SyncRun, how: ActivityConfig = READING) -> ActivityConfig:
    """A step that waits behind those of events, and lets other stores have their turn."""
    return ActivityConfig(
        **how,
        task_queue=bulk_queue(workflow.info().task_queue),
        priority=Priority(priority_key=BEHIND_EVENTS, fairness_key=str(run.store_id)),
    )


@dataclass(frozen=True)
class _Walked:
    """What a step came to; `left_out` begins where it ended too early, should the list go on there."""

    at: SyncPosition
    differing: tuple[int, ...]
    left_out: SyncPosition | None


async def _walk_some(start: SyncPosition) -> _Walked:
    step = FirstImportActivities.import_pages if start.run.whole else CatalogSyncActivities.compare_pages
    walked = await workflow.execute_activity_method(step, start, **_bulk(start.run))
    at, left_out = walked.at, None
    if start.numbered is not None and start.until and at.page < start.until and not at.empty_in_row:
        left_out = replace(start, page=at.page, cursor=str(at.page))
    return _Walked(at, walked.differing, left_out)


def _sharing(at: SyncPosition, last: int, *, among: int) -> SyncPosition:
    """With the page before which its step ends: those that walk at once get their share of what is left.

    The first page is a step of its own: it tells how many there are, and so where others may begin meanwhile.
    """
    if at.page == 1:
        return replace(at, until=2)
    pages = at.run.pages_per_step
    if at.numbered is not None:
        left = min(at.numbered, last) - at.page + 1
        pages = max(1, min(pages, ceil(left / among)))
    return replace(at, until=at.page + pages)


def _beyond(at: SyncPosition, last: int) -> SyncPosition | None:
    """Where another step may walk while the one from here does, which needs pages that have numbers."""
    page = at.until or at.page + at.run.pages_per_step
    if at.numbered is None or page > min(at.numbered, last):
        return None
    return replace(at, page=page, cursor=str(page), empty_in_row=0)


async def _take(pages: DifferingPages) -> None:
    await workflow.execute_activity_method(CatalogSyncActivities.take_pages, pages, **_bulk(pages.run))
