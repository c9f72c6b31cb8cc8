"""What the routes ask for: opened once in the lifespan, reached through the request."""

from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request
from temporalio.client import Client

from api.auth import Tokens
from api.intake import Intake
from api.limits import RateLimit
from api.query_vectors import QueryVectors
from contracts.accounts import Integration
from database.engine import Database
from settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    settings: Settings
    database: Database
    temporal: Client
    query_vectors: QueryVectors
    tokens: Tokens
    intake: Intake
    limit: RateLimit


def state_of(request: Request) -> State:
    return cast(State, request.app.state.opened)


async def integration_of(request: Request) -> Integration:
    """The holder of the request's integration token, within its rate limit."""
    state = state_of(request)
    integration = await state.tokens.authenticate(request)
    state.limit.check(integration.token_id)
    return integration


Opened = Annotated[State, Depends(state_of)]
CurrentIntegration = Annotated[Integration, Depends(integration_of)]
