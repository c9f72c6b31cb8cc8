"""Middleware that makes trailing slashes optional."""

from urllib.parse import quote

from starlette.types import ASGIApp, Receive, Scope, Send


class TrailingSlashMiddleware:
    """Serves every path with and without its trailing slash; a redirect would turn a POST into a GET.

    Routes below `/api/` are declared with the slash, `/healthz`, `/readyz`, `/metrics` and `/docs` without.
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
