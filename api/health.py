"""Alive and ready, for whoever watches the process."""

import asyncio

from fastapi import APIRouter, Response
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from temporalio.service import RPCError

from api.errors import answer
from api.state import Opened, State

router = APIRouter(tags=["operation"])

ANSWER_WITHIN = 3.0


async def _postgres(opened: State) -> bool:
    try:
        async with opened.database.reading() as connection, asyncio.timeout(ANSWER_WITHIN):
            await connection.execute(text("SELECT 1"))
    except (SQLAlchemyError, TimeoutError, OSError):
        return False
    return True


async def _temporal(opened: State) -> bool:
    try:
        async with asyncio.timeout(ANSWER_WITHIN):
            return await opened.temporal.service_client.check_health()
    except (RPCError, RuntimeError, TimeoutError, OSError):
        return False


@router.get("/healthz")
async def alive() -> Response:
    """The process answers."""
    return answer(200, {"status": "ok"})


@router.get("/readyz")
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
