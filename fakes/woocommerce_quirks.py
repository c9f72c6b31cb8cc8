"""A WooCommerce shop behind caches, plugins and web servers that change its REST API."""

import ssl
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit

import orjson

from fakes.woocommerce import Answered, ShopServer
from fakes.woocommerce_catalogue import Body, Refused


def _broken() -> Refused:
    return Refused(status=500, code="internal_server_error", message="There has been a critical error.")


class QuirkyShop(ShopServer):
    """A shop with quirks, which are all off at first.

    `same_page` answers every page with the first one, `drops_query` every list as if nothing was asked.
    `most_per_page` caps pages silently, with right counts only if `counts_caps`; `refuses_above` refuses
    larger pages. `main_language` leaves products of other languages out of lists. `ignores_include` answers
    lists of ids with the first page. `as_object` sends lists as PHP does once an entry was removed; `entries`
    are put in front of lists. `broken` are products at which PHP fails in each answer that has them, with
    `breaks_ids` also in one that has only ids, and `broken_lists` are products with variations at which it
    fails. `cached` are answers about products, with the headers of a cache; with
    `cache_knows_query` a parameter passes it by. `prefix` is where the REST API is, which `links` names.
    """

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(tls=tls)
        self.same_page = self.drops_query = self.ignores_include = self.as_object = False
        self.most_per_page: int | None = None
        self.counts_caps = True
        self.refuses_above: int | None = None
        self.main_language: str | None = None
        self.entries: list[Any] = []
        self.broken: set[int] = set()
        self.broken_lists: set[int] = set()
        self.breaks_ids = False
        self.cached: dict[int, tuple[bytes, dict[str, str]]] = {}
        self.cache_knows_query = True
        self.prefix = "/wp-json/"
        self.links = False

    def keep_in_cache(self, id_: int, **headers: str) -> None:
        """Answer for a product as it is now, also after it changed."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.cached[id_] = self.rendered(id_, ""), named

    def answer(
        self, target: str, headers: Mapping[str, str], method: str = "GET", body: bytes = b""
    ) -> Answered | Literal["drop"]:
        if self.prefix != "/wp-json/":
            parts, query = urlsplit(target), dict(parse_qsl(urlsplit(target).query))
            if "?" in self.prefix and parts.path == "/" and "rest_route" in query:
                route = query.pop("rest_route").lstrip("/")
                target = f"/wp-json/{route}" + (f"?{urlencode(query)}" if query else "")
            elif "?" not in self.prefix and target.startswith(self.prefix):
                target = f"/wp-json/{target.removeprefix(self.prefix)}"
            else:
                link = f'<{self.base_url}{self.prefix}>; rel="https://api.w.org/"'
                page = b"<!DOCTYPE html><html><body>Not found</body></html>"
                return Answered(status=404, body=page, headers={"Link": link} if self.links else {})
        return super().answer(target, headers, method, body)

    def _select(self, asked: Mapping[str, str], parent: int | None) -> list[int]:
        ids = super()._select(asked, parent)
        if self.main_language and parent is None and asked.get("lang") != "all":
            ids = [id_ for id_ in ids if self.products[id_].get("lang", "en") == self.main_language]
        return ids

    def _listed(self, asked: Mapping[str, str], parent: int | None) -> list[int]:
        self._lists.clear()
        return super()._listed(asked, parent)

    def _one(self, id_: int, fields: str) -> Answered:
        if id_ in self.cached and not (self.cache_knows_query and "nocache" in self.seen[-1].query):
            body, headers = self.cached[id_]
            return Answered(body=body, headers=dict(headers))
        if id_ in self.broken:
            raise _broken()
        return super()._one(id_, fields)

    def category_page(self, asked: Mapping[str, str]) -> bytes:
        self._check_size(asked)
        return self._changed(super().category_page(asked))

    def _check_size(self, asked: Mapping[str, str]) -> None:
        if self.refuses_above is not None and int(asked.get("per_page", "10")) > self.refuses_above:
            between = f"per_page must be between 1 (inclusive) and {self.refuses_above} (inclusive)"
            raise Refused(
                status=400,
                code="rest_invalid_param",
                message="Invalid parameter(s): per_page",
                params={"per_page": between},
            )

    def _list(self, path: str, query: Mapping[str, str], parent: int | None = None) -> Answered:
        asked = dict(query)
        size = int(asked.get("per_page", "10"))
        self._check_size(asked)
        if self.drops_query:
            asked = {}
        if self.same_page:
            asked = {name: value for name, value in asked.items() if name not in ("page", "offset")}
        if self.ignores_include:
            asked.pop("include", None)
        if self.most_per_page is not None:
            asked["per_page"] = str(min(size, self.most_per_page))
        answer = super()._list(path, asked, parent)
        shown = {item["id"] for item in orjson.loads(answer.body)}
        shows_all = self.breaks_ids or asked.get("_fields") != "id"
        if parent in self.broken_lists or (self.broken & shown and shows_all):
            raise _broken()
        counted = super()._list(path, query, parent) if not self.counts_caps else answer
        return replace(answer, body=self._changed(answer.body), headers=counted.headers)

    def _changed(self, body: bytes) -> bytes:
        listed: list[Body] = orjson.loads(body)
        entries = [*self.entries, *listed]
        as_sent = dict(zip(map(str, range(0, 2 * len(entries), 2)), entries, strict=True))
        return orjson.dumps(as_sent if self.as_object and entries else entries)
