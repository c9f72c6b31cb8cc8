"""Our own style sheet, script and icon, served under a path with their hash."""

import hashlib
from pathlib import Path

from api.assets.copy import hashes
from api.assets.vendored import Asset

OWN_FOLDER = Path(__file__).parent / "static" / "own"
MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


def _asset(file: Path) -> Asset:
    content = file.read_bytes()
    return Asset(
        file=file,
        path=f"/console/static/{file.stem}-{hashlib.sha256(content).hexdigest()[:16]}{file.suffix}",
        media_type=MEDIA_TYPES[file.suffix],
        integrity=hashes(content)["integrity"],
    )


OWN = {file.name: _asset(file) for file in sorted(OWN_FOLDER.iterdir())}
