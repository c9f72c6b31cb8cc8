"""The HTTP edge: authenticate, validate, hand over, answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import quote

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from api.dependencies import State
from api.errors import (
    DATABASE_DOWN,
    Refused,
    database_down,
    http_error,
    misfit,
    refused,
)
from api.ingest import Intake
from api.metrics.installation import Installation
from api.metrics.process import Metrics
from api.middleware.body import Patience
from api.middleware.request_log import Requests
from api.openapi import page as docs
from api.openapi.build import TAGS, Service
from api.routes import auth as accounts
from api.routes import events, explain, health, products, search, stores, syncs, tokens
from api.routes import plugin_webhook as webhooks
from api.routes import signed_webhooks as deliveries
from api.security.integration_tokens import Tokens
from api.security.rate_limit import RateLimit
from api.security.sessions import Sessions
from api.security.stale_cache import Remembered
from connectors.http.outbound import Outbound
from contracts.events import EventType
from contracts.ids import VERSION
from crypto import SecretBox
from database.access.stores import delivery_terms
from database.engine import Database, create_engine
from embeddings.openai import create_embedder
from embeddings.query_cache import QueryCache
from observability import tracing
from observability.tracing import Tracing
from settings import Settings
from temporal.client import connect

ABOUT = """\
Keeps a knowledge base true to a shop's catalogue.

Every path answers with and without its trailing slash. Bodies are JSON in UTF-8. A request without a valid
token is refused with `401 {"detail"}`, anything else with `{"error"}`, and `field` and `problem` where one
field is to blame. Fields named `message` are Persian unless `Accept-Language` prefers English.
"""


class EitherSlash:
    """Answers every path with and without its trailing slash; a redirect would turn a POST into a GET.

    Routes below `/api/` are written with it, those of operation without.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path = scope["path"].rstrip("/")
            if path.startswith("/api/"):
                path += "/"
            scope["path"], scope["raw_path"] = path or "/", quote(path or "/").encode()
        await self._app(scope, receive, send)


@asynccontextmanager
async def _opened(settings: Settings, metrics: Metrics, traces: Tracing | None) -> AsyncIterator[State]:
    if not settings.database_url or not settings.temporal_address:
        raise SystemExit("Set PILITO_DATABASE_URL and PILITO_TEMPORAL_ADDRESS, or use `pilito up`.")
    if not settings.secret_keys:
        raise SystemExit("Set PILITO_SECRET_KEY: without it nobody can sign in.")
    database = Database(create_engine(settings.database_url, pool_size=20))
    temporal = await connect(
        settings.temporal_address,
        settings.temporal_namespace,
        prompt=True,
        interceptors=traces.interceptors if traces else (),
    )
    embedder = create_embedder(settings)
    outbound = Outbound(allow_private=settings.allow_private_shops)
    installation = Installation(database)
    limit = RateLimit(database, settings.requests_per_minute)
    known = Tokens(database, settings.trusted_proxies, guesses_per_minute=settings.guesses_per_minute)
    stopping = asyncio.Event()
    counting = asyncio.create_task(known.keep_counting(stopping))
    try:
        yield State(
            settings=settings,
            database=database,
            temporal=temporal,
            query_vectors=QueryCache(embedder),
            tokens=known,
            sessions=Sessions(settings.secret_keys),
            intake=Intake(database, temporal, task_queue=settings.task_queue),
            limit=limit,
            metrics=metrics,
            installation=installation,
            secret_box=SecretBox(settings.secret_keys),
            outbound=outbound,
            store_terms=Remembered(
                database, delivery_terms, unknown="The store cannot be looked up right now"
            ),
        )
    finally:
        stopping.set()
        await counting
        await limit.close()
        await installation.close()
        outbound.close()
        await embedder.close()
        await database.close()
        if traces:
            await traces.close()


def create_app(settings: Settings) -> Service:
    """The application; everything it needs is opened when it starts and closed when it stops."""

    metrics = Metrics(EventType)
    traces = tracing.start("pilito-api")

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with _opened(settings, metrics, traces) as opened:
            app.state.opened = opened
            yield

    app = Service(
        title="Pilito Sync",
        version=VERSION,
        description=ABOUT,
        openapi_tags=[{"name": name, "description": said} for name, said in TAGS.items()],
        lifespan=lifespan,
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
    )
    app.add_middleware(EitherSlash)
    app.add_middleware(Patience, seconds=settings.request_timeout_seconds)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "X-Request-ID"],
            expose_headers=["Retry-After", "X-Request-ID"],
        )
    app.add_middleware(Requests, trusted_proxies=settings.trusted_proxies, answered=metrics.answered)
    app.add_exception_handler(Refused, refused)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(RequestValidationError, misfit)
    for kind in DATABASE_DOWN:
        app.add_exception_handler(kind, database_down)
    shops, people = (
        (webhooks, deliveries),
        (accounts, tokens, stores, syncs, events, products, explain, search),
    )
    for routes in (*shops, *people, health, docs):
        app.include_router(routes.router)
    if traces:
        traces.instrument(app)
    return app
