"""An answer of a WooCommerce shop: its JSON, its counts, and whether a cache may have made it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import orjson

from connectors import json_bounds
from connectors.http.request import UNKNOWN_CODING, Reply
from connectors.json_text import decoded
from connectors.woocommerce.found_json import found_json, is_document
from contracts.errors import ShopAnswersNonsense, ShopSendsTooMuch

_CODE = re.compile("[a-z0-9_]{1,100}")
LONGEST_ERROR = 10_000
"""Bytes of an error body; a longer body is a product."""

LONGEST_REFUSAL = 100_000
"""Bytes of an error body with another status than 200: notices of PHP may precede it."""

_COUNT = re.compile("[0-9]{1,9}")
_HIT = re.compile(r"\b(?:hit|stale|updating)\b", re.IGNORECASE)

# fmt: off
_PAGE_CACHES = (
    "X-Cache", "X-Cache-Status", "X-Cache-Lookup", "X-Cached", "Cache-Status", "CF-Cache-Status", "CDN-Cache",
    "X-LiteSpeed-Cache", "X-LSADC-Cache", "X-QC-Cache", "X-Varnish-Cache", "X-Varnish-Cache-Status",
    "X-Proxy-Cache", "X-Proxy-Cache-Status", "X-Proxy-Cache-Info", "X-Nginx-Cache", "X-Nginx-Cache-Status",
    "X-FastCGI-Cache", "X-FastCGI-Cache-Status", "X-SRCache-Fetch-Status", "X-Server-Cache", "X-Edge-Cache",
    "X-WP-Cache", "X-WP-Super-Cache", "X-WP-CF-Super-Cache", "X-Page-Cache", "X-Kinsta-Cache",
    "X-Sucuri-Cache", "X-SG-Cache", "X-HCDN-Cache-Status", "WPO-Cache-Status",
)
# fmt: on
"""Headers of caches of whole answers; a cache of objects, such as Redis, has headers of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Reply):
    """An unparsed answer; `secure` is whether it arrived over HTTPS."""

    secure: bool
    _errors: list[Mapping[str, Any]] = field(default_factory=list, init=False, repr=False, compare=False)
    """The error body once it was read, for all checks of this answer."""

    def json(self) -> Any:
        """Returns the body as JSON, without what else the shop's software wrote around it.

        Raises ShopAnswersNonsense, or ShopSendsTooMuch for JSON that is not read.
        """
        try:
            json_bounds.check_values(self.body)
            try:
                return json_bounds.parse(self.body)
            except orjson.JSONDecodeError:
                found = found_json(self.body)
                if found is not None:
                    return json_bounds.parse(found)
        except (json_bounds.TooManyValues, json_bounds.TooDeep) as error:
            raise ShopSendsTooMuch(f"The shop's answer has {error}.") from None
        except (orjson.JSONDecodeError, RecursionError):
            pass
        if self.is_packed():
            raise ShopAnswersNonsense(UNKNOWN_CODING)
        if self.is_page():
            raise ShopAnswersNonsense("The shop answers with a web page, such as a maintenance page.")
        raise ShopAnswersNonsense("The shop answers with something that is not JSON.")

    def code(self) -> str:
        """Returns WordPress's error code; empty if the answer is not from WordPress."""
        code = self._error().get("code")
        return code if isinstance(code, str) and _CODE.fullmatch(code) else ""

    def parameters(self) -> Mapping[str, str]:
        """Returns WordPress's problems with parameters by name; empty if it refuses none."""
        data = self._error().get("data")
        params = data.get("params") if isinstance(data, dict) else None
        if isinstance(params, dict):
            return {str(name): str(problem)[:500] for name, problem in params.items()}
        return {str(name): "" for name in params} if isinstance(params, list) else {}

    def stated_status(self) -> int | None:
        """Returns the status in WordPress's error body; None if the body is no error."""
        if len(self.body) > LONGEST_ERROR or not self.code():
            return None
        data = self._error().get("data")
        status = data.get("status") if isinstance(data, dict) else None
        return status if isinstance(status, int) and 400 <= status < 600 else None

    def is_page(self) -> bool:
        """Returns whether the body is a web page."""
        return is_document(decoded(self.body[:1_000]))

    def _error(self) -> Mapping[str, Any]:
        if not self._errors:
            self._errors.append(self._read_error())
        return self._errors[0]

    def _read_error(self) -> Mapping[str, Any]:
        if len(self.body) > LONGEST_REFUSAL:
            return {}
        try:
            body = self.json()
        except ShopAnswersNonsense:
            return {}
        return body if isinstance(body, dict) else {}

    def count(self, header: str) -> int | None:
        """Returns a count in the headers; None if the shop does not say one.

        A proxy may have merged a header that was sent two times into one with two equal values.
        """
        values = {value.strip() for value in self.headers.get(header, "").split(",")}
        value = values.pop() if len(values) == 1 else ""
        return int(value) if _COUNT.fullmatch(value) else None

    def is_older_than(self, age: timedelta) -> bool:
        """Returns whether the headers say that a cache had the answer before so long ago, or at all."""
        stated = self.headers.get("age", "").strip()
        if _COUNT.fullmatch(stated) and int(stated) > 0:
            return timedelta(seconds=int(stated)) >= age
        return self._is_from_cache()

    def _is_from_cache(self) -> bool:
        named = (value for name in _PAGE_CACHES for value in self.headers.get_list(name))
        varnish = self.headers.get("x-varnish", "").split()
        return any(map(_HIT.search, named)) or len(varnish) > 1
