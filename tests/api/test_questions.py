"""Which searches are counted as questions, and in which words."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from api import questions as recorder
from api.questions import LONGEST, Questions, kept
from database import questions
from database.questions import AskedQuestion, QuestionFilter
from tests.support.environment import Configure
from tests.support.eventually import eventually
from tests.support.sessions import session_of
from tests.support.shop import Shop
from tests.support.system import System, serving


async def asked_in(shop: Shop) -> dict[str, AskedQuestion]:
    async with shop.database.reading() as connection:
        rows, _ = await questions.list_questions(
            connection, shop.store_id, QuestionFilter(days=1), limit=1_000
        )
    return {row.text: row for row in rows}


async def counted(shop: Shop, *expected: str) -> dict[str, AskedQuestion]:
    return await eventually(
        lambda: asked_in(shop), lambda found: set(expected) <= set(found), what="the questions"
    )


@pytest_asyncio.fixture
async def counter(shop: Shop) -> AsyncIterator[Questions]:
    """A counter that writes when a test says so."""
    yield Questions(shop.database, is_on=True)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("  كيف   چرمي ", "کیف چرمی"),
        ("چراغ\nمطالعه", "چراغ مطالعه"),
        ("red\u202egnal\u2066 shoes\u200b", "redgnal shoes"),
        ("a\x00b\ud800", "ab"),
        ("\u200f \u202e", ""),
        ("x" * 2_000, "x" * LONGEST),
        ("می‌خواهم", "می‌خواهم"),
    ],
)
def test_a_question_is_kept_in_one_spelling_without_controls(query: str, expected: str) -> None:
    """Direction overrides, controls and line ends are gone, and it is cut."""
    assert kept(query) == expected


async def test_searches_are_counted(shop: Shop) -> None:
    """With the number of results, and whether there was a good one; pages after the first are not."""
    for number in range(3):
        await shop.sync({"id": number + 1, "name": f"چراغ مطالعه {number}"})
    first = await shop.http.post(
        "/api/v1/knowledge/search/", json={"query": "چراغ مطالعه", "limit": 1}, headers=shop.headers
    )
    await shop.search("چراغ  مطالعه", limit=1, cursor=first.json()["next"])
    await shop.search("چراغ  مطالعه")
    await shop.search("", in_stock=True)
    await shop.search("zzzz qqqq", in_stock=True)
    found = await counted(shop, "چراغ مطالعه", "zzzz qqqq")
    assert {name: (row.asked, row.unanswered) for name, row in found.items()} == {
        "چراغ مطالعه": (2, 0),
        "zzzz qqqq": (1, 1),
    }
    assert found["چراغ مطالعه"].last_total == 3


async def test_a_search_in_several_stores_is_a_question_of_none(system: System, shop: Shop) -> None:
    """One in one of the own stores is a question of that store."""
    session = await session_of(system, shop.user_id)
    for body in ({"query": "everywhere"}, {"query": "here", "store": shop.store_id}):
        answer = await shop.http.post("/api/v1/knowledge/search/", json=body, headers=session)
        assert answer.status_code == 200
    assert list(await counted(shop, "here")) == ["here"]


async def test_questions_of_a_write_are_bounded(
    shop: Shop, counter: Questions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Known ones are counted on; another store has its own room."""
    monkeypatch.setattr(recorder, "MOST_AT_ONCE", 3)
    for number in range(9):
        counter.add(shop.store_id, f"flood {number}", total=0, is_answered=False)
        counter.add(shop.store_id, "flood 1", total=0, is_answered=False)
    await counter.flush()
    found = await asked_in(shop)
    assert sorted(found) == ["flood 0", "flood 1", "flood 2"]
    assert found["flood 1"].asked == 10


async def test_stores_are_trimmed_now_and_then(
    shop: Shop, counter: Questions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After some writes, the stores that were written are checked for too many rows."""
    monkeypatch.setattr(recorder, "TRIM_EVERY", 2)
    monkeypatch.setattr(questions.trim, "__kwdefaults__", {"most": 2})
    for name in ("one", "two", "three"):
        counter.add(shop.store_id, name, total=1, is_answered=True)
    await counter.flush()
    assert len(await asked_in(shop)) == 3
    counter.add(shop.store_id, "three", total=1, is_answered=True)
    await counter.flush()
    assert len(await asked_in(shop)) == 2
    assert "three" in await asked_in(shop)


async def test_the_setting_turns_counting_off(configure: Configure, shop: Shop) -> None:
    """Searches are answered, and nothing is kept."""
    async with serving(configure(questions_days=0)) as http:
        body = {"query": "kept nowhere"}
        answer = await http.post("/api/v1/knowledge/search/", json=body, headers=shop.headers)
        assert answer.status_code == 200
    assert await asked_in(shop) == {}


async def test_the_end_of_a_process_writes_what_it_counted(configure: Configure, shop: Shop) -> None:
    """Nothing is lost when the API stops."""
    async with serving(configure()) as http:
        await http.post("/api/v1/knowledge/search/", json={"query": "last words"}, headers=shop.headers)
    assert list(await asked_in(shop)) == ["last words"]
