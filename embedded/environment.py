"""The environment of a running `pilito up`, for its children and for commands in another terminal."""

import base64
import contextlib
import fcntl
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import orjson

from embedded.children.processes import StartFailed
from settings import Settings


@contextlib.contextmanager
def only_one(state_dir: Path) -> Iterator[None]:
    """Hold the state directory; raise `StartFailed` where another `pilito up` holds it."""
    state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (state_dir / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise StartFailed(
                f"Pilito already runs from {state_dir} (process {lock.read().strip() or 'unknown'}). "
                "Stop that one, or set PILITO_STATE_DIR and other ports for a second one."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        try:
            yield
        finally:
            _file(state_dir).unlink(missing_ok=True)


def complete(settings: Settings, found: Mapping[str, str]) -> dict[str, str]:
    """Returns this process's environment, with the addresses `found` and the values of the settings.

    The difference is kept, readable by its owner only, for `running`.
    """
    state_dir = settings.state_dir.resolve()
    secret = settings.secret_key.get_secret_value() if settings.secret_key else None
    decided = {
        "PILITO_STATE_DIR": str(state_dir),
        "PILITO_API_HOST": settings.api_host,
        "PILITO_API_PORT": str(settings.api_port),
        "PILITO_TEMPORAL_NAMESPACE": settings.temporal_namespace,
        "PILITO_SECRET_KEY": secret or kept_secret(state_dir / "secret-key"),
        **found,
    }
    write_private(_file(state_dir), orjson.dumps(decided).decode())
    return {**os.environ, **decided}


def running(state_dir: Path) -> dict[str, str]:
    """Returns the variables that `pilito up` gave its children; empty if none runs from this folder."""
    try:
        with (state_dir / "lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return {}
    except BlockingIOError:
        with contextlib.suppress(FileNotFoundError):
            decided: dict[str, str] = orjson.loads(_file(state_dir).read_bytes())
            return decided
    return {}


def _file(state_dir: Path) -> Path:
    return state_dir / "environment.json"


def write_private(path: Path, text: str) -> None:
    """Replace a file atomically with one that only its owner can read."""
    draft = path.with_name(f".{path.name}.draft")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def kept_secret(path: Path) -> str:
    """Returns the secret in this file; the first time, writes 32 random bytes to it."""
    if not path.exists():
        write_private(path, base64.urlsafe_b64encode(os.urandom(32)).decode())
    return path.read_text().strip()
