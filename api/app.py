"""The FastAPI application: what it opens when it starts, its middleware, error handlers and routes."""

import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware

from api.assistants.access import NETWORKS_OF_A_SITE
from api.assistants.mcp import routes as mcp
from api.assistants.mcp.door import HEADERS, Door
from api.assistants.mcp.server import create_server
from api.assistants.openai.errors import http_error
from api.bodies_in_flight import BodiesInFlight
from api.console import pages as console
from api.dependencies import AppState
from api.errors import (
    DATABASE_DOWN,
    body_error,
    database_down,
    shop_error,
    too_busy,
    too_expensive,
    unknown_key,
    validation_error,
)
from api.ingest.accept import EventIngest
from api.metrics.installation import InstallationMetrics
from api.metrics.process import ProcessMetrics
from api.metrics.readiness import Readiness
from api.middleware.body_limits import BodySizeMiddleware, BodyTimeoutMiddleware
from api.middleware.request_log import RequestLogMiddleware
from api.middleware.trailing_slash import TrailingSlashMiddleware
from api.openapi import docs_page as docs
from api.openapi.build import TAGS, Service
from api.questions import Questions
from api.routes import (
    auth,
    events,
    explain,
    feeds,
    health,
    products,
    search,
    signed_webhooks,
    stores,
    syncs,
    synonyms,
    tokens,
    ucp,
    vector_stores,
)
from api.routes.embedding import usage as embedding_usage
from api.routes.people import users
from api.routes.plugin import batch, connection, webhook
from api.routes.plugin import products as plugin_products
from api.security.integration_tokens import IntegrationTokens
from api.security.passwords import Passwords
from api.security.rate_limit import RateLimit, TokenBuckets
from api.security.sessions import Sessions
from api.security.sign_in import SignIn
from api.security.stale_cache import StaleIfErrorCache
from api.synonyms import SearchSynonyms
from compute import Busy, Compute, TooSlow
from connectors.http.outbound import Outbound
from contracts.errors import InvalidBody, InvalidField, TooExpensive, UnknownKey
from contracts.events import EventType
from contracts.ids import VERSION
from crypto import SecretBox
from database.access.rate_limits import Holder
from database.access.stores import delivery_terms
from database.clock import wall_clock
from database.engine import Database, create_engine
from database.usage.waiting import WaitingUsage
from embeddings.query_cache import QueryCache
from embeddings.registry import create_embedder
from observability import tracing
from observability.tracing import Tracing
from settings import Settings
from temporal.connecting import open_client
from temporal.queues import QueueReader

logger = logging.getLogger("pilito.api")

ABOUT = """\
Keeps a knowledge base in sync with the catalogue of a shop.

Every path works with and without its trailing slash. Bodies are JSON in UTF-8. A request without a valid
token gets `401 {"detail"}`, every other error is `{"error"}`, with `field` and `problem` where one field
causes it. Fields named `message` are Persian unless `Accept-Language` prefers English.
"""

PROBES_PER_SECOND = 100.0
"""Requests for health, readiness and metrics that one network gets answered without a delay."""

SIGN_IN_BYTES = 8 * 1024
ADMIN_BYTES = 32 * 1024
RESYNC_BYTES = 4 * 1024
RETRY_BYTES = 16 * 1024
SEARCH_BYTES = 64 * 1024
SYNONYMS_BYTES = 2 * 1024 * 1024
"""A list of the most and longest phrases is 2 MB where JSON has Persian letters as escapes."""


