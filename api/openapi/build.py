"""What the API says of itself: answers, refusals and bodies of each route, and who may ask.

A route spreads `documented(...)` into its decorator. What follows from its parameters and from who may ask
(`api/state.py`) is added by `Service`, so a route names only what is its own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.security import HTTPBearer
from pydantic import BaseModel, ConfigDict
from pydantic.json_schema import models_json_schema

from api.fields import LARGEST_ID

SCHEMA = "#/components/schemas/{model}"

TAGS = {
    "shops": "What a shop sends and asks with its integration token.",
    "search": "Questions to the knowledge base.",
    "products": "What a user's shops sell, and how much of it search knows.",
    "stores": "The shops, and what they sign and are read with.",
    "syncs": "Bulk resyncs: shops read and compared, and what differed.",
    "tokens": "What shops identify themselves with.",
    "events": "What became of every delivery.",
    "accounts": "Signing in.",
    "operation": "For whoever watches the process.",
}

INTEGRATION_TOKEN = HTTPBearer(
    scheme_name="integrationToken",
    description="The token of a store: `wc_sk_live_…`, `shpat_…` or `pk_live_…`.",
    auto_error=False,
)
SESSION = HTTPBearer(
    scheme_name="session",
    bearerFormat="JWT",
    description="The `access_token` of `POST /api/v1/auth/token/`.",
    auto_error=False,
)
ADMIN_SESSION = HTTPBearer(
    scheme_name="adminSession",
    bearerFormat="JWT",
    description="The same, of a user who may administer.",
    auto_error=False,
)
REFUSED_WITHOUT = {
    "integrationToken": (401, 429, 503),
    "session": (401, 429, 503),
    "adminSession": (401, 403, 429, 503),
}
"""Who may ask -> how others are refused, also who tries many tokens; 503 while Postgres is down."""


class Answer(BaseModel):
    """An answer, or a part of one: the fields told here and no other."""

    model_config = ConfigDict(extra="forbid")


def example(*shown: dict[str, Any]) -> ConfigDict:
    """The configuration of a model with examples."""
    return ConfigDict(json_schema_extra={"examples": [*shown]})


class Problem(Answer):
    """What was wrong; `field` and `problem` where one field was."""

    error: str
    field: str | None = None
    problem: str | None = None


class TooLarge(Answer):
    """The body is larger than is taken here."""

    error: str
    limit_bytes: int


class Unauthenticated(Answer):
    """Why the request's token opens nothing."""

    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """How one status is refused, on whatever route."""

    meaning: str
    example: Mapping[str, object]
    shape: type[Answer] = Problem
    headers: Mapping[str, str] = field(default_factory=dict)


_SPOKEN = {"Content-Language": "`fa` or `en`: the language of `message`.", "Vary": "`Accept-Language`"}
_LATER = {"Retry-After": "Seconds after which to ask again."}

REFUSALS = {
    400: Refusal(
        meaning="Something in the request cannot be read; the answer names it.",
        example={
            "error": "limit: Input should be less than or equal to 100",
            "field": "limit",
            "problem": "Input should be less than or equal to 100",
        },
    ),
    401: Refusal(
        meaning="The token is missing, unknown, inactive, expired, or not for this address.",
        example={"detail": "Invalid token"},
        shape=Unauthenticated,
        headers={"WWW-Authenticate": "`Bearer`"},
    ),
    403: Refusal(meaning="Only admins may do this.", example={"error": "Only admins may do this"}),
    404: Refusal(meaning="There is none, or it is not the asker's.", example={"error": "No such product"}),
    408: Refusal(
        meaning="The body did not arrive in time.",
        example={"error": "The body took too long"},
    ),
    409: Refusal(
        meaning="Not in the state it is in.",
        example={"error": "Only failed events can be retried; this one is succeeded."},
    ),
    413: Refusal(
        meaning="The body is larger than is taken here; it was not read to its end.",
        example={"error": "Payload too large", "limit_bytes": 8_388_608},
        shape=TooLarge,
    ),
    429: Refusal(meaning="Too many requests.", example={"error": "Too many requests"}, headers=_LATER),
    503: Refusal(
        meaning="What is needed to answer is down.",
        example={"error": "The database does not answer right now"},
        headers=_LATER,
    ),
}


def _headers(told: Mapping[str, str]) -> dict[str, Any]:
    """Headers that are always there: name -> what it says."""
    shown = {
        name: {"description": meaning, "required": True, "schema": {"type": "string"}}
        for name, meaning in told.items()
    }
    return {"headers": shown} if shown else {}


