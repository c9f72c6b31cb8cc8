"""Every command that a document shows is run by a test, or the document says why not."""

import ast
import re
import shlex
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from cli import app
from tests.docs import test_api_examples, test_assistants, test_readme
from tests.docs.commands import Block, all_blocks, all_named, blocks, commands, is_run, pilito, shell, words
from tests.docs.repository import ROOT
from tests.test_deployment import SERVICES

PASTED = {
    *(command for command, _ in test_readme.EXAMPLES),
    *test_api_examples.COMMANDS,
    *(example.values[0] for example in test_assistants.commands()),
}
"""The blocks that tests paste into a shell as they are."""

PROGRAMS = r"pilito|curl|docker|kubectl|make|git|sudo|temporal|pip|python3?|jq|claude|psql"
MAKEFILE = (ROOT / "Makefile").read_text()
PILITO: Any = typer.main.get_command(app)
UNITS = {path.name for path in (ROOT / "deploy" / "systemd").iterdir()}


def complaint(block: Block) -> str:
    """Returns what is wrong with the comment of a block; empty if nothing is."""
    others = [command for command in block.commands() if not is_run(command)]
    if block.text in PASTED or (not others and block.how != "run by"):
        return f"{block} is run by the tests of documents: remove its comment" if block.how else ""
    if block.how == "run by":
        return "" if has_test(block) else f"{block} names a test that does not run it: {block.what}"
    return "" if block.how else f"{block} is not run; say why in a comment above it: {others[0]}"


def has_test(block: Block) -> bool:
    """Returns whether the test that a block names exists, and its module has the programs and options."""
    file, _, name = block.what.partition("::")
    if not (ROOT / file).is_file():
        return False
    tree = ast.parse((ROOT / file).read_text())
    tests = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    texts = " ".join(
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    said = [word for command in block.commands() for word in words(command)]
    needed = [Path(word).name for word in said if re.fullmatch(r"--[a-z-]+|[\w./]+\.py", word)]
    return name in tests and bool(needed) and all(word in texts for word in needed)


def test_every_block_is_run_or_says_why_not() -> None:
    """A comment that is no longer true fails, too."""
    assert [said for block in shell() if (said := complaint(block))] == []


def test_commands_are_in_blocks_that_say_so() -> None:
    """The test above would not see others."""
    hidden = re.compile(rf"^(?:\$ )?(?:{PROGRAMS}) ", re.MULTILINE)
    assert [str(block) for block in all_blocks() if block not in shell() and hidden.search(block.text)] == []


def test_verbs_and_options_of_pilito_exist() -> None:
    """Also where a sentence names a command."""
    assert [f"{where}: {wrong}" for where, said in all_named() if (wrong := unknown(said))] == []


def unknown(said: Any) -> str:
    """Returns the first verb or option of `pilito` that does not exist; empty without one."""
    arguments = pilito(shlex.join(said))
    if arguments is None:
        return ""
    command = PILITO
    while getattr(command, "commands", None) and arguments and not arguments[0].startswith("-"):
        verb, *arguments = arguments
        if verb not in command.commands:
            return verb
        command = command.commands[verb]
    options = {option for parameter in command.params for option in parameter.opts}
    return next((word for word in arguments if word.startswith("--") and word not in options), "")


def test_targets_of_make_exist() -> None:
    """A name in capitals stands for something else."""
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, flags=re.MULTILINE))
    named = {said[1]: where for where, said in all_named() if said[:1] == ["make"] and len(said) > 1}
    assert {name: where for name, where in named.items() if name not in targets} == {}


def test_services_of_compose_exist() -> None:
    """Commands start them, stop them or run something in them."""
    verbs = ("up", "stop", "build", "exec", "run")
    places = [
        (where, name)
        for where, said in all_named()
        if said[:2] == ["docker", "compose"] and said[2] in verbs
        for name in services(list(said[3:]), said[2])
    ]
    assert places
    assert [(where, name) for where, name in places if name not in SERVICES] == []


def services(arguments: list[str], verb: str) -> list[str]:
    """Returns the services that the arguments of a verb name."""
    scaled = [word.partition("=")[0] for word in arguments if re.fullmatch(r"[\w-]+=\d+", word)]
    plain = [
        word
        for before, word in zip(["", *arguments], arguments, strict=False)
        if not word.startswith("-") and before not in ("--user", "--volume", "--scale")
    ]
    return scaled + (plain[:1] if verb in ("exec", "run") else plain)


@cache
def manifests() -> set[str]:
    """Returns what the manifests for Kubernetes define, such as `job/pilito-migrate`."""
    files = (ROOT / "deploy" / "kubernetes").rglob("*.yaml")
    every = [each for path in files for each in yaml.safe_load_all(path.read_text()) if each]
    kinds = {"Deployment": "deploy", "Job": "job"}
    return {f"{kinds[one['kind']]}/{one['metadata']['name']}" for one in every if one.get("kind") in kinds}


def test_paths_and_names_in_commands_exist() -> None:
    """Files and folders of `deploy`, objects of Kubernetes, units of systemd."""
    missing = []
    for block in shell():
        for word in (word for command in block.commands() for word in words(command)):
            if re.match(r"(deploy|job)/", word) and not list(ROOT.glob(word)) and word not in manifests():
                missing.append(f"{block}: {word}")
            if re.search(r"\.(socket|target|service)$", word) and word not in UNITS:
                missing.append(f"{block}: {word}")
    assert missing == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("```sh\npilito doctor\n```\n", ""),
        ("```sh\ndocker compose exec api pilito doctor\n```\n", ""),
        ("```sh\nrm -r data\n```\n", "say why in a comment"),
        ("<!-- not run: removes data -->\n```sh\nrm -r data\n```\n", ""),
        ("<!-- not run: long -->\n```sh\npilito doctor\n```\n", "remove its comment"),
        ("<!-- run by tests/nowhere.py::test_it -->\n```sh\nrm -r data\n```\n", "does not run it"),
        (
            "<!-- run by tests/docs/test_commands.py::test_it -->\n```sh\nrm --recursive data\n```\n",
            "does not run it",
        ),
    ],
)
def test_a_block_without_a_test_is_noticed(text: str, said: str) -> None:
    """The tests above can fail."""
    (block,) = blocks(ROOT / "README.md", text)
    assert (said in complaint(block)) if said else complaint(block) == ""


@pytest.mark.parametrize(
    ("command", "wrong"),
    [
        ("pilito doctor --json", ""),
        ("pilito doctors", "doctors"),
        ("docker compose exec api pilito store exports 3", "exports"),
        ("docker compose run --rm --user 1 api restore --chek x", "--chek"),
        ("kubectl --namespace a exec deploy/b -- pilito roll-out --version 1", "--version"),
    ],
)
def test_a_wrong_verb_is_noticed(command: str, wrong: str) -> None:
    """Also behind the name of a container."""
    assert unknown(words(command)) == wrong


def test_commands_of_several_lines_are_one() -> None:
    """With a backslash, an open quote, or a document."""
    text = "one \\\n  two\nthree 'a\nb'\n# no command\ncat <<END\nfour\nEND\nfive # six\n"
    assert list(commands(text)) == ["one \\\n  two", "three 'a\nb'", "cat <<END\nfour\nEND", "five # six"]
