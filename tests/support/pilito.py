"""`pilito` in the process of the test: the real command line with an environment of its own."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from unittest import mock

from typer.testing import CliRunner

import settings


@dataclass(frozen=True)
class Printed:
    """What a command printed, on both streams, and its exit code."""

    code: int
    text: str


@dataclass(frozen=True)
class Pilito:
    """Runs commands with these environment variables."""

    environment: Mapping[str, str]

    def run(self, *arguments: object, typed: str | None = None, **environment: str) -> Printed:
        """Run one command; `typed` is read from stdin. Raises what the command raises unexpectedly."""
        from cli import app

        settings.load.cache_clear()
        try:
            with mock.patch.dict("os.environ", {**self.environment, **environment}):
                result = CliRunner().invoke(app, list(map(str, arguments)), input=typed)
        finally:
            settings.load.cache_clear()
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Printed(result.exit_code, result.output)

    async def __call__(self, *arguments: object, typed: str | None = None, **environment: str) -> Printed:
        """Run one command in a thread, since it has an event loop of its own."""
        return await asyncio.to_thread(self.run, *arguments, typed=typed, **environment)

    async def token(self, *arguments: object) -> dict[str, Any]:
        """Run `pilito token create --json`. Returns what it printed."""
        printed = await self("token", "create", "--json", *arguments)
        assert printed.code == 0, printed.text
        created: dict[str, Any] = json.loads(printed.text)
        return created
