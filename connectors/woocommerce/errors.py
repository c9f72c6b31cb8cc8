"""What the answers of a WooCommerce shop mean, by status and code, never by message text."""

import re
import time
from dataclasses import replace

from connectors.woocommerce.answer import Answer
from contracts.errors import ShopAnswersNonsense, ShopDown, ShopProblem, ShopRefuses
from contracts.retry import retry_after

_GONE = re.compile("woocommerce_rest_(product_|product_variation_)?invalid_id")
_NAME = re.compile("[a-z_]{1,50}")

NO_WOOCOMMERCE = (
    "No WooCommerce answers at the store's address: its WordPress has no REST API of WooCommerce (HTTP 404);"
    " activate WooCommerce."
)


class Fails(ShopDown):
    """PHP fails while it makes the answer (HTTP 500): at one of its products, or as a whole."""


def as_meant(answer: Answer) -> Answer:
    """Returns an answer with the status in its body, where a proxy or a plugin made every status a 200."""
    stated = answer.stated_status() if answer.status == 200 else None
    return answer if stated is None else replace(answer, status=stated)


def is_gone(answer: Answer) -> bool:
    """Returns whether WooCommerce says that the product is deleted; a 404 of a proxy does not count."""
    return 400 <= answer.status < 500 and _GONE.fullmatch(answer.code()) is not None


def is_refused(answer: Answer) -> bool:
    return answer.status in (401, 403)


def is_hidden(answer: Answer) -> bool:
    """Returns whether WooCommerce says that the product exists and our key may not read it."""
    return is_refused(answer) and answer.code() == "woocommerce_rest_cannot_view"


def problem(answer: Answer) -> ShopProblem:
    """Returns what an answer with another status than 200 means."""
    status, pause = answer.status, None
    if wait := retry_after(answer.headers.get("retry-after"), now=time.time()):
        pause = wait.total_seconds()
    if status == 429:
        return ShopDown("The shop asks us to slow down.", retry_after=pause)
    if status == 500:
        return Fails("The shop has a temporary problem (HTTP 500).", retry_after=pause)
    if status in (408, 425) or status >= 500:
        cause = "; a firewall or maintenance mode may answer." if status == 503 and answer.is_page() else "."
        return ShopDown(f"The shop has a temporary problem (HTTP {status}){cause}", retry_after=pause)
    if is_refused(answer):
        return ShopRefuses(_refusal(answer))
    if status in (404, 410):
        return ShopRefuses(NO_WOOCOMMERCE if answer.code() == "rest_no_route" else _nothing_there(status))
    if status >= 400:
        return ShopRefuses(_refused_request(answer))
    return ShopAnswersNonsense(f"The shop answers HTTP {status}, which is unexpected.")


def _nothing_there(status: int) -> str:
    return (
        f"No WooCommerce answers at the store's address (HTTP {status}); check base_url, that WooCommerce is"
        " active, and that nothing closes WordPress's REST API."
    )


def _refused_request(answer: Answer) -> str:
    """Returns the reason of a 4xx that is about the request; `code` is empty unless WordPress answers."""
    code, status = answer.code(), answer.status
    if code == "rest_invalid_param":
        named = ", ".join(name for name in answer.parameters() if _NAME.fullmatch(name))
        return (
            f"The shop refuses a value of our request (HTTP {status}): {named or 'it does not say which'}. A"
            " plugin or a filter of the shop restricts it; allow the value that WooCommerce allows."
        )
    if code:
        return (
            f"WordPress refuses our request (HTTP {status}, {code}); a plugin of the shop may restrict its"
            " REST API."
        )
    return (
        f"Something in front of WordPress refuses our request (HTTP {status}); let our requests through the"
        " shop's firewall and proxies."
    )


def _refusal(answer: Answer) -> str:
    code = answer.code()
    if not code and answer.status == 401 and "basic" in answer.headers.get("www-authenticate", "").lower():
        return (
            "The shop's web server asks for a password of its own (HTTP 401); remove the password protection"
            " for the REST API below /wp-json/."
        )
    if not code.startswith("woocommerce_rest_"):
        return (
            f"Something in front of WooCommerce refuses us (HTTP {answer.status}); let our requests, and"
            f" their Authorization header, through {_what_refuses(code)}."
        )
    if answer.status == 403:
        return "The user of the consumer key may not see products; create the key for a shop manager."
    if code == "woocommerce_rest_authentication_error":
        also = "" if answer.secure else SIGNED
        return f"The shop refuses the consumer secret, or its key may not read; create one that may.{also}"
    also = (
        " If the key is right, the shop's proxy hides from WordPress that requests use HTTPS, or removes the"
        " Authorization header."
        if answer.secure
        else " If the key is right, a proxy removes the Authorization header."
    )
    return f"The shop does not know the consumer key, or its user may not see products.{also}"


SIGNED = (
    " Over plain HTTP the shop's clock must be right, and base_url must be WordPress's own address, as in"
    " Settings > General; HTTPS is better."
)


def _what_refuses(code: str) -> str:
    return (
        f"the plugin that restricts WordPress's REST API ({code})"
        if code
        else "the shop's firewall and proxies"
    )
