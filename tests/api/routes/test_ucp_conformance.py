"""An outside suite for UCP grades the running API: `spck-conformance`."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from contracts.stores import AssistantAccess
from tests.support.assistants import SHOE, lamp, opened
from tests.support.search_catalogue import CATALOGUE
from tests.support.system import System

LAMPS = 16
"""More than a page, and not so many that the second page is as long as one of the suite's mutants."""

OVER_REST = {
    "discovery.version",
    "discovery.rest_endpoint",
    "discovery.reverse_domain_names",
    "catalog.search_shape",
    "catalog.lookup_inputs",
    "catalog.empty_search",
    "catalog.lookup_by_variant",
    "catalog.search_requires_input",
    "catalog.lookup_dedup",
    "catalog.lookup_unknown_partial",
    "catalog.lookup_batch_too_large",
    "catalog.endpoints_available",
    "catalog.getproduct_both_id_kinds",
    "catalog.getproduct_variant_first",
    "catalog.getproduct_not_found",
    "catalog.getproduct_selected",
    "catalog.pagination_default_limit",
    "catalog.pagination_cursor_walk",
}
OVER_MCP = {"mcp.catalog_search", "mcp.catalog_lookup"}

NOT_RUN = ("not-applicable", "not-tested")
"""Carts, orders, identity, payments and signatures, which the profile does not declare."""


async def graded(system: System, store_id: int, config: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Returns the report of the suite on the profile of one store."""
    chosen = folder / "store.json"
    chosen.write_text(json.dumps(config))
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("spck-conformance"),
        "--server",
        f"{str(system.http.base_url).rstrip('/')}/ucp/{store_id}",
        "--config",
        chosen,
        "--json",
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await process.communicate()
    report: dict[str, Any] = json.loads(printed)
    return report


async def test_the_suite_finds_no_deviation(system: System, tmp_path: Path) -> None:
    """Every check that applies passes, and so does each of its mutants that must fail."""
    shop = await opened(await system.shop(), AssistantAccess.PUBLIC)
    for product in (SHOE, *CATALOGUE, *(lamp(number) for number in range(101, 101 + LAMPS))):
        await shop.sync(product)
    catalog = {
        "variant_id": "woo_903",
        "configurable_product_id": "woo_900",
        "max_batch": 20,
        "paginated_query": "desk lamp",
        "paginated_total": LAMPS,
    }
    report = await graded(system, shop.store_id, {"product_id": "woo_900", "catalog": catalog}, tmp_path)
    run = {check["id"]: check for check in report["checks"] if not check["status"].startswith(NOT_RUN)}
    assert set(run) == OVER_REST | OVER_MCP
    for check in run.values():
        assert (check["status"], check["kill_safe"]) == ("clean-pass", True), check
