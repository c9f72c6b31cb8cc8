"""Retry all that a filter finds: the count first, then the progress, and a result that can be read later."""

from fastapi import Request, Response

from api.actions import retries as actions
from api.console.pages.events.log import LIST, asked, kept
from api.console.rendering import address, go, page
from api.console.routing import pages
from api.console.scope import own_store, scope_of
from api.console.session import Visitor
from api.dependencies import app_state
from api.errors import ApiError, not_found
from api.fields import PathId
from contracts.events import EventStatus
from database import retries
from database.events import log as event_log
from database.retries import Retry

router = pages("/events")

RETRIES = f"{LIST}retries/"

AT_A_TIME = 50
"""Events that a step starts while a person watches the bar."""

AT_A_PRESS = 500
"""Events that a press starts without scripts."""

SHOWN = 5
DOWN = 503


@router.get("/retry/")
async def confirm(request: Request) -> Response:
    """How many failed events the filters find, and the press that runs them again; and earlier retries.

    Opening the address starts nothing: a link that another site made asks only.
    """
    query = asked(request, request.query_params)
    scope = await scope_of(request, query.store)
    filters = query.filter(scope.store_id)
    async with app_state(request).database.reading() as connection:
        count = await event_log.count_failed(connection, filters)
        earlier = await retries.newest(connection, scope.store_id, limit=SHOWN)
    fields = kept(query, scope.store_id)
    return page(
        request,
        "retry_new.html",
        count=count,
        kept=fields,
        earlier=earlier,
        back=address(LIST, {**fields, "status": EventStatus.FAILED.value}),
    )


@router.post("/retry/")
async def press(request: Request) -> Response:
    """Begin a retry of the failed events of the filters, and start the oldest of them.

    Where Temporal is down, the page of the retry says so, and goes on from there.
    """
    query = asked(request, request.state.form)
    scope = await scope_of(request, query.store)
    visitor: Visitor = request.state.visitor
    state = app_state(request)
    retry_id = await actions.begin(state, query.filter(scope.store_id), user_id=visitor.signed_in.id)
    retry = await own_retry(request, retry_id)
    try:
        await actions.step(state, retry, most=AT_A_TIME)
    except ApiError as error:
        if error.status_code != DOWN:
            raise
        return go(f"{RETRIES}{retry_id}/", trouble="down")
    return go(f"{RETRIES}{retry_id}/")


async def own_retry(request: Request, retry_id: int) -> Retry:
    """Returns a retry of a store that the visitor may see; raises 404. One of all stores is for admins."""
    async with app_state(request).database.reading() as connection:
        retry = await retries.read(connection, retry_id)
    if retry is None:
        raise not_found("retry")
    visitor: Visitor = request.state.visitor
    if retry.store_id is not None:
        await own_store(request, retry.store_id)
    elif not visitor.signed_in.is_staff:
        raise not_found("retry")
    return retry


@router.get("/retries/{retry_id:id}/")
async def show(request: Request, retry_id: PathId) -> Response:
    """What became of a retry until now. Scripts load it again, and go on for the person who pressed."""
    retry = await own_retry(request, retry_id)
    async with app_state(request).database.reading() as connection:
        result = await retries.result(connection, retry_id)
    visitor: Visitor = request.state.visitor
    stored = actions.fields_of(retry)
    listed = {**stored, "store": retry.store_id, "status": EventStatus.FAILED.value}
    return page(
        request,
        "retry.html",
        retry=retry,
        result=result,
        filters=stored,
        total=retry.found if retry.ended_at is None else result.started,
        goes_on=retry.user_id == visitor.signed_in.id,
        is_down=request.query_params.get("trouble") == "down" and retry.ended_at is None,
        back=address(LIST, listed),
        failed_at={
            reason: address(LIST, {"store": retry.store_id, "status": "failed", "reason": reason})
            for reason in result.reasons
        },
    )


@router.post("/retries/{retry_id:id}/")
async def go_on(request: Request, retry_id: PathId) -> Response:
    """Start the next events of a retry: few where scripts go on by themselves, else many."""
    retry = await own_retry(request, retry_id)
    most = AT_A_TIME if request.headers.get("hx-request") else AT_A_PRESS
    await actions.step(app_state(request), retry, most=most)
    return go(f"{RETRIES}{retry_id}/")


@router.post("/retries/{retry_id:id}/stop/")
async def stop(request: Request, retry_id: PathId) -> Response:
    """End a retry where it is."""
    await own_retry(request, retry_id)
    async with app_state(request).database.single() as connection:
        await retries.stop(connection, retry_id)
    return go(f"{RETRIES}{retry_id}/")
