"""One trace from a request to the last activity of its workflow; nothing is loaded without a collector."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator

import httpx2
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from embedded.ports import free_ports
from fakes.openai import EmbeddingServer
from observability import tracing
from settings import Settings
from tests.support.environment import ROOT, Configure
from tests.support.eventually import eventually
from tests.support.network.collector import Collector
from tests.support.sessions import session
from tests.support.system import running

STEPS = {"RunActivity:begin_event"}
REQUEST = "POST /api/integrations/woocommerce/webhook/"


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with Collector() as started:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", started.endpoint)
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
        yield started


async def worker(settings: Settings, **environment: str) -> asyncio.subprocess.Process:
    """`pilito worker` as a process of its own."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "cli",
        "worker",
        cwd=ROOT,
        env={
            "PILITO_DATABASE_URL": settings.database_url or "",
            "PILITO_TEMPORAL_ADDRESS": settings.temporal_address or "",
            "PILITO_TASK_QUEUE": settings.task_queue,
            "PILITO_SECRET_KEY": settings.secret_keys[0],
            "PILITO_DEBOUNCE_SECONDS": "0",
            "PILITO_EMBEDDING_DIMENSIONS": str(settings.embedding_dimensions),
            "OPENAI_API_KEY": "test",
            "OPENAI_BASE_URL": str(settings.openai_base_url),
            **environment,
        },
        stderr=asyncio.subprocess.PIPE,
    )


async def stopped(process: asyncio.subprocess.Process) -> list[str]:
    """Returns the log of a process, which must exit with status 0."""
    process.terminate()
    _, logged = await process.communicate()
    assert process.returncode == 0, logged.decode()
    return logged.decode().splitlines()


async def traced(collector: Collector, *names: str) -> list[tuple[str, Span]]:
    """Returns the spans of the trace that contains all these names."""

    async def look() -> list[tuple[str, Span]]:
        spans = await asyncio.to_thread(collector.spans)
        for trace in {span.trace_id for _, span in spans}:
            found = [(service, span) for service, span in spans if span.trace_id == trace]
            if {span.name for _, span in found} >= set(names):
                return found
        return []

    return await eventually(look, what=f"a trace of {names}", patience=15)


@pytest.mark.parametrize(
    "path", ["/api/integrations/woocommerce/webhook/", "/api/integrations/woocommerce/webhook"]
)
async def test_a_delivery_is_one_trace(
    path: str, collector: Collector, configure: Configure, embeddings: EmbeddingServer
) -> None:
    """The trace has the HTTP request, the start of the workflow and every activity."""
    settings = configure(task_queue="traced")
    process = await worker(settings, OTEL_EXPORTER_OTLP_ENDPOINT=collector.endpoint)
    async with running(settings, work=False) as system:
        shop = await system.shop()
        product = {"id": 1, "name": "body-marker", "description": "<p>body-marker</p>"}
        event = {"event_id": "evt-traced", "event_type": "product.updated", "product": product}
        parent = f"00-{'ab' * 16}-{'cd' * 8}-01"
        sent = await shop.http.post(
            f"{path}?key=query-marker%ff",
            json=event,
            headers={
                **shop.headers,
                "Traceparent": parent,
                "Baggage": "secret=baggage-marker",
                "Cookie": "cookie-marker",
                "X-Api-Key": "header-marker",
            },
        )
        assert sent.status_code == 202
        assert (await shop.ended("evt-traced"))["status"] == "succeeded"
        await stopped(process)
        found = await traced(collector, REQUEST, *STEPS)
        history = await shop.temporal.get_workflow_handle(shop.workflow_id("evt-traced")).fetch_history()
    by_id = {span.span_id: span for _, span in found}
    assert {span.trace_id.hex() for span in by_id.values()} == {"ab" * 16}
    (request,) = [span for span in by_id.values() if span.name == REQUEST]
    assert request.parent_span_id.hex() == "cd" * 8
    for step in (span for span in by_id.values() if span.name in STEPS):
        above = step
        while above.parent_span_id in by_id:
            above = by_id[above.parent_span_id]
        assert above is request, step.name
    assert {service for service, _ in found} == {"pilito-api", "pilito-worker"}
    exported = b"".join(collector.received)
    assert b"marker" not in exported
    assert shop.secret.encode() not in exported
    assert b"baggage-marker" not in b"".join(event.SerializeToString() for event in history.events)


