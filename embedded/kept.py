"""Secrets that are made once and kept in the state directory."""

import base64
import os
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step by one that only its owner may read."""
    draft = path.with_name(f".{path.name}.draft")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def kept_secret(path: Path) -> str:
    """The secret in this file, made of 32 random bytes (url-safe base64) the first time."""
    if not path.exists():
        write_private(path, base64.urlsafe_b64encode(os.urandom(32)).decode())
    return path.read_text().strip()
