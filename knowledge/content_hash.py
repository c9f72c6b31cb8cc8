"""The hash of a product's text: it changes with everything that decides about the product's chunks."""

import hashlib
import json

from knowledge.chunks import CHUNK_TOKENS
from knowledge.content import Content, Form

CONTENT_VERSION: int = 3
"""The version of everything between a product and its chunks; part of each hash.

Raise it whenever the same product would get other chunks or other words for full-text search: by another
canonical form, normalisation, document template, cut into chunks or release of the splitter. Each product of
an upgraded installation is then indexed again with its next event or resync; unchanged chunks keep their
vectors.
"""


def _parts(of: Form | Content) -> list[object]:
    """Returns the fields; details only where there are any, so that other hashes stayed when they came."""
    parts = {name: getattr(of, name) for name in of.__slots__}
    return [part for name, part in parts.items() if part or name != "details"]


_JSON = json.JSONEncoder(ensure_ascii=False, default=_parts)


def content_hash(content: Content) -> str:
    """Returns the SHA-256, in hex, of `content` and of all that decides how it is cut into chunks."""
    return hashlib.sha256(_JSON.encode([CONTENT_VERSION, CHUNK_TOKENS, content]).encode()).hexdigest()
