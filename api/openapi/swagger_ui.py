"""The files of Swagger UI that `/docs` loads: copies from one version of an npm package, in `assets/`.

`assets/record.json` names the package, its version and the hashes of each file; `make swagger-ui` copies the
files again. The API serves them itself, so `/docs` needs no other host.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

FOLDER = Path(__file__).parent / "assets"
RECORD = FOLDER / "record.json"

MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css"}
"""Suffix -> type of the files that are served; the others are licences."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A file, the path it is served at, and its hash in the form that browsers check."""

    file: Path
    path: str
    media_type: str
    integrity: str


def read_record() -> dict[str, Any]:
    """Returns `{"package", "version", "files": {name: {"sha256", "integrity"}}}`."""
    record: dict[str, Any] = orjson.loads(RECORD.read_bytes())
    return record


def served(record: Mapping[str, Any]) -> dict[str, Asset]:
    """Returns the files to serve by name. The version is in the path, so a path always has the same bytes."""
    return {
        name: Asset(
            file=FOLDER / name,
            path=f"/docs/{record['package']}-{record['version']}/{name}",
            media_type=MEDIA_TYPES[Path(name).suffix],
            integrity=hashes["integrity"],
        )
        for name, hashes in record["files"].items()
        if Path(name).suffix in MEDIA_TYPES
    }


ASSETS = served(read_record())
