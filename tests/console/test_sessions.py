"""Sessions of people: how they begin, what their cookie is, and when they end."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http.cookies import Morsel, SimpleCookie

import httpx2
import pytest
from sqlalchemy import text

from api.security.sign_in import PAIR
from database.access import console_sessions, provision
from tests.console.browser import PASSWORD, SIGN_IN, Browser, open_browser
from tests.support import throttles
from tests.support.environment import Configure
from tests.support.system import System, serving

HOME = "/console/"
HTTPS = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "console.example.com"}
SAME = {"Sec-Fetch-Site": "same-origin"}


async def person(system: System, name: str) -> str:
    """Returns the e-mail address of a new user."""
    email = f"{name}@example.com"
    await provision.save_user(system.database, email=email, password=PASSWORD)
    return email


def cookies_of(answer: httpx2.Response) -> dict[str, Morsel[str]]:
    """Returns the cookies that an answer sets."""
    found: SimpleCookie = SimpleCookie()
    for line in answer.headers.get_list("set-cookie"):
        found.load(line)
    return dict(found)


async def enters(
    http: httpx2.AsyncClient, email: str, password: str = PASSWORD, **more: str
) -> httpx2.Response:
    """Returns the answer to the form of sign-in, without following it."""
    form = {"email": email, "password": password, **more}
    return await http.post(SIGN_IN, data=form, headers=SAME, follow_redirects=False)


def is_sign_in(answer: httpx2.Response) -> bool:
    """Returns whether an answer leads to the form of sign-in."""
    return answer.status_code == 303 and answer.headers["location"].startswith(SIGN_IN)


async def is_signed_in(browser: Browser) -> bool:
    answer = await browser.http.get(HOME, follow_redirects=False)
    assert answer.status_code == 200 or is_sign_in(answer)
    return answer.status_code == 200


async def change_sessions(system: System, email: str, assignment: str) -> None:
    async with system.database.transaction() as connection:
        await connection.execute(
            text(
                f"UPDATE console_sessions SET {assignment}"
                " WHERE user_id = (SELECT id FROM users WHERE email = :email)"
            ),
            {"email": email},
        )


async def change_user(system: System, email: str, assignment: str) -> None:
    async with system.database.transaction() as connection:
        await connection.execute(
            text(f"UPDATE users SET {assignment} WHERE email = :email"), {"email": email}
        )


@asynccontextmanager
async def signed_in(system: System, email: str) -> AsyncIterator[Browser]:
    async with Browser(system.http.base_url) as browser:
        await browser.sign_in(email)
        yield browser


async def test_a_person_comes_in_goes_on_and_goes_out(system: System) -> None:
    email = await person(system, "comes-and-goes")
    async with Browser(system.http.base_url) as browser:
        asked = await browser.http.get(
            "/console/events/", params={"status": "failed"}, follow_redirects=False
        )
        assert asked.headers["location"] == f"{SIGN_IN}?next=%2Fconsole%2Fevents%2F%3Fstatus%3Dfailed"
        form = await browser.get(asked.headers["location"])
        assert 'name="next" value="/console/events/?status=failed"' in form.text
        answer = await enters(browser.http, email, next="/console/events/?status=failed")
        assert (answer.status_code, answer.headers["location"]) == (303, "/console/events/?status=failed")
        again = await browser.http.get(SIGN_IN, follow_redirects=False)
        assert (again.status_code, again.headers["location"]) == (303, HOME)

    async with signed_in(system, email) as browser:
        assert await is_signed_in(browser)
        answer = await browser.http.post(
            "/console/sign-out/", data={"csrf": browser.csrf}, follow_redirects=False
        )
        assert is_sign_in(answer)
        assert cookies_of(answer)["pilito"].value == ""
        assert not await is_signed_in(browser)


async def test_sign_out_ends_the_session_for_who_kept_the_cookie_too(system: System) -> None:
    email = await person(system, "kept-cookie")
    async with signed_in(system, email) as browser:
        kept = browser.http.cookies["pilito"]
        await browser.post("/console/sign-out/")
        browser.http.cookies.set("pilito", kept)
        assert not await is_signed_in(browser)


@pytest.mark.parametrize("following", ["https://evil.example/", "//evil.example", "/console/..//x", "//["])
async def test_sign_in_never_leads_out_of_the_console(system: System, following: str) -> None:
    email = await person(system, "leads-home")
    async with Browser(system.http.base_url) as browser:
        answer = await enters(browser.http, email, next=following)
        assert (answer.status_code, answer.headers["location"]) == (303, HOME)
    async with signed_in(system, email) as browser:
        answer = await browser.http.get(SIGN_IN, params={"next": following}, follow_redirects=False)
        assert answer.headers["location"] == HOME
        answer = await browser.http.post(
            "/console/look/", data={"csrf": browser.csrf, "back": following}, follow_redirects=False
        )
        assert answer.headers["location"] == HOME


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("wrong-one@example.com", "guess"),
        ("unknown@example.com", PASSWORD),
        ("", ""),
        ("ف" * 2000, "x"),
    ],
)
async def test_a_wrong_password_shows_the_form_again(
    configure: Configure, system: System, email: str, password: str
) -> None:
    """The answer does not say whether there is such an account, and sets no cookie."""
    await person(system, "wrong-one")
    async with serving(configure(trusted_proxies="127.0.0.1")) as http:
        answer = await http.post(
            SIGN_IN,
            data={"email": email, "password": password},
            headers={**SAME, "X-Forwarded-For": "203.0.113.77", "Accept-Language": "en"},
        )
    assert answer.status_code == 401
    assert "Email or password is wrong." in answer.text
    assert password not in answer.text or password in ("", "x")
    assert "pilito" not in cookies_of(answer)


async def test_attempts_are_throttled_together_with_the_api(configure: Configure, system: System) -> None:
    email = await person(system, "throttled-in-both")
    headers = {**SAME, "X-Forwarded-For": "203.0.113.78", "Accept-Language": "fa"}
    async with serving(configure(trusted_proxies="127.0.0.1")) as http:
        for number in range(PAIR.free):
            if number % 2:
                body = {"email": email, "password": "guess"}
                refused = await http.post("/api/v1/auth/token/", json=body, headers=headers)
            else:
                refused = await http.post(
                    SIGN_IN, data={"email": email, "password": "guess"}, headers=headers
                )
            assert refused.status_code == 401
        await throttles.prolong(system.database, email, "203.0.113.78")
        answer = await http.post(SIGN_IN, data={"email": email, "password": PASSWORD}, headers=headers)
        assert answer.status_code == 429
        assert "تلاش‌ها زیاد بوده است" in answer.text
        assert "pilito" not in cookies_of(answer)
        body = {"email": email, "password": PASSWORD}
        assert (await http.post("/api/v1/auth/token/", json=body, headers=headers)).status_code == 429


async def test_the_cookie_of_http_is_hidden_from_scripts_and_other_sites(system: System) -> None:
    email = await person(system, "plain-cookie")
    async with Browser(system.http.base_url) as browser:
        answer = await enters(browser.http, email)
    cookie = cookies_of(answer)["pilito"]
    assert len(cookie.value) >= 43
    assert cookie["httponly"]
    assert cookie["samesite"].lower() == "lax"
    assert cookie["path"] == "/"
    assert not cookie["secure"]
    assert not cookie["domain"]
    assert not cookie["max-age"]
    assert not cookie["expires"]


async def test_the_cookie_of_https_belongs_to_this_host_only(configure: Configure, system: System) -> None:
    email = await person(system, "host-cookie")
    async with serving(configure(trusted_proxies="127.0.0.1")) as http:
        answer = await http.post(
            SIGN_IN, data={"email": email, "password": PASSWORD}, headers={**SAME, **HTTPS}
        )
        found = cookies_of(answer)
        assert list(found) == ["__Host-pilito"]
        cookie = found["__Host-pilito"]
        assert cookie["secure"]
        assert cookie["httponly"]
        assert (cookie["samesite"].lower(), cookie["path"], cookie["domain"]) == ("lax", "/", "")
        for name, expected in ((cookie.key, 200), ("pilito", 303)):
            headers = {**HTTPS, "Cookie": f"{name}={cookie.value}"}
            assert (await http.get(HOME, headers=headers)).status_code == expected
        headers = {"Cookie": f"{cookie.key}={cookie.value}"}
        assert (await http.get(HOME, headers=headers)).status_code == 303


async def test_only_a_hash_of_the_secret_is_stored(system: System) -> None:
    email = await person(system, "hashed")
    async with signed_in(system, email) as browser, system.database.reading() as connection:
        secret = browser.http.cookies["pilito"]
        rows = await connection.execute(
            text(
                "SELECT c.*, c::text AS written FROM console_sessions c JOIN users u ON u.id = c.user_id"
                " WHERE u.email = :email"
            ),
            {"email": email},
        )
        (row,) = rows.mappings()
        assert secret not in row["written"]
        assert secret.encode().hex() not in row["written"]
        assert bytes(row["secret_hash"]) == console_sessions.secret_hash(secret)
        assert browser.csrf not in row["written"]
        assert browser.csrf != secret


@pytest.mark.parametrize(
    ("within", "past"),
    [
        (
            "seen_at = now() - interval '11 hours 59 minutes'",
            "seen_at = now() - interval '12 hours 1 second'",
        ),
        (
            "created_at = now() - interval '6 days 23 hours'",
            "created_at = now() - interval '7 days 1 second'",
        ),
    ],
    ids=["idle", "absolute"],
)
async def test_a_session_ends_by_itself(system: System, within: str, past: str) -> None:
    email = await person(system, f"ends-{len(past)}")
    async with signed_in(system, email) as browser:
        await change_sessions(system, email, within)
        assert await is_signed_in(browser)
        await change_sessions(system, email, past)
        assert not await is_signed_in(browser)


async def test_a_request_keeps_an_idle_session_open(system: System) -> None:
    email = await person(system, "kept-open")
    async with signed_in(system, email) as browser:
        for _ in range(2):
            await change_sessions(system, email, "seen_at = now() - interval '11 hours'")
            assert await is_signed_in(browser)
            async with system.database.reading() as connection:
                seen = await connection.execute(
                    text(
                        "SELECT now() - c.seen_at < interval '1 hour' FROM console_sessions c"
                        " JOIN users u ON u.id = c.user_id WHERE u.email = :email"
                    ),
                    {"email": email},
                )
                assert seen.scalar_one()


@pytest.mark.parametrize("change", ["password", "closed"])
async def test_a_new_password_and_a_closed_account_end_all_sessions(system: System, change: str) -> None:
    email = await person(system, f"ended-by-{change}")
    async with signed_in(system, email) as here, signed_in(system, email) as there:
        assert await is_signed_in(here)
        if change == "password":
            await provision.save_user(system.database, email=email, password="another password")
        else:
            await change_user(system, email, "is_active = false")
        assert not await is_signed_in(here)
        assert not await is_signed_in(there)
        if change == "closed":
            await change_user(system, email, "is_active = true, password_at = now()")
            assert not await is_signed_in(here)


async def test_a_closed_account_cannot_come_in(configure: Configure, system: System) -> None:
    email = await person(system, "stays-out")
    await change_user(system, email, "is_active = false")
    async with serving(configure(trusted_proxies="127.0.0.1")) as http:
        answer = await http.post(
            SIGN_IN,
            data={"email": email, "password": PASSWORD},
            headers={**SAME, "X-Forwarded-For": "203.0.113.79"},
        )
    assert answer.status_code == 401


async def test_a_person_sees_and_ends_their_own_sessions_only(system: System) -> None:
    mine, theirs = await person(system, "many-sessions"), await person(system, "other-sessions")
    async with (
        signed_in(system, mine) as first,
        signed_in(system, mine) as second,
        signed_in(system, theirs) as other,
    ):
        async with system.database.transaction() as connection:
            ids = {
                email: (
                    await connection.execute(
                        text("SELECT id FROM users WHERE email = :email"), {"email": email}
                    )
                ).scalar_one()
                for email in (mine, theirs)
            }
            listed = await console_sessions.list_open(connection, ids[mine])
            assert len(listed) == 2
            assert {session.address for session in listed} == {"127.0.0.1"}
            assert await console_sessions.end(connection, ids[theirs], only=listed[0].id) == 0
            kept = listed[0].id
            assert await console_sessions.end(connection, ids[mine], other_than=kept) == 1
            assert [one.id for one in await console_sessions.list_open(connection, ids[mine])] == [kept]
        assert [await is_signed_in(first), await is_signed_in(second)].count(True) == 1
        assert await is_signed_in(other)


HOSTILE: dict[str, Callable[[str], str]] = {
    "empty": lambda secret: "",
    "cut": lambda secret: secret[:-1],
    "longer": lambda secret: f"{secret}a",
    "other case": lambda secret: secret.swapcase(),
    "long": lambda secret: "a" * 4_000,
    "SQL": lambda secret: "' OR true --",
    "latin": lambda secret: "\xff\xfe",
}


@pytest.mark.parametrize("made", HOSTILE.values(), ids=HOSTILE)
async def test_no_other_cookie_opens_the_console(system: System, made: Callable[[str], str]) -> None:
    async with open_browser(system) as browser:
        cookie = f"pilito={made(browser.http.cookies['pilito'])}".encode("latin-1")
    answer = await system.http.get(HOME, headers=[(b"Cookie", cookie)], follow_redirects=False)
    assert is_sign_in(answer)
