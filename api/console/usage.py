"""The panel of what embedding costs and saves: sums of thirty days and a chart over them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta

from markupsafe import Markup

from api.console.charts import Bar, stacked
from api.console.formats import Formats
from api.console.language import text
from contracts.metrics import Purpose, Usage
from database.usage.days import Glance, StoreUsage

DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class UsagePanel:
    """What the panel shows; `days` have the latest first, each with its label."""

    all: Usage
    chart: Markup
    days: Sequence[tuple[str, Usage]]
    purposes: Mapping[Purpose, Usage]
    stores: Sequence[StoreUsage]

    @property
    def is_empty(self) -> bool:
        """Whether nothing was embedded and nothing saved."""
        return self.all == Usage()


def usage_panel(shown: Glance, formats: Formats) -> UsagePanel:
    """Returns the panel; days without usage are in it too."""
    today = formats.now.astimezone(UTC).date()
    days = [(day, shown.days.get(day, Usage())) for day in _last_days(today)]
    bars = [
        Bar(
            label=text(
                formats.language,
                "usage.bar",
                day=formats.day(day),
                spent=formats.number(usage.tokens),
                saved=formats.number(usage.saved_tokens),
            ),
            parts={"spent": usage.tokens, "saved": usage.saved_tokens},
        )
        for day, usage in days
    ]
    return UsagePanel(
        all=shown.all,
        chart=stacked(bars, title=text(formats.language, "usage.chart")),
        days=[(formats.day(day), usage) for day, usage in reversed(days)],
        purposes=shown.purposes,
        stores=shown.stores,
    )


def _last_days(today: date) -> list[date]:
    return [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
