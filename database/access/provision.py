"""Create users, and stores with their tokens, as the command line does."""

from pwdlib import PasswordHash

from contracts.tokens import IssuedToken, TokenFormat
from crypto import SecretBox
from database.access import stores, tokens, users
from database.engine import Database


async def save_user(database: Database, *, email: str, password: str, is_staff: bool = False) -> int:
    """Create a user, or set a new password of an existing one, which ends its sessions."""
    password_hash = PasswordHash.recommended().hash(password)
    async with database.transaction() as connection:
        return await users.save_user(connection, email=email, password_hash=password_hash, is_staff=is_staff)


async def issue_token(
    database: Database,
    secret_box: SecretBox,
    *,
    email: str,
    store_name: str,
    name: str,
    integration_type: str,
    token_format: TokenFormat,
    currency: str | None,
) -> tuple[IssuedToken, str | None] | None:
    """Returns a token for a user's store of that name; None for an unknown user.

    If there is no such store, it is created, and its webhook secret is returned with the token.
    """
    async with database.transaction() as connection:
        user = await users.find_user(connection, email)
        if user is None:
            return None
        secret = None
        store_id = await stores.find_by_name(
            connection, user_id=user.id, name=store_name, type_=integration_type
        )
        if store_id is None:
            secret = stores.new_webhook_secret()
            store_id = await stores.create(
                connection,
                user_id=user.id,
                name=store_name,
                type_=integration_type,
                currency=currency,
                webhook_secret=secret_box.encrypt(secret),
            )
        issued = await tokens.issue(
            connection,
            user_id=user.id,
            store_id=store_id,
            integration_type=integration_type,
            token_format=token_format,
            name=name,
        )
        return issued, secret
