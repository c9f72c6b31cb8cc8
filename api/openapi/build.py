"""The OpenAPI document: response models, error responses, and the app that completes the document.

A route declares its body, its response model, and with `responses=refuses(...)` the errors of its own.
`Service` adds the errors that follow from the parameters and from the kind of token, and names all schemas.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self, cast

import orjson
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.security import HTTPBearer
from pydantic import BaseModel, ConfigDict
from pydantic.json_schema import models_json_schema

from api.fields import LARGEST_ID
from connectors.registry import PLATFORMS

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

SCHEMA = "#/components/schemas/{model}"

TAGS = {
    "shops": "Deliveries of shops, and the test of their connection.",
    "search": "Search in the knowledge base.",
    "assistants": "A store's catalogue in the protocols of assistants: MCP, UCP, OpenAI's vector stores.",
    "products": "Products of a user's stores, and whether search finds them.",
    "stores": "Stores, their webhook secrets, credentials and schedules.",
    "syncs": "Bulk resyncs of stores, and the differences that they found.",
    "tokens": "Integration tokens of stores.",
    "events": "The log of deliveries, and retries of failed events.",
    "accounts": "Sessions of users.",
    "operation": "Health of the process.",
}

_PREFIXES = [f"`{platform.token_format.prefix}…`" for platform in PLATFORMS.values()]

INTEGRATION_TOKEN = HTTPBearer(
    scheme_name="integrationToken",
    description=f"The token of a store: {', '.join(_PREFIXES[:-1])} or {_PREFIXES[-1]}.",
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
    description="The same, of an admin.",
    auto_error=False,
)
REFUSED_WITHOUT = {
    "integrationToken": (401, 429, 503),
    "session": (401, 429, 503),
    "adminSession": (401, 403, 429, 503),
}
"""Kind of token -> the error statuses of every route that requires it."""


class ResponseModel(BaseModel):
    """Base of response models and of their parts."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    @classmethod
    def from_fields_of(cls, source: "Mapping[str, Any] | DataclassInstance", **others: Any) -> Self:
        """Returns a model with the fields that a row or a dataclass has too, and with `others`."""
        if not isinstance(source, Mapping):
            source = {each.name: getattr(source, each.name) for each in fields(source)}
        return cls(**{name: value for name, value in source.items() if name in cls.model_fields} | others)


def example(*examples: dict[str, Any]) -> ConfigDict:
    """Returns the configuration of a model with examples."""
    return ConfigDict(json_schema_extra={"examples": [*examples]})


class Problem(ResponseModel):
    """An error; `field` and `problem` where one field causes it."""

    error: str
    field: str | None = None
    problem: str | None = None


class TooLarge(ResponseModel):
    """The body is larger than the limit."""

    error: str
    limit_bytes: int | None = None
    limits: dict[str, int] | None = None


class Unauthenticated(ResponseModel):
    """Why the request is refused; with both times if only the clock of its signature is wrong."""

    detail: str
    error: str | None = None
    server_time: datetime | None = None
    sent_time: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The error response with one status, on all routes."""

    meaning: str
    example: Mapping[str, object]
    shape: type[ResponseModel] = Problem
    headers: Mapping[str, str] = field(default_factory=dict)


_LANGUAGE = {"Content-Language": "`fa` or `en`: the language of `message`.", "Vary": "`Accept-Language`"}
_RETRY = {"Retry-After": "Seconds to wait before the next request."}

REFUSALS = {
    400: Refusal(
        meaning="A part of the request is invalid; the response names it.",
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
    404: Refusal(
        meaning="It does not exist, or belongs to another user.", example={"error": "No such product"}
    ),
    408: Refusal(meaning="The body did not arrive in time.", example={"error": "The body took too long"}),
    409: Refusal(
        meaning="Not possible in the present state.",
        example={"error": "Only failed events can be retried; this one is succeeded."},
    ),
    413: Refusal(
        meaning="The body is larger than the limit; it was not read to its end.",
        example={"error": "Payload too large", "limit_bytes": 8_388_608},
        shape=TooLarge,
    ),
    415: Refusal(
        meaning="The body is packed in a way that is not supported.",
        example={"error": "The Content-Encoding is not supported: send the body packed with gzip, or plain"},
        headers={"Accept-Encoding": "The codings that are supported."},
    ),
    429: Refusal(meaning="Too many requests.", example={"error": "Too many requests"}, headers=_RETRY),
    503: Refusal(
        meaning="A server that the response depends on is down or busy, or the service lacks a key.",
        example={"error": "The database does not answer right now"},
        headers=_RETRY,
    ),
}


def _headers(meanings: Mapping[str, str]) -> dict[str, Any]:
    """Returns the description of headers that are always sent."""
    headers = {
        name: {"description": meaning, "required": True, "schema": {"type": "string"}}
        for name, meaning in meanings.items()
    }
    return {"headers": headers} if headers else {}


def _refused(status: int) -> dict[str, Any]:
    refusal = REFUSALS[status]
    shape = {"$ref": SCHEMA.format(model=refusal.shape.__name__)}
    return {
        "description": refusal.meaning,
        **_headers(refusal.headers),
        "content": {"application/json": {"schema": shape, "example": dict(refusal.example)}},
    }


def refuses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Returns the `responses` of a decorator: the errors that only the route itself knows."""
    return {status: _refused(status) for status in statuses}


