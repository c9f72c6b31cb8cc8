"""A list's entry in a few letters: as long as it stays the same, nobody needs to read the entry."""

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

READING = b"1"
"""Raised whenever the same entry is read differently; every entry is then looked at anew."""


def fingerprint(entry: Mapping[str, Any]) -> str:
    """32 hexadecimal digits, others for every other entry; the order of its fields does not count."""
    content = orjson.dumps(entry, option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(content, digest_size=16, key=READING).hexdigest()
