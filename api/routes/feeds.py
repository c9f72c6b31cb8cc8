"""`/api/v1/integrations/stores/{id}/feed/`: product feeds, for a store's token, its owner and admins."""

import asyncio
import zlib
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, aclosing, suppress
from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from api.dependencies import AppState, CurrentSearchScope, CurrentState
from api.errors import not_found, too_many, unavailable
from api.fields import PathId
from api.openapi.build import refuses
from api.schemas.feeds import FeedFileParams, FeedParams, FeedReportOut, FeedReportParams
from catalogue.feeds.formats import FORMATS, Format
from catalogue.feeds.gaps import ProductGaps
from catalogue.feeds.rendering import Rendered, render, weight
from catalogue.feeds.report import Report
from catalogue.feeds.terms import FeedFormat, FeedTerms, terms_of
from compute import Busy
from contracts.stored import StoredProduct
from contracts.stores import OpenStore
from database.access import assistants, users
from database.products import walk

router = APIRouter(prefix="/api/v1/integrations/stores", tags=["stores"])

MOST_OF_A_STORE = 4
"""Feeds and reports of one store that a process reads at a time; each may wait for a slow client."""

RETRY_SECONDS = 10

TRIES = 10
"""How often some products wait for a child process before the feed is given up."""

SMALL_BYTES = 64 * 1024
"""Fewer bytes are packed at once, more in a thread."""

CLIENT_CLOSED_REQUEST = 499
"""The status of a response that no client reads."""


async def _feed_store(scope: CurrentSearchScope, state: CurrentState, store_id: PathId) -> OpenStore:
    """Returns the store of the path, for its own token, its owner and admins; raises 404 for all others."""
    async with state.database.reading() as connection:
        store = await assistants.read(connection, store_id)
        if store is None:
            raise not_found("store")
        if scope.store_id is not None:
            allowed = scope.store_id == store.id
        else:
            user = await users.read_user(connection, scope.user_id)
            allowed = store.user_id == scope.user_id or (user is not None and user.is_staff)
    if not allowed:
        raise not_found("store")
    return store


FeedStore = Annotated[OpenStore, Depends(_feed_store)]


@router.get("/{store_id:id}/feed/", response_class=StreamingResponse, responses=refuses(404))
async def read_feed(
    request: Request, store: FeedStore, state: CurrentState, params: Annotated[FeedFileParams, Query()]
) -> Response:
    """A file of the store's product feed: JSON lines packed with gzip for OpenAI, or TSV for Google.

    A part that does not exist is a 404. A response that ends early is incomplete: its last chunk is missing.
    """
    form = FORMATS[params.format]
    rendered = _rendered(request, state, store, form.kind, _terms(store, params))
    async with AsyncExitStack() as until_sent:
        content = await until_sent.enter_async_context(aclosing(_content(rendered, form, params.part)))
        async for first in content:
            if first:
                break
            if await request.is_disconnected():
                return Response(status_code=CLIENT_CLOSED_REQUEST)
        else:
            raise not_found("part")
        until_sent.pop_all()  # the response closes what it sends
    name = form.file_name(store.id, params.part)
    return _Stream(request, _followed(first, content), name=name, media_type=form.media_type)


@router.get("/{store_id:id}/feed/report/", response_model=FeedReportOut, responses=refuses(404))
async def read_feed_report(
    request: Request, store: FeedStore, state: CurrentState, params: Annotated[FeedReportParams, Query()]
) -> FeedReportOut | Response:
    """What the store's product feed has, and what its products lack."""
    form = FORMATS[params.format]
    report, parts = Report(), form.parts()
    listed: list[ProductGaps] = []
    async with aclosing(_rendered(request, state, store, form.kind, _terms(store, params))) as pages:
        async for rendered in pages:
            report.add(rendered)
            for row in rendered.rows:
                parts.place(len(row))
            wanted = (product for product in rendered.gaps if params.lacks in (None, *product.lacks))
            listed += islice(wanted, params.limit - len(listed))
            if await request.is_disconnected():
                return Response(status_code=CLIENT_CLOSED_REQUEST)
    return FeedReportOut.of(report, form, parts=parts.count, listed=listed)