@asynccontextmanager
async def _opened(
    settings: Settings, metrics: ProcessMetrics, traces: Tracing | None, wall: Callable[[], float]
) -> AsyncIterator[AppState]:
    if not settings.database_url or not settings.temporal_address:
        raise SystemExit("Set PILITO_DATABASE_URL and PILITO_TEMPORAL_ADDRESS, or use `pilito up`.")
    if not settings.secret_keys:
        raise SystemExit("Set PILITO_SECRET_KEY: without it users cannot sign in.")
    async with AsyncExitStack() as stack:
        if traces:
            stack.push_async_callback(traces.close)
        database = Database(create_engine(settings.database_url, pool_size=20), wall=wall)
        stack.push_async_callback(database.close)
        await stack.enter_async_context(database.clock.running())
        interceptors = traces.interceptors if traces else ()
        temporal = await open_client(settings, prompt=True, interceptors=interceptors)
        embedder = create_embedder(settings)
        stack.push_async_callback(embedder.close)
        outbound = Outbound(allow_private=settings.allow_private_shops)
        stack.callback(outbound.close)
        queues = QueueReader(temporal, task_queue=settings.task_queue)
        secret_box = SecretBox(settings.secret_keys)
        readiness = Readiness(database, temporal, queues, secret_box)
        stack.push_async_callback(readiness.close)
        installation = InstallationMetrics(database, queues, readiness)
        stack.push_async_callback(installation.close)
        rate_limit = RateLimit(database, settings.requests_per_minute)
        stack.push_async_callback(rate_limit.close)
        user_rate_limit = RateLimit(database, settings.requests_per_minute, Holder.USER)
        stack.push_async_callback(user_rate_limit.close)
        compute = Compute(waiting=settings.max_connections)
        stack.push_async_callback(compute.close)
        passwords = Passwords()
        stack.callback(passwords.close)
        tokens = IntegrationTokens(
            database, settings.trusted_proxies, guesses_per_minute=settings.guesses_per_minute
        )
        await stack.enter_async_context(tokens.counting())
        questions = Questions(database, is_on=settings.questions_days > 0)
        await stack.enter_async_context(questions.counting())
        usage = WaitingUsage(database, logger)
        await stack.enter_async_context(usage.counting())
        ingest = EventIngest(database, temporal, task_queue=settings.task_queue)
        await stack.enter_async_context(ingest.running())
        public = settings.public_requests_per_minute
        yield AppState(
            settings=settings,
            database=database,
            temporal=temporal,
            embedder=embedder,
            query_vectors=QueryCache(embedder),
            synonyms=SearchSynonyms(),
            questions=questions,
            usage=usage,
            tokens=tokens,
            sessions=Sessions(settings.secret_keys, clock=database.clock.estimate),
            passwords=passwords,
            sign_in=SignIn(database, passwords, settings.trusted_proxies, on_failure=metrics.login_failed),
            ingest=ingest,
            bodies=BodiesInFlight(settings.bodies_in_flight_bytes, largest=settings.max_body_bytes),
            compute=compute,
            rate_limit=rate_limit,
            user_rate_limit=user_rate_limit,
            metrics=metrics,
            installation=installation,
            readiness=readiness,
            probes=TokenBuckets(rate=PROBES_PER_SECOND, capacity=PROBES_PER_SECOND),
            public_limit=TokenBuckets(rate=public / 60, capacity=public),
            public_site_limit=TokenBuckets(
                rate=public * NETWORKS_OF_A_SITE / 60, capacity=public * NETWORKS_OF_A_SITE
            ),
            secret_box=secret_box,
            outbound=outbound,
            delivery_terms=StaleIfErrorCache(
                database, delivery_terms, error="The store cannot be looked up right now"
            ),
        )


def _add_middleware(app: FastAPI, settings: Settings, metrics: ProcessMetrics) -> None:
    """Add the middleware, the innermost first."""
    limits = {
        r"/api/integrations/woocommerce/(products|lifecycle)/": ADMIN_BYTES,
        "/api/integrations/": settings.max_body_bytes,
        "/api/v1/knowledge/": SEARCH_BYTES,
        "/(mcp|ucp|v1)(/|$)": SEARCH_BYTES,
        "/api/v1/auth/": SIGN_IN_BYTES,
        "/api/v1/integrations/events/retry": RETRY_BYTES,
        r"/api/v1/integrations/stores/\d+/resync": RESYNC_BYTES,
        r"/api/v1/integrations/stores/\d+/synonyms": SYNONYMS_BYTES,
    }
    app.add_middleware(TrailingSlashMiddleware)
    app.add_middleware(BodySizeMiddleware, limits=limits, default=ADMIN_BYTES)
    app.add_middleware(BodyTimeoutMiddleware, seconds=settings.request_timeout_seconds)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "X-Request-ID", *HEADERS],
            expose_headers=["Retry-After", "WWW-Authenticate", "X-Request-ID"],
        )
    app.add_middleware(
        RequestLogMiddleware, trusted_proxies=settings.trusted_proxies, on_completed=metrics.completed
    )


def create_app(settings: Settings, *, wall: Callable[[], float] = wall_clock) -> Service:
    """Returns the application; its connections are opened when it starts and closed when it stops.

    `wall` is the wall clock of the process.
    """

    metrics = ProcessMetrics(EventType)
    traces = tracing.start("pilito-api")

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        door = Door(create_server())
        async with _opened(settings, metrics, traces, wall) as opened, door.running():
            app.state.opened, app.state.mcp = opened, door
            yield

    app = Service(
        title="Pilito Sync",
        version=VERSION,
        description=ABOUT,
        openapi_tags=[{"name": name, "description": text} for name, text in TAGS.items()],
        lifespan=lifespan,
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
    )
    app.state.public_url = settings.public_url
    app.state.trusted_proxies = settings.trusted_proxies
    app.state.feeds = Counter()
    _add_middleware(app, settings, metrics)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(RequestValidationError, validation_error)
    app.add_exception_handler(InvalidField, shop_error)
    app.add_exception_handler(InvalidBody, body_error)
    app.add_exception_handler(TooExpensive, too_expensive)
    app.add_exception_handler(UnknownKey, unknown_key)
    app.add_exception_handler(Busy, too_busy)
    app.add_exception_handler(TooSlow, too_busy)
    for kind in DATABASE_DOWN:
        app.add_exception_handler(kind, database_down)
    for routes in (
        *(webhook, batch, connection, plugin_products),
        *(signed_webhooks, auth, users, tokens, stores, syncs, synonyms, feeds),
        *(events, products, explain, search, embedding_usage, mcp, ucp, vector_stores, health, docs),
    ):
        app.include_router(routes.router)
    for page in console.ROUTERS:
        app.include_router(page)
    if traces:
        traces.instrument(app)
    return app
