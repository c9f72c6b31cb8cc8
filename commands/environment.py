"""What every verb needs: settings, the database, the encryption key, and failing with one sentence."""

import os
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import Any, TypeVar

import typer
import uvloop
from pydantic import ValidationError
from temporalio.client import Client

import settings as configuration
from commands.invalid_settings import sentences
from commands.setting_names import misspelt
from crypto import SecretBox
from database.engine import Database, create_engine
from settings import Settings
from temporal.connecting import open_client

Result = TypeVar("Result")


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine to its end and return its result."""
    return uvloop.run(work)


def fail(message: str) -> typer.Exit:
    """Print the message to stderr. Returns the exception to raise: it ends the program with status 1."""
    typer.echo(message, err=True)
    return typer.Exit(1)


def settings(*, adopt: bool = False) -> Settings:
    """Returns the settings of this process; exits with a message if they are invalid.

    With `adopt`, addresses that are not set come from the `pilito up` that runs in this checkout, if any.
    """
    try:
        loaded = configuration.load()
        if adopt and not loaded.database_url and find_spec("embedded"):
            from embedded.environment import running  # not in the image

            os.environ.update(running(loaded.state_dir))
            configuration.load.cache_clear()
            loaded = configuration.load()
    except ValidationError as error:
        problems = "\n".join(f"  {sentence}" for sentence in sentences(error))
        raise fail(f"These settings are invalid:\n{problems}") from None
    except (OSError, UnicodeDecodeError) as error:
        said = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
        raise fail(f"The file .env cannot be read: {said}. Correct or remove it.") from None
    return loaded


def warn_of_misspelt_settings() -> None:
    """Print a line to stderr for each variable that looks like a setting and sets nothing."""
    for one in misspelt():
        typer.echo(f"Ignored: {one.sentence}.", err=True)


async def temporal(configured: Settings, *, prompt: bool = False) -> Client:
    """Returns a client of Temporal; exits with a message if no address is set."""
    if not configured.temporal_address:
        raise fail("No Temporal: set PILITO_TEMPORAL_ADDRESS, or start `pilito up` first.")
    return await open_client(configured, prompt=prompt)


@asynccontextmanager
async def database(configured: Settings) -> AsyncIterator[Database]:
    """Open the database for the time of the block; exits with a message if no address is set."""
    if not configured.database_url:
        raise fail("No database: set PILITO_DATABASE_URL, or start `pilito up` first.")
    opened = Database(create_engine(configured.database_url, pool_size=1))
    try:
        yield opened
    finally:
        await opened.close()


def secret_box(configured: Settings) -> SecretBox:
    """Returns the box that encrypts stored secrets; exits with a message if no key is set."""
    if not configured.secret_keys:
        raise fail("No key: set PILITO_SECRET_KEY to the one the API uses.")
    return SecretBox(configured.secret_keys)
