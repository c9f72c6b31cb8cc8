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


async def test_workflows_survive_kill_9(tmp_path: Path) -> None:
    """A workflow that was started runs on after the server was killed, with its search attributes."""
    server = make(tmp_path)
    client = await Client.connect(server.start(), namespace=NAMESPACE)
    await client.start_workflow(
        "Waiting",
        id="waiting",
        task_queue="nobody",
        search_attributes=TypedSearchAttributes([SearchAttributePair(STORE, "7")]),
    )
    assert server.child
    os.kill(server.child.pid, signal.SIGKILL)
    again = make(tmp_path)
    try:
        client = await Client.connect(again.start(), namespace=NAMESPACE)
        found = await client.get_workflow_handle("waiting").describe()
    finally:
        again.stop()
        server.stop()
    assert found.status == WorkflowExecutionStatus.RUNNING
    assert found.typed_search_attributes.get(STORE) == "7"


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
