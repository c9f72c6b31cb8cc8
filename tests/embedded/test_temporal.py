"""The embedded Temporal server: workflows survive its end."""

import os
import signal
import urllib.request
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from embedded.temporal import EmbeddedTemporal
from tests.support.waiting import gone

pytestmark = pytest.mark.usefixtures("programs")

NAMESPACE = "shop"
WRITE_AHEAD_LOG = b"\x02\x02"
"""Bytes 18 and 19 of a SQLite file that is written through a log."""

STORE = SearchAttributeKey.for_keyword("StoreId")


def make(state_dir: Path, ui_port: int | None = None) -> EmbeddedTemporal:
    return EmbeddedTemporal(
        state_dir, ui_port=ui_port, namespace=NAMESPACE, search_attributes={"StoreId": "Keyword"}
    )


async def test_it_is_ready_when_start_returns(tmp_path: Path) -> None:
    """Namespace, search attributes and retention are there at once."""
    server = make(tmp_path)
    try:
        client = await Client.connect(server.start(), namespace=NAMESPACE)
        attributes = await client.operator_service.list_search_attributes(
            ListSearchAttributesRequest(namespace=NAMESPACE)
        )
        namespace = await client.workflow_service.describe_namespace(
            DescribeNamespaceRequest(namespace=NAMESPACE)
        )
    finally:
        server.stop()
    assert attributes.custom_attributes["StoreId"] == IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD
    assert namespace.config.workflow_execution_retention_ttl.ToTimedelta() == timedelta(days=7)


STARTS = 20


async def test_every_acknowledged_start_survives_kill_9(tmp_path: Path) -> None:
    """Workflows run on after the server was killed, with their search attributes; SQLite writes a log."""
    server = make(tmp_path)
    client = await Client.connect(server.start(), namespace=NAMESPACE)
    for number in range(STARTS):
        await client.start_workflow(
            "Waiting",
            id=f"waiting-{number}",
            task_queue="without-a-worker",
            search_attributes=TypedSearchAttributes([SearchAttributePair(STORE, str(number))]),
        )
    assert server.child
    os.kill(server.child.pid, signal.SIGKILL)
    database = tmp_path / "temporal" / "temporal.db"
    assert database.read_bytes()[18:20] == WRITE_AHEAD_LOG
    assert database.with_name("temporal.db-wal").stat().st_size > 0, "the last starts are only in the log"
    again = make(tmp_path)
    try:
        client = await Client.connect(again.start(), namespace=NAMESPACE)
        found = [await client.get_workflow_handle(f"waiting-{n}").describe() for n in range(STARTS)]
    finally:
        again.stop()
        server.stop()
    assert {one.status for one in found} == {WorkflowExecutionStatus.RUNNING}
    assert [one.typed_search_attributes.get(STORE) for one in found] == [str(n) for n in range(STARTS)]


def test_the_ui_answers_where_it_is_wanted(tmp_path: Path) -> None:
    """The UI has an address of its own, and none when left out."""
    server = make(tmp_path, ui_port=0)
    server.start()
    assert server.child
    pid = server.child.pid
    try:
        assert server.ui_url
        with urllib.request.urlopen(server.ui_url, timeout=10) as page:  # noqa: S310 - an address of this machine
            assert page.status == 200
    finally:
        server.stop()
    gone(pid)
    assert make(tmp_path).ui_url is None
