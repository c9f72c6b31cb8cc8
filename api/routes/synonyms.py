"""`/api/v1/integrations/stores/{id}/synonyms/`: a store's synonyms, for its owner and for admins."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, Request, Response

from api.actions.synonyms import replace
from api.bodies import JsonBody, JsonRoute
from api.dependencies import CurrentState, current_user
from api.errors import not_found
from api.fields import PathId
from api.openapi.build import SESSION, refuses
from api.schemas.synonyms import SynonymsChange, SynonymsOut
from database.access.users import User
from database.search import synonyms
from database.search.synonyms import Unchecked


class _UserRoute(JsonRoute):
    """Authenticates the user before FastAPI reads the body, so that other bodies are not read."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def authenticate(request: Request) -> Response:
            request.state.user = await current_user(request)
            return await handle(request)

        return authenticate


async def _authenticated(request: Request, _: Annotated[object, Depends(SESSION)] = None) -> User:
    """Returns the user that `_UserRoute` authenticated."""
    return cast(User, request.state.user)


AuthenticatedUser = Annotated[User, Depends(_authenticated)]

router = APIRouter(prefix="/api/v1/integrations/stores", tags=["stores"], route_class=_UserRoute)


def _owner(user: User) -> int | None:
    return None if user.is_staff else user.id


@router.get("/{store_id:id}/synonyms/", responses=refuses(404))
async def read_synonyms(user: AuthenticatedUser, state: CurrentState, store_id: PathId) -> SynonymsOut:
    """The synonyms of a store."""
    async with state.database.reading() as connection:
        stored = await synonyms.read(connection, store_id, owner=_owner(user))
    if stored is None:
        raise not_found("store")
    return SynonymsOut.of(stored)


@router.put("/{store_id:id}/synonyms/", responses=refuses(404, 409))
async def replace_synonyms(
    user: AuthenticatedUser, state: CurrentState, store_id: PathId, body: JsonBody[SynonymsChange]
) -> SynonymsOut:
    """Replace all synonyms of a store; the next search uses them, and nothing is embedded again."""
    expected = body.version if "version" in body.model_fields_set else Unchecked()
    stored = await replace(state, store_id, body.groups, owner=_owner(user), expected=expected)
    return SynonymsOut.of(stored)
