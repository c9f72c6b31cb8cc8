"""What the API says of itself: answers, refusals and bodies of each route, and who may ask.

A route spreads `documented(...)` into its decorator. What follows from its parameters and from who may ask
(`api/state.py`) is added by `completed`, so a route names only what is its own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.security import HTTPBearer
from pydantic import BaseModel, ConfigDict
from pydantic.json_schema import models_json_schema

SCHEMA = "#/components/schemas/{model}"

TAGS = {
    "shops": "What a shop sends and asks with its integration token.",
    "search": "Questions to the knowledge base.",
    "products": "What a user's shops sell, and how much of it search knows.",
    "stores": "The shops, and what they sign and are read with.",
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
    "session": (401, 503),
    "adminSession": (401, 403, 503),
}
"""Who may ask -> how others are refused, and everybody while Postgres, which knows them, is down."""


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
        example={"error": "The body took longer than 60 seconds"},
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


def _refused(status: int) -> dict[str, Any]:
    refusal = REFUSALS[status]
    headers = {
        name: {"description": meaning, "required": True, "schema": {"type": "string"}}
        for name, meaning in refusal.headers.items()
    }
    shape = {"$ref": SCHEMA.format(model=refusal.shape.__name__)}
    return {
        "description": refusal.meaning,
        **({"headers": headers} if headers else {}),
        "content": {"application/json": {"schema": shape, "example": dict(refusal.example)}},
    }


def _said(model: type[BaseModel]) -> str:
    return (model.__doc__ or HTTPStatus.OK.phrase).strip().splitlines()[0]


def documented(
    *,
    answers: Mapping[int, type[BaseModel] | None],
    refuses: Sequence[int] = (),
    body: type[BaseModel] | None = None,
    body_required: bool = True,
) -> dict[str, Any]:
    """What a decorator is told of a route: its answers (the usual one first), refusals of its own, its body.

    The answers' docstrings say what they mean, their `json_schema_extra` gives an example; None is an answer
    without a body. Nothing is checked
    on the way out; schemathesis holds answers and models together.
    """
    told: dict[str, Any] = {
        "status_code": next(iter(answers)),
        "responses": {
            status: {"model": model, "description": _said(model)} if model else {"description": "Done."}
            for status, model in answers.items()
        },
    }
    if body is not None:
        schema = body.model_json_schema(ref_template=SCHEMA)
        content = {"application/json": {"schema": schema}}
        told["openapi_extra"] = {"requestBody": {"required": body_required, "content": content}}
        refuses = (*refuses, 400, 408, 413)
    told["responses"] |= {status: _refused(status) for status in refuses}
    return told


def _name_body(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Move the schema of a body among the named ones, where its parts are looked for."""
    for content in operation.get("requestBody", {}).get("content", {}).values():
        schema = content["schema"]
        if "$ref" not in schema:
            schemas.update(schema.pop("$defs", {}))
            schemas[schema["title"]] = schema
            content["schema"] = {"$ref": SCHEMA.format(model=schema["title"])}


def _named(models: Iterable[type[BaseModel]]) -> dict[str, Any]:
    """Name -> schema of models and their parts; FastAPI's own lose each null of their examples."""
    _, schemas = models_json_schema([(model, "serialization") for model in models], ref_template=SCHEMA)
    named: dict[str, Any] = schemas["$defs"]
    return named


def completed(document: dict[str, Any], answers: Iterable[type[BaseModel]]) -> dict[str, Any]:
    """FastAPI's document with our refusals instead of its own, and bodies that have names."""
    schemas = document["components"]["schemas"]
    for operation in (entry for path in document["paths"].values() for entry in path.values()):
        _name_body(operation, schemas)
        operation["summary"] = operation["description"].splitlines()[0].removesuffix(".")
        responses = operation["responses"]
        askers = [name for who in operation.get("security", ()) for name in who]
        refused = {status for name in askers for status in REFUSED_WITHOUT[name]}
        if responses.pop("422", None):
            refused.add(400)
        for status in refused:
            responses.setdefault(str(status), _refused(status))
        operation["responses"] = dict(sorted(responses.items()))
    for theirs in ("HTTPValidationError", "ValidationError"):
        schemas.pop(theirs, None)
    schemas |= _named({*answers, *(refusal.shape for refusal in REFUSALS.values())})
    document["components"]["schemas"] = dict(sorted(schemas.items()))
    return document


class Service(FastAPI):
    """FastAPI, except that its document is complete."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            told = (getattr(route, "responses", {}) for route in iter_route_contexts(self.routes))
            answers = {each["model"] for responses in told for each in responses.values() if "model" in each}
            self.openapi_schema = completed(super().openapi(), answers)
        return self.openapi_schema
