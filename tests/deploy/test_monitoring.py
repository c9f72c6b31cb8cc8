"""Alerts, dashboard and configuration of Prometheus fit the product and its documents."""

import json
import re
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry, generate_latest

from api.metrics.installation import SnapshotCollector
from database.metrics import MetricsSnapshot
from temporal.queues import QueueState
from tests.api.test_metrics import families
from tests.support.alerts import FOLDER, Alert, Samples, alerts, samples
from tests.support.environment import ROOT

ALERTS = {alert.name: alert for alert in alerts()}
DASHBOARD: dict[str, Any] = json.loads((FOLDER / "dashboard.json").read_text())
CONFIGURATION: dict[str, Any] = yaml.safe_load((FOLDER / "prometheus.yaml").read_text())

OUTAGES = (ROOT / "docs" / "reference" / "outages.md").read_text()
RUNBOOK = "docs/how-to/answer-alerts.md"

EXPOSED = {
    f"{family.name}{suffix}"
    for family in families()
    for suffix in {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}.get(family.type, ("",))
}

NOT_EVALUATED = {
    "PilitoApiDown": "Prometheus itself makes `up`",
    "PilitoErrors": "a rate",
    "PilitoSignaturesFail": "a rate",
}
"""Alerts that samples of one moment do not decide."""

IDLE = MetricsSnapshot(
    totals={},
    events={"retrying": 0, "failed": 0},
    oldest_seconds=0.0,
    connections={"used": 40, "allowed": 97},
)
QUEUES = (
    QueueState(queue="q", workers=2, backlog=0, backlog_seconds=0.0),
    QueueState(queue="q-bulk", workers=1, backlog=0, backlog_seconds=0.0, is_bulk=True),
)


def named(expr: str) -> set[str]:
    """Returns the metrics that an expression names."""
    return set(re.findall(r"\b(?:pilito|temporal)_\w+|\bup\b", expr))


def exposed(snapshot: MetricsSnapshot = IDLE, queues: tuple[QueueState, ...] = QUEUES) -> Samples:
    """Returns what `/metrics` has of an installation in this state."""
    registry = CollectorRegistry()
    parts = {"postgres": True, "temporal": True}
    registry.register(SnapshotCollector(snapshot, queues=queues, parts=parts))
    return samples(generate_latest(registry).decode())


def firing(*history: Samples) -> set[str]:
    return {name for name, alert in ALERTS.items() if name not in NOT_EVALUATED and alert.fires(*history)}


def changed(snapshot: MetricsSnapshot, **values: Any) -> MetricsSnapshot:
    fields = {name: getattr(snapshot, name) for name in MetricsSnapshot.__dataclass_fields__}
    return MetricsSnapshot(**{**fields, **values})


BULK_GONE = (QUEUES[0], QueueState(queue="q-bulk", workers=0, backlog=3, backlog_seconds=9.0, is_bulk=True))
ONE_GONE = (QueueState(queue="q", workers=1, backlog=0, backlog_seconds=0.0), QUEUES[1])


def test_nothing_fires_while_all_is_well() -> None:
    """Neither on an idle installation nor where a number is just below its bound."""
    assert firing(exposed(), exposed()) == set()
    busy = changed(IDLE, connections={"used": 87, "allowed": 97}, oldest_seconds=299.0)
    assert firing(exposed(), exposed(busy)) == set()


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("PilitoWorkerLost", exposed(queues=ONE_GONE)),
        ("PilitoNoBulkWorker", exposed(queues=BULK_GONE)),
        ("PilitoEmbeddingsFail", exposed(changed(IDLE, events={"retrying": 1}))),
        ("PilitoShopsFail", exposed(changed(IDLE, failing_shops=1))),
        ("PilitoDatabaseConnectionsFew", exposed(changed(IDLE, connections={"used": 90, "allowed": 97}))),
        ("PilitoDeadLetters", exposed(changed(IDLE, events={"failed": 1}))),
        ("PilitoEventsLate", exposed(changed(IDLE, oldest_seconds=301.0))),
    ],
)
def test_an_alert_fires_for_what_the_product_shows(name: str, state: Samples) -> None:
    """The others are tried in `tests/failures/test_alerts.py`, with parts that are down."""
    expected = {name, "PilitoWorkerLost"} if name == "PilitoNoBulkWorker" else {name}
    assert firing(exposed(), state) == expected


@pytest.mark.parametrize("alert", ALERTS.values(), ids=ALERTS)
def test_an_alert_can_be_understood_and_answered(alert: Alert) -> None:
    """Its metrics exist, it waits, is urgent or not, and leads to what to do."""
    assert set(alert.rule) == {"alert", "expr", "for", "labels", "annotations"}
    assert re.fullmatch(r"\d+[sm]", alert.rule["for"])
    assert alert.rule["labels"]["severity"] in ("page", "ticket")
    assert alert.annotations["summary"].endswith(".")
    assert alert.annotations["runbook"] == f"{RUNBOOK}#{alert.name.lower()}"
    assert named(alert.expr)
    assert named(alert.expr) <= EXPOSED | {"up"}


def test_each_alert_has_its_chapter_in_the_runbook() -> None:
    """And each chapter its alert."""
    chapters = re.findall(r"^## (Pilito\w+)$", (ROOT / RUNBOOK).read_text(), flags=re.MULTILINE)
    assert chapters == list(ALERTS)


def test_each_part_that_can_be_down_has_an_alert() -> None:
    """The rows of the table in the documents."""
    rows = re.findall(r"^\| ([^|]+) \|", OUTAGES, flags=re.MULTILINE)[2:]
    parts = [alert.annotations["part"] for alert in ALERTS.values() if "part" in alert.annotations]
    assert sorted(parts) == sorted(rows)


def test_the_dashboard_shows_metrics_that_exist() -> None:
    """Each panel has a title and a place of its own, and asks the data source that is chosen."""
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels) > 10
    assert len({(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}) == len(panels)
    for panel in panels:
        assert panel["title"]
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
        assert panel["datasource"]["uid"] == "${datasource}"
        for target in panel["targets"]:
            assert named(target["expr"]), panel["title"]
            assert named(target["expr"]) <= EXPOSED, panel["title"]


def test_every_metric_is_watched() -> None:
    """On the dashboard or by an alert."""
    watched = {
        name
        for expr in [
            *(alert.expr for alert in ALERTS.values()),
            *(target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]),
        ]
        for name in named(expr)
    }
    suffixes = re.compile(r"_(bucket|count|sum)$")
    assert {suffixes.sub("", name) for name in EXPOSED} == {
        suffixes.sub("", name) for name in watched - {"up"}
    }


def test_prometheus_asks_each_api_and_reads_the_alerts() -> None:
    """Every process, since the proxy hides their metrics."""
    assert CONFIGURATION["rule_files"] == ["alerts.yaml"]
    jobs = {job["job_name"]: job["static_configs"][0]["targets"] for job in CONFIGURATION["scrape_configs"]}
    assert jobs["pilito-api"] == ["127.0.0.1:8000", "127.0.0.1:8001"]
    assert {'job="pilito-api"'} == set(re.findall(r'job="[\w-]+"', ALERTS["PilitoApiDown"].expr))
