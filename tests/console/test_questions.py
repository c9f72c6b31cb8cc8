"""Questions: what is asked most, what has no good answer, and the way from there to a synonym."""

import base64
import re
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import pytest_asyncio

from database import questions
from tests.console.browser import Browser, open_browser
from tests.database.test_questions import asked
from tests.support.shop import Shop
from tests.support.system import System

LIST = "/console/questions/"
NUL = base64.urlsafe_b64encode(b'[1,"a\\u0000b"]').decode()
"""The cursor of a text that cannot be stored."""

SYNONYM = f"{LIST}synonym/"


@pytest_asyncio.fixture
async def owner(system: System, shop: Shop) -> AsyncIterator[Browser]:
    async with open_browser(system, shop.user_id) as browser:
        yield browser


async def count(shop: Shop, **counts: tuple[int, int]) -> None:
    """Count questions of the store: how often each was asked, and how often without a good answer."""
    rows = {name.replace("_", " "): asked(all_, open_) for name, (all_, open_) in counts.items()}
    async with shop.database.transaction() as connection:
        await questions.count(connection, {shop.store_id: rows})


def listed(page: str) -> list[str]:
    return re.findall(r'<th scope="row" class="name"><a href="[^"]*"><bdi>(.*?)</bdi>', page)


async def test_questions_are_listed_by_how_often_they_were_asked(shop: Shop, owner: Browser) -> None:
    """Or by how often there was no good answer; in Persian with Persian digits."""
    await count(shop, چراغ_مطالعه=(14, 0), یخچال=(9, 9), گلدان=(3, 1))
    assert listed(await owner.page(LIST, store=shop.store_id)) == ["چراغ مطالعه", "یخچال", "گلدان"]
    unanswered = await owner.page(LIST, store=shop.store_id, kind="unanswered")
    assert listed(unanswered) == ["یخچال", "گلدان"]
    assert listed(await owner.page(LIST, store=shop.store_id, search="چرا")) == ["چراغ مطالعه"]
    owner.http.cookies.set("pilito_language", "fa")
    assert '<td class="count">۱۴</td>' in await owner.page(LIST, store=shop.store_id)


async def test_a_row_leads_to_the_playground_a_synonym_and_an_explanation(shop: Shop, owner: Browser) -> None:
    """One press each."""
    await count(shop, چراغ=(1, 1))
    answer = await owner.get(LIST, store=shop.store_id)
    links = re.search(r'<span class="links">(.*?)</span>', answer.text, re.DOTALL)
    assert links
    paths = re.findall(r'href="([^"]+)"', links[1].replace("&amp;", "&"))
    assert [urlsplit(path).path for path in paths] == [
        "/console/search/",
        "/console/questions/synonym/",
        "/console/products/explain/",
    ]
    for path in paths:
        assert "چراغ" in {value for values in parse_qs(urlsplit(path).query).values() for value in values}
        assert (await owner.get(path)).status_code == 200


async def test_a_synonym_gives_a_question_its_answer(shop: Shop, owner: Browser) -> None:
    """The press adds the group, and the next page is the question with its new results."""
    await shop.sync({"id": 1, "name": "آباژور رومیزی"})
    await shop.rows("SELECT 1")
    page = await owner.page(SYNONYM, store=shop.store_id, text="نورافشان شب")
    assert 'value="نورافشان شب"' in page
    answer = await owner.post(
        SYNONYM, store=shop.store_id, text="نورافشان شب", phrase="نورافشان", others="آباژور\r\n\r\nآباژور\r\n"
    )
    assert answer.status_code == 200
    assert answer.url.path == "/console/search/"
    assert "The synonym counts from now on" in answer.text
    assert "آباژور رومیزی" in answer.text
    await owner.post(SYNONYM, store=shop.store_id, text="", phrase="لوستر", others="نورافشان")
    [row] = await shop.rows("SELECT groups FROM synonyms WHERE store_id = :store")
    assert row["groups"] == [["لوستر", "نورافشان", "آباژور"]]
    answer = await owner.post(f"{SYNONYM}remove/", store=shop.store_id, text="", phrase="لوستر")
    assert "The synonyms were removed" in answer.text
    [row] = await shop.rows("SELECT groups FROM synonyms WHERE store_id = :store")
    assert row["groups"] == []


