"""The answers of a WooCommerce shop and the errors they mean, by status and code, never by message text."""

import re
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

import orjson

from connectors import json_bounds
from connectors.http.request import Reply
from contracts.errors import ShopAnswersNonsense, ShopDown, ShopProblem, ShopRefuses, ShopSendsTooMuch
from contracts.retry import retry_after

_BOM = b"\xef\xbb\xbf"
_PAGE = re.compile(rb"\s*<(!doctype|html|\?xml)", re.IGNORECASE)
_BEGINNING = re.compile(rb"^[\[{]", re.MULTILINE)
BEGINNINGS_TRIED = 11

_CODE = re.compile("[a-z0-9_]{1,100}")
_GONE = re.compile("woocommerce_rest_(product_|product_variation_)?invalid_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Reply):
    """An unparsed answer; `secure` is whether it arrived over HTTPS."""

    secure: bool

    def json(self) -> Any:
        """Returns the body as JSON, without PHP notices in front of it; raises ShopAnswersNonsense."""
        body = self.body.removeprefix(_BOM)
        try:
            json_bounds.check_values(body)
            for start in islice(_beginnings(body), BEGINNINGS_TRIED):
                with suppress(orjson.JSONDecodeError):
                    return json_bounds.parse(memoryview(body)[start:])
        except (json_bounds.TooManyValues, json_bounds.TooDeep) as error:
            raise ShopSendsTooMuch(f"The shop's answer has {error}.") from None
        if _PAGE.match(body):
            raise ShopAnswersNonsense("The shop answers with a web page, such as a maintenance page.")
        raise ShopAnswersNonsense("The shop answers with something that is not JSON.")

    def code(self) -> str:
        """Returns WordPress's error code; empty if the answer is not from WordPress."""
        try:
            body = self.json()
        except ShopAnswersNonsense:
            return ""
        code = body.get("code") if isinstance(body, dict) else None
        return code if isinstance(code, str) and _CODE.fullmatch(code) else ""

    def number(self, header: str) -> int:
        """Returns a count in the headers; raises ShopAnswersNonsense if it is missing."""
        value = self.headers.get(header, "")
        if not re.fullmatch("[0-9]{1,9}", value):
            raise ShopAnswersNonsense(f"The shop does not say how long its list is ({header}).")
        return int(value)


def _beginnings(body: bytes) -> Iterator[int]:
    """Yields positions at which JSON may begin; the first is the start of the body."""
    yield 0
    yield from (match.start() for match in _BEGINNING.finditer(body) if match.start())


def is_gone(answer: Answer) -> bool:
    """Returns whether WooCommerce says that the product is deleted; a 404 of a proxy does not count."""
    return 400 <= answer.status < 500 and _GONE.fullmatch(answer.code()) is not None


def is_refused(answer: Answer) -> bool:
    return answer.status in (401, 403)


def problem(answer: Answer) -> ShopProblem:
    """Returns what an answer with another status than 200 means."""
    status, pause = answer.status, None
    if wait := retry_after(answer.headers.get("retry-after"), now=time.time()):
        pause = wait.total_seconds()
    if status == 429:
        return ShopDown("The shop asks us to slow down.", retry_after=pause)
    if status in (408, 425) or status >= 500:
        return ShopDown(f"The shop has a temporary problem (HTTP {status}).", retry_after=pause)
    if is_refused(answer):
        return ShopRefuses(_refusal(answer))
    if status in (404, 410):
        return ShopRefuses(
            f"No WooCommerce answers at the store's address (HTTP {status}); check base_url, that WooCommerce"
            " is active, and that WordPress's permalinks are not set to Plain."
        )
    if status >= 400:
        return ShopRefuses(
            f"The shop refuses a valid request (HTTP {status}); let our requests through its firewall."
        )
    return ShopAnswersNonsense(f"The shop answers HTTP {status}, which is unexpected.")


def _refusal(answer: Answer) -> str:
    code = answer.code()
    if not code.startswith("woocommerce_rest_"):
        return (
            f"Something in front of WooCommerce refuses us (HTTP {answer.status}); let our requests, and"
            " their Authorization header, through the shop's firewall and proxies."
        )
    if answer.status == 403:
        return "The user of the consumer key may not see products; create the key for a shop manager."
    if code == "woocommerce_rest_authentication_error":
        also = "" if answer.secure else " Over plain HTTP the shop's clock must be right; HTTPS is better."
        return f"The shop refuses the consumer secret, or its key may not read; create one that may.{also}"
    also = (
        " If the key is right, the shop's proxy hides from WordPress that requests use HTTPS, or removes the"
        " Authorization header."
        if answer.secure
        else " If the key is right, a proxy removes the Authorization header."
    )
    return f"The shop does not know the consumer key, or its user may not see products.{also}"
