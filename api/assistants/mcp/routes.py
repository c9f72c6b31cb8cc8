"""`/mcp` and `/mcp/{store_id}`: the MCP server; and the description of what it needs (RFC 9728)."""

from typing import Annotated, Any, Literal, cast

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from api.assistants.access import PUBLIC_OR_TOKEN, WITHOUT_TOKEN
from api.assistants.mcp.door import METADATA, Door, address_of
from api.errors import json_response
from api.fields import LARGEST_ID, PathId
from api.openapi.build import INTEGRATION_TOKEN, ResponseModel, example, read_by_hand, refuses

router = APIRouter(tags=["assistants"])

_Number = Annotated[int, Field(ge=-LARGEST_ID, le=LARGEST_ID)]


class McpMessage(BaseModel):
    """A request or a notification of the Model Context Protocol, in JSON-RPC 2.0; not a batch."""

    model_config = example(
        {"jsonrpc": "2.0", "id": 1, "method": "tools/list"},
        {
            "jsonrpc": "2.0",
            "id": 2,
            "method": "tools/call",
            "params": {
                "name": "search_catalog",
                "arguments": {"catalog": {"query": "چراغ مطالعه", "filters": {"in_stock": True}}},
            },
        },
    )

    jsonrpc: Literal["2.0"]
    method: str
    id: str | _Number = Field(default="", description="absent in a notification")
    params: dict[str, Any] = {}


class McpError(ResponseModel):
    """An error of JSON-RPC."""

    code: int
    message: str
    data: Any = None


class McpAnswer(ResponseModel):
    """The response to a request: its result, or an error."""

    model_config = example({"jsonrpc": "2.0", "id": 1, "result": {"tools": []}})

    jsonrpc: Literal["2.0"]
    id: str | int
    result: dict[str, Any] | None = None
    error: McpError | None = None


class McpProblem(ResponseModel):
    """Why a message is refused: a sentence, or an error of JSON-RPC."""

    model_config = example(
        {"error": "The Host header is not a host with an optional port"},
        {
            "jsonrpc": "2.0",
            "id": None,
            "error": {"code": -32700, "message": "The body is not JSON in UTF-8"},
        },
    )

    error: str | McpError
    jsonrpc: Literal["2.0"] | None = None
    id: str | int | None = None
    field: str | None = None
    problem: str | None = None


class McpUnknown(ResponseModel):
    """There is no such store, or no such method of the protocol."""

    model_config = example({"error": "No such store"})

    error: str | McpError
    jsonrpc: Literal["2.0"] | None = None
    id: str | int | None = None
    field: str | None = None


class McpResource(ResponseModel):
    """What the MCP server is, and how it takes a token."""

    model_config = example(
        {
            "resource": "https://pilito.example/mcp",
            "resource_name": "Pilito Sync",
            "bearer_methods_supported": ["header"],
        }
    )

    resource: str
    resource_name: str
    bearer_methods_supported: list[Literal["header"]]


_MESSAGES: dict[str, Any] = {
    "response_model": McpAnswer,
    "responses": {
        202: {"description": "A notification is accepted."},
        400: {"model": McpProblem},
        404: {"model": McpUnknown},
        **refuses(403),
    },
}


def _door(request: Request) -> Door:
    return cast(Door, request.app.state.mcp)


@router.post(
    "/mcp",
    openapi_extra=read_by_hand(McpMessage),
    dependencies=[Depends(INTEGRATION_TOKEN)],
    **_MESSAGES,
)
async def of_token(request: Request) -> Response:
    """Ask the MCP server about the catalogue of the token's store.

    Streamable HTTP without sessions. The tools are `search_catalog`, `lookup_catalog`, `get_product`,
    `search` and `fetch`.
    """
    return await _door(request).answer(request, None)


@router.post(
    "/mcp/{store_id}",
    openapi_extra={**read_by_hand(McpMessage), **WITHOUT_TOKEN},
    dependencies=[PUBLIC_OR_TOKEN],
    **_MESSAGES,
)
async def of_store(request: Request, store_id: PathId) -> Response:
    """Ask the MCP server about the catalogue of a store; a public store needs no token."""
    return await _door(request).answer(request, store_id)


def _described(request: Request, store_id: int | None) -> Response:
    resource = McpResource(
        resource=address_of(request, store_id),
        resource_name="Pilito Sync",
        bearer_methods_supported=["header"],
    )
    return json_response(200, resource.model_dump())


@router.get(METADATA, response_model=McpResource, responses=refuses(400))
async def description(request: Request) -> Response:
    """How `/mcp` takes a token; tokens are given out by the operator, not by an authorization server."""
    return _described(request, None)


@router.get(f"{METADATA}/{{store_id}}", response_model=McpResource, responses=refuses(400))
async def description_of_store(request: Request, store_id: PathId) -> Response:
    """How `/mcp/{store_id}` takes a token, whether there is such a store or not."""
    return _described(request, store_id)
