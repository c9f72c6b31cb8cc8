"""A client of the Temporal server in the settings, with TLS, a client certificate or an API key."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

from temporalio.client import Client, Interceptor
from temporalio.service import TLSConfig

from settings import Settings
from temporal.client import connect

UNREADABLE = "cannot be read"


class Security(TypedDict):
    """How a connection is encrypted, and the key that it sends."""

    tls: TLSConfig | bool
    api_key: str | None


def security(settings: Settings) -> Security:
    """Returns the security of connections to Temporal; raises ValueError for a file that cannot be read.

    A certificate or an API key is only sent with TLS, so each of them turns TLS on.
    """
    ca, certificate, key = settings.temporal_tls_ca, settings.temporal_tls_cert, settings.temporal_tls_key
    api_key = settings.temporal_api_key.get_secret_value() if settings.temporal_api_key else None
    if not settings.temporal_tls and not (ca or certificate or api_key):
        return Security(tls=False, api_key=None)
    return Security(
        tls=TLSConfig(
            server_root_ca_cert=_content("PILITO_TEMPORAL_TLS_CA", ca),
            client_cert=_content("PILITO_TEMPORAL_TLS_CERT", certificate),
            client_private_key=_content("PILITO_TEMPORAL_TLS_KEY", key),
        ),
        api_key=api_key,
    )


async def open_client(
    settings: Settings, *, prompt: bool = False, interceptors: Sequence[Interceptor] = ()
) -> Client:
    """Returns a client of the configured server, as `connect` does; raises ValueError as `security` does."""
    return await connect(
        settings.temporal_address or "",
        settings.temporal_namespace,
        prompt=prompt,
        interceptors=interceptors,
        **security(settings),
    )


def _content(name: str, path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        return path.read_bytes()
    except OSError as error:
        raise ValueError(f"{name}: {path} {UNREADABLE}: {error.strerror}") from None