def read_by_hand(body: type[BaseModel]) -> dict[str, Any]:
    """Returns the `openapi_extra` of a route that reads its body by hand (see `api.bodies`)."""
    content = {"application/json": {"schema": body.model_json_schema(ref_template=SCHEMA)}}
    return {"requestBody": {"required": True, "content": content}}


def _response_schemas(models: Iterable[type[BaseModel]]) -> dict[str, Any]:
    """Returns name -> schema of models and their parts; FastAPI's own schemas lose nulls in examples."""
    _, schemas = models_json_schema([(model, "serialization") for model in models], ref_template=SCHEMA)
    named: dict[str, Any] = schemas["$defs"]
    text = orjson.dumps({_short(name): schema for name, schema in named.items()}).decode()
    for name in filter(_is_long, named):
        text = text.replace(f'"{SCHEMA.format(model=name)}"', f'"{SCHEMA.format(model=_short(name))}"')
    shortened: dict[str, Any] = orjson.loads(text)
    return shortened


def _is_long(name: str) -> bool:
    """Returns whether a name is pydantic's `room__module__Model`, for models of the same name."""
    return "__" in name


def _short(name: str) -> str:
    """Returns `Model` for a long name of this room, and the room and the model for others."""
    if not _is_long(name):
        return name
    room, *_, model = name.split("__")
    return model if room == "api" else f"{room.capitalize()}{model}"


def _body_schema(route: APIRoute) -> dict[str, Any] | None:
    """Returns the schema of the route's body; its `$defs` are the parts of the body."""
    if route.body_field is not None:
        model = cast(type[BaseModel], route.body_field.field_info.annotation)
        return model.model_json_schema(ref_template=SCHEMA)
    by_hand = (route.openapi_extra or {}).get("requestBody")
    return by_hand and cast(dict[str, Any], by_hand["content"]["application/json"]["schema"])


def _exact(schema: dict[str, Any]) -> None:
    """FastAPI writes bounds as floats, which cannot hold the largest id."""
    for part in (schema, *schema.get("anyOf", ())):
        if part.get("maximum") == float(LARGEST_ID):
            part["maximum"] = LARGEST_ID


def _describe(response: dict[str, Any], schemas: Mapping[str, Any]) -> None:
    """Describe a response by the docstring of its model."""
    content = response.get("content", {}).get("application/json", {})
    if "$ref" not in content.get("schema", {}):
        response["description"] = "Done."
    elif "example" not in content:
        schema = schemas[content["schema"]["$ref"].rsplit("/", 1)[1]]
        response["description"] = schema["description"].partition("\n")[0]
        response |= _headers(_LANGUAGE if "message" in schema.get("properties", {}) else {})


def _complete(operation: dict[str, Any], schemas: Mapping[str, Any]) -> None:
    operation["summary"] = operation.get("description", "").partition("\n")[0].removesuffix(".")
    for parameter in operation.get("parameters", ()):
        _exact(parameter["schema"])
    responses = operation["responses"]
    schemes = [name for requirement in operation.get("security", ()) for name in requirement]
    refused = {status for name in schemes for status in REFUSED_WITHOUT[name]}
    if responses.pop("422", None):
        refused.add(400)
    if "requestBody" in operation:
        refused |= {400, 408, 413, 415}
    for status in refused:
        responses.setdefault(str(status), _refused(status))
    for response in responses.values():
        _describe(response, schemas)
    operation["responses"] = dict(sorted(responses.items()))


class Service(FastAPI):
    """FastAPI with a complete OpenAPI document: our error responses, and a name for every schema."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            self.openapi_schema = self._completed(super().openapi())
        return self.openapi_schema

    def _completed(self, document: dict[str, Any]) -> dict[str, Any]:
        contexts = [
            (context, route)
            for context in iter_route_contexts(self.routes)
            if isinstance(route := context.original_route, APIRoute) and route.include_in_schema
        ]
        models = {route.response_model for _, route in contexts if route.response_model is not None}
        models |= {
            each["model"] for _, route in contexts for each in route.responses.values() if "model" in each
        }
        schemas = document["components"]["schemas"]
        schemas |= _response_schemas({*models, *(refusal.shape for refusal in REFUSALS.values())})
        for context, route in contexts:
            if body := _body_schema(route):
                schemas |= body.get("$defs", {})
                schemas[body["title"]] = {name: value for name, value in body.items() if name != "$defs"}
                for method in context.methods or ():
                    path = (context.path or "").replace(":id}", "}")
                    content = document["paths"][path][method.lower()]["requestBody"]["content"]
                    content["application/json"]["schema"] = {"$ref": SCHEMA.format(model=body["title"])}
        for name in ("HTTPValidationError", "ValidationError", *filter(_is_long, list(schemas))):
            schemas.pop(name, None)
        document["components"]["schemas"] = dict(sorted(schemas.items()))
        for path in document["paths"].values():
            for operation in path.values():
                _complete(operation, schemas)
        return document
