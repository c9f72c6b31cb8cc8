"""Access tokens of Shopify apps: asked for by client credentials or by a refresh token."""

import math
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import httpx2
import orjson

from connectors import json_bounds
from connectors.base import Budget
from connectors.http.request import UNANSWERED, Reply, exchange, unanswered
from connectors.shopify.errors import problem
from contracts.errors import ShopAnswersNonsense, ShopRefuses
from contracts.stores import NewToken

PATH = "/admin/oauth/access_token"
LONGEST_TOKEN = 2_000
LONGEST_LIFE = 366 * 86_400

_REFUSED = (
    "The shop gives no access token for client_id and client_secret; copy both from the app's settings in the"
    " Dev Dashboard, and install the app in this shop."
)
_ENDED = (
    "The shop takes the refresh token no longer, or it belongs to another app; let the shop's owner open the"
    " app, and give the store the new tokens."
)


def can_renew(credentials: Mapping[str, str]) -> bool:
    """Returns whether a new token can be asked for with these credentials."""
    return bool(credentials.get("client_id") and credentials.get("client_secret"))


def is_token(value: object) -> bool:
    return (
        isinstance(value, str) and 0 < len(value) <= LONGEST_TOKEN and value.isascii() and value.isprintable()
    )


async def request_token(
    client: httpx2.AsyncClient, shop: httpx2.URL, budget: Budget, credentials: Mapping[str, str]
) -> NewToken:
    """Returns a new access token of the shop at this address; raises ShopProblem."""
    refresh_token = credentials.get("refresh_token", "")
    asked = {"client_id": credentials["client_id"], "client_secret": credentials["client_secret"]}
    asked |= (
        {"grant_type": "refresh_token", "refresh_token": refresh_token}
        if refresh_token
        else {"grant_type": "client_credentials"}
    )
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    try:
        async with budget():
            reply = await exchange(
                client, "POST", shop.join(PATH), headers=headers, content=urlencode(asked).encode()
            )
    except UNANSWERED as error:
        raise unanswered(error) from None
    if reply.status in (400, 401, 403):
        raise ShopRefuses(_ENDED if refresh_token else _REFUSED)
    if reply.status != 200:
        raise problem(reply)
    return _read(reply)


def _read(reply: Reply) -> NewToken:
    body = _object(reply)
    token, renewed, seconds = body.get("access_token"), body.get("refresh_token"), body.get("expires_in")
    if not isinstance(token, str) or not is_token(token):
        raise ShopAnswersNonsense("The shop answers without an access token.")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not math.isfinite(seconds):
        seconds = None
    return NewToken(
        access_token=token,
        seconds=None if seconds is None else min(max(float(seconds), 0.0), LONGEST_LIFE),
        refresh_token=renewed if isinstance(renewed, str) and is_token(renewed) else "",
    )


def _object(reply: Reply) -> Mapping[str, Any]:
    try:
        json_bounds.check_values(reply.body)
        body = json_bounds.parse(reply.body)
    except (orjson.JSONDecodeError, json_bounds.TooManyValues, json_bounds.TooDeep):
        body = None
    if not isinstance(body, dict):
        raise ShopAnswersNonsense("The shop answers with something that is not an access token.")
    return body
