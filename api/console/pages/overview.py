"""The first page: whether everything is in sync, what failed and why, and what runs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import Request, Response

from api.console.charts import Bar, lines, stacked
from api.console.formats import Formats
from api.console.language import text
from api.console.params import PageQuery
from api.console.rendering import page
from api.console.routing import pages
from api.console.scope import scope_of
from api.console.session import Visitor
from api.console.usage import DAYS, usage_panel
from api.dependencies import app_state
from api.fields import Id
from api.metrics.readiness import ReadyState
from contracts.events import SUCCESSFUL, UNFINISHED, EventStatus
from contracts.syncs import SyncStatus
from contracts.webhooks import WebhookHealth
from database.events import summary
from database.events.summary import HOURS, Summary
from database.sync import overview as syncs
from database.sync.overview import StoreGlance
from database.usage import budgets, days
from database.usage.budgets import Budget

router = pages()

LATE = timedelta(minutes=5)
"""An event that has waited longer is worth a warning."""


MOST_STORES = 50

UNSUCCESSFUL = {SyncStatus.FAILED, SyncStatus.REFUSED}


class OverviewQuery(PageQuery):
    store: Id | None = None


def kind_of(status: str) -> str:
    """Returns which part of a bar a status belongs to."""
    if status == EventStatus.SUCCEEDED:
        return "succeeded"
    if status == EventStatus.FAILED:
        return "failed"
    return "open" if status in UNFINISHED else "other"


KINDS = ("succeeded", "other", "open", "failed")


def bars(shown: Summary, formats: Formats) -> list[Bar]:
    """Returns a bar for each of the last hours, also for those without events."""
    counts = {hour.hour: hour.counts for hour in shown.hours}
    latest = formats.now.replace(minute=0, second=0, microsecond=0)
    result = []
    for hour in (latest - timedelta(hours=back) for back in range(HOURS - 1, -1, -1)):
        parts = dict.fromkeys(KINDS, 0)
        for status, count in counts.get(hour, {}).items():
            parts[kind_of(status)] += count
        total = formats.number(sum(parts.values()))
        label = text(formats.language, "overview.hour", hour=formats.clock(hour), n=total)
        result.append(Bar(label=label, parts=parts))
    return result


def speeds(shown: Summary, now: datetime) -> list[dict[str, float | None]]:
    """Returns the seconds from edited to searchable of each of the last hours."""
    known = {hour.hour: {"p50": hour.p50, "p95": hour.p95} for hour in shown.hours}
    latest = now.replace(minute=0, second=0, microsecond=0)
    hours = (latest - timedelta(hours=back) for back in range(HOURS - 1, -1, -1))
    return [known.get(hour, {"p50": None, "p95": None}) for hour in hours]


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence of the verdict: `level` is good, warn, bad or busy, `see` an address with more."""

    level: str
    said: str
    see: str = ""


def verdict(
    shown: Summary,
    parts: ReadyState,
    stores: Sequence[StoreGlance],
    formats: Formats,
    limited: Sequence[Budget] = (),
) -> Iterator[Note]:
    """Yields what is wrong, the worst first; else that all is well, or that nothing has arrived yet."""

    def said(key: str, count: int | None = None) -> str:
        return text(
            formats.language,
            f"overview.verdict.{key}",
            **({} if count is None else {"n": formats.number(count)}),
        )

    is_wrong = False
    for level, key, count, see in (
        ("bad", "parts", int(not (parts.is_ready and parts.is_processed)), ""),
        ("bad", "failed" if shown.is_all else "failed_more", shown.failed, "#failures"),
        ("warn", "late", int(is_late(shown, formats.now)), ""),
        ("warn", "syncs", sum(store.sync_status in UNSUCCESSFUL for store in stores), "#stores"),
        ("warn", "budget_spent", sum(budget.is_spent for budget in limited), "#budgets"),
        ("warn", "budget_near", sum(budget.is_near for budget in limited), "#budgets"),
        ("warn", "silent", sum(store.webhooks is WebhookHealth.SILENT for store in stores), "#stores"),
    ):
        if count:
            is_wrong = True
            yield Note(level, said(key, count), see)
    if not is_wrong:
        has_events = any(store.event_at for store in stores)
        yield Note("good", said("good")) if has_events else Note("busy", said("empty"))


def is_late(shown: Summary, now: datetime) -> bool:
    """Returns whether an event has waited too long."""
    return shown.oldest is not None and now - shown.oldest > LATE


@router.get("/")
async def show(request: Request) -> Response:
    """The overview of all stores, or of one."""
    query = OverviewQuery(**request.query_params)
    scope = await scope_of(request, query.store)
    state = app_state(request)
    visitor: Visitor = request.state.visitor
    formats = Formats(visitor.language, state.database.clock.estimate())
    if scope.is_empty:
        return page(request, "overview_empty.html", scope=scope)
    async with state.database.reading() as connection:
        shown = await summary.read(connection, scope.store_id)
        running = await syncs.under_way(connection, scope.store_id)
        seen = [scope.chosen] if scope.chosen else scope.stores
        stores = await syncs.stores(connection, [store.id for store in seen])
        used = await days.glance(connection, scope.store_id, days=DAYS)
        limited = await budgets.read(connection, scope.store_id)
    drawn = bars(shown, formats)
    parts = await state.readiness.check()
    return page(
        request,
        "overview.html",
        scope=scope,
        summary=shown,
        chart=stacked(drawn, title=text(visitor.language, "overview.chart")),
        bars=drawn,
        speeds=speeds(shown, formats.now),
        speed_chart=lines(speeds(shown, formats.now), title=text(visitor.language, "overview.speed_chart")),
        kinds=KINDS,
        verdict=list(verdict(shown, parts, stores, formats, limited)),
        budgets=[budget for budget in limited if budget.is_near or budget.is_spent][:MOST_STORES],
        is_late=is_late(shown, formats.now),
        running=running,
        stores=stores[:MOST_STORES],
        usage=usage_panel(used, formats),
        parts_state=parts if scope.is_admin else None,
        successful=SUCCESSFUL,
    )
