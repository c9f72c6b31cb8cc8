"""Files of npm packages that the API serves itself: copies of one version, each package in a folder.

A folder's `record.json` names the package, its version, and the path and the hashes of each file;
`make assets` copies the files again. So our pages need no other host.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css", ".woff2": "font/woff2"}
"""Suffix -> type of the files that are served; the others are licences."""

API = Path(__file__).parent.parent
SWAGGER_UI = API / "openapi" / "assets"
CONSOLE = API / "console" / "static"
FOLDERS = (SWAGGER_UI, CONSOLE / "htmx", CONSOLE / "pico", CONSOLE / "vazirmatn")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A file, the path it is served at, and its hash in the form that browsers check."""

    file: Path
    path: str
    media_type: str
    integrity: str


def read_record(folder: Path) -> dict[str, Any]:
    """Returns `{"package", "version", "files": {name: {"from", "sha256", "integrity"}}}`."""
    record: dict[str, Any] = orjson.loads((folder / "record.json").read_bytes())
    return record


def served(folder: Path, record: Mapping[str, Any], *, prefix: str) -> dict[str, Asset]:
    """Returns the files to serve by name. The version is in the path, so a path always has the same bytes."""
    package = record["package"].rpartition("/")[2]
    return {
        name: Asset(
            file=folder / name,
            path=f"{prefix}/{package}-{record['version']}/{name}",
            media_type=MEDIA_TYPES[Path(name).suffix],
            integrity=about["integrity"],
        )
        for name, about in record["files"].items()
        if Path(name).suffix in MEDIA_TYPES
    }
