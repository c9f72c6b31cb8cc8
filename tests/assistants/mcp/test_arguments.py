"""Wrong arguments are results that a model can act on: they name the field and the fix."""

from typing import Any

import pytest
from mcp.shared.exceptions import MCPError

from tests.assistants.mcp.clients import ERAS, connected, posted, request, text_of
from tests.support.shop import Shop

WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("search_catalog", {}, "catalog"),
    ("search_catalog", {"query": "lamp"}, "catalog"),
    ("search_catalog", {"catalog": "lamp"}, "catalog"),
    ("search_catalog", {"catalog": {}}, "catalog.query"),
    ("search_catalog", {"catalog": {"query": ""}}, "catalog.query"),
    ("search_catalog", {"catalog": {"query": 5}}, "catalog.query"),
    ("search_catalog", {"catalog": {"query": "چ" * 2_001}}, "catalog.query"),
    ("search_catalog", {"catalog": {"query": "a", "pagination": {"limit": 0}}}, "catalog.pagination.limit"),
    (
        "search_catalog",
        {"catalog": {"query": "a", "pagination": {"cursor": "x"}}},
        "catalog.pagination.cursor",
    ),
    ("search_catalog", {"catalog": {"query": "a", "cursor": "x"}}, "catalog.cursor"),
    ("search_catalog", {"catalog": {"query": "a", "sort": "sideways"}}, "catalog.sort"),
    ("search_catalog", {"catalog": {"query": "a", "facets": ["colour"]}}, "catalog.facets.0"),
    ("search_catalog", {"catalog": {"filters": {"in_stock": "maybe"}}}, "catalog.filters.in_stock"),
    ("search_catalog", {"catalog": {"filters": {"price": {"min": -1}}}}, "catalog.filters.price.min"),
    ("search_catalog", {"catalog": {"filters": {"max_price": "cheap"}}}, "catalog.filters.max_price"),
    (
        "search_catalog",
        {"catalog": {"filters": {"attributes": {"رنگ": "سفید"}}}},
        "catalog.filters.attributes.رنگ",
    ),
    ("lookup_catalog", {"catalog": {}}, "catalog.ids"),
    ("lookup_catalog", {"catalog": {"ids": []}}, "catalog.ids"),
    ("lookup_catalog", {"catalog": {"ids": ["a", ""]}}, "catalog.ids.1"),
    ("lookup_catalog", {"catalog": {"ids": ["a\x00b"]}}, "catalog.ids.0"),
    ("get_product", {"catalog": {}}, "catalog.id"),
    ("get_product", {"catalog": {"id": ["woo_1"]}}, "catalog.id"),
    ("get_product", {"catalog": {"id": "woo_2", "selected": [{"name": "Size"}]}}, "catalog.selected.0.label"),
    ("search", {}, "query"),
    ("search", {"query": "   "}, "query"),
    ("search", {"query": None}, "query"),
    ("fetch", {}, "id"),
    ("fetch", {"id": "woo_999"}, "id"),
    ("fetch", {"id": 1}, "id"),
]


@pytest.mark.parametrize("era", ERAS)
async def test_the_field_is_named(english: Shop, era: str) -> None:
    """In a short sentence, without a trace of the program."""
    async with connected(english, era) as client:
        await client.list_tools()
        for tool, arguments, field in WRONG:
            result = await client.call_tool(tool, arguments)
            assert result.is_error, (tool, arguments)
            assert result.structured_content is None
            sentence = text_of(result)
            assert sentence.startswith(f"{field}: "), (arguments, sentence)
            assert len(sentence) < 300
            assert "pydantic" not in sentence
            assert "Traceback" not in sentence


@pytest.mark.parametrize("era", ERAS)
async def test_too_many_ids_are_an_invalid_request(english: Shop, era: str) -> None:
    """As UCP asks: -32602; twenty are looked up."""
    ids = [f"woo_{number}" for number in range(1, 22)]
    async with connected(english, era) as client:
        with pytest.raises(MCPError) as raised:
            await client.call_tool("lookup_catalog", {"catalog": {"ids": ids}})
        assert raised.value.error.code == -32602
        assert "20" in raised.value.error.message
        assert not (await client.call_tool("lookup_catalog", {"catalog": {"ids": ids[:20]}})).is_error


async def test_members_of_other_parties_are_ignored(english: Shop) -> None:
    """UCP's agents send a profile, signals and extensions."""
    async with connected(english) as client:
        result = await client.call_tool(
            "search_catalog",
            {
                "meta": {"ucp-agent": {"profile": "https://agent.example/profile"}},
                "catalog": {
                    "query": "lamp",
                    "signals": {"dev.ucp.buyer_ip": "1.2.3.4"},
                    "context": {"language": "fa", "address_country": "IR"},
                    "com.example": [1],
                },
                "other": {},
            },
        )
    assert not result.is_error


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"name": 5},
        {"name": "search", "arguments": []},
        {"name": "search", "arguments": "query"},
        {"name": None},
        {"name": "search" * 10_000},
    ],
    ids=lambda value: repr(value)[:40],
)
async def test_a_malformed_call_is_an_invalid_request(english: Shop, params: dict[str, Any]) -> None:
    """-32602, never a 500."""
    answer = await posted(english, request("tools/call", params))
    assert answer.status_code == 200
    assert answer.json()["error"]["code"] == -32602


async def test_deep_and_odd_arguments_do_no_harm(english: Shop) -> None:
    """There is a result or a refusal for every value."""
    deep: Any = "x"
    for _ in range(40):
        deep = {"a": deep}
    odd: tuple[Any, ...] = (
        deep,
        [[]],
        1e308,
        -0.0,
        2**62,
        "\u202e\u200b",
        "' OR 1=1 --",
        "%_\\",
        "\ufffe",
        "🧿" * 300,
    )
    for value in odd:
        for arguments in (
            {"catalog": {"query": value}},
            {"catalog": {"filters": {"brands": [value]}}},
            {"catalog": {"filters": {"attributes": {"a": value}}}},
            {"catalog": {"ids": [value]}},
            {"catalog": {"id": value}},
            {"catalog": value},
            {"query": value},
            {"id": value},
            {"meta": value},
        ):
            for name in ("search_catalog", "lookup_catalog", "get_product", "search", "fetch"):
                answer = await posted(english, request("tools/call", {"name": name, "arguments": arguments}))
                assert answer.status_code == 200, (name, arguments)
                assert "result" in answer.json(), (name, arguments, answer.text)
