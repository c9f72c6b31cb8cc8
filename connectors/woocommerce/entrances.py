"""Where the REST API of a WordPress is, and under which address WordPress knows itself."""

import re
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, unquote

import httpx2

from connectors.woocommerce.answer import Answer
from contracts.errors import ShopAnswersNonsense

PRETTY, INDEX_PHP, QUERY = "/wp-json/", "/index.php/wp-json/", "/?rest_route=/"
"""Prefixes of routes behind the shop's address: with permalinks, without rewriting, with plain permalinks."""

NAMESPACE = "wc/v3"
OWN_ADDRESS = "_fields=home"
SHOPS_KEPT = 1_000

_LINK = re.compile(r'<([^<>\s]{1,500})>[^<>,]{0,100}\brel="?https://api\.w\.org/"?')
_PREFIX = re.compile(r"(?:/[A-Za-z0-9._~-]{1,50}){1,4}/")


@dataclass(frozen=True, slots=True)
class Entrance:
    """The prefix of routes, and the address that signatures are made for; None for the store's base_url."""

    prefix: str = PRETTY
    own: httpx2.URL | None = None

    def path(self, route: str, query: str = "") -> str:
        """Returns the path and query of a request behind the shop's address."""
        rest = f"{NAMESPACE}/{route}"
        if "?" in self.prefix:
            return f"{self.prefix}{quote(rest)}" + (f"&{query}" if query else "")
        return f"{self.prefix}{rest}" + (f"?{query}" if query else "")

    def root(self) -> str:
        """Returns the path and query at which WordPress describes itself to everyone."""
        return self.prefix + ("&" if "?" in self.prefix else "?") + OWN_ADDRESS


class Entrances:
    """The entrances that were found, by base_url; the oldest are forgotten."""

    def __init__(self) -> None:
        self._found: OrderedDict[str, Entrance] = OrderedDict()

    def get(self, base_url: str) -> Entrance:
        return self._found.get(base_url, Entrance())

    def keep(self, base_url: str, entrance: Entrance) -> None:
        self._found[base_url] = entrance
        self._found.move_to_end(base_url)
        if len(self._found) > SHOPS_KEPT:
            self._found.popitem(last=False)


def is_elsewhere(answer: Answer) -> bool:
    """Returns whether the REST API is probably behind another prefix: this is no answer of its own.

    A page with status 200 is WordPress's home page only if it names the API; else it is a maintenance page.
    """
    if answer.status == 200:
        return bool(_LINK.search(answer.headers.get("link", ""))) and answer.is_page()
    return answer.status in (404, 405, 410) and not answer.code()


def has_wrong_signature(answer: Answer) -> bool:
    """Returns whether WooCommerce refuses the signature of plain HTTP, or the key."""
    return (
        not answer.secure
        and answer.status == 401
        and answer.code() == "woocommerce_rest_authentication_error"
    )


def prefixes(*pages: Answer) -> Iterator[str]:
    """Yields the prefixes to try: what pages of the shop name in their headers, then the usual ones."""
    named = (_prefix(found[1]) for page in pages for found in _LINK.finditer(page.headers.get("link", "")))
    yield from dict.fromkeys([*(prefix for prefix in named if prefix), QUERY, INDEX_PHP])


def _prefix(address: str) -> str | None:
    """Returns the prefix in the address of an API; only its path is used, so the key stays at the shop."""
    try:
        url = httpx2.URL(address)
    except httpx2.InvalidURL:
        return None
    if "rest_route" in url.params:
        return QUERY
    path = unquote(url.path)
    return path if _PREFIX.fullmatch(path) else None


def own_address(answer: Answer) -> httpx2.URL | None:
    """Returns WordPress's own address in its description of itself, over plain HTTP; None if it has none."""
    try:
        body = answer.json()
        home = httpx2.URL(body["home"]) if isinstance(body, dict) and isinstance(body["home"], str) else None
    except (ShopAnswersNonsense, KeyError, httpx2.InvalidURL):
        return None
    if home is None or home.scheme not in ("http", "https") or not home.host or home.userinfo:
        return None
    port = home.port if home.scheme == "http" else None
    return httpx2.URL(scheme="http", host=home.host, port=port, path=home.path.rstrip("/") or "/")
