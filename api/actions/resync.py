"""Start a resync of a store."""

from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from api.dependencies import AppState
from api.errors import not_found, unavailable
from contracts.syncs import Sync, SyncRequest, SyncStatus
from database.sync import runs as syncs
from temporal.starts import start_catalog_sync


class ResyncUnderWay(Exception):
    """The store has a running sync; `run_id` is its run."""

    def __init__(self, run_id: str | None) -> None:
        super().__init__("a sync of this store is under way")
        self.run_id = run_id


async def start_resync(state: AppState, wanted: SyncRequest) -> Sync:
    """Returns the started sync; raises ResyncUnderWay, 404 and 503."""
    try:
        started = await start_catalog_sync(state.temporal, wanted, task_queue=state.settings.task_queue)
    except WorkflowAlreadyStartedError as error:
        raise ResyncUnderWay(error.first_run_id or error.run_id) from None
    except (RPCError, RuntimeError, OSError):
        raise unavailable("Temporal does not answer; no sync was started") from None
    async with state.database.transaction() as connection:
        run = await syncs.begin(
            connection,
            wanted,
            workflow_id=started.id,
            run_id=started.first_execution_run_id or "",
            status=SyncStatus.QUEUED,
        )
        sync = await syncs.read(connection, wanted.store_id, run.sync_id) if run else None
    if sync is None:
        raise not_found("store")
    return sync
