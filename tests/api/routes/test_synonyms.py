"""Synonyms of a store over HTTP: read and replaced by its owner and by admins."""

import json
from typing import Any
from uuid import uuid4

import pytest

from api.synonyms import SearchSynonyms
from knowledge.search.builtin import builtin
from knowledge.search.synonym_lists import LONGEST_PHRASE, MOST_GROUPS, MOST_PHRASES
from tests.support.sessions import session, session_of
from tests.support.shop import Shop
from tests.support.system import System

GROUPS = [["موبایل", "گوشی", "phone"], ["ماگ", "mug"]]


def address(shop: Shop) -> str:
    return f"/api/v1/integrations/stores/{shop.store_id}/synonyms/"


async def put(system: System, shop: Shop, headers: dict[str, str], **body: Any) -> Any:
    return await system.http.put(address(shop), json=body, headers=headers)


async def test_a_list_is_read_replaced_and_emptied(system: System) -> None:
    """Phrases come back in one spelling, with a new version after each change."""
    shop = await system.shop()
    owner = await session_of(system, shop.user_id)
    empty = await system.http.get(address(shop), headers=owner)
    assert (empty.status_code, empty.json()) == (200, {"groups": [], "version": None, "updated_at": None})
    made = await put(system, shop, owner, groups=[["كيف  دستي", "handbag"]])
    assert (made.status_code, made.json()["groups"]) == (200, [["کیف دستی", "handbag"]])
    assert (await system.http.get(address(shop), headers=owner)).json() == made.json()
    emptied = await put(system, shop, owner, groups=[])
    assert emptied.json()["groups"] == []
    assert emptied.json()["version"] not in (None, made.json()["version"])


async def test_an_edit_of_another_version_is_refused(system: System) -> None:
    """The second of two edits that began together changes nothing; without a version it does."""
    shop = await system.shop()
    owner = await session_of(system, shop.user_id)
    assert (await put(system, shop, owner, groups=GROUPS, version=str(uuid4()))).status_code == 409
    first = await put(system, shop, owner, groups=GROUPS, version=None)
    assert first.status_code == 200
    for stale in (None, str(uuid4())):
        refused = await put(system, shop, owner, groups=[], version=stale)
        assert (refused.status_code, refused.json()["field"]) == (409, "version")
    assert (await system.http.get(address(shop), headers=owner)).json() == first.json()
    second = await put(system, shop, owner, groups=GROUPS[:1], version=first.json()["version"])
    assert (second.status_code, second.json()["groups"]) == (200, GROUPS[:1])
    assert (await put(system, shop, owner, groups=[])).status_code == 200


@pytest.mark.parametrize(
    ("groups", "field", "problem"),
    [
        ([["گوشی", "؟!"]], "groups.0.1", "group 1, phrase 2: The phrase has no letter or digit."),
        (
            [["a", "b"], ["one two three four five"]],
            "groups.1.0",
            "group 2, phrase 1: The phrase has 5 words; the most is 4.",
        ),
        (
            [["لپ تاپ"], ["لپ\u200cتاپ", "laptop"]],
            "groups.1.0",
            "group 2, phrase 1: The phrase is in group 1 too. Join the two groups.",
        ),
        ([["a", "x" * 61]], "groups.0.1", "String should have at most 60 characters"),
        ([["a"], []], "groups.1", "List should have at least 1 item after validation, not 0"),
        ([["a"] * 11], "groups.0", "List should have at most 10 items after validation, not 11"),
        ([["a"]] * 501, "groups", "List should have at most 500 items after validation, not 501"),
        ([["a", 7]], "groups.0.1", "Input should be a valid string"),
        ([["a=b"]], "groups.0.0", "group 1, phrase 1: A phrase has no = and does not begin with #."),
        ([["\u0000\u202e"]], "groups.0.0", "group 1, phrase 1: The phrase has no letter or digit."),
    ],
)
async def test_an_error_names_group_and_phrase(
    system: System, shop: Shop, groups: Any, field: str, problem: str
) -> None:
    """As indexes in `field`, and in words."""
    answer = await put(system, shop, await session_of(system, shop.user_id), groups=groups)
    assert (answer.status_code, answer.json()["field"], answer.json()["problem"]) == (400, field, problem)


