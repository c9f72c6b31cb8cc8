"""Style sheets, scripts and fonts, each under a path that always has the same bytes."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, RedirectResponse

from api.assets.vendored import Asset
from api.console.assets import OWN
from api.console.rendering import VENDORED

router = APIRouter(include_in_schema=False)

FOREVER = "public, max-age=31536000, immutable"
BY_PATH: dict[str, Asset] = {asset.path: asset for asset in (*OWN.values(), *VENDORED.values())}


async def file(request: Request) -> Response:
    """Returns one of the files."""
    asset = BY_PATH[request.url.path.rstrip("/")]
    return FileResponse(asset.file, media_type=asset.media_type, headers={"Cache-Control": FOREVER})


for path in BY_PATH:
    router.add_api_route(path, file, methods=["GET", "HEAD"])


@router.api_route("/", methods=["GET", "HEAD"])
async def home() -> Response:
    """Sends a browser to the console."""
    return RedirectResponse("/console/", 303)