async def test_probes_are_not_traced_and_a_hostile_request_is_answered(
    collector: Collector, configure: Configure
) -> None:
    """Probes create no span; no query, header or path makes a traced request fail."""
    async with running(configure(), work=False) as system:
        for path in ("/healthz", "/readyz", "/metrics", "/healthz/"):
            assert (await system.http.get(path)).status_code == 200
        hostile = {b"Host": b"\xff\xfe", b"User-Agent": b"\xff", b"Traceparent": b"\xff"}
        assert (await system.http.get("/api/none?%ff=%00", headers=hostile)).status_code == 404
        health = "/api/integrations/woocommerce/health/"
        assert (await system.http.get(f"{health}?a=%ff", headers=hostile)).status_code == 401
        found = await traced(collector, f"GET {health}")
        assert not {span.name for _, span in collector.spans()} & {
            "GET /healthz",
            "GET /readyz",
            "GET /metrics",
        }
    assert len(found) == 1


async def test_a_query_still_reaches_its_route(collector: Collector, configure: Configure) -> None:
    """The query string is hidden from spans and available to the request."""
    async with running(configure(), work=False) as system:
        admin = await session(system, "traced-admin@example.com", is_staff=True)
        answer = await system.http.get("/api/v1/integrations/events/?limit=nonsense", headers=admin)
        assert (answer.status_code, answer.json()["field"]) == (400, "limit")


async def test_a_dead_collector_costs_spans_only(
    configure: Configure, embeddings: EmbeddingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a reachable collector, requests are answered, events processed, and the process stops."""
    (port,) = free_ports(1)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{port}")
    settings = configure(task_queue="untold")
    process = await worker(settings, OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{port}")
    async with running(settings, work=False) as system:
        other = await system.shop()
        assert await other.sync({"id": 1, "name": "بی‌نشان"}) == "succeeded"
        await stopped(process)


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:1/v1/traces"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_SDK_DISABLED": "TRUE"}, False),
    ],
)
def test_the_standard_variables_decide(
    environment: dict[str, str],
    wanted: bool,  # noqa: FBT001 - a parameter of the test
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Traces are sent if a collector is named and the SDK is not disabled."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert tracing.is_wanted() is wanted


@pytest.mark.usefixtures("programs")
def test_nothing_is_loaded_unless_it_is_wanted() -> None:
    """The API and the worker do not import the SDK without a collector."""
    program = (
        "import sys, settings, worker; from api.app import create_app; "
        "create_app(settings.Settings(secret_key='k' * 32)); "
        "print([name for name in sys.modules if name.startswith('opentelemetry.sdk')"
        " or name.startswith('opentelemetry.instrumentation') or 'contrib.opentelemetry' in name])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env={}, capture_output=True, text=True, check=True
    )
    assert ended.stdout.strip() == "[]"


async def test_temporals_metrics_are_served_at_the_configured_address(configure: Configure) -> None:
    """Each worker serves metrics under the names in Temporal's documentation."""
    (port,) = free_ports(1)
    process = await worker(
        configure(task_queue="measured"), PILITO_WORKER_METRICS_ADDRESS=f"127.0.0.1:{port}"
    )

    async def metrics() -> str:
        assert process.returncode is None
        try:
            async with httpx2.AsyncClient() as http:
                return (await http.get(f"http://127.0.0.1:{port}/metrics")).text
        except httpx2.TransportError:
            return ""

    await eventually(metrics, lambda now: "temporal_worker_task_slots_available" in now, what="its metrics")
    lines = await stopped(process)
    assert lines
    assert all(line.startswith("{") for line in lines), "JSON, because stderr is no terminal"


@pytest.mark.parametrize("address", ["9464", "localhost:9464", "127.0.0.1:0", "127.0.0.1:x", "[::1]:70000"])
def test_an_address_to_listen_at_is_checked(configure: Configure, address: str) -> None:
    """The command fails at once with a message."""
    with pytest.raises(ValueError, match="worker_metrics_address"):
        configure(worker_metrics_address=address)
