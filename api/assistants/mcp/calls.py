"""A call of a tool: it is counted and logged, and its errors become results that a model can act on."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar, cast

from fastapi import Request
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR, INVALID_PARAMS, CallToolRequestParams, CallToolResult, TextContent
from pydantic import BaseModel, ValidationError

from api.assistants.mcp import chatgpt, tools
from api.assistants.mcp.door import store_of
from api.dependencies import AppState, app_state
from api.errors import DATABASE_DOWN, ApiError, database_down, unexpected
from api.metrics.process import UNKNOWN, CountedCall, ToolOutcome
from api.middleware.request_log import request_facts
from contracts.errors import InvalidField
from contracts.stores import OpenStore

Arguments = TypeVar("Arguments", bound=BaseModel)
Call = Callable[[AppState, OpenStore, Mapping[str, Any]], Awaitable[CallToolResult]]


def _tool(
    arguments: type[Arguments], answer: Callable[[AppState, OpenStore, Arguments], Awaitable[CallToolResult]]
) -> Call:
    async def call(state: AppState, store: OpenStore, given: Mapping[str, Any]) -> CallToolResult:
        try:
            read = arguments.model_validate(given)
        except ValidationError as error:
            raise InvalidField.of(error) from None
        return await answer(state, store, read)

    return call


CALLS: Mapping[str, Call] = {
    "search_catalog": _tool(tools.SearchCatalog, tools.search_catalog),
    "lookup_catalog": _tool(tools.LookupCatalog, tools.lookup_catalog),
    "get_product": _tool(tools.GetProduct, tools.get_product),
    "search": _tool(chatgpt.Search, chatgpt.search),
    "fetch": _tool(chatgpt.Fetch, chatgpt.fetch),
}


async def call_tool(ctx: ServerRequestContext[Any, Any], params: CallToolRequestParams) -> CallToolResult:
    """Returns the result of a tool. Wrong arguments are a result with `is_error`, which says what to change.

    Raises -32602 for an unknown tool and for too many ids, and -32603 for our own errors.
    """
    request = cast(Request, ctx.request)
    state = app_state(request)
    call = CALLS.get(params.name)
    with state.metrics.calling(params.name if call else UNKNOWN) as counted:
        if call is None:
            counted.outcome = ToolOutcome.REFUSED
            raise MCPError(INVALID_PARAMS, f"Unknown tool; the tools are {', '.join(CALLS)}")
        request_facts(request).tool = params.name
        return await _answered(request, call, params.arguments or {}, counted)


async def _answered(
    request: Request, call: Call, arguments: Mapping[str, Any], counted: CountedCall
) -> CallToolResult:
    try:
        result = await call(app_state(request), store_of(request), arguments)
    except InvalidField as error:
        counted.outcome = ToolOutcome.REFUSED
        return _refused(f"{error.field or 'arguments'}: {error.problem}. Change it and call again.")
    except ApiError as error:
        counted.outcome = ToolOutcome.REFUSED
        return _refused(_sentence(error, arguments))
    except MCPError:
        counted.outcome = ToolOutcome.REFUSED
        raise
    except DATABASE_DOWN as error:
        response = await database_down(request, error)
        if response.status_code != 503:
            raise MCPError(INTERNAL_ERROR, "Internal error; it was logged") from None
        return _refused("The catalogue cannot be read right now. Try again in a few seconds.")
    except Exception as error:
        await unexpected(request, error)
        raise MCPError(INTERNAL_ERROR, "Internal error; it was logged") from None
    counted.outcome = ToolOutcome.OK
    return result


def _sentence(error: ApiError, arguments: Mapping[str, Any]) -> str:
    """Returns what was wrong; a field of `catalog` is named by its place in the arguments."""
    field, catalog = error.content.get("field"), arguments.get("catalog")
    if not field or not isinstance(catalog, Mapping):
        return str(error.content.get("error", ""))
    if field == "cursor" and "cursor" not in catalog:
        field = "pagination.cursor"
    return f"catalog.{field}: {error.content['problem']}"


def _refused(sentence: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=sentence)], is_error=True)
