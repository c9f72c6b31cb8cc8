"""Accounts over HTTP, for admins: made, changed, exported and removed."""

from typing import Any

import httpx2
import pytest
import pytest_asyncio

from tests.support.sessions import session, session_of
from tests.support.system import System

USERS = "/api/v1/users/"
HEALTH = "/api/integrations/woocommerce/health/"
PASSWORD = "گذرواژه‌ی بلند"


@pytest_asyncio.fixture(scope="module")
async def admin(system: System) -> dict[str, str]:
    return await session(system, "user-admin@example.com", is_staff=True)


async def sign_in(system: System, email: str, password: str) -> httpx2.Response:
    return await system.http.post("/api/v1/auth/token/", json={"email": email, "password": password})


async def make(system: System, admin: dict[str, str], email: str) -> dict[str, Any]:
    answer = await system.http.post(USERS, json={"email": email, "password": PASSWORD}, headers=admin)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def test_an_account_is_made_changed_and_removed(system: System, admin: dict[str, str]) -> None:
    """Each change holds from the next request on; a removed account takes its stores along."""
    made = await make(system, admin, "Made@Example.com")
    assert (made["email"], made["is_staff"], made["is_active"], made["stores"]) == (
        "made@example.com",
        False,
        True,
        0,
    )
    path = f"{USERS}{made['id']}/"
    signed_in = {
        "Authorization": f"Bearer {(await sign_in(system, made['email'], PASSWORD)).json()['access_token']}"
    }
    assert (await system.http.get("/api/v1/auth/me/", headers=signed_in)).status_code == 200
    changed = await system.http.patch(path, json={"is_active": False}, headers=admin)
    assert (changed.status_code, changed.json()["is_active"]) == (200, False)
    assert (await system.http.get("/api/v1/auth/me/", headers=signed_in)).status_code == 401
    changed = await system.http.patch(
        path, json={"is_active": True, "is_staff": True, "password": "another password"}, headers=admin
    )
    assert (changed.json()["is_active"], changed.json()["is_staff"]) == (True, True)
    assert (await sign_in(system, made["email"], PASSWORD)).status_code == 401
    assert (await sign_in(system, made["email"], "another password")).status_code == 200
    shop = await system.second_shop(made["id"])
    exported = (await system.http.get(f"{path}export/", headers=admin)).json()
    assert [store["id"] for store in exported["stores"]] == [shop.store_id]
    assert [token["id"] for token in exported["tokens"]] == [shop.token_id]
    assert not {"password_hash", "secret_hash", "webhook_secret", "credentials"} & {
        name for part in (exported["account"], *exported["stores"], *exported["tokens"]) for name in part
    }
    assert (await system.http.get(path, headers=admin)).json()["stores"] == 1
    assert (await system.http.delete(path, headers=admin)).status_code == 204
    assert (await system.http.get(path, headers=admin)).status_code == 404
    assert (await system.http.get(HEALTH, headers=shop.headers)).status_code == 401


async def test_accounts_are_found_by_their_email(system: System, admin: dict[str, str]) -> None:
    """The newest first, in pages."""
    made = [await make(system, admin, f"found{number}@list.example") for number in range(2)]
    answer = await system.http.get(USERS, params={"search": "@LIST.example", "page_size": 1}, headers=admin)
    page = answer.json()
    assert (page["count"], [one["id"] for one in page["results"]]) == (2, [made[1]["id"]])
    assert "page=2" in page["next"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"email": "no address", "password": PASSWORD}, "email"),
        ({"email": "new@example.com", "password": "elevenchars"}, "password"),
        ({"email": "new@example.com", "password": PASSWORD, "is_admin": True}, "is_admin"),
        ({"email": "new@example.com"}, "password"),
    ],
)
async def test_an_invalid_field_is_named(
    system: System, admin: dict[str, str], fields: dict[str, Any], field: str
) -> None:
    """No account is made, and the password of an existing one stays."""
    answer = await system.http.post(USERS, json=fields, headers=admin)
    assert (answer.status_code, answer.json()["field"]) == (400, field)


async def test_an_account_that_exists_is_not_changed(system: System, admin: dict[str, str]) -> None:
    """Its password stays, and the answer names the field."""
    made = await make(system, admin, "exists@example.com")
    again = {"email": "EXISTS@example.com", "password": "another password", "is_staff": True}
    answer = await system.http.post(USERS, json=again, headers=admin)
    assert (answer.status_code, answer.json()["field"]) == (409, "email")
    assert (await sign_in(system, made["email"], PASSWORD)).status_code == 200


async def test_no_admin_changes_or_removes_their_own_account(system: System, admin: dict[str, str]) -> None:
    """Another admin has to."""
    me = (await system.http.get("/api/v1/auth/me/", headers=admin)).json()["id"]
    path = f"{USERS}{me}/"
    for answer in (
        await system.http.patch(path, json={"is_staff": False}, headers=admin),
        await system.http.delete(path, headers=admin),
    ):
        assert (answer.status_code, answer.json()) == (
            409,
            {"error": "Another admin has to change your account"},
        )
    assert (await system.http.get("/api/v1/auth/me/", headers=await session_of(system, me))).json()[
        "is_staff"
    ]
