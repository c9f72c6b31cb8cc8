"""`/docs`: the API's document as a page, shown by Swagger UI, or as plain HTML where no script runs."""

import base64
import hashlib

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

from api.assets.vendored import SWAGGER_UI, Asset, read_record, served
from api.openapi.docs_fallback import STYLE as FALLBACK_STYLE
from api.openapi.docs_fallback import reference

router = APIRouter()

ASSETS = served(SWAGGER_UI, read_record(SWAGGER_UI), prefix="/docs")
SCRIPT = ASSETS["swagger-ui-bundle.js"]
STYLE = ASSETS["swagger-ui.css"]

START = (
    "window.SwaggerUIBundle && "
    'SwaggerUIBundle({url: "/openapi.json", dom_id: "#swagger-ui", validatorUrl: null});'
)
"""Without `validatorUrl: null`, Swagger UI asks another host whether the document is valid."""

HEAD = f"""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Pilito Sync</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{STYLE.path}" integrity="{STYLE.integrity}">
<style>{FALLBACK_STYLE}</style>
</head>
<body>
<div id="swagger-ui">
"""

FOOT = f"""
</div>
<script src="{SCRIPT.path}" integrity="{SCRIPT.integrity}"></script>
<script>{START}</script>
</body>
</html>
"""

_START_HASH = base64.b64encode(hashlib.sha256(START.encode()).digest()).decode()

POLICY = "; ".join(
    [
        "default-src 'none'",
        f"script-src 'self' 'sha256-{_START_HASH}'",
        "style-src 'self' 'unsafe-inline'",
        "img-src data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)
"""Swagger UI sets `style` attributes, which no hash can allow; scripts need an address of ours or a hash."""

FOREVER = "public, max-age=31536000, immutable"
"""For paths with a version in them: a browser asks once and then never again."""


@router.get("/docs", include_in_schema=False)
async def docs(request: Request) -> Response:
    """Returns the reference as HTML; Swagger UI replaces it once it has loaded."""
    page = f"{HEAD}{reference(request.app.openapi())}{FOOT}"
    return Response(page, media_type="text/html", headers={"Content-Security-Policy": POLICY})


def _file(asset: Asset) -> FileResponse:
    return FileResponse(asset.file, media_type=asset.media_type, headers={"Cache-Control": FOREVER})


@router.get(SCRIPT.path, include_in_schema=False)
async def script() -> FileResponse:
    """Returns Swagger UI's program."""
    return _file(SCRIPT)


@router.get(STYLE.path, include_in_schema=False)
async def style() -> FileResponse:
    """Returns Swagger UI's style sheet."""
    return _file(STYLE)
