"""Which store a request means that names none: the token's, or the only public one."""

from urllib.parse import urlsplit

from fastapi import Request

from api.assistants.access import NO_STORE, check_public_limit, enter, public_store
from api.dependencies import app_state
from api.errors import ApiError
from api.forwarded import forwarded
from contracts.stores import OpenStore
from database.access import assistants


async def find_store(request: Request) -> OpenStore:
    """Returns the store of the request's token.

    Without a token, this is the only public store with the request's host in its address, else the only
    public one. Raises 401, 403, 404 where there are several or none, 429 and 503.
    """
    if request.headers.get("authorization"):
        return await enter(request, None)
    state = app_state(request)
    check_public_limit(request, NO_STORE)
    async with state.database.reading() as connection:
        found = await assistants.only_public(connection, host=_host(request))
        if found is None:
            found = await assistants.only_public(connection, host=None)
    if found is None:
        raise ApiError(
            404,
            {"error": "No store can be chosen here: ask at /ucp/{store_id}/.well-known/ucp, or send a token"},
        )
    return await public_store(request, found)


def _host(request: Request) -> str:
    """Returns the host that the client asked for, without its port; empty if it is malformed."""
    said = forwarded(request, request.app.state.trusted_proxies).host or request.headers.get("host", "")
    try:
        return urlsplit(f"//{said}").hostname or ""
    except ValueError:
        return ""
