"""Questions of searches: counted by store and day, bounded, and removed after some days."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from database import questions
from database.questions import Asked, AskedQuestion, Place, QuestionFilter
from tests.support.shop import Shop

WEEK = QuestionFilter(days=7)


def asked(count: int = 1, unanswered: int = 0, *, total: int = 3, days_ago: int = 0) -> Asked:
    moment = datetime.now(UTC) - timedelta(days=days_ago)
    return Asked(asked=count, unanswered=unanswered, first_at=moment, last_at=moment, last_total=total)


async def count(shop: Shop, **asked_: Asked) -> None:
    async with shop.database.transaction() as connection:
        await questions.count(
            connection, {shop.store_id: {name.replace("_", " "): one for name, one in asked_.items()}}
        )


async def listed(shop: Shop, filters: QuestionFilter = WEEK) -> dict[str, AskedQuestion]:
    async with shop.database.reading() as connection:
        rows, _ = await questions.list_questions(connection, shop.store_id, filters, limit=100)
    return {row.text: row for row in rows}


async def test_counts_of_a_question_are_added_up(shop: Shop) -> None:
    """Also of several days; the last number of results is that of the last day."""
    await count(shop, چراغ_مطالعه=asked(2, 1, total=4, days_ago=2))
    await count(shop, چراغ_مطالعه=asked(3, 0, total=9))
    await count(shop, چراغ_مطالعه=asked(1, 1, total=8))
    found = (await listed(shop))["چراغ مطالعه"]
    assert (found.asked, found.unanswered, found.last_total) == (6, 2, 8)
    assert found.last_at - found.first_at > timedelta(days=1)


async def test_a_late_write_does_not_change_the_last_number_of_results(shop: Shop) -> None:
    """Two processes write in any order."""
    late = asked(total=1)
    await count(shop, lamp=asked(total=5))
    await count(shop, lamp=late)
    assert (await listed(shop))["lamp"].last_total == 5


async def test_a_period_counts_its_days_only(shop: Shop) -> None:
    """A question of eight days ago is not one of the last seven."""
    await count(shop, lamp=asked(5, days_ago=8))
    await count(shop, lamp=asked(1), mug=asked(7, days_ago=8))
    assert {name: row.asked for name, row in (await listed(shop)).items()} == {"lamp": 1}
    month = await listed(shop, QuestionFilter(days=30))
    assert {name: row.asked for name, row in month.items()} == {"mug": 7, "lamp": 6}


async def test_unanswered_questions_come_by_how_often_that_was(shop: Shop) -> None:
    """And the answered ones are left out."""
    await count(shop, lamp=asked(90, 1), mug=asked(4, 4), vase=asked(50))
    assert list(await listed(shop, QuestionFilter(days=7, only_unanswered=True))) == ["mug", "lamp"]


async def test_a_part_of_a_question_is_found_literally(shop: Shop) -> None:
    """`%` and `_` are letters, not patterns."""
    async with shop.database.transaction() as connection:
        texts = ("100% cotton", "100 cotton", "a_b", "axb", "back\\slash")
        await questions.count(connection, {shop.store_id: dict.fromkeys(texts, asked())})
    for part, expected in (("0%", ["100% cotton"]), ("a_b", ["a_b"]), ("\\s", ["back\\slash"])):
        assert list(await listed(shop, QuestionFilter(days=7, search=part))) == expected


async def test_pages_have_every_question_once(shop: Shop) -> None:
    """Also where many were asked equally often."""
    await count(shop, **{f"question_{number}": asked(1 + number // 4) for number in range(11)})
    found, after = list[str](), Place(rank=10**6, text="")
    while True:
        async with shop.database.reading() as connection:
            rows, following = await questions.list_questions(
                connection, shop.store_id, WEEK, after=after, limit=3
            )
        found += [row.text for row in rows]
        if following is None:
            break
        after = following
    assert len(found) == len(set(found)) == 11
    assert found == list(await listed(shop))


async def test_questions_asked_least_and_longest_ago_are_removed_first(shop: Shop) -> None:
    """A flood of questions that are asked once leaves what people ask again and again."""
    await count(shop, often=asked(3, days_ago=20), old=asked(days_ago=9))
    await count(shop, **{f"flood_{number}": asked() for number in range(8)})
    async with shop.database.transaction() as connection:
        assert await questions.trim(connection, [shop.store_id], most=5) == 5
        assert await questions.trim(connection, [shop.store_id], most=5) == 0
    left = await listed(shop, QuestionFilter(days=30))
    assert "often" in left
    assert "old" not in left
    assert len(left) == 5


async def test_questions_are_forgotten_after_some_days(shop: Shop) -> None:
    """Some at a time; 0 days forget all of them."""
    await count(shop, lamp=asked(days_ago=30), mug=asked(days_ago=31))
    await count(shop, mug=asked(days_ago=29))
    async with shop.database.transaction() as connection:
        assert await questions.forget(connection, days=30, limit=1) == 1
        assert await questions.forget(connection, days=30, limit=9) >= 1
    assert list(await listed(shop, QuestionFilter(days=40))) == ["mug"]
    async with shop.database.transaction() as connection:
        await questions.forget(connection, days=0, limit=1_000_000)
    assert await listed(shop, QuestionFilter(days=40)) == {}


async def test_a_store_that_keeps_no_questions_has_none(shop: Shop) -> None:
    """Those it had are deleted with the switch."""
    await count(shop, lamp=asked())
    async with shop.database.transaction() as connection:
        await questions.switch(connection, shop.store_id, keep=False)
    await count(shop, lamp=asked())
    assert await listed(shop) == {}
    async with shop.database.transaction() as connection:
        await questions.switch(connection, shop.store_id, keep=True)
    await count(shop, mug=asked())
    assert list(await listed(shop)) == ["mug"]


async def test_a_store_that_is_gone_does_not_stop_the_others(shop: Shop) -> None:
    """Its questions are left out."""
    async with shop.database.transaction() as connection:
        await questions.count(connection, {10**15: {"lamp": asked()}, shop.store_id: {"lamp": asked()}})
    assert list(await listed(shop)) == ["lamp"]


async def test_no_column_says_who_asked(shop: Shop) -> None:
    """The table has the store, the question, the day and counts."""
    async with shop.database.reading() as connection:
        names = await connection.execute(
            text("SELECT column_name FROM information_schema.columns WHERE table_name = 'questions'")
        )
    assert set(names.scalars()) == {
        *("store_id", "text", "day", "asked", "unanswered", "first_at", "last_at", "last_total")
    }
