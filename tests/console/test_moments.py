"""Moments in filters: in the calendar and the zone of the person, and in UTC in the address."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.console.formats import Formats
from api.console.language import Language
from api.console.requests import moments
from tests.console.browser import Browser
from tests.console.scene import Scene

FA, EN = Language.PERSIAN, Language.ENGLISH
NOON = datetime(2026, 11, 26, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "language", "expected"),
    [
        ("۱۴۰۵/۰۹/۰۵ ۱۳:۳۰", FA, NOON),
        ("۱۴۰۵-۰۹-۰۵ ۱۳:۳۰", FA, NOON),
        ("1405/9/5 13:30:00", FA, NOON),
        ("٥ آذر ١٤٠٥، ١٣:٣٠:٠٠", FA, NOON),
        ("2026-11-26 13:30", FA, NOON),
        ("2026-11-26T10:00:00Z", FA, NOON),
        ("\u2066۱۴۰۵/۰۹/۰۵\u2069 ۱۳:۳۰", FA, NOON),
        ("2026-11-26T10:00", EN, NOON),
        ("26 Nov 2026, 10:00:00 UTC", EN, NOON),
        ("26 November 2026 10:00 UTC", FA, NOON),
        ("1405/09/05 10:00", EN, NOON),
        ("2026-11-26t13:30:00+03:30", EN, NOON),
        ("۱۴۰۵/۰۹/۰۵", FA, datetime(2026, 11, 25, 20, 30, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read_as_people_write_it(written: str, language: Language, expected: datetime) -> None:
    assert moments.read(written, language) == expected


def test_a_day_without_a_time_counts_whole() -> None:
    ends = moments.read("۱۴۰۵/۰۹/۰۵", FA, whole_day=True)
    assert ends == datetime(2026, 11, 26, 20, 30, tzinfo=UTC)
    assert moments.read("۱۴۰۵/۰۹/۰۵ ۱۳:۳۰", FA, whole_day=True) == NOON


@pytest.mark.parametrize(
    "written",
    [
        *("۱۴۰۵/۱۲/۳۰", "1405/13/01", "2026-02-30", "2026-11-26 24:30", "0900/01/01", "1405/09-05", "٣"),
        *("آذر ۱۴۰۵", "۵ فوریه ۱۴۰۵", "tomorrow", "9999-12-31T23:59:59-12:00", "1405/09/05 1:2"),
    ],
)
def test_what_is_no_moment_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="expected a day such as 1405/09/05"):
        moments.read(written, FA)


@given(
    st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)),
    st.sampled_from([FA, EN]),
)
def test_a_form_keeps_its_moment(moment: datetime, language: Language) -> None:
    """To the second, in every year and on the night when clocks are set back; so does its address."""
    moment = moment.replace(microsecond=0)
    assert moments.read(moments.write(moment, language), language) == moment
    assert moments.read(moments.iso(moment), language) == moment


@given(
    st.datetimes(datetime(2023, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
    st.sampled_from([FA, EN]),
)
def test_a_time_that_a_page_shows_can_be_copied_into_a_filter(moment: datetime, language: Language) -> None:
    shown = Formats(language, NOON).time(moment).striptags()
    assert moments.read(shown, language) == moment.replace(microsecond=0)


async def test_the_address_of_a_filter_is_in_utc(owning: Browser, made: Scene) -> None:
    """The same for both languages; the field shows the person's own calendar again."""
    owning.http.cookies.set("pilito_language", "fa")
    answer = await owning.get("/console/events/", store=made.places.store, since="۱۴۰۵/۰۹/۰۵ ۱۳:۳۰")
    assert answer.url.params["since"] == "2026-11-26T10:00:00Z"
    assert 'value="۱۴۰۵/۰۹/۰۵ ۱۳:۳۰"' in answer.text
    refused = await owning.get("/console/events/", until="۱۴۰۵/۱۲/۳۰")
    assert refused.status_code == 400
    assert "پایان بازه خوانده نمی‌شود." in refused.text
    owning.http.cookies.set("pilito_language", "en")
    assert 'value="2026-11-26T10:00"' in (await owning.http.get(answer.url)).text


async def test_events_that_need_attention_are_found(owning: Browser, made: Scene) -> None:
    """As the API has the filter: what failed or has not ended, or all the others."""
    address = f"/console/events/?store={made.places.store}&processed_successfully="
    failed, others = await owning.page(f"{address}false"), await owning.page(f"{address}true")
    assert failed.count("status status-failed") == 3
    assert "status status-failed" not in others
    assert "status status-ignored" in others
