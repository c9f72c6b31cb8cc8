"""The vocabulary has the words of each store's texts, also with many writers."""

import asyncio
from collections.abc import Sequence

from sqlalchemy import text

from contracts.search import Question
from database.search import vocabulary
from database.search.vocabulary import Swept
from knowledge.search.forms import FAR, NEAR, AskedWord, asked
from knowledge.search.synonyms import Synonyms
from tests.support.shop import Shop
from tests.support.system import System


async def words(shop: Shop) -> set[str]:
    return {row["word"] for row in await shop.rows("SELECT word FROM vocabulary WHERE store_id = :store")}


async def completed(shop: Shop, query: str, store_id: int | None = None) -> AskedWord:
    """Returns the first word of a question with the forms that the vocabulary adds."""
    question = Question(user_id=shop.user_id, store_id=store_id, text=query, vector=None)
    found = asked(query, Synonyms(()))
    async with shop.database.reading() as connection:
        await vocabulary.complete(connection, question, found)
    return found[0]


async def aged(shop: Shop) -> None:
    """Let the words of a shop be due to be checked."""
    async with shop.database.transaction() as connection:
        await connection.execute(
            text("UPDATE vocabulary SET checked_at = now() - interval '2 days' WHERE store_id = :store"),
            {"store": shop.store_id},
        )


async def swept(shop: Shop) -> int:
    """Returns how many words were deleted."""
    await aged(shop)
    async with shop.database.transaction() as connection:
        return (await vocabulary.sweep(connection, limit=100_000)).deleted


async def test_words_of_texts_are_there_as_soon_as_the_texts(shop: Shop) -> None:
    """Words without digits, of four letters or more, and short neighbours as one word."""
    assert await shop.sync({"id": 1, "name": "لپ تاپ گیمینگ S23"}) == "succeeded"
    assert await words(shop) == {"لپتاپ", "گیمینگ", "تاپگیمینگ"}


async def test_misspelt_and_foreign_words_get_forms(shop: Shop) -> None:
    """A correct word gets none, and no store gives another its words."""
    await shop.sync({"id": 1, "name": "اسپرسوساز Philips"})
    assert (await completed(shop, "اسپرسوساظ")).corrections == {("اسپرسوساز",): NEAR}
    assert (await completed(shop, "اسپرسسوسازز")).corrections == {("اسپرسوساز",): FAR}
    assert (await completed(shop, "سپرسوساز")).corrections == {("اسپرسوساز",): NEAR}
    assert ("philips",) in (await completed(shop, "فیلیپس")).forms
    assert ("philips",) in (await completed(shop, "فیلیپس", shop.store_id)).forms
    assert set((await completed(shop, "philips")).forms) == {("philips",), ("philip",)}


async def test_words_that_the_vocabulary_has_are_presumed_right(shop: Shop) -> None:
    """They get corrections only when no text has them, after all."""
    await shop.sync({"id": 1, "name": "کیف چرمی یا چرمه"})
    question = Question(user_id=shop.user_id, store_id=None, text="چرمه چرمو", vector=None)
    right, wrong = words_asked = asked(question.text, Synonyms(()))
    async with shop.database.reading() as connection:
        assert await vocabulary.complete(connection, question, words_asked) == {"چرمه"}
        assert (right.corrections, set(wrong.corrections)) == ({}, {("چرمی",), ("چرمه",)})
        assert await vocabulary.correct(connection, question, [right])
        assert right.corrections == {("چرمی",): NEAR}
        (philips,) = asked("philips", Synonyms(()))
        assert not await vocabulary.correct(connection, question, [philips])


