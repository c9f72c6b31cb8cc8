"""The verbs of `pilito`, each with its module, which is loaded when the verb is used."""

import os
import subprocess
import sys
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from cli import app
from commands import ROOM
from commands.verbs import VERBS

GROUP: Any = typer.main.get_command(app)


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_can_be_loaded(verb: str) -> None:
    """Under its name, with a help."""
    command = GROUP.commands[verb]
    assert command.name == verb
    assert command.help


def test_the_help_lists_every_verb() -> None:
    printed = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "100"}).output
    listed = [line.split()[1] for line in printed.splitlines() if line.startswith("│ ") and line[2] != " "]
    assert listed[-len(VERBS) :] == list(VERBS)


def test_a_misspelt_verb_has_a_suggestion() -> None:
    result = CliRunner().invoke(app, ["tokn", "list"])
    assert result.exit_code == 2
    assert "Did you mean 'token'?" in result.output


def loaded_by(code: str, *packages: str) -> list[str]:
    """Returns which of these packages a new process has loaded after it ran the code."""
    shown = f"import sys\n{code}\nprint(*sorted(set({packages!r}) & set(sys.modules)), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", shown], capture_output=True, text=True, check=True)
    return done.stderr.split()


@pytest.mark.usefixtures("programs")
def test_the_version_is_printed_without_loading_what_verbs_need() -> None:
    """It takes a tenth of a second instead of two."""
    code = "from cli import app\napp(['--version'], standalone_mode=False)"
    assert loaded_by(code, "fastapi", "openai", "sqlalchemy", "temporalio") == []


@pytest.mark.usefixtures("programs")
def test_a_worker_does_not_load_the_api() -> None:
    """It has 40 MB less."""
    code = "import commands.processes.worker"
    assert loaded_by(code, "api", "fastapi", "mcp", "temporalio") == ["temporalio"]


@pytest.mark.usefixtures("programs")
def test_a_verb_that_connects_to_temporal_does_not_load_workflows() -> None:
    code = "import commands.trouble, commands.shops.token"
    assert loaded_by(code, "openai", "temporalio", "workflows") == ["temporalio"]


@pytest.mark.usefixtures("programs")
@pytest.mark.parametrize(("free", "left_out"), [(ROOM, "False"), (ROOM - 1, "True")])
def test_no_module_is_cached_on_a_full_disk(free: int, left_out: str) -> None:
    """A part of it would be cached, and each later `pilito` would end with "marshal data too short"."""
    code = (
        "import shutil, sys\n"
        f"shutil.disk_usage = lambda _: shutil._ntuple_diskusage(10**12, 0, {free})\n"
        "from cli import app\n"
        "app(['feed', '--help'], standalone_mode=False)\n"
        "print(sys.dont_write_bytecode, file=sys.stderr)"
    )
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stderr.split() == [left_out]
