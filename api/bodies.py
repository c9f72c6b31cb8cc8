"""Request bodies: JSON objects that are read strictly.

A route takes its body as a parameter, `body: JsonBody[NewStoreRequest]`, and belongs to a router with the
route class `JsonRoute`. FastAPI alone would parse the body before it authenticates the request, would convert
"1" to 1, and would accept NaN and any depth; a `JsonBody` is parsed after the dependencies are resolved.

Webhooks and search read the body by hand:

* The signature of a delivery covers its bytes, and a delivery that is refused is counted by its topic.
* A body of up to 8 MiB is received only after the token, its terms and its rate limit were checked, and a
  large one is parsed in a child process.
* Both are the busiest routes; they write their responses with `json_response` and skip `response_model`.

The size and the time of every body are limited by `api.middleware.body_limits`.
"""

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Annotated, Any, TypeVar

import orjson
from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, core_schema

from api.errors import invalid_field
from connectors.json_object import json_object
from contracts.errors import InvalidField

Model = TypeVar("Model", bound=BaseModel)


def read_model(model: type[Model], body: bytes) -> Model:
    """Returns a body as a model, without conversions between JSON types; raises a 400 that names a field."""
    try:
        return model.model_validate_json(orjson.dumps(json_object(body, strict=True)), strict=True)
    except ValidationError as error:
        wrong = InvalidField.of(error)
        raise invalid_field(wrong.field, wrong.problem) from None


class RequestBody(BaseModel):
    """Base of the models of bodies; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class _FromBytes:
    """Reads the model of a body parameter from bytes; the OpenAPI document shows the model itself.

    `read_model` raises `ApiError` and `InvalidBody`, which pass through pydantic: neither is a `ValueError`.
    """

    def __get_pydantic_core_schema__(
        self, source: type[BaseModel], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            partial(read_model, source), json_schema_input_schema=handler(source)
        )


JsonBody = Annotated[Model, _FromBytes()]
"""The type of a body parameter: `body: JsonBody[NewStoreRequest]`."""


class _UnparsedRequest(Request):
    """A request that leaves parsing to `JsonBody`."""

    async def json(self) -> bytes:
        return await self.body()


class JsonRoute(APIRoute):
    """Hands the bytes of a body to the `JsonBody` parameter of the route, for any declared content type."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_unparsed(request: Request) -> Response:
            return await handle(_UnparsedRequest(request.scope, request.receive))

        return handle_unparsed
