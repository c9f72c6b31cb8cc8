"""Alerts, dashboard and configuration of Prometheus fit the product and its documents."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry, generate_latest

from api.metrics.installation import SnapshotCollector
from database.metrics import MetricsSnapshot
from temporal.queues import QueueState
from tests.api.test_metrics import families
from tests.support.alerts import FOLDER, NOT_EVALUATED, Alert, Samples, alerts, firing, outages, samples
from tests.support.environment import ROOT

ALERTS = {alert.name: alert for alert in alerts()}
DASHBOARD: dict[str, Any] = json.loads((FOLDER / "dashboard.json").read_text())
CONFIGURATION: dict[str, Any] = yaml.safe_load((FOLDER / "prometheus.yaml").read_text())

RUNBOOK = "docs/how-to/answer-alerts.md"

EXPOSED = {
    f"{family.name}{suffix}"
    for family in families()
    for suffix in {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}.get(family.type, ("",))
}

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


def exposed(
    snapshot: MetricsSnapshot = IDLE,
    queues: tuple[QueueState, ...] = QUEUES,
    skew: timedelta = timedelta(),
) -> Samples:
    """Returns what `/metrics` has of an installation in this state."""
    registry = CollectorRegistry()
    parts = {"postgres": True, "temporal": True}
    registry.register(SnapshotCollector(snapshot, queues=queues, skews={"process": skew}, parts=parts))
    return samples(generate_latest(registry).decode())


def waiting(place: int, seconds: float) -> tuple[QueueState, ...]:
    """Returns the queues, in one of which a task has waited so long."""
    queues = list(QUEUES)
    queues[place] = replace(QUEUES[place], backlog=1, backlog_seconds=seconds)
    return tuple(queues)


ELSEWHERE = {
    "PilitoDeadLetters": exposed(replace(IDLE, events={"failed": 1})),
    "PilitoEventsLate": exposed(replace(IDLE, oldest_seconds=301.0)),
    "PilitoEventsWait": exposed(queues=waiting(0, 61.0)),
    "PilitoSyncsWait": exposed(queues=waiting(1, 3601.0)),
    "PilitoClockWrong": exposed(skew=timedelta(seconds=-2.1)),
}
"""Alerts of no row in `docs/reference/outages.md`, with a state of the installation that each is about."""


def test_nothing_fires_while_all_is_well() -> None:
    """Neither on an idle installation nor where a number is just below its bound."""
    assert firing(exposed(), exposed()) == set()
    busy = replace(IDLE, connections={"used": 87, "allowed": 97}, oldest_seconds=299.0)
    assert firing(exposed(), exposed(busy, waiting(0, 59.0), timedelta(seconds=1.9))) == set()


@pytest.mark.parametrize("name", ELSEWHERE)
def test_an_alert_fires_for_what_the_product_shows(name: str) -> None:
    """Alone. Alerts of a part that is down are tried in `tests/failures/test_alerts.py`."""
    assert firing(exposed(), ELSEWHERE[name]) == {name}


def test_every_alert_is_tried() -> None:
    """With a part that is down, or with a state above; an alert that is not evaluated has its reason."""
    of_parts = {alert.name for alert in ALERTS.values() if "part" in alert.annotations}
    groups = (of_parts, set(ELSEWHERE), set(NOT_EVALUATED))
    assert set(ALERTS) == set().union(*groups)
    assert len(ALERTS) == sum(map(len, groups))


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
    parts = [alert.annotations["part"] for alert in ALERTS.values() if "part" in alert.annotations]
    assert sorted(parts) == sorted(outages())


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
