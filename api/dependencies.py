"""What routes depend on: the state of the application, and who sends the request."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any, Protocol, cast
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response
from temporalio.client import Client

from api.bodies import JsonRoute
from api.bodies_in_flight import BodiesInFlight
from api.errors import ApiError, not_found, unauthenticated
from api.fields import PathId
from api.ingest.accept import EventIngest
from api.metrics.installation import InstallationMetrics
from api.metrics.process import ProcessMetrics
from api.metrics.readiness import Readiness
from api.middleware.request_log import request_facts
from api.openapi.build import ADMIN_SESSION, INTEGRATION_TOKEN, SESSION
from api.questions import Questions
from api.security.integration_tokens import IntegrationTokens
from api.security.passwords import Passwords
from api.security.rate_limit import RateLimit, TokenBuckets
from api.security.sessions import Sessions, password_stamp
from api.security.sign_in import SignIn
from api.security.stale_cache import StaleIfErrorCache
from api.synonyms import SearchSynonyms
from compute import Compute
from connectors.http.outbound import Outbound
from connectors.registry import PLATFORMS
from contracts.ids import embedding_label
from contracts.stores import DeliveryTerms, Store
from contracts.tokens import Integration
from crypto import SecretBox
from database.access import stores, users
from database.access.users import User
from database.engine import Database
from database.usage.waiting import WaitingUsage
from embeddings.base import Embedder
from embeddings.query_cache import QueryCache
from settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class AppState:
    """What the application opens when it starts and closes when it stops."""

    settings: Settings
    database: Database
    temporal: Client
    embedder: Embedder
    query_vectors: QueryCache
    synonyms: SearchSynonyms
    questions: Questions
    usage: WaitingUsage
    tokens: IntegrationTokens
    sessions: Sessions
    passwords: Passwords
    sign_in: SignIn
    ingest: EventIngest
    bodies: BodiesInFlight
    compute: Compute
    rate_limit: RateLimit
    user_rate_limit: RateLimit
    metrics: ProcessMetrics
    installation: InstallationMetrics
    readiness: Readiness
    probes: TokenBuckets
    public_limit: TokenBuckets
    public_site_limit: TokenBuckets
    secret_box: SecretBox
    outbound: Outbound
    delivery_terms: StaleIfErrorCache[int, DeliveryTerms]

    @property
    def embedding_label(self) -> str:
        """The label of the embedding model of the settings."""
        settings = self.settings
        return embedding_label(
            settings.embedding_model, settings.embedding_dimensions, settings.embedding_variant
        )

    def workflow_url(self, workflow_id: str, run_id: str = "") -> str:
        """Returns the address of a workflow in the Temporal UI, or of one run of it."""
        namespace = quote(self.settings.temporal_namespace)
        path = f"{self.settings.temporal_ui}/namespaces/{namespace}/workflows/{quote(workflow_id, safe='')}"
        return f"{path}/{run_id}" if run_id else path


class Opened(Protocol):
    """The part of the state that the removal of a store needs; the command line may have no Temporal."""

    @property
    def settings(self) -> Settings: ...

    @property
    def database(self) -> Database: ...

    @property
    def temporal(self) -> Client | None: ...

    @property
    def secret_box(self) -> SecretBox: ...

    @property
    def outbound(self) -> Outbound: ...


def app_state(request: Request) -> AppState:
    return cast(AppState, request.app.state.opened)


_WithToken = Annotated[object, Depends(INTEGRATION_TOKEN)]
_WithSession = Annotated[object, Depends(SESSION)]
_WithAdminSession = Annotated[object, Depends(ADMIN_SESSION)]
# Only the OpenAPI document reads these three.


async def _check_limit(state: AppState, limit: RateLimit, id_: int) -> None:
    try:
        await limit.check(id_)
    except ApiError:
        state.metrics.limited(refused=True)
        raise
    state.metrics.limited(refused=False)


async def current_integration(request: Request, _: _WithToken = None) -> Integration:
    """Returns the holder of the request's integration token; raises 401, 429 or 503."""
    state = app_state(request)
    integration = await state.tokens.authenticate(request)
    facts = request_facts(request)
    facts.user_id, facts.store_id = integration.user_id, integration.store_id
    facts.token_id = integration.token_id
    await _check_limit(state, state.rate_limit, integration.token_id)
    return integration


async def current_user(request: Request, _: _WithSession = None) -> User:
    """Returns the user of the request's session; raises 401, 429 or 503.

    A new password or a closed account ends the session.
    """
    state = app_state(request)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    claims = state.sessions.read(token.strip()) if scheme.lower() == "bearer" else None
    if claims is None:
        raise state.tokens.unknown(request) if token else unauthenticated("Invalid token")
    async with state.database.reading() as connection:
        user = await users.read_user(connection, claims.user_id)
    if user is None or not user.is_active or password_stamp(user) != claims.password_stamp:
        raise unauthenticated("Invalid token")
    request_facts(request).user_id = user.id
    await _check_limit(state, state.user_rate_limit, user.id)
    return user


class _AdminRoute(JsonRoute):
    """Authenticates the admin before FastAPI reads the body, so that other bodies are not read."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def authenticate(request: Request) -> Response:
            user = await current_user(request)
            if not user.is_staff:
                raise ApiError(403, {"error": "Only admins may do this"})
            request.state.admin = user
            return await handle(request)

        return authenticate


async def current_admin(request: Request, _: _WithAdminSession = None) -> User:
    """Returns the admin that `_AdminRoute` authenticated."""
    return cast(User, request.state.admin)


def admin_router(prefix: str, *, tag: str) -> APIRouter:
    """Returns a router for routes that only admins may use."""
    return APIRouter(
        prefix=prefix, tags=[tag], route_class=_AdminRoute, dependencies=[Depends(current_admin)]
    )


async def read_store(state: AppState, store_id: int) -> Store:
    """Returns the store with this id; raises 404 where there is none."""
    async with state.database.reading() as connection:
        store = await stores.read(connection, store_id)
    if store is None:
        raise not_found("store")
    return store


async def existing_store(
    request: Request, store_id: PathId, _: Annotated[User, Depends(current_admin)]
) -> Store:
    """Returns the store that the path names, for admins; raises 404 where there is none."""
    return await read_store(app_state(request), store_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchScope:
    """The products that a request may search and list; `store_id` is None for all stores of the user.

    An admin may also read products of others, by the id of their store or their own id.
    """

    user_id: int
    store_id: int | None
    is_staff: bool = False


async def search_scope(request: Request, _: _WithToken = None, __: _WithSession = None) -> SearchScope:
    """Returns the scope of an integration token, which its prefix identifies, or of a session."""
    _, _, secret = request.headers.get("authorization", "").partition(" ")
    if secret.strip().startswith(tuple(platform.token_format.prefix for platform in PLATFORMS.values())):
        integration = await current_integration(request)
        return SearchScope(user_id=integration.user_id, store_id=integration.store_id)
    user = await current_user(request)
    return SearchScope(user_id=user.id, store_id=None, is_staff=user.is_staff)


CurrentState = Annotated[AppState, Depends(app_state)]
CurrentAdmin = Annotated[User, Depends(current_admin)]
CurrentUser = Annotated[User, Depends(current_user)]
CurrentIntegration = Annotated[Integration, Depends(current_integration)]
CurrentSearchScope = Annotated[SearchScope, Depends(search_scope)]
ExistingStore = Annotated[Store, Depends(existing_store)]
