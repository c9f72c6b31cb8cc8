"""What an operator makes by hand: admins, and stores with their tokens."""

from pwdlib import PasswordHash

from contracts.accounts import IssuedToken
from database import accounts, tokens
from database.engine import Database


async def save_user(database: Database, *, email: str, password: str, is_staff: bool = False) -> int:
    """Make a user, or give an existing one a new password, which ends its sessions."""
    password_hash = PasswordHash.recommended().hash(password)
    async with database.transaction() as connection:
        return await accounts.save_user(
            connection, email=email, password_hash=password_hash, is_staff=is_staff
        )


async def issue_token(
    database: Database, *, email: str, store_name: str, name: str, integration_type: str, currency: str | None
) -> IssuedToken | None:
    """A token for a user's store of that name, made where there is none; None for an unknown user."""
    async with database.transaction() as connection:
        user = await accounts.find_user(connection, email)
        if user is None:
            return None
        store_id = await accounts.find_store(
            connection, user_id=user.id, name=store_name
        ) or await accounts.make_store(
            connection, user_id=user.id, name=store_name, type_=integration_type, currency=currency
        )
        return await tokens.issue(
            connection, user_id=user.id, store_id=store_id, integration_type=integration_type, name=name
        )