def _terms(store: OpenStore, params: FeedParams) -> FeedTerms:
    """Returns what a feed says of a store; raises InvalidField, which is a 400."""
    return terms_of(
        store,
        params.format,
        country=params.country,
        targets=params.target.split(",") if params.target else (),
        condition=params.condition,
        own_goods=params.own_goods,
    )


async def _rendered(
    request: Request, state: AppState, store: OpenStore, kind: FeedFormat, terms: FeedTerms
) -> AsyncGenerator[Rendered, None]:
    """Yields the rows of a store's products, some products at a time; raises 429 and 503."""
    reading: Counter[int] = request.app.state.feeds
    if reading[store.id] >= MOST_OF_A_STORE:
        raise too_many(RETRY_SECONDS, "Other feeds of this store are being read; wait for their end")
    reading[store.id] += 1
    try:
        async with aclosing(walk.walk(state.database, store.id)) as pages:
            async for products in pages:
                yield await _page(state, products, kind, terms)
    finally:
        reading[store.id] -= 1
        if not reading[store.id]:
            del reading[store.id]


async def _page(
    state: AppState, products: Sequence[StoredProduct], kind: FeedFormat, terms: FeedTerms
) -> Rendered:
    """Returns the rows of some products; a child process makes them, one page at a time for all feeds."""
    for _ in range(TRIES):
        with suppress(Busy):
            size = weight(products)
            return await state.compute.run(render, products, kind, terms, size=size, key="feeds")
    raise unavailable("Too many feeds are read at the moment")


async def _content(
    pages: AsyncGenerator[Rendered, None], form: Format, part: int
) -> AsyncGenerator[bytes, None]:
    """Yields the bytes of a part, empty ones for the parts before; nothing if there is no such part."""
    parts = form.parts()
    packer = _Packer() if form.packed else None
    waiting, begun = form.head, part == 1
    async with aclosing(pages):
        async for rendered in pages:
            places = [(parts.place(len(row)), row) for row in rendered.rows]
            rows = b"".join(row for place, row in places if place == part)
            begun = begun or bool(rows)
            if begun:
                data, waiting = waiting + rows, b""
                yield await packer.packed(data) if packer else data
            else:
                yield b""
            if parts.count > part:
                break
    if begun:
        yield waiting + (packer.rest() if packer else b"")


class _Packer:
    """Packs bytes with gzip."""

    def __init__(self) -> None:
        self._packing = zlib.compressobj(wbits=31)

    async def packed(self, data: bytes) -> bytes:
        """Returns bytes that are ready, which may be none."""
        if len(data) <= SMALL_BYTES:
            return self._packing.compress(data)
        return await asyncio.to_thread(self._packing.compress, data)

    def rest(self) -> bytes:
        """Returns the last bytes."""
        return self._packing.flush()


async def _followed(first: bytes, rest: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(rest):
        yield first
        async for data in rest:
            yield data


class _Stream(StreamingResponse):
    """A response that ends its generator, and with it the walk, between two chunks after the client left.

    Starlette would cancel the generator instead, also while it holds a connection to Postgres.
    """

    def __init__(
        self, request: Request, content: AsyncGenerator[bytes, None], *, name: str, media_type: str
    ) -> None:
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        super().__init__(content, headers=headers, media_type=media_type)
        self._request = request
        self._content = content

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(self._content):
            await send(
                {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
            )
            async for data in self._content:
                await send({"type": "http.response.body", "body": data, "more_body": True})
                if await self._request.is_disconnected():
                    return
            await send({"type": "http.response.body", "body": b"", "more_body": False})
