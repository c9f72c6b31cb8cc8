"""Ordinary trouble: one sentence, exit code 1, no traceback and no password."""

from pathlib import Path

import pytest
from sqlalchemy import make_url
from temporalio.service import RPCError, RPCStatusCode

from commands.trouble import temporal_problem
from tests.support.environment import SECRET_KEY, empty_database
from tests.support.pilito import Pilito, Printed

COMMANDS = [
    ("store", "list"),
    ("migrate",),
    ("admin", "create", "--email", "a@example.com", "--password", "a long password"),
    ("token", "create"),
    ("token", "revoke", "1"),
    ("reseal",),
    ("resync", "1"),
]

WRONG_ADDRESSES = {
    "postgresql://user:SECRET@127.0.0.1:1/name": "Connection refused",
    "mysql://user:SECRET@127.0.0.1/name": "begins with mysql://",
    "user:SECRET@127.0.0.1/name": "has no scheme",
    "postgresql://user:SECRET@127.0.0.1:1/name?pgbouncer=true": "invalid connection option",
}


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pilito:
    """Runs `pilito` where no `pilito up` runs."""
    monkeypatch.chdir(tmp_path)
    return Pilito({"PILITO_SECRET_KEY": SECRET_KEY, "PILITO_TEMPORAL_ADDRESS": "127.0.0.1:1"})


def is_sentence(printed: Printed) -> bool:
    return printed.code == 1 and not {"Traceback", "SECRET"} & set(printed.text.replace(":", " ").split())


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize(("address", "said"), WRONG_ADDRESSES.items(), ids=WRONG_ADDRESSES.values())
def test_a_database_that_cannot_be_reached(
    outside: Pilito, command: tuple[str, ...], address: str, said: str
) -> None:
    """Each command says why, and names the setting."""
    printed = outside.run(*command, PILITO_DATABASE_URL=address)
    assert is_sentence(printed), printed.text
    line = printed.text.splitlines()[-1]
    assert line.startswith("Postgres: ")
    assert said in line
    assert "PILITO_DATABASE_URL" in line
    assert "SECRET" not in printed.text


async def test_a_database_that_is_not_migrated(outside: Pilito, postgres_url: str) -> None:
    """The advice is the command that migrates it."""
    url = empty_database(postgres_url, "unprepared")
    printed = await outside("store", "list", PILITO_DATABASE_URL=url)
    assert printed.code == 1
    assert printed.text == 'Postgres: relation "stores" does not exist. Run `pilito migrate`.\n'
    wrong = make_url(url).set(password="SECRET").render_as_string(hide_password=False)
    printed = await outside("store", "list", PILITO_DATABASE_URL=wrong)
    assert is_sentence(printed), printed.text
    assert "password authentication failed" in printed.text


def test_a_temporal_that_cannot_be_reached(outside: Pilito) -> None:
    """Its address and the setting are named."""
    printed = outside.run("prepare-temporal")
    assert is_sentence(printed), printed.text
    assert printed.text.startswith(
        "Temporal at 127.0.0.1:1: Connection refused. Check PILITO_TEMPORAL_ADDRESS"
    )


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (RPCError("Namespace shop is not found.", RPCStatusCode.NOT_FOUND, b""), "PILITO_TEMPORAL_NAMESPACE"),
        (RPCError("unauthorized", RPCStatusCode.PERMISSION_DENIED, b""), "authorization"),
        (RPCError("deadline", RPCStatusCode.DEADLINE_EXCEEDED, b""), "PILITO_TEMPORAL_ADDRESS"),
        (ValueError("invalid target URL: empty host"), "host:port"),
        (RuntimeError("Failed client connect: unknown"), "PILITO_TEMPORAL_ADDRESS"),
    ],
)
def test_each_trouble_of_temporal_has_a_next_step(error: Exception, words: str) -> None:
    """An error of another origin is none of them."""
    problem = temporal_problem(error)
    assert problem
    assert words in problem.advice
    assert temporal_problem(RuntimeError("a mistake of the program")) is None


def test_a_setting_is_named_as_it_is_set(outside: Pilito) -> None:
    """With its prefix, and without the words of the library."""
    printed = outside.run("store", "list", PILITO_SECRET_KEY="short", OPENAI_BASE_URL="nonsense")
    assert printed.code == 1
    assert "  PILITO_SECRET_KEY: each key needs 32 bytes or more; commas separate keys" in printed.text
    assert "  OPENAI_BASE_URL: " in printed.text
