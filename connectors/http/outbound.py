"""HTTP to addresses that users enter: never into our own network, regardless of what a name resolves to.

A request is sent to the very address that was checked, so a name that resolves differently the second time
(DNS rebinding) has no effect. A redirect is a request like any other.
"""

import asyncio
import ipaddress
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from urllib.parse import SplitResult, urlsplit

import httpx2

from connectors.http.addresses import Address, is_public
from connectors.http.wire import BoundedTransport
from contracts.errors import ForbiddenAddress, InvalidField

LONGEST_URL = 2_000
NAMES_AT_A_TIME = 8
LONGEST_HOST, LONGEST_LABEL = 253, 63
DEFAULT_PORTS = {"http": 80, "https": 443}
ADDRESS_SECONDS = 30.0
"""How long a client uses the address of a name without resolving it again."""


def _split(url: str, field: str) -> tuple[SplitResult, str, int | None]:
    if len(url) > LONGEST_URL or not url.isprintable() or any(c in url for c in " \\"):
        raise InvalidField(field, "not an address such as https://shop.example")
    try:
        parts = urlsplit(url)
        port = parts.port
        parsed = httpx2.URL(url)
    except (ValueError, httpx2.InvalidURL):
        raise InvalidField(field, "not an address such as https://shop.example") from None
    if parts.scheme not in DEFAULT_PORTS:
        raise InvalidField(field, "must begin with https:// or http://")
    labels = parsed.raw_host.removesuffix(b".").split(b".")
    if not all(0 < len(label) <= LONGEST_LABEL for label in labels) or len(parsed.raw_host) > LONGEST_HOST:
        raise InvalidField(field, "names no host")
    if "@" in parts.netloc:
        raise InvalidField(field, "must hold no user name or password; credentials are a field of their own")
    if parts.query or parts.fragment:
        raise InvalidField(field, "must hold no ? or #")
    return parts, parsed.raw_host.decode(), port


def shop_url(value: str, *, field: str = "base_url") -> str:
    """Returns a shop's address in normal form, without a trailing slash. Raises InvalidField."""
    parts, host, port = _split(value.strip(), field)
    shown = f"[{host}]" if ":" in host else host
    where = shown if port in (None, DEFAULT_PORTS[parts.scheme]) else f"{shown}:{port}"
    return f"{parts.scheme}://{where}{parts.path.rstrip('/')}"


def _addresses(host: str, port: int) -> list[Address]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = {ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found}
    return sorted(addresses, key=lambda address: (address.version, int(address)))


class Outbound:
    """HTTP clients for shops. Names are resolved in threads of their own.

    A slow name service would otherwise block the event loop's threads, which Postgres connections need.
    `allow_private` permits requests into our own network; `tls` overrides the default trust store.
    """

    def __init__(self, *, allow_private: bool, tls: ssl.SSLContext | None = None) -> None:
        self.allow_private = allow_private
        self.tls = tls or httpx2.create_ssl_context(trust_env=False)
        self._names = ThreadPoolExecutor(NAMES_AT_A_TIME, thread_name_prefix="names of shops")

    async def resolve(self, host: str, port: int) -> list[Address]:
        """Returns the addresses of a name, IPv4 first. Raises OSError if it has none."""
        return await asyncio.get_running_loop().run_in_executor(self._names, _addresses, host, port)

    async def reachable(self, url: httpx2.URL) -> list[Address]:
        """Returns the addresses behind a URL. Raises ForbiddenAddress if one of them is not public."""
        host = url.raw_host.decode()
        addresses = await self.resolve(host, url.port or DEFAULT_PORTS[url.scheme])
        if not self.allow_private and not all(is_public(address) for address in addresses):
            raise ForbiddenAddress(f"{host} leads into a private network")
        return addresses

    def client(self, *, timeout: float = 30.0) -> httpx2.AsyncClient:
        """Returns a client for one shop: no proxies or netrc of the environment, no redirects.

        It keeps the shop's cookies as long as it lives: gateways in front of shops set one and ask again.
        """
        return httpx2.AsyncClient(transport=_PinnedTransport(self), timeout=timeout, trust_env=False)

    def close(self) -> None:
        self._names.shutdown(wait=False, cancel_futures=True)


class _PinnedTransport(httpx2.AsyncBaseTransport):
    """Sends each request to an address that was checked, with the Host header and TLS name of the URL.

    An address that answers is used again for `ADDRESS_SECONDS`. Each name has a connection pool of its own,
    so that a connection is never reused for another name at the same address. Nothing is sent twice: a
    signature is valid only once.
    """

    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound
        self._pools: dict[bytes, BoundedTransport] = {}
        self._answering: dict[tuple[bytes, int | None], tuple[Address, float]] = {}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        host, now = (request.url.raw_host, request.url.port), time.monotonic()
        answering, until = self._answering.pop(host, (None, 0.0))
        if answering is not None and now < until:
            with suppress(httpx2.ConnectError, httpx2.ConnectTimeout):
                return await self._keep(request, answering, until)
        try:
            addresses = await self._outbound.reachable(request.url)
        except OSError as error:
            raise httpx2.ConnectError(f"{request.url.host} has no address", request=request) from error
        for address in addresses[:-1]:
            with suppress(httpx2.ConnectError, httpx2.ConnectTimeout):
                return await self._keep(request, address, now + ADDRESS_SECONDS)
        return await self._keep(request, addresses[-1], now + ADDRESS_SECONDS)

    async def _keep(self, request: httpx2.Request, address: Address, until: float) -> httpx2.Response:
        """Returns the response from an address, which is used for the next requests as well."""
        pinned = httpx2.Request(
            request.method,
            request.url.copy_with(host=str(address)),
            headers=request.headers,
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": request.url.raw_host.decode().rstrip(".")},
        )
        response = await self._pool(request.url.raw_host).handle_async_request(pinned)
        self._answering[request.url.raw_host, request.url.port] = address, until
        return response

    def _pool(self, host: bytes) -> BoundedTransport:
        if host not in self._pools:
            self._pools[host] = BoundedTransport(self._outbound.tls)
        return self._pools[host]

    async def aclose(self) -> None:
        for pool in self._pools.values():
            await pool.aclose()
