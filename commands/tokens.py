"""`pilito token`."""

import json
from typing import Annotated

import typer

from commands.environment import database, fail, run, secret_box, settings
from connectors.registry import PLATFORMS
from contracts.stores import StoreType
from database.access import provision, tokens

token = typer.Typer(no_args_is_help=True, help="Tokens that shops send events with.")


@token.command("create")
def create(
    email: Annotated[str | None, typer.Option(help="the owner; the configured admin if not given")] = None,
    store: Annotated[str, typer.Option(help="name of the store; made if there is none")] = "My shop",
    name: Annotated[str, typer.Option(help="what to call the token")] = "Integration Token",
    integration_type: Annotated[str, typer.Option("--type", help=", ".join(PLATFORMS))] = "woocommerce",
    currency: Annotated[str | None, typer.Option(help="of a store that is made now")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,  # noqa: FBT002 - a command line flag
) -> None:
    """Make a token for a store; its secret is shown this once."""
    if integration_type not in PLATFORMS:
        raise fail(f"Unknown type {integration_type!r}; expected one of {', '.join(PLATFORMS)}.")
    found = settings(adopt=True)
    owner = email or found.admin_email
    made = run(
        provision.issue_token(
            database(found),
            secret_box(found),
            email=owner,
            store_name=store,
            name=name,
            integration_type=integration_type,
            token_format=PLATFORMS[StoreType(integration_type)].token_format,
            currency=currency,
        )
    )
    if made is None:
        raise fail(f"There is no user {owner}; make one with `pilito admin create --email {owner}`.")
    issued, webhook_secret = made
    if as_json:
        told = {
            "id": issued.id,
            "token": issued.secret,
            "token_preview": issued.preview,
            "integration_type": issued.integration_type,
            "name": issued.name,
            "user_id": issued.user_id,
            "store_id": issued.store_id,
            "webhook_secret": webhook_secret,
        }
        typer.echo(json.dumps(told))
        return
    typer.echo(f"Token for store {issued.store_id} ({store}), shown only now:\n\n  {issued.secret}\n")
    if webhook_secret:
        typer.echo(f"Secret its webhooks are signed with, shown only now:\n\n  {webhook_secret}\n")
    typer.echo("Paste the token into the plugin's settings: WooCommerce → پیلیتو Sync.")


@token.command("revoke")
def revoke(token_id: Annotated[int, typer.Argument(help="its id, as the API lists it")]) -> None:
    """Revoke a token for ever; what was sent with it stays."""

    async def work() -> bool:
        async with database(settings(adopt=True)).single() as connection:
            return await tokens.revoke(connection, token_id)

    if not run(work()):
        raise fail(f"There is no token {token_id}.")
    typer.echo(f"Token {token_id} opens nothing any more.")
