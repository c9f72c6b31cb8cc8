"""Alive, ready, and in numbers, for whoever watches the process."""

import asyncio
from typing import Literal

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from sqlalchemy.exc import SQLAlchemyError
from temporalio.service import RPCError

from api.dependencies import Opened, State
from api.errors import answer
from api.openapi.build import Answer, documented, example
from database import health

router = APIRouter(tags=["operation"])

ANSWER_WITHIN = 3.0


class Alive(Answer):
    """The process answers."""

    model_config = example({"status": "ok"})

    status: Literal["ok"]


Reached = Literal["ok", "unreachable"]


class Ready(Answer):
    """What can be reached."""

    model_config = example({"status": "ok", "postgres": "ok", "temporal": "ok"})

    status: Literal["ok", "degraded"]
    postgres: Reached
    temporal: Reached


async def _postgres(opened: State) -> bool:
    try:
        async with opened.database.reading() as connection, asyncio.timeout(ANSWER_WITHIN):
            await health.ping(connection)
    except (SQLAlchemyError, TimeoutError, OSError):
        return False
    return True


async def _temporal(opened: State) -> bool:
    try:
        async with asyncio.timeout(ANSWER_WITHIN):
            return await opened.temporal.service_client.check_health()
    except (RPCError, RuntimeError, TimeoutError, OSError):
        return False


@router.get("/healthz", **documented(answers={200: Alive}))
async def alive() -> Response:
    """The process answers."""
    return answer(200, {"status": "ok"})


@router.get("/metrics", include_in_schema=False)
async def metrics(opened: Opened) -> Response:
    """What this process and the installation counted, for Prometheus."""
    told = await opened.installation.scrape(opened.metrics.registry)
    return Response(told, media_type=CONTENT_TYPE_PLAIN_0_0_4)


@router.get("/readyz", **documented(answers={200: Ready, 503: Ready}))
async def ready(opened: Opened) -> Response:
    """Postgres and Temporal can be reached; 503 says which cannot."""
    postgres, temporal = await asyncio.gather(_postgres(opened), _temporal(opened))
    names = {True: "ok", False: "unreachable"}
    return answer(
        200 if postgres and temporal else 503,
        {
            "status": "ok" if postgres and temporal else "degraded",
            "postgres": names[postgres],
            "temporal": names[temporal],
        },
    )
