"""`pilito token`."""

import json

import pytest

from database.access import tokens
from database.engine import Database
from tests.support.pilito import Pilito


async def test_a_token_comes_with_a_store_and_its_webhook_secret(
    pilito: Pilito, owner: str, database: Database
) -> None:
    """Both secrets are printed once; a second token of the same store comes without the webhook secret."""
    arguments = ("token", "create", "--email", owner, "--store", "Shoes", "--currency", "IRT")
    first, second = await pilito(*arguments), await pilito(*arguments)
    assert (first.code, second.code) == (0, 0), first.text + second.text
    secrets = [line.strip() for line in first.text.splitlines() if line.startswith("  ")]
    assert [secret.split("_")[0] for secret in secrets] == ["wc", "whsec"]
    assert "webhooks" not in second.text
    async with database.reading() as connection:
        integration = await tokens.find(connection, secrets[0])
    assert integration
    assert (integration.store_name, integration.user_email) == ("Shoes", owner)


async def test_tokens_are_listed(pilito: Pilito, owner: str) -> None:
    """Without their secrets; a store filters."""
    created = await pilito.token("--email", owner, "--store", "Listed")
    listed = json.loads((await pilito("token", "list", "--store", created["store_id"], "--json")).text)
    assert [(one["id"], one["preview"]) for one in listed] == [(created["id"], created["token_preview"])]
    assert created["token"] not in str(listed)
    printed = await pilito("token", "list", "--limit", 1)
    assert (created["token_preview"] in printed.text, "more." in printed.text) == (True, True)


@pytest.mark.parametrize(
    ("type_", "says"), [("woocommerce", "Pilito Sync"), ("custom", "Authorization: Bearer")]
)
async def test_a_token_comes_with_what_to_do_next(pilito: Pilito, owner: str, type_: str, says: str) -> None:
    """Which is not the same for each platform."""
    printed = await pilito("token", "create", "--email", owner, "--store", "Next", "--type", type_)
    assert says in printed.text.splitlines()[-1]


async def test_a_token_can_be_printed_as_json(pilito: Pilito, owner: str) -> None:
    """For scripts, with ids."""
    created = await pilito.token("--email", owner, "--store", "JSON", "--type", "shopify", "--name", "n")
    assert (created["integration_type"], created["name"]) == ("shopify", "n")
    assert created["token"].startswith(created["token_preview"].split("...")[0])
    assert created["webhook_secret"].startswith("whsec_")


async def test_an_unknown_type_and_an_unknown_owner_are_refused(pilito: Pilito) -> None:
    """The message names the types, or the command that creates the owner."""
    printed = await pilito("token", "create", "--type", "magento")
    assert (printed.code, "expected one of woocommerce, shopify, custom" in printed.text) == (1, True)
    printed = await pilito("token", "create", "--email", "stranger@example.com")
    assert printed.code == 1
    assert "`pilito user create --email stranger@example.com`" in printed.text
    printed = await pilito("token", "create")
    assert "`pilito admin create --email admin@pilito.local`" in printed.text


async def test_a_missing_key_is_named(pilito: Pilito, owner: str) -> None:
    """Without it, no webhook secret can be stored."""
    printed = await pilito("token", "create", "--email", owner, PILITO_SECRET_KEY="")
    assert (printed.code, "set PILITO_SECRET_KEY" in printed.text) == (1, True), printed.text


async def test_a_revoked_token_is_no_longer_active(pilito: Pilito, owner: str, database: Database) -> None:
    """Revoking a token that does not exist is an error."""
    created = await pilito.token("--email", owner, "--store", "Revoked")
    printed = await pilito("token", "revoke", created["id"])
    assert (printed.code, printed.text) == (0, f"Token {created['id']} is revoked.\n")
    async with database.reading() as connection:
        integration = await tokens.find(connection, created["token"])
    assert integration is None or not integration.is_active
    printed = await pilito("token", "revoke", 10**9)
    assert (printed.code, printed.text) == (
        1,
        f"There is no token {10**9}. `pilito token list` shows their ids.\n",
    )
