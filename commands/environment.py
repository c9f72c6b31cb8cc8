"""What every command begins with: the settings, the database, and how to fail in one sentence."""

import os
from collections.abc import Coroutine
from importlib.util import find_spec
from typing import Any, TypeVar

import typer
import uvloop
from pydantic import ValidationError

import settings as configuration
from crypto import SecretBox
from database.engine import Database, create_engine
from settings import Settings

Answer = TypeVar("Answer")


def run(work: Coroutine[Any, Any, Answer]) -> Answer:
    return uvloop.run(work)


def fail(message: str) -> typer.Exit:
    """Say why on the error stream; to be raised."""
    typer.echo(message, err=True)
    return typer.Exit(1)


def settings(*, adopt: bool = False) -> Settings:
    """The settings; `adopt` fills in what a `pilito up` of this checkout decided when it runs."""
    try:
        found = configuration.load()
        if adopt and not found.database_url and find_spec("embedded"):
            from embedded.environment import running  # not in the image

            os.environ.update(running(found.state_dir))
            configuration.load.cache_clear()
            found = configuration.load()
    except ValidationError as error:
        problems = "\n".join(
            f"  {'.'.join(str(part) for part in item['loc']).upper()}: {item['msg']}"
            for item in error.errors(include_url=False, include_input=False)
        )
        raise fail(f"These settings cannot be used:\n{problems}") from None
    return found


def database(found: Settings) -> Database:
    if not found.database_url:
        raise fail("No database: set PILITO_DATABASE_URL, or start `pilito up` first.")
    return Database(create_engine(found.database_url, pool_size=1))


def secret_box(found: Settings) -> SecretBox:
    if not found.secret_keys:
        raise fail("No key: set PILITO_SECRET_KEY to the one the API uses.")
    return SecretBox(found.secret_keys)
