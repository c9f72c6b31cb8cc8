"""`/healthz`, `/readyz` and `/metrics`: health and metrics of the process, for monitoring."""

import asyncio
from typing import Literal

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from sqlalchemy.exc import SQLAlchemyError
from temporalio.service import RPCError

from api.dependencies import AppState, CurrentState
from api.openapi.build import ResponseModel, example

router = APIRouter(tags=["operation"])

ANSWER_WITHIN = 3.0


class Alive(ResponseModel):
    """The process runs."""

    model_config = example({"status": "ok"})

    status: Literal["ok"]


Reached = Literal["ok", "unreachable"]


class Ready(ResponseModel):
    """Whether Postgres and Temporal can be reached."""

    model_config = example({"status": "ok", "postgres": "ok", "temporal": "ok"})

    status: Literal["ok", "degraded"]
    postgres: Reached
    temporal: Reached


async def _reach_postgres(state: AppState) -> Reached:
    try:
        async with asyncio.timeout(ANSWER_WITHIN):
            await state.database.ping()
    except (SQLAlchemyError, TimeoutError, OSError):
        return "unreachable"
    return "ok"


async def _reach_temporal(state: AppState) -> Reached:
    try:
        async with asyncio.timeout(ANSWER_WITHIN):
            return "ok" if await state.temporal.service_client.check_health() else "unreachable"
    except (RPCError, RuntimeError, TimeoutError, OSError):
        return "unreachable"


@router.get("/healthz")
async def alive() -> Alive:
    """The process runs."""
    return Alive(status="ok")


@router.get("/metrics", include_in_schema=False)
async def metrics(state: CurrentState) -> Response:
    """Metrics of this process and of the installation, for Prometheus."""
    scraped = await state.installation.scrape(state.metrics.registry)
    return Response(scraped, media_type=CONTENT_TYPE_PLAIN_0_0_4)


@router.get("/readyz", responses={503: {"model": Ready}})
async def ready(state: CurrentState, response: Response) -> Ready:
    """Postgres and Temporal can be reached; a 503 names the one that cannot."""
    postgres, temporal = await asyncio.gather(_reach_postgres(state), _reach_temporal(state))
    is_ready = postgres == temporal == "ok"
    response.status_code = 200 if is_ready else 503
    return Ready(status="ok" if is_ready else "degraded", postgres=postgres, temporal=temporal)
