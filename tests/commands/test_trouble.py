"""Ordinary trouble: one sentence, exit code 1, no traceback and no password."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from sqlalchemy import make_url
from temporalio.service import RPCError, RPCStatusCode

from cli import app
from commands.trouble import temporal_problem
from contracts.ids import VERSION
from tests.support.environment import SECRET_KEY, empty_database
from tests.support.pilito import Pilito, Printed

PASSWORD = ("--password", "a long password")

POSTGRES: list[tuple[str, ...]] = [
    ("migrate",),
    ("admin", "create", "--email", "a@example.com", *PASSWORD),
    ("user", "list"),
    ("user", "create", "--email", "a@example.com", *PASSWORD),
    ("user", "password", "a@example.com", *PASSWORD),
    ("user", "disable", "a@example.com"),
    ("user", "enable", "a@example.com"),
    ("user", "promote", "a@example.com"),
    ("user", "demote", "a@example.com"),
    ("user", "remove", "a@example.com", "--yes"),
    ("user", "export", "a@example.com"),
    ("session", "end", "--all"),
    ("token", "list"),
    ("token", "create"),
    ("token", "revoke", "1"),
    ("store", "list"),
    ("store", "show", "1"),
    ("store", "rotate-secret", "1"),
    ("store", "export", "1", "--out", "export"),
    ("store", "remove", "1", "--yes"),
    ("store", "purge-histories", "--yes"),
    ("events", "list"),
    ("events", "show", "1"),
    ("events", "retry", "1"),
    ("sync", "list"),
    ("synonyms", "export", "1"),
    ("synonyms", "import", "1", "synonyms.txt"),
    ("feed", "1", "--format", "google", "--out", "feed"),
    ("reseal",),
    ("resync", "1"),
    ("after-restore",),
]
"""Every verb that needs Postgres first."""

TEMPORAL: list[tuple[str, ...]] = [("prepare-temporal",), ("roll-out",), ("worker",)]
"""Every verb that needs Temporal and not Postgres."""

OTHERS = {"up", "api", "doctor", "synonyms builtin", "backup", "restore"}
"""Verbs that start without both, or need neither, or report both: each has tests of its own."""

SOME = [("store", "list"), ("migrate",), ("resync", "1")]
"""Verbs that connect in the three ways that there are."""

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
    (tmp_path / "synonyms.txt").write_text("ماگ = mug\n", encoding="utf-8")
    return Pilito({"PILITO_SECRET_KEY": SECRET_KEY, "PILITO_TEMPORAL_ADDRESS": "127.0.0.1:1"})


def is_sentence(printed: Printed) -> bool:
    return printed.code == 1 and not {"Traceback", "SECRET"} & set(printed.text.replace(":", " ").split())


def verbs(name: str, command: object) -> Iterator[str]:
    """Yields the name of each command that does something."""
    below = getattr(command, "commands", {})
    if not below:
        yield name
    for word, inner in below.items():
        yield from verbs(f"{name} {word}".strip(), inner)


def test_no_verb_is_forgotten() -> None:
    """The tables above have every verb."""
    names = set(verbs("", typer.main.get_command(app)))
    listed = {
        " ".join(command[: length + 1])
        for command in (*POSTGRES, *TEMPORAL)
        for length in range(len(command))
    }
    assert names - listed == OTHERS


@pytest.mark.parametrize("command", POSTGRES, ids=" ".join)
def test_postgres_is_down(outside: Pilito, command: tuple[str, ...]) -> None:
    """One sentence from every verb: what libpq said, and the setting."""
    printed = outside.run(*command, PILITO_DATABASE_URL=next(iter(WRONG_ADDRESSES)))
    assert is_sentence(printed), printed.text
    line = printed.text.splitlines()[-1]
    assert line.startswith("Postgres: ")
    assert "Connection refused" in line
    assert "PILITO_DATABASE_URL" in line


@pytest.mark.parametrize("command", POSTGRES, ids=" ".join)
def test_no_database_is_set(outside: Pilito, command: tuple[str, ...]) -> None:
    """One sentence from every verb."""
    printed = outside.run(*command)
    assert (printed.code, "set PILITO_DATABASE_URL" in printed.text) == (1, True), printed.text


@pytest.mark.parametrize("command", SOME, ids=" ".join)
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
    """The advice of every verb is the command that migrates it."""
    url = empty_database(postgres_url, "unprepared")
    for command in POSTGRES:
        if command == ("migrate",):
            continue
        printed = await outside(*command, PILITO_DATABASE_URL=url)
        assert is_sentence(printed), f"{command}: {printed.text}"
        line = printed.text.splitlines()[-1]
        assert line.startswith("Postgres: relation "), f"{command}: {line}"
        assert line.endswith(" does not exist. Run `pilito migrate`."), f"{command}: {line}"
    wrong = make_url(url).set(password="SECRET").render_as_string(hide_password=False)
    printed = await outside("store", "list", PILITO_DATABASE_URL=wrong)
    assert is_sentence(printed), printed.text
    assert "password authentication failed" in printed.text


@pytest.mark.parametrize("command", TEMPORAL, ids=" ".join)
def test_temporal_is_down(outside: Pilito, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence from every verb, with the address and the setting."""
    monkeypatch.setattr("observability.logs.configure", lambda _: None)
    monkeypatch.setattr("temporal.client.install", lambda _: None)
    database = {"PILITO_DATABASE_URL": next(iter(WRONG_ADDRESSES))} if command == ("worker",) else {}
    printed = outside.run(*command, **database)
    assert is_sentence(printed), printed.text
    assert printed.text.startswith(
        "Temporal at 127.0.0.1:1: Connection refused. Check PILITO_TEMPORAL_ADDRESS"
    )
    unset = outside.run(*command, PILITO_TEMPORAL_ADDRESS="")
    assert (unset.code, "PILITO_TEMPORAL_ADDRESS" in unset.text) == (1, True), unset.text


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (RPCError("Namespace shop is not found.", RPCStatusCode.NOT_FOUND, b""), "PILITO_TEMPORAL_NAMESPACE"),
        (RPCError("unauthorized", RPCStatusCode.PERMISSION_DENIED, b""), "authorization"),
        (RPCError("deadline", RPCStatusCode.DEADLINE_EXCEEDED, b""), "PILITO_TEMPORAL_ADDRESS"),
        (ValueError("invalid target URL: empty host"), "host:port"),
        (RPCError("Request unauthorized", RPCStatusCode.UNAUTHENTICATED, b""), "PILITO_TEMPORAL_API_KEY"),
        (ValueError("PILITO_TEMPORAL_TLS_CA: /none cannot be read: No such file"), "Correct the path"),
        (RuntimeError("Failed client connect: unknown"), "PILITO_TEMPORAL_ADDRESS"),
        (
            RPCError("No mapping defined for search attribute StoreId", RPCStatusCode.INVALID_ARGUMENT, b""),
            "prepare",
        ),
        (TimeoutError(), "PILITO_TEMPORAL_ADDRESS"),
    ],
)
def test_each_trouble_of_temporal_has_a_next_step(error: Exception, words: str) -> None:
    """An error of another origin is none of them."""
    problem = temporal_problem(error)
    assert problem
    assert words in problem.advice
    assert temporal_problem(RuntimeError("a mistake of the program")) is None


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        (
            "PILITO_SECRET_KEY",
            "short",
            "each key needs at least 32 bytes; separate keys by commas. Make one:",
        ),
        ("PILITO_API_PORT", "هشت", "takes a whole number, and 'هشت' is none."),
        ("PILITO_API_PORT", "70000", "is '70000'; the most is 65535."),
        ("PILITO_DEBOUNCE_SECONDS", "2s", "takes a number, and '2s' is none."),
        ("PILITO_ALLOW_PRIVATE_SHOPS", "maybe", "takes true or false, and 'maybe' is neither."),
        (
            "PILITO_CORS_ORIGINS",
            "https://App.example/",
            "is no origin; write https://app.example, in lower case",
        ),
        (
            "PILITO_TRUSTED_PROXIES",
            "nginx",
            "takes addresses and networks (172.20.0.1, 10.0.0.0/8), and 'nginx'",
        ),
        ("PILITO_LOG_FORMAT", "xml", "is 'xml'; write 'json' or 'text'."),
        ("PILITO_WORKER_METRICS_ADDRESS", "localhost", "takes an address and a port, such as 127.0.0.1:9464"),
        ("PILITO_WORKER_BUILD_ID", "a b", "is 'a b'; write letters, digits"),
        ("PILITO_PAYLOAD_RETENTION_DAYS", "3", "3 days are too few; write 30 or more, or 0 for no limit."),
        ("PILITO_EMBEDDING_HEADERS", "SECRET", "takes a JSON object, or name=value"),
        ("PILITO_PUBLIC_URL", "sync.example", "is no address; write one such as https://sync.example."),
        ("OPENAI_BASE_URL", "http//SECRET@host", "is no address; write one such as"),
    ],
)
def test_a_setting_is_named_as_it_is_set(outside: Pilito, name: str, value: str, says: str) -> None:
    """With its prefix and what to write, in one sentence, without a secret or the words of a library."""
    printed = outside.run("store", "list", **{name: value})
    first, line = printed.text.splitlines()
    assert (printed.code, first) == (1, "These settings are invalid:")
    assert line.startswith(f"  {name}: ")
    assert says in line
    assert "SECRET" not in line.removeprefix("  PILITO_SECRET_KEY")


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (
            {"PILITO_DEBOUNCE_SECONDS": "60", "PILITO_DEBOUNCE_MAX_SECONDS": "5"},
            "PILITO_DEBOUNCE_SECONDS is 60, longer than PILITO_DEBOUNCE_MAX_SECONDS (5)",
        ),
        (
            {"PILITO_EMBEDDING_MAX_TEXT_TOKENS": "400", "PILITO_EMBEDDING_MAX_TOKENS": "300"},
            "PILITO_EMBEDDING_MAX_TEXT_TOKENS is 400, more than PILITO_EMBEDDING_MAX_TOKENS (300)",
        ),
        (
            {"PILITO_API_PORT": "7233", "PILITO_TEMPORAL_ADDRESS": ""},
            "PILITO_API_PORT, PILITO_TEMPORAL_PORT and PILITO_TEMPORAL_UI_PORT are 7233, 7233, 8233",
        ),
    ],
)
def test_settings_that_contradict_each_other(outside: Pilito, settings: dict[str, str], says: str) -> None:
    """Both are named."""
    printed = outside.run("store", "list", **settings)
    assert (printed.code, says in printed.text) == (1, True), printed.text


