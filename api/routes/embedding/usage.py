"""`/api/v1/embedding-usage/`: what embedding cost and saved, for owners of stores and for admins."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from api.dependencies import CurrentState, CurrentUser
from api.errors import invalid_field, not_found
from api.openapi.build import refuses
from api.schemas.embedding.usage import UsageCounts, UsageOut, UsagePage, UsageParams
from api.schemas.pagination import Page
from database.access import stores
from database.usage import days

router = APIRouter(prefix="/api/v1", tags=["stores"])


@router.get("/embedding-usage/", responses=refuses(404))
async def read_usage(
    request: Request, user: CurrentUser, state: CurrentState, params: Annotated[UsageParams, Query()]
) -> UsagePage:
    """Calls, texts and tokens by day, store, model and purpose, the latest day first.

    An admin sees all stores, an owner their own. Days are kept for 400 days.
    """
    if params.since and params.until and params.since > params.until:
        raise invalid_field("since", "expected a day that is not after `until`")
    owner = None if user.is_staff else user.id
    async with state.database.reading() as connection:
        if params.store is not None:
            owned_by = await stores.owner_of(connection, params.store)
            if owned_by is None or owner not in (None, owned_by):
                raise not_found("store", field="store")
        count, totals, rows = await days.list_rows(
            connection, params.filter(owner), offset=params.offset, limit=params.page_size
        )
    listed = Page[UsageOut].of(request, params, count, [UsageOut.of_row(row) for row in rows])
    return UsagePage(**dict(listed), totals=UsageCounts.of(totals))
