"""`.env.example` and the help texts are complete, and the version is the same everywhere."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import typer

from cli import app
from contracts.ids import VERSION
from settings import Settings

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = (ROOT / ".env.example").read_text()
LINE = re.compile(r"([A-Z][A-Z0-9_]*)=(.*)")


def example() -> dict[str, str]:
    lines = [(line[1], line[2]) for line in map(LINE.fullmatch, EXAMPLE.splitlines()) if line]
    assert len(lines) == len(dict(lines)), "a setting is named twice"
    return dict(lines)


ENVIRONMENT = {
    str(field.validation_alias or f"PILITO_{name.upper()}"): name
    for name, field in Settings.model_fields.items()
}


def test_the_example_names_every_setting_and_no_other() -> None:
    """`.env.example` lists the fields of `Settings`."""
    assert sorted(example()) == sorted(ENVIRONMENT)


def test_the_example_shows_the_defaults() -> None:
    """A copy of the example changes no setting."""
    assert Settings(_env_file=ROOT / ".env.example") == Settings(_env_file=None)


NEEDED = {
    "PILITO_TEMPORAL_TLS_CERT": ("PILITO_TEMPORAL_TLS_KEY",),
    "PILITO_TEMPORAL_TLS_KEY": ("PILITO_TEMPORAL_TLS_CERT",),
}
"""Settings that are refused without others."""


@pytest.mark.parametrize("name", ENVIRONMENT)
def test_a_setting_is_read_from_the_environment_by_its_name(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each variable sets its own field and no other."""
    needed = NEEDED.get(name, ())
    untouched = Settings(_env_file=None).model_dump()
    values = {"OPENAI_BASE_URL": "http://127.0.0.1:1/v1", "PILITO_TRUSTED_PROXIES": "10.0.0.0/8"}
    values["PILITO_SECRET_KEY"] = "k" * 32
    values["PILITO_DEBOUNCE_SECONDS"] = "20"
    values["PILITO_PUBLIC_URL"] = "https://sync.example"
    values["PILITO_CORS_ORIGINS"] = "https://app.example"
    values["PILITO_LOG_FORMAT"] = "text"
    values["PILITO_WORKER_METRICS_ADDRESS"] = "127.0.0.1:9464"
    values["PILITO_ALLOW_PRIVATE_SHOPS"] = "true"
    values["PILITO_EMBEDDING_SEND_DIMENSIONS"] = "always"
    values["PILITO_EMBEDDING_ENCODING_FORMAT"] = "float"
    values["PILITO_EMBEDDING_HEADERS"] = "x-team=shops"
    values["PILITO_TEMPORAL_TLS"] = "true"
    for variable in (name, *needed):
        monkeypatch.setenv(variable, values.get(variable, "2048"))
    changed = Settings(_env_file=None).model_dump()
    expected = {ENVIRONMENT[variable] for variable in (name, *needed)}
    assert {field for field in changed if changed[field] != untouched[field]} == expected


def test_every_line_of_the_example_is_explained() -> None:
    """One comment stands above each setting."""
    lines = EXAMPLE.splitlines()
    for above, line in pairwise(lines):
        if LINE.fullmatch(line):
            assert re.fullmatch(r"# [^#]+\.", above), line


def test_the_example_holds_no_secret() -> None:
    """Passwords and keys are empty in the example."""
    for name, value in example().items():
        if re.search("PASSWORD|SECRET|KEY", name):
            assert value == "", name


def commands(name: str, command: object) -> Iterator[tuple[str, object]]:
    yield name, command
    for below, inner in getattr(command, "commands", {}).items():
        yield from commands(f"{name} {below}", inner)


COMMANDS = dict(commands("pilito", typer.main.get_command(app)))


def test_the_commands_are_found() -> None:
    """The table of the test below is not empty."""
    assert {"pilito up", "pilito migrate", "pilito admin create", "pilito token create"} < set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_has_help(name: str) -> None:
    """`--help` explains every command, argument and option."""
    command = COMMANDS[name]
    assert getattr(command, "help", None), name
    for parameter in getattr(command, "params", []):
        assert getattr(parameter, "help", None), f"{name} {parameter.name}"


def test_the_product_knows_its_version() -> None:
    """The code and the package have the same version; the image contains no package metadata."""
    assert f'version = "{VERSION}"\n' in (ROOT / "pyproject.toml").read_text()
