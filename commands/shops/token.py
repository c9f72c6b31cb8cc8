"""`pilito token`."""

from dataclasses import asdict
from typing import Annotated

import typer

from commands.environment import database, fail, run, secret_box, settings
from commands.output import AsJson, Confirmed, Limit, confirm, print_json, print_rows, say
from commands.people.accounts import find
from commands.shops.ids import UNKNOWN, OfStore
from connectors.registry import PLATFORMS
from contracts.stores import StoreType
from contracts.tokens import IssuedToken, Token
from database.access import provision, stores, tokens
from database.access.tokens import TokenFilter

token = typer.Typer(no_args_is_help=True, help="Manage the tokens with which shops send events.")

COLUMNS = (
    "id",
    "preview",
    "name",
    "store_id",
    "store_name",
    "user_email",
    "is_active",
    "last_used_at",
    "usage_count",
)

NEXT = {
    StoreType.WOOCOMMERCE: "Paste the token into the plugin's settings: WooCommerce → Pilito Sync.",
    StoreType.SHOPIFY: "Send the token with each delivery: `Authorization: Bearer …`.",
    StoreType.CUSTOM: "Send the token with each delivery: `Authorization: Bearer …`.",
}
"""What to do with a new token."""


@token.command("list")
def list_(
    store_id: OfStore = None,
    limit: Limit = 100,
    as_json: AsJson = False,  # noqa: FBT002 - a command line flag
) -> None:
    """List tokens without their secrets, newest first, with their last use."""

    async def work() -> tuple[int, list[Token]]:
        async with database(settings(adopt=True)) as opened, opened.reading() as connection:
            return await tokens.list_tokens(connection, TokenFilter(store_id=store_id), offset=0, limit=limit)

    count, listed = run(work())
    print_rows([asdict(one) for one in listed], COLUMNS, as_json=as_json, more=count - len(listed))


@token.command("create")
def create(
    email: Annotated[
        str | None, typer.Option(help="Owner of the store. Default: the admin in PILITO_ADMIN_EMAIL.")
    ] = None,
    store: Annotated[str, typer.Option(help="Name of the store; created if it does not exist.")] = "My shop",
    name: Annotated[str, typer.Option(help="Name of the token.")] = "Integration Token",
    integration_type: Annotated[
        str, typer.Option("--type", help=f"Platform of the shop: {', '.join(PLATFORMS)}.")
    ] = "woocommerce",
    currency: Annotated[str | None, typer.Option(help="Currency of the store if it is created.")] = None,
    as_json: AsJson = False,  # noqa: FBT002 - a command line flag
) -> None:
    """Create a token for a store. Its secret is shown only once."""
    if integration_type not in PLATFORMS:
        raise fail(f"Unknown type {integration_type!r}; expected one of {', '.join(PLATFORMS)}.")
    configured = settings(adopt=True)
    owner = email or configured.admin_email

    async def work() -> tuple[IssuedToken, str | None] | None:
        async with database(configured) as opened:
            return await provision.issue_token(
                opened,
                secret_box(configured),
                email=owner,
                store_name=store,
                name=name,
                integration_type=integration_type,
                token_format=PLATFORMS[StoreType(integration_type)].token_format,
                currency=currency,
            )

    made = run(work())
    if made is None:
        kind = "admin" if owner == configured.admin_email else "user"
        raise fail(f"There is no user {owner}. Create one with `pilito {kind} create --email {owner}`.")
    issued, webhook_secret = made
    if as_json:
        fields = {
            "id": issued.id,
            "token": issued.secret,
            "token_preview": issued.preview,
            "integration_type": issued.integration_type,
            "name": issued.name,
            "user_id": issued.user_id,
            "store_id": issued.store_id,
            "webhook_secret": webhook_secret,
        }
        print_json(fields)
        return
    typer.echo(f"Token for store {issued.store_id} ({store}), shown only once:\n\n  {issued.secret}\n")
    if webhook_secret:
        typer.echo(f"Secret that signs the store's webhooks, shown only once:\n\n  {webhook_secret}\n")
    typer.echo(NEXT[StoreType(integration_type)])


@token.command("revoke")
def revoke(
    token_id: Annotated[
        int | None, typer.Argument(help="Id of the token, as `pilito token list` shows it.", metavar="TOKEN")
    ] = None,
    user: Annotated[
        str | None, typer.Option(help="Email address of an account: revoke all tokens of its stores.")
    ] = None,
    store_id: OfStore = None,
    of_all: Annotated[bool, typer.Option("--all", help="Revoke every token.")] = False,  # noqa: FBT002 - a command line flag
    confirmed: Confirmed = False,  # noqa: FBT002 - a command line flag
    as_json: AsJson = False,  # noqa: FBT002 - a command line flag
) -> None:
    """Revoke a token for good, or all of an account, of a store, or of the installation, after a question.

    Events that were sent with them are kept.
    """
    if (token_id is not None) + (user is not None) + (store_id is not None) + of_all != 1:
        raise fail("Name one of: the id of a token, --user, --store, --all.")
    if token_id is None:
        _revoke_all(user, store_id, confirmed=confirmed, as_json=as_json)
        return

    async def work() -> bool:
        async with database(settings(adopt=True)) as opened, opened.single() as connection:
            return await tokens.revoke(connection, token_id)

    if not run(work()):
        raise fail(f"There is no token {token_id}. `pilito token list` shows their ids.")
    say(f"Token {token_id} is revoked.", {"id": token_id, "revoked": True}, as_json=as_json)


def _revoke_all(user: str | None, store_id: int | None, *, confirmed: bool, as_json: bool) -> None:
    of = "the installation" if store_id is None else f"store {store_id}"
    of = of if user is None else f"the account {user}"
    confirm(
        f"Revoke all tokens of {of}? Their shops are refused until they have new ones.", confirmed=confirmed
    )

    async def work() -> list[Token]:
        async with database(settings(adopt=True)) as opened:
            owner = None if user is None else (await find(opened, user)).id
            async with opened.transaction() as connection:
                if store_id is not None and await stores.read(connection, store_id) is None:
                    raise fail(UNKNOWN.format(store_id))
                return await tokens.revoke_all(connection, user_id=owner, store_id=store_id)

    revoked = run(work())
    affected = sorted({one.store_id for one in revoked})
    said = f"Revoked: {_counted(len(revoked), 'token')} of {_counted(len(affected), 'store')}."
    fields = {"revoked": [one.id for one in revoked], "stores": affected}
    say(f"{said} `pilito token create` makes new ones." if revoked else said, fields, as_json=as_json)


def _counted(number: int, name: str) -> str:
    return f"{number} {name}" if number == 1 else f"{number} {name}s"
