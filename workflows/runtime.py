"""The part of Temporal's client that is not Python: its log goes into ours, its metrics to Prometheus."""

import logging

from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    PrometheusConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)

LOG = LoggingConfig(
    filter=TelemetryFilter(core_level="WARN", other_level="ERROR"),
    forwarding=LogForwardingConfig(logger=logging.getLogger("temporalio.core")),
)


def install(metrics_address: str | None = None) -> None:
    """Set up this process's runtime, once, before its first client; host:port is where it is scraped."""
    metrics = (
        PrometheusConfig(
            bind_address=metrics_address,
            counters_total_suffix=True,
            unit_suffix=True,
            durations_as_seconds=True,
        )
        if metrics_address
        else None
    )
    Runtime.set_default(Runtime(telemetry=TelemetryConfig(logging=LOG, metrics=metrics)))