def _refused(status: int) -> dict[str, Any]:
    refusal = REFUSALS[status]
    shape = {"$ref": SCHEMA.format(model=refusal.shape.__name__)}
    return {
        "description": refusal.meaning,
        **_headers(refusal.headers),
        "content": {"application/json": {"schema": shape, "example": dict(refusal.example)}},
    }


def _answered(model: type[BaseModel] | None) -> dict[str, Any]:
    if model is None:
        return {"description": "Done."}
    said = (model.__doc__ or HTTPStatus.OK.phrase).strip().splitlines()[0]
    spoken = _SPOKEN if "message" in model.model_fields else {}
    return {"model": model, "description": said, **_headers(spoken)}


def documented(
    *,
    answers: Mapping[int, type[BaseModel] | None],
    refuses: Sequence[int] = (),
    body: type[BaseModel] | None = None,
    body_required: bool = True,
) -> dict[str, Any]:
    """What a decorator is told of a route: its answers (the usual one first), refusals of its own, its body.

    The answers' docstrings say what they mean, `example` shows one; None is an answer without a body. Nothing
    is checked on the way out: the tests hold answers and models together.
    """
    told: dict[str, Any] = {
        "status_code": next(iter(answers)),
        "responses": {status: _answered(model) for status, model in answers.items()},
    }
    if body is not None:
        schema = body.model_json_schema(ref_template=SCHEMA)
        content = {"application/json": {"schema": schema}}
        told["openapi_extra"] = {"requestBody": {"required": body_required, "content": content}}
        refuses = (*refuses, 400, 408, 413)
    told["responses"] |= {status: _refused(status) for status in refuses}
    return told


def _named(models: Iterable[type[BaseModel]]) -> dict[str, Any]:
    """Name -> schema of models and their parts; FastAPI's own lose each null of their examples."""
    _, schemas = models_json_schema([(model, "serialization") for model in models], ref_template=SCHEMA)
    named: dict[str, Any] = schemas["$defs"]
    return named


def _parts(body: dict[str, Any]) -> dict[str, Any]:
    """Name -> schema of a body and its parts."""
    whole = {name: value for name, value in body.items() if name != "$defs"}
    return {**body.get("$defs", {}), body["title"]: whole}


def _exact(schema: dict[str, Any]) -> None:
    """FastAPI writes bounds as floats, among which there is no largest id."""
    for part in (schema, *schema.get("anyOf", ())):
        if part.get("maximum") == float(LARGEST_ID):
            part["maximum"] = LARGEST_ID


def _complete(operation: dict[str, Any]) -> None:
    operation["summary"] = operation.get("description", "").partition("\n")[0].removesuffix(".")
    for content in operation.get("requestBody", {}).get("content", {}).values():
        content["schema"] = {"$ref": SCHEMA.format(model=content["schema"]["title"])}
    for parameter in operation.get("parameters", ()):
        _exact(parameter["schema"])
    responses = operation["responses"]
    askers = [name for who in operation.get("security", ()) for name in who]
    refused = {status for name in askers for status in REFUSED_WITHOUT[name]}
    if responses.pop("422", None):
        refused.add(400)
    for status in refused:
        responses.setdefault(str(status), _refused(status))
    operation["responses"] = dict(sorted(responses.items()))


class Service(FastAPI):
    """FastAPI, except that its document is complete: our refusals instead of its own, and named bodies."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            self.openapi_schema = self._completed(super().openapi())
        return self.openapi_schema

    def _completed(self, document: dict[str, Any]) -> dict[str, Any]:
        for path in document["paths"].values():
            for operation in path.values():
                _complete(operation)
        told = [
            route for route in iter_route_contexts(self.routes) if isinstance(route.original_route, APIRoute)
        ]
        answers = {each["model"] for route in told for each in route.responses.values() if "model" in each}
        schemas = document["components"]["schemas"]
        schemas |= _named({*answers, *(refusal.shape for refusal in REFUSALS.values())})
        for route in told:
            for content in (route.openapi_extra or {}).get("requestBody", {}).get("content", {}).values():
                schemas |= _parts(content["schema"])
        for theirs in ("HTTPValidationError", "ValidationError"):
            schemas.pop(theirs, None)
        document["components"]["schemas"] = dict(sorted(schemas.items()))
        return document
