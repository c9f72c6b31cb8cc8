"""What the routes ask for: opened once in the lifespan, reached through the request."""

from dataclasses import dataclass
from typing import Annotated, cast
from urllib.parse import quote

from fastapi import Depends, Request
from temporalio.client import Client

from api.errors import Refused, unauthenticated
from api.ingest import Intake
from api.metrics.installation import Installation
from api.metrics.process import Metrics
from api.middleware.request_log import facts_of
from api.openapi.build import ADMIN_SESSION, INTEGRATION_TOKEN, SESSION
from api.security.integration_tokens import Tokens
from api.security.rate_limit import RateLimit
from api.security.sessions import Sessions, password_stamp
from api.security.stale_cache import Remembered
from connectors.http.outbound import Outbound
from connectors.registry import PLATFORMS
from contracts.stores import DeliveryTerms
from contracts.tokens import Integration
from crypto import SecretBox
from database.access import users
from database.access.users import User
from database.engine import Database
from embeddings.query_cache import QueryCache
from settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    settings: Settings
    database: Database
    temporal: Client
    query_vectors: QueryCache
    tokens: Tokens
    sessions: Sessions
    intake: Intake
    limit: RateLimit
    metrics: Metrics
    installation: Installation
    secret_box: SecretBox
    outbound: Outbound
    store_terms: Remembered[int, DeliveryTerms]

    def workflow_url(self, workflow_id: str, run_id: str = "") -> str:
        """Where the Temporal UI shows a workflow, or one run of it."""
        namespace = quote(self.settings.temporal_namespace)
        path = f"{self.settings.temporal_ui}/namespaces/{namespace}/workflows/{quote(workflow_id, safe='')}"
        return f"{path}/{run_id}" if run_id else path


def state_of(request: Request) -> State:
    return cast(State, request.app.state.opened)


_WithToken = Annotated[object, Depends(INTEGRATION_TOKEN)]
_WithSession = Annotated[object, Depends(SESSION)]
_WithAdminSession = Annotated[object, Depends(ADMIN_SESSION)]
# Read by the document alone: they tell who may ask.


async def integration_of(request: Request, _: _WithToken = None) -> Integration:
    """The holder of the request's integration token, within its rate limit."""
    state = state_of(request)
    integration = await state.tokens.authenticate(request)
    facts = facts_of(request)
    facts.user_id, facts.store_id = integration.user_id, integration.store_id
    facts.token_id = integration.token_id
    try:
        await state.limit.check(integration.token_id)
    except Refused:
        state.metrics.limited(refused=True)
        raise
    state.metrics.limited(refused=False)
    return integration


async def user_of(request: Request, _: _WithSession = None) -> User:
    """The user whose session token a request carries; a new password or a closed account ends it."""
    state = state_of(request)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    claims = state.sessions.read(token.strip()) if scheme.lower() == "bearer" else None
    if claims is None:
        raise state.tokens.unknown(request) if token else unauthenticated("Invalid token")
    async with state.database.reading() as connection:
        user = await users.read_user(connection, claims.user_id)
    if user is None or not user.is_active or password_stamp(user) != claims.password_stamp:
        raise unauthenticated("Invalid token")
    facts_of(request).user_id = user.id
    return user


async def admin_of(request: Request, _: _WithAdminSession = None) -> User:
    """A user who may administer."""
    user = await user_of(request)
    if not user.is_staff:
        raise Refused(403, {"error": "Only admins may do this"})
    return user


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Whose knowledge may be asked; `store_id` is None where all stores of the user may."""

    user_id: int
    store_id: int | None


async def asker_of(request: Request, _: _WithToken = None, __: _WithSession = None) -> Asker:
    """The holder of an integration token or of a session; integration tokens tell themselves apart."""
    _, _, secret = request.headers.get("authorization", "").partition(" ")
    if secret.strip().startswith(tuple(platform.token_format.prefix for platform in PLATFORMS.values())):
        integration = await integration_of(request)
        return Asker(user_id=integration.user_id, store_id=integration.store_id)
    user = await user_of(request)
    return Asker(user_id=user.id, store_id=None)


Opened = Annotated[State, Depends(state_of)]
Admin = Annotated[User, Depends(admin_of)]
CurrentUser = Annotated[User, Depends(user_of)]
CurrentAsker = Annotated[Asker, Depends(asker_of)]
CurrentIntegration = Annotated[Integration, Depends(integration_of)]
