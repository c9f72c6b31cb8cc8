"""Middleware that makes trailing slashes optional."""

from urllib.parse import quote

from starlette.types import ASGIApp, Receive, Scope, Send

WITH_SLASH = ("/api/", "/console/")
FILES = "/console/static/"


class TrailingSlashMiddleware:
    """Serves every path with and without its trailing slash; a redirect would turn a POST into a GET.

    Routes below `/api/` and the pages of the console are declared with the slash, all others without.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path = scope["path"].rstrip("/")
            if f"{path}/".startswith(WITH_SLASH) and not path.startswith(FILES):
                path += "/"
            scope["path"], scope["raw_path"] = path or "/", quote(path or "/").encode()
        await self._app(scope, receive, send)
