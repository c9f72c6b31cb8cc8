"""The way to fake shops on this machine, over HTTP and over HTTPS."""

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.http.outbound import Outbound
from tests.support.network.certificates import contexts


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    """The contexts of a server with a certificate, and of clients that trust it."""
    return contexts(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def outbound(tls: tuple[Any, Any]) -> Iterator[Outbound]:
    """Connections that may lead to this machine."""
    opened = Outbound(allow_private=True, tls=tls[1])
    yield opened
    opened.close()
