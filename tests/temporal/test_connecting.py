"""A connection to Temporal is as secure as the settings say."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from temporalio.service import TLSConfig

from settings import Settings
from temporal.client import missing_search_attributes
from temporal.connecting import open_client, security
from tests.support.network.cable import Cable
from tests.support.network.certificates import contexts


class SecureCable(Cable):
    """A cable that clients reach with TLS and a certificate of their own."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext) -> None:
        super().__init__(host, port)
        self._context = context

    async def restore(self) -> None:
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", self.port, ssl=self._context)
        self.port = self._server.sockets[0].getsockname()[1]


@asynccontextmanager
async def secured(temporal_address: str, folder: Path) -> AsyncIterator[str]:
    """Yields the address of Temporal behind TLS that accepts one client certificate: its own."""
    context, _ = contexts(folder, "localhost")
    context.set_alpn_protocols(["h2"])
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(folder / "certificate.pem")
    host, port = temporal_address.split(":")
    async with SecureCable(host, int(port), context) as cable:
        yield f"127.0.0.1:{cable.port}"


def configured(**changes: Any) -> Settings:
    return Settings.model_validate({name: value for name, value in changes.items() if value is not None})


async def test_a_server_with_tls_and_client_certificates_is_reached(
    temporal_address: str, tmp_path: Path
) -> None:
    """With the three files; the connection without one of them, or without TLS, is refused."""
    file = tmp_path / "certificate.pem"
    async with secured(temporal_address, tmp_path) as address:
        whole = {"temporal_tls_ca": file, "temporal_tls_cert": file, "temporal_tls_key": file}
        client = await open_client(configured(temporal_address=address, **whole))
        assert await missing_search_attributes(client) == []
        for lacking in ({"temporal_tls_ca": file}, {**whole, "temporal_tls_ca": None}, {}):
            with pytest.raises(RuntimeError, match="Failed client connect"):
                await open_client(configured(temporal_address=address, **lacking))


def test_a_key_or_a_certificate_is_sent_with_tls_only() -> None:
    """Without any, a connection is plain; a lone `true` trusts what the system trusts."""
    assert security(configured()) == {"tls": False, "api_key": None}
    assert security(configured(temporal_tls=True))["tls"] == TLSConfig()
    assert security(configured(temporal_api_key="key")) == {"tls": TLSConfig(), "api_key": "key"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"temporal_tls": False, "temporal_api_key": "k"}, "PILITO_TEMPORAL_TLS is false"),
        ({"temporal_tls": False, "temporal_tls_ca": "ca.pem"}, "PILITO_TEMPORAL_TLS is false"),
        ({"temporal_tls_cert": "c.pem"}, "PILITO_TEMPORAL_TLS_KEY need each other"),
        ({"temporal_tls_key": "k.pem"}, "PILITO_TEMPORAL_TLS_CERT and"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(changes: dict[str, Any], said: str) -> None:
    """The sentence names them."""
    with pytest.raises(ValueError, match=said):
        configured(**changes)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """With its setting and the reason."""
    missing = tmp_path / "گواهی.pem"
    expected = f"PILITO_TEMPORAL_TLS_CA: {missing} cannot be read: No such file or directory"
    with pytest.raises(ValueError, match="PILITO_TEMPORAL_TLS_CA") as raised:
        security(configured(temporal_tls_ca=missing))
    assert str(raised.value) == expected
