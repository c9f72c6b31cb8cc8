"""What a Shopify shop's answers mean: status and error codes decide, never message texts."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

import orjson

from connectors import json_bounds
from connectors.http.request import Reply
from connectors.shopify.queries import VERSION
from contracts.errors import ShopAnswersNonsense, ShopDown, ShopProblem, ShopRefuses, ShopSendsTooMuch
from contracts.retry import retry_after

MOVED = (301, 302, 303, 307, 308)
REFUSALS = {
    401: (
        "The shop does not know the access token, or it has ended; give the store a new one, or the client_id"
        " and client_secret of its app, by which tokens are renewed."
    ),
    402: "Shopify has frozen the shop until its owner pays.",
    403: "The shop refuses the access token; its app needs the scope read_products.",
    404: "No Shopify shop answers at the store's address; set base_url to its name ending in .myshopify.com.",
    423: "Shopify has locked the shop; its owner must ask Shopify why.",
}
DENIED = "The shop does not let the app see it."
FAILS = "The shop fails to answer for it."
OUTDATED = (
    "Shopify no longer knows something that this release asks for (Admin API {version}); update Pilito Sync."
)
UNKNOWN = {
    *("undefinedField", "undefinedType", "argumentNotAccepted", "missingRequiredArguments"),
    *("argumentLiteralsIncompatible", "selectionMismatch", "fragmentOnNonCompositeType"),
}
"""Codes of a query that does not fit Shopify's schema, which no retry changes."""

PASSING = {"INTERNAL_SERVER_ERROR", "TIMEOUT", "SERVICE_UNAVAILABLE"}


class TooExpensive(ShopSendsTooMuch):
    """The query costs more points than one may; for fewer products it costs less."""


class NodeFails(ShopDown):
    """The shop fails at one of the requested products, or, unless it is `of_node`, as a whole.

    `partial` is the answer without what failed, and `is_denied` whether the app may not see that.
    """

    def __init__(
        self, reason: str, *, of_node: bool, partial: "Answer | None" = None, is_denied: bool = False
    ) -> None:
        super().__init__(reason)
        self.of_node = of_node
        self.partial = partial
        self.is_denied = is_denied


class NotAllowed(ShopRefuses):
    """The access token lacks a scope."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The `data` of an answer; `moment` is by the shop's clock, `size` in bytes.

    `failed` are the places of the listed products that have errors.
    """

    data: Mapping[str, Any]
    moment: datetime | None
    size: int
    failed: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """The parts of an answer: error codes, reported cost and data."""

    codes: frozenset[str]
    cost: object
    data: object
    failed: frozenset[int] = frozenset()
    """The places of the listed products that have errors; empty if an error is about something else."""

    @property
    def throttled(self) -> bool:
        return "THROTTLED" in self.codes


def pause(reply: Reply) -> float | None:
    """Returns the seconds the shop asks us to wait; None if it does not."""
    wait = retry_after(reply.headers.get("retry-after"), now=time.time())
    return wait.total_seconds() if wait else None


def read(reply: Reply) -> Read:
    """Returns the parts of an answer; raises ShopProblem for other statuses and content."""
    try:
        json_bounds.check_values(reply.body)
        body = json_bounds.parse(reply.body)
    except orjson.JSONDecodeError:
        body = None
    except (json_bounds.TooManyValues, json_bounds.TooDeep) as error:
        raise ShopSendsTooMuch(f"The shop's answer has {error}.") from None
    answer = _parts(body) if isinstance(body, dict) else None
    if reply.status == 200 and answer:
        return answer
    if reply.status == 429 and answer and answer.throttled:
        return answer
    raise problem(reply)


def _parts(body: Mapping[str, Any]) -> Read | None:
    errors, extensions = body.get("errors"), body.get("extensions")
    if errors is None and not isinstance(body.get("data"), dict):
        return None
    listed = (errors if isinstance(errors, list) else [errors]) if errors else []
    places = [_place(error) for error in listed]
    return Read(
        codes=frozenset(map(_code, listed)),
        failed=frozenset() if None in places else frozenset(place for place in places if place is not None),
        cost=extensions.get("cost") if isinstance(extensions, dict) else None,
        data=body.get("data"),
    )


def _place(error: object) -> int | None:
    """Returns the place of the node that the path of an error leads to; None if it leads to none."""
    path = error.get("path") if isinstance(error, dict) else None
    if not isinstance(path, list):
        return None
    return next((at for name, at in pairwise(path) if name == "nodes" and isinstance(at, int)), None)


def _code(error: object) -> str:
    extensions = error.get("extensions") if isinstance(error, dict) else None
    code = extensions.get("code") if isinstance(extensions, dict) else None
    return code if isinstance(code, str) else ""


def problem(reply: Reply) -> ShopProblem:
    """Returns what an answer that cannot be used means."""
    status = reply.status
    if status == 200:
        return ShopAnswersNonsense("The shop answers with something that is not GraphQL, such as a page.")
    if status == 429:
        return ShopDown("The shop asks us to slow down.", retry_after=pause(reply))
    if status in (408, 425, 430) or status >= 500:
        return ShopDown(f"The shop has a temporary problem (HTTP {status}).", retry_after=pause(reply))
    if status in MOVED:
        return ShopRefuses(
            "The shop's address leads on to another one, where its token must not be sent; set base_url to"
            " the shop's name ending in .myshopify.com."
        )
    if status in REFUSALS:
        return ShopRefuses(REFUSALS[status])
    if status >= 400:
        return ShopRefuses(f"The shop refuses a valid request (HTTP {status}).")
    return ShopAnswersNonsense(f"The shop answers HTTP {status}, which is unexpected.")


def checked(answer: Read) -> Mapping[str, Any]:
    """Returns the data of an answer; raises ShopProblem for a partial one: gaps would look deleted."""
    codes = answer.codes
    if "MAX_COST_EXCEEDED" in codes:
        raise TooExpensive("The shop refuses a query of ours as too expensive.")
    if "SHOP_INACTIVE" in codes:
        raise ShopRefuses("The shop is closed; its owner must open it again.")
    if answer.failed:
        is_denied, partial = "ACCESS_DENIED" in codes, None
        if isinstance(answer.data, dict):
            partial = Answer(data=answer.data, moment=None, size=0, failed=answer.failed)
        raise NodeFails(DENIED if is_denied else FAILS, of_node=True, partial=partial, is_denied=is_denied)
    if "ACCESS_DENIED" in codes:
        raise NotAllowed(REFUSALS[403])
    if codes & UNKNOWN:
        raise ShopRefuses(OUTDATED.format(version=VERSION))
    if "INTERNAL_SERVER_ERROR" in codes:
        raise NodeFails("The shop has a temporary problem.", of_node=False)
    if codes & PASSING:
        raise ShopDown("The shop has a temporary problem.")
    if codes or not isinstance(answer.data, dict):
        raise ShopAnswersNonsense("The shop does not understand our query.")
    return answer.data