async def test_a_wrong_synonym_is_explained_beside_what_was_entered(shop: Shop, owner: Browser) -> None:
    """Too few phrases, too many words, no letters."""
    for form in (
        {"phrase": "lamp", "others": ""},
        {"phrase": "lamp", "others": "LAMP\nlamp "},
        {"phrase": "a b c d e", "others": "lamp"},
        {"phrase": "!!!", "others": "lamp"},
        {"phrase": "x" * 61, "others": "lamp"},
        {"phrase": "lamp", "others": "\n".join(f"lamp{n}" for n in range(11))},
    ):
        answer = await owner.post(SYNONYM, store=shop.store_id, text="lamp", **form)
        assert answer.status_code == 400, form
        assert 'role="alert"' in answer.text
        assert form["phrase"] in answer.text
    assert await shop.rows("SELECT * FROM synonyms WHERE store_id = :store") == []


async def test_the_owner_turns_counting_off_and_on(shop: Shop, owner: Browser) -> None:
    """Off deletes what was counted."""
    await count(shop, lamp=(1, 0))
    answer = await owner.post(f"{LIST}switch/", store=shop.store_id, keep="no")
    assert "were deleted" in answer.text
    assert "Questions of this store are not counted." in answer.text
    assert await shop.rows("SELECT * FROM questions WHERE store_id = :store") == []
    answer = await owner.post(f"{LIST}switch/", store=shop.store_id, keep="yes")
    assert "are counted from now on" in answer.text


async def test_pages_of_questions(shop: Shop, owner: Browser) -> None:
    """Each question once, the ones asked most first."""
    await count(shop, **{f"question_{number}": (1 + number % 3, 0) for number in range(70)})
    page = await owner.page(LIST, store=shop.store_id)
    following = re.search(r'rel="next" href="([^"]+)"', page)
    assert following
    found = listed(page) + listed(await owner.page(following[1]))
    assert len(found) == len(set(found)) == 70


async def test_questions_of_strangers_are_text(shop: Shop, owner: Browser) -> None:
    """HTML is escaped on the list and on the form of a synonym."""
    attack = '"><script>alert(1)</script>'
    async with shop.database.transaction() as connection:
        await questions.count(connection, {shop.store_id: {attack: asked()}})
    for path in (LIST, SYNONYM):
        answer = await owner.get(path, store=shop.store_id, text=attack)
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text


async def test_a_store_of_another_owner_is_not_there(system: System, shop: Shop, owner: Browser) -> None:
    """Neither its questions, nor its synonyms, nor its switch."""
    other = await system.shop()
    await count(other, secret=(1, 0))
    for path in (LIST, SYNONYM):
        assert (await owner.get(path, store=other.store_id)).status_code == 404
    for path, form in (
        (f"{LIST}switch/", {"keep": "no"}),
        (SYNONYM, {"phrase": "a", "others": "b"}),
        (f"{SYNONYM}remove/", {"phrase": "a"}),
    ):
        assert (await owner.post(path, store=other.store_id, **form)).status_code == 404
    assert await other.rows("SELECT * FROM questions WHERE store_id = :store") != []


async def test_a_form_without_the_token_of_the_session_changes_nothing(shop: Shop, owner: Browser) -> None:
    """Another site cannot turn counting off, nor add a synonym."""
    owner.csrf = "0" * 64
    for path in (f"{LIST}switch/", SYNONYM, f"{SYNONYM}remove/", "/console/products/retry/"):
        answer = await owner.post(path, store=shop.store_id, phrase="a", others="b", keep="no")
        assert answer.status_code == 403


async def test_wrong_filters_are_named(shop: Shop, owner: Browser) -> None:
    """A 400 with the field, never a 500."""
    for wrong in ({"kind": "some"}, {"days": "0"}, {"days": "x"}, {"cursor": "e30="}, {"cursor": NUL}):
        answer = await owner.get(LIST, **{"store": shop.store_id, **wrong})
        assert answer.status_code == 400, wrong
        assert next(iter(wrong)) in answer.text