async def test_words_that_no_text_has_are_forgotten(shop: Shop) -> None:
    """A text that still has a word keeps it; until the sweep, a word of a deleted product finds nothing."""
    await shop.sync({"id": 1, "name": "صندلی چوبی"})
    await shop.sync({"id": 2, "name": "صندلی فلزی"})
    assert await shop.sync({"id": 2}, "product.deleted") == "succeeded"
    await shop.sync({"id": 1, "name": "صندلی راحتی"})
    (hit,) = await shop.search("چوبیی")
    assert hit["matched"] == {"share": 0.0, "missing": ["چوبیی"]}
    await swept(shop)
    assert "چوبی" not in await words(shop)
    assert {"صندلی", "راحتی"} <= await words(shop)


async def test_a_sweep_leaves_stores_that_are_written(shop: Shop) -> None:
    """A word is not deleted while a text with it is being saved."""
    await shop.sync({"id": 1, "name": "گلدان"})
    row = await shop.product(1)
    assert row is not None
    async with shop.database.transaction() as connection:
        await vocabulary.add(connection, [(row["id"], ["سفالی"])])
    await aged(shop)
    async with shop.database.transaction() as writing:
        await vocabulary.add(writing, [(row["id"], ["سفالی"])])
        async with shop.database.transaction() as sweeping:
            await vocabulary.sweep(sweeping, limit=100_000)
    assert {"گلدان", "سفالی"} <= await words(shop)


async def test_a_sweep_leaves_words_of_texts_that_wait(shop: Shop) -> None:
    """The text of a product that is not indexed yet is no live text."""
    await shop.sync({"id": 1, "name": "گلدان"})
    async with shop.database.transaction() as connection:
        await connection.execute(
            text(
                "UPDATE products SET content_hash = 'waits', claimed_hash = 'waits' WHERE store_id = :store"
            ),
            {"store": shop.store_id},
        )
        await connection.execute(
            text("UPDATE tenant_knowledge SET is_live = false WHERE store_id = :store"),
            {"store": shop.store_id},
        )
    await swept(shop)
    assert "گلدان" in await words(shop)


async def test_a_store_that_waits_does_not_hold_up_others(system: System, shop: Shop) -> None:
    """Its words come up again a day later."""
    other = await system.shop()
    for one, name in ((shop, "گلدان سفالی"), (other, "صندلی چوبی")):
        await one.sync({"id": 1, "name": name})
    async with shop.database.transaction() as connection:
        values = {"waits": shop.store_id, "gone": other.store_id}
        statements = (
            "UPDATE products SET content_hash = 'waits', claimed_hash = 'waits' WHERE store_id = :waits",
            "UPDATE tenant_knowledge SET is_live = false WHERE store_id IN (:waits, :gone)",
            "UPDATE vocabulary SET checked_at = now() - interval '9 days' WHERE store_id = :waits",
            "UPDATE vocabulary SET checked_at = now() - interval '8 days' WHERE store_id = :gone",
        )
        for statement in statements:
            await connection.execute(text(statement), values)
    waiting = len(await words(shop))
    async with shop.database.transaction() as connection:
        assert (await vocabulary.sweep(connection, limit=waiting)) == Swept(waiting, 0)
    async with shop.database.transaction() as connection:
        await vocabulary.sweep(connection, limit=100_000)
    assert (len(await words(shop)), await words(other)) == (waiting, set())


async def test_writers_of_the_same_words_all_succeed(system: System, shop: Shop) -> None:
    """Ten transactions add the same words in different orders, while another one sweeps."""
    await shop.sync({"id": 1, "name": "گلدان"})
    row = await shop.product(1)
    assert row is not None
    named = [f"واژه{letter}" for letter in "ابپتثجچحخد"]

    async def add(order: Sequence[str]) -> None:
        async with system.database.transaction() as connection:
            for word in order:
                await vocabulary.add(connection, [(row["id"], [word, *order])])

    async def sweep() -> None:
        async with system.database.transaction() as connection:
            await vocabulary.sweep(connection, limit=100)

    orders = [named[turn:] + named[:turn] for turn in range(len(named))]
    await asyncio.gather(*map(add, orders), sweep(), sweep())
    assert set(named) <= await words(shop)
