"""Versions of the workers, between which Temporal routes workflows (Worker Versioning)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from temporalio.api.deployment.v1 import WorkerDeploymentInfo
from temporalio.api.enums.v1 import WorkerDeploymentVersionStatus
from temporalio.api.workflowservice.v1 import (
    DescribeWorkerDeploymentRequest,
    SetWorkerDeploymentCurrentVersionRequest,
)
from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import WorkerDeploymentConfig

ANSWER_WITHIN = timedelta(seconds=10)
"""The server asks every task queue of a version before it answers."""

_STATUS = "WORKER_DEPLOYMENT_VERSION_STATUS_"


class RollOutRefused(Exception):
    """Temporal refused to make a version the current one; the message is Temporal's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerVersion:
    """A version of the workers; `status` is inactive, current, ramping, draining or drained.

    A draining version still has workflows that only its workers can continue; a drained one has none.
    """

    build_id: str
    status: str


def deployment_name(task_queue: str) -> str:
    """Returns the name of an installation's deployment; Temporal allows no full stop in it."""
    return task_queue.replace(".", "-")


def deployment(task_queue: str, build_id: str | None) -> WorkerDeploymentConfig | None:
    """Returns the version of a worker, or None for a worker without one.

    A workflow continues with the current version from its next task on, unless its class is pinned, as
    that of events is: then it ends on the version that started it.
    """
    if build_id is None:
        return None
    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(deployment_name=deployment_name(task_queue), build_id=build_id),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.AUTO_UPGRADE,
    )


async def versions(client: Client, task_queue: str) -> Sequence[WorkerVersion]:
    """Returns the versions that workers of an installation have had, the newest first."""
    request = DescribeWorkerDeploymentRequest(
        namespace=client.namespace, deployment_name=deployment_name(task_queue)
    )
    try:
        answer = await client.workflow_service.describe_worker_deployment(request, timeout=ANSWER_WITHIN)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return []
        raise
    return _versions(answer.worker_deployment_info)


def _versions(info: WorkerDeploymentInfo) -> list[WorkerVersion]:
    newest_first = sorted(
        info.version_summaries, key=lambda one: one.create_time.ToNanoseconds(), reverse=True
    )
    return [
        WorkerVersion(
            build_id=one.deployment_version.build_id,
            status=WorkerDeploymentVersionStatus.Name(one.status).removeprefix(_STATUS).lower(),
        )
        for one in newest_first
    ]


async def make_current(client: Client, task_queue: str, build_id: str | None) -> None:
    """Let the workers of a version take up new workflows; None means workers without a version.

    Raises RollOutRefused where no such worker listens, or where a task queue of the former version would be
    left without one.
    """
    request = SetWorkerDeploymentCurrentVersionRequest(
        namespace=client.namespace,
        deployment_name=deployment_name(task_queue),
        build_id=build_id or "",
        identity="pilito roll-out",
    )
    try:
        await client.workflow_service.set_worker_deployment_current_version(request, timeout=ANSWER_WITHIN)
    except RPCError as error:
        if error.status in (RPCStatusCode.NOT_FOUND, RPCStatusCode.FAILED_PRECONDITION):
            raise RollOutRefused(error.message.rstrip(".")) from None
        raise