@pytest.mark.parametrize("escaped", [True, False])
async def test_the_longest_list_is_accepted(system: System, shop: Shop, *, escaped: bool) -> None:
    """500 groups of ten phrases of 60 characters, also as escapes; a longer body is a 413."""
    groups = [[f"{'گوشی' * 13}{g:04}{p:04}" for p in range(MOST_PHRASES)] for g in range(MOST_GROUPS)]
    assert {len(phrase) for group in groups for phrase in group} == {LONGEST_PHRASE}
    body = json.dumps({"groups": groups}, ensure_ascii=escaped)
    headers = {**await session_of(system, shop.user_id), "Content-Type": "application/json"}
    answer = await system.http.put(address(shop), content=body, headers=headers)
    assert (answer.status_code, answer.json()["groups"]) == (200, groups)
    longer = body + " " * (2 * 2**20)
    refused = await system.http.put(address(shop), content=longer, headers=headers)
    assert refused.status_code == 413


async def test_admins_change_any_store_and_other_users_none(system: System, shop: Shop) -> None:
    """For another user, the store does not exist."""
    admin = await session(system, "synonym-admin@example.com", is_staff=True)
    stranger = await session(system, "synonym-stranger@example.com")
    assert (await put(system, shop, admin, groups=GROUPS)).status_code == 200
    assert (await system.http.get(address(shop), headers=admin)).json()["groups"] == GROUPS
    for answer in (
        await put(system, shop, stranger, groups=[]),
        await system.http.get(address(shop), headers=stranger),
        await system.http.get("/api/v1/integrations/stores/9999999999/synonyms/", headers=admin),
    ):
        assert (answer.status_code, answer.json()) == (404, {"error": "No such store"})
    assert (await system.http.get(address(shop), headers=shop.headers)).status_code == 401
    assert (await system.http.get(address(shop), headers=admin)).json()["groups"] == GROUPS


async def test_the_next_search_uses_a_change(system: System) -> None:
    """In each process; other stores and users do not."""
    shop, other = await system.shop(), await system.shop()
    owner = await session_of(system, shop.user_id)
    known = SearchSynonyms()

    async def alternatives(of: Shop, value: str, *, store: bool = True) -> set[str]:
        async with system.database.reading() as connection:
            table = await known.of(connection, of.user_id, of.store_id if store else None)
        return table.alternatives(value)

    assert await alternatives(shop, "zarf") == set()
    await put(system, shop, owner, groups=[["zarf", "ظرف"]])
    assert await alternatives(shop, "zarf") == {"ظرف"}
    assert await alternatives(shop, "zarf", store=False) == {"ظرف"}
    assert await alternatives(shop, "samsung") == {"سامسونگ"}
    assert await alternatives(other, "zarf") == await alternatives(other, "zarf", store=False) == set()
    await put(system, shop, owner, groups=[["zarf", "کاسه"]])
    assert await alternatives(shop, "zarf") == {"کاسه"}
    await put(system, shop, owner, groups=[])
    assert await alternatives(shop, "zarf") == set()


async def test_tables_are_kept_while_their_lists_stay(system: System) -> None:
    """The same table is used again, and the oldest ones are dropped from a full memory."""
    shops = [await system.shop() for _ in range(3)]
    for shop in shops:
        await put(system, shop, await session_of(system, shop.user_id), groups=GROUPS)
    known = SearchSynonyms(most_phrases=12)
    async with system.database.reading() as connection:
        first, second = [await known.of(connection, shop.user_id, shop.store_id) for shop in shops[:2]]
        assert first is not second
        assert await known.of(connection, shops[0].user_id, shops[0].store_id) is first
        await known.of(connection, shops[2].user_id, shops[2].store_id)
        assert await known.of(connection, shops[0].user_id, shops[0].store_id) is first
        assert await known.of(connection, shops[1].user_id, shops[1].store_id) is not second
        assert await known.of(connection, shops[0].user_id, 2**62) is builtin()
