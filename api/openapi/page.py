"""`/docs`: the document of the API as a page, with Swagger UI where that can be had, and no other script."""

import base64
import hashlib

from fastapi import APIRouter, Request, Response

from api.openapi.fallback import STYLE as REFERENCE_STYLE
from api.openapi.fallback import reference

router = APIRouter()

SOURCE = "https://cdn.jsdelivr.net/npm/swagger-ui-dist@5.35.0/"
SCRIPT = ("swagger-ui-bundle.js", "sha384-gjRm0bEPMeTmMh5jT2cHccIwCUZSTd8YC+j0d0sXw0MdGEfScduGpSyF3ZSSLkX9")
STYLE = ("swagger-ui.css", "sha384-WlYgdmXYOOBWL5apwjDEZwN+U3HmXSSu5R6V5aGxEcf7z+KuRNwBhoxKVN1i3D5I")

START = 'window.SwaggerUIBundle && SwaggerUIBundle({url: "/openapi.json", dom_id: "#swagger-ui"});'

HEAD = f"""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Pilito Sync</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{SOURCE}{STYLE[0]}" integrity="{STYLE[1]}" crossorigin="anonymous">
<style>{REFERENCE_STYLE}</style>
</head>
<body>
<div id="swagger-ui">
"""

FOOT = f"""
</div>
<script src="{SOURCE}{SCRIPT[0]}" integrity="{SCRIPT[1]}" crossorigin="anonymous"></script>
<script>{START}</script>
</body>
</html>
"""

_START_HASH = base64.b64encode(hashlib.sha256(START.encode()).digest()).decode()
"""Of the one line of script in the page."""

POLICY = "; ".join(
    [
        "default-src 'none'",
        f"script-src {SOURCE}{SCRIPT[0]} 'sha256-{_START_HASH}'",
        f"style-src {SOURCE}{STYLE[0]} 'unsafe-inline'",
        "img-src data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)


@router.get("/docs", include_in_schema=False)
async def docs(request: Request) -> Response:
    """The reference, which Swagger UI takes the place of once it has loaded."""
    page = f"{HEAD}{reference(request.app.openapi())}{FOOT}"
    return Response(page, media_type="text/html", headers={"Content-Security-Policy": POLICY})