OF_OTHERS = {"PILITO_PS_DIR": "plugin", "PILITO_API_SERVICE_HOST": "10.0.0.1", "PILITO_API_PORT_80_TCP": "x"}
"""Of the plugin, and of Kubernetes."""


def test_a_misspelt_setting_is_named(outside: Pilito, tmp_path: Path) -> None:
    """In the environment and in `.env`, with the nearest right name; the command goes on."""
    (tmp_path / ".env").write_text("PILITO_TASKQUEUE=shops\nPILITO_NOTHING_LIKE_IT=1\nUNRELATED=1\n")
    printed = outside.run("synonyms", "builtin", OPENAI_API_KEYS="x", **OF_OTHERS)
    assert printed.code == 0
    assert [line for line in printed.text.splitlines() if line.startswith("Ignored: ")] == [
        "Ignored: OPENAI_API_KEYS is no setting; OPENAI_API_KEY is one.",
        "Ignored: PILITO_NOTHING_LIKE_IT is no setting.",
        "Ignored: PILITO_TASKQUEUE is no setting; PILITO_TASK_QUEUE is one.",
    ]


def test_a_file_of_settings_that_is_not_text(outside: Pilito, tmp_path: Path) -> None:
    """One sentence names the file."""
    (tmp_path / ".env").write_bytes(b"PILITO_API_PORT=\xff\xfe\n")
    printed = outside.run("store", "list")
    expected = "The file .env cannot be read: it is not text in UTF-8. Correct or remove it.\n"
    assert (printed.code, printed.text) == (1, expected)


def test_the_version_is_printed(outside: Pilito) -> None:
    """Without settings, and without any server."""
    assert outside.run("--version").text == f"pilito {VERSION}\n"
