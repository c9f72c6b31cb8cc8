"""`/healthz`, `/readyz` and `/metrics`: health and metrics of the process, for monitoring."""

import asyncio
from typing import Literal

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from api.dependencies import CurrentState
from api.metrics.readiness import PostgresState, TemporalState
from api.openapi.build import ResponseModel, example
from api.security.client_ip import client_address, client_network

pause = asyncio.sleep


async def _paced(request: Request, state: CurrentState) -> None:
    """Let a network that asks very often wait for its turn, so that its many connections cost little."""
    address = client_address(request, state.settings.trusted_proxies)
    wait = state.probes.reserve(client_network(address))
    if wait > 0:
        await pause(wait)


router = APIRouter(tags=["operation"], dependencies=[Depends(_paced)])


class Alive(ResponseModel):
    """The process runs."""

    model_config = example({"status": "ok"})

    status: Literal["ok"]


class Ready(ResponseModel):
    """Whether events can be stored and are processed; the warnings say what is wrong."""

    model_config = example({"status": "ok", "postgres": "ok", "temporal": "ok", "warnings": []})

    status: Literal["ok", "degraded"]
    postgres: PostgresState
    temporal: TemporalState
    warnings: tuple[str, ...]


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
    """Events can be stored; a 503 names the server that cannot.

    Without a worker the answer is 200 with a warning, because this process still accepts events.
    """
    found = await state.readiness.check()
    response.status_code = 200 if found.is_ready else 503
    return Ready(
        status="ok" if found.is_ready and found.is_processed else "degraded",
        postgres=found.postgres,
        temporal=found.temporal,
        warnings=found.warnings,
    )
