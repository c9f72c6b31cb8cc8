"""The fingerprint of an entry in a shop's list: while it stays the same, the product is not compared."""

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

READING = b"4"
"""The version of how list entries are read; part of every fingerprint.

Raise it whenever the same entry is read differently; a resync then compares every entry again.
"""


def fingerprint(entry: Mapping[str, Any]) -> str:
    """Returns a hash of a list entry, 32 hexadecimal digits, independent of the order of its fields."""
    content = orjson.dumps(entry, option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(content, digest_size=16, key=READING).hexdigest()
