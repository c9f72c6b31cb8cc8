"""HTTP by aiohttp, whose parser is written in C, behind httpx's interface: half the time of a request."""

import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import aiohttp
import httpx2
from yarl import URL

LONGEST_HEADER = 64 * 2**10
MOST_HEADERS = 1_000
OF_ITS_OWN = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
"""Headers that aiohttp would add."""

_MEANINGS: tuple[tuple[type[Exception], type[httpx2.TransportError]], ...] = (
    (aiohttp.ConnectionTimeoutError, httpx2.ConnectTimeout),
    (TimeoutError, httpx2.ReadTimeout),
    (aiohttp.ClientConnectorError, httpx2.ConnectError),
    (aiohttp.InvalidURL, httpx2.UnsupportedProtocol),
    (aiohttp.ClientPayloadError, httpx2.RemoteProtocolError),
    (aiohttp.ServerDisconnectedError, httpx2.RemoteProtocolError),
    (aiohttp.ClientResponseError, httpx2.RemoteProtocolError),
    (aiohttp.ClientError, httpx2.NetworkError),
    (OSError, httpx2.NetworkError),
    (ValueError, httpx2.LocalProtocolError),
)
"""The first that fits; what stands above is among what stands below."""


@contextmanager
def _meant(request: httpx2.Request) -> Iterator[None]:
    """Raise httpx's error for aiohttp's, which stays its cause."""
    try:
        yield
    except (aiohttp.ClientError, OSError, ValueError) as error:
        meaning = next(meaning for kind, meaning in _MEANINGS if isinstance(error, kind))
        raise meaning(str(error), request=request) from error


class _Body(httpx2.AsyncByteStream):
    """What is left of an answer, as it arrives."""

    def __init__(self, response: aiohttp.ClientResponse, request: httpx2.Request) -> None:
        self._response = response
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _meant(self._request):
            async for part in self._response.content.iter_any():
                yield part

    async def aclose(self) -> None:
        self._response.release()


class Transport(httpx2.AsyncBaseTransport):
    """Connections of one client, kept for a few seconds; no proxy, no cookie, and nothing is sent twice.

    Sending a body is not bounded in time: who sends a long one bounds the whole request.
    """

    def __init__(self, *, tls: ssl.SSLContext) -> None:
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        return await self.send(request)

    async def send(self, request: httpx2.Request, *, address: str | None = None) -> httpx2.Response:
        """The answer of the host that is asked for, at this address where one is given."""
        content = await request.aread()
        url = URL(str(request.url), encoded=True)
        timeout = request.extensions.get("timeout", {})
        with _meant(request):
            response = await self._opened().request(
                request.method,
                url.with_host(address) if address else url,
                headers=[(name.decode(), value.decode()) for name, value in request.headers.raw],
                data=content or None,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(
                    sock_connect=timeout.get("connect"), sock_read=timeout.get("read")
                ),
                server_hostname=request.url.raw_host.decode() if address else None,
            )
        return httpx2.Response(
            response.status, headers=response.raw_headers, stream=_Body(response, request), request=request
        )

    def _opened(self) -> aiohttp.ClientSession:
        """Made at the first request, for it belongs to the event loop."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=self._tls, keepalive_timeout=5),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                skip_auto_headers=OF_ITS_OWN,
                max_line_size=LONGEST_HEADER,
                max_field_size=LONGEST_HEADER,
                max_headers=MOST_HEADERS,
            )
            self._session._retry_connection = False  # it has no public name; a signature is good for once
        return self._session

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()
