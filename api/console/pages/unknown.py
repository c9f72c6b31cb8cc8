"""Every other address below `/console/`: there is no such page."""

from fastapi import Request, Response

from api.console.routing import open_pages
from api.errors import not_found

router = open_pages()

ANY = "/{path:path}"


@router.api_route(ANY, methods=["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def missing(request: Request) -> Response:
    """Raises 404, which is shown as a page; also for a form that is opened as a page."""
    raise not_found("page")
