"""What a shop's answers mean: its status and code decide, never its words, and none of them is repeated."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import orjson

from connectors.http.request import Reply
from contracts.errors import ShopAnswersNonsense, ShopDown, ShopProblem, ShopRefuses
from contracts.retry import retry_after

_BOM = b"\xef\xbb\xbf"
_PAGE = re.compile(rb"\s*<(!doctype|html|\?xml)", re.IGNORECASE)
_BEGINNING = re.compile(rb"^[\[{]", re.MULTILINE)
BEGINNINGS_TRIED = 11

_CODE = re.compile("[a-z0-9_]{1,100}")
_GONE = re.compile("woocommerce_rest_(product_|product_variation_)?invalid_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Reply):
    """An answer as it came; `secure` is whether over HTTPS."""

    secure: bool

    def json(self) -> Any:
        """What the body says, also where PHP wrote notices in front of it."""
        body = self.body.removeprefix(_BOM)
        for start in islice(_beginnings(body), BEGINNINGS_TRIED):
            try:
                return orjson.loads(body[start:] if start else body)
            except orjson.JSONDecodeError:
                continue
        if _PAGE.match(body):
            raise ShopAnswersNonsense("The shop answers with a page for people, such as one of maintenance.")
        raise ShopAnswersNonsense("The shop answers with something that is not JSON.")

    def code(self) -> str:
        """WordPress's name for what is wrong; empty where it was not WordPress that answered."""
        try:
            body = self.json()
        except ShopAnswersNonsense:
            return ""
        code = body.get("code") if isinstance(body, dict) else None
        return code if isinstance(code, str) and _CODE.fullmatch(code) else ""

    def number(self, header: str) -> int:
        """A count among the headers, without which no list has an end."""
        value = self.headers.get(header, "")
        if not re.fullmatch("[0-9]{1,9}", value):
            raise ShopAnswersNonsense(f"The shop does not say how long its list is ({header}).")
        return int(value)


def _beginnings(body: bytes) -> Iterator[int]:
    """Where JSON may begin; beyond the start, one looks only where it does not begin there."""
    yield 0
    yield from (found.start() for found in _BEGINNING.finditer(body) if found.start())


def is_gone(answer: Answer) -> bool:
    """Whether WooCommerce itself says so; a 404 of anybody else says nothing of a product."""
    return 400 <= answer.status < 500 and _GONE.fullmatch(answer.code()) is not None


def is_refused(answer: Answer) -> bool:
    return answer.status in (401, 403)


def problem(answer: Answer) -> ShopProblem:
    """What anything but a 200 means."""
    status, pause = answer.status, None
    if asked := retry_after(answer.headers.get("retry-after"), now=time.time()):
        pause = asked.total_seconds()
    if status == 429:
        return ShopDown("The shop asks us to slow down.", retry_after=pause)
    if status in (408, 425) or status >= 500:
        return ShopDown(f"The shop has a passing problem (HTTP {status}).", retry_after=pause)
    if is_refused(answer):
        return ShopRefuses(_refusal(answer))
    if status in (404, 410):
        return ShopRefuses(
            f"No WooCommerce answers at the store's address (HTTP {status}); check base_url, that WooCommerce"
            " is active, and that WordPress's permalinks are not the plain ones."
        )
    if status >= 400:
        return ShopRefuses(
            f"The shop refuses a plain question (HTTP {status}); let our requests through its firewall."
        )
    return ShopAnswersNonsense(f"The shop answers HTTP {status}, which means nothing.")


def _refusal(answer: Answer) -> str:
    code = answer.code()
    if not code.startswith("woocommerce_rest_"):
        return (
            f"Something in front of WooCommerce refuses us (HTTP {answer.status}); let our requests, and"
            " their Authorization header, through the shop's firewall and proxies."
        )
    if answer.status == 403:
        return "The user of the consumer key may not see products; make the key for a shop manager."
    if code == "woocommerce_rest_authentication_error":
        also = (
            "" if answer.secure else " Over plain HTTP the shop's clock must be right, too; HTTPS is better."
        )
        return f"The shop refuses the consumer secret, or its key may not read; make a key that may.{also}"
    also = (
        " If the key is right, the shop's proxy hides from WordPress that we came by HTTPS, or keeps back the"
        " Authorization header."
        if answer.secure
        else " If the key is right, a proxy keeps back the Authorization header."
    )
    return f"The shop does not know the consumer key, or its user may not see products.{also}"
