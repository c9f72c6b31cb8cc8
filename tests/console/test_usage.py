"""The panel of what embedding costs and saves."""

import re
from datetime import UTC, date, datetime

import pytest

from api.console.formats import Formats
from api.console.language import Language
from api.console.usage import DAYS, usage_panel
from contracts.metrics import Purpose, Usage
from database.usage import days, ledger
from database.usage.days import Glance, StoreUsage
from database.usage.ledger import Account
from tests.console.browser import visiting
from tests.support.shop import Shop
from tests.support.system import System
from tests.support.usage import limit

NOW = datetime(2026, 11, 26, 23, 30, tzinfo=UTC)
SPENT = Usage(calls=2, texts=5, tokens=1_000, saved_texts=9, saved_tokens=3_000)


@pytest.mark.parametrize(
    ("language", "label", "bar"),
    [
        (Language.PERSIAN, "۵ آذر", "۵ آذر: ۱٬۰۰۰ توکن مصرف‌شده، ۳٬۰۰۰ توکن صرفه‌جویی‌شده"),
        (Language.ENGLISH, "26 Nov", "26 Nov: 1,000 tokens spent, 3,000 saved"),
    ],
)
def test_every_day_has_a_bar(language: Language, label: str, bar: str) -> None:
    """The days are those in UTC, as the ledger has them; the latest is the last bar, and the first row."""
    shown = Glance(all=SPENT, days={date(2026, 11, 26): SPENT}, purposes={Purpose.EVENT: SPENT}, stores=[])
    panel = usage_panel(shown, Formats(language, NOW))
    assert len(panel.days) == DAYS
    assert panel.days[0] == (label, SPENT)
    assert panel.days[1][1] == Usage()
    assert re.findall("<title>([^<]*)</title>", panel.chart)[-1] == bar
    assert panel.all.saved_share == 0.75


async def test_the_glance_sums_up_by_day_purpose_and_store(system: System, shop: Shop) -> None:
    """Of one store only its own rows; of all stores the ones that spent most come first."""
    other = await system.shop()
    most = Usage(calls=1, tokens=10**15)
    event = Account(store_id=shop.store_id, model="a@16", purpose=Purpose.EVENT)
    question = Account(store_id=shop.store_id, model="b@16", purpose=Purpose.QUESTION)
    foreign = Account(store_id=other.store_id, model="a@16", purpose=Purpose.SYNC)
    async with system.database.transaction() as connection:
        await ledger.add(connection, {event: SPENT, question: Usage(calls=1, tokens=7), foreign: most})
        own = await days.glance(connection, shop.store_id, days=DAYS)
        every = await days.glance(connection, None, days=DAYS)
    both = SPENT + Usage(calls=1, tokens=7)
    assert (own.all, list(own.days.values())) == (both, [both])
    assert own.purposes == {Purpose.EVENT: SPENT, Purpose.QUESTION: Usage(calls=1, tokens=7)}
    assert [one.id for one in own.stores] == [shop.store_id]
    assert every.stores[0] == StoreUsage(id=other.store_id, name=every.stores[0].name, usage=most)
    async with system.database.reading() as connection:
        fresh = await days.glance(connection, 10**15, days=DAYS)
    assert (fresh.all, fresh.days, fresh.stores) == (Usage(), {}, [])


@pytest.mark.parametrize(
    ("language", "spent", "nothing"),
    [("fa", "۱٬۰۰۰", "چیزی به بردار تبدیل نشده است"), ("en", "1,000", "Nothing was embedded")],
)
async def test_the_overview_shows_what_a_store_spent(
    system: System, shop: Shop, language: str, spent: str, nothing: str
) -> None:
    """Or that there was nothing; never what another store spent."""
    account = Account(store_id=shop.store_id, model="a@16", purpose=Purpose.EVENT)
    async with await visiting(system, shop.user_id, language=language) as browser:
        assert nothing in await browser.page("/console/")
        async with system.database.transaction() as connection:
            await ledger.add(connection, {account: SPENT})
        shown = await browser.page("/console/")
    assert nothing not in shown
    assert f"<dd>{spent}</dd>" in shown


@pytest.mark.parametrize(
    ("language", "near", "spent"),
    [
        ("fa", "۹۰٪ از بودجهٔ توکن مصرف شده است", "بودجهٔ توکن تمام شده است"),
        ("en", "90% of the budget of tokens is spent", "The budget of tokens is spent"),
    ],
)
async def test_a_budget_that_is_nearly_spent_is_announced(
    system: System, shop: Shop, language: str, near: str, spent: str
) -> None:
    """On the overview and on the page of the store; and once it is spent, what waits."""
    account = Account(store_id=shop.store_id, model="a@16", purpose=Purpose.EVENT)
    pages = ("/console/", f"/console/stores/{shop.store_id}/")
    async with system.database.transaction() as connection:
        await ledger.add(connection, {account: Usage(calls=1, tokens=900)})
    async with await visiting(system, shop.user_id, language=language) as browser:
        for most, expected in ((2_000, ""), (1_000, near), (900, spent)):
            await limit(shop, month=most)
            for address in pages:
                shown = await browser.page(address)
                for words in (near, spent):
                    assert (words in shown) is (words == expected), (address, most)


async def test_an_admin_sets_a_budget_in_the_settings(system: System, shop: Shop) -> None:
    """With Persian digits too; nothing removes it, and words are refused with the field."""
    at = f"/console/stores/{shop.store_id}/settings/"
    async with await visiting(system, is_staff=True) as admin:
        for written, stored in (("۲٬۰۰۰".replace("٬", ""), 2_000), ("", None)):
            await admin.post(at, name="shop", budget_day_tokens=written, budget_month_tokens="")
            row = await shop.one("SELECT budget_day_tokens AS tokens FROM stores WHERE id = :store")
            assert row == {"tokens": stored}
        answer = await admin.post(at, name="shop", budget_day_tokens="many")
        assert answer.status_code == 400
        assert "Enter a whole number" in answer.text
