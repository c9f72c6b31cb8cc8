"""The verbs of `pilito`. The module of a verb is loaded when the verb is used: all of them take seconds."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

VERBS = {
    "up": "commands.processes.up:up",
    "api": "commands.processes.api:api",
    "worker": "commands.processes.worker:worker",
    "migrate": "commands.prepare:migrate",
    "prepare-temporal": "commands.prepare:prepare_temporal",
    "doctor": "commands.doctor.command:doctor",
    "backup": "commands.data.backup:backup",
    "restore": "commands.data.restore:restore",
    "after-restore": "commands.after_restore:after_restore",
    "feed": "commands.shops.feed:feed",
    "resync": "commands.shops.resync:resync",
    "roll-out": "commands.roll_out:roll_out",
    "reseal": "commands.shops.store:reseal",
    "admin": "commands.people.admin:admin",
    "user": "commands.people.user:user",
    "session": "commands.people.session:session",
    "token": "commands.shops.token:token",
    "store": "commands.shops.store:store",
    "events": "commands.shops.events:events",
    "sync": "commands.shops.sync:sync",
    "synonyms": "commands.shops.synonyms:synonyms",
}
"""Verb -> the module and the name of its function, or of a Typer app with verbs of its own."""


class _Loaded(Mapping[str, Any]):
    """Click's commands by verb, each made when it is asked for."""

    def __getitem__(self, verb: str) -> Any:
        module, _, name = VERBS[verb].partition(":")
        found = getattr(import_module(module), name)
        if isinstance(found, typer.Typer):
            group = typer.main.get_group(found)
            group.name = verb
            return group
        single = typer.Typer(add_completion=False)
        single.command(verb)(found)
        return typer.main.get_command(single)

    def __iter__(self) -> Iterator[str]:
        return iter(VERBS)

    def __len__(self) -> int:
        return len(VERBS)


class Verbs(TyperGroup):
    """The group of all verbs; what goes wrong in one is a sentence where `commands.trouble` has one."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        loaded: Any = _Loaded()  # typer asks for a mapping that it could change, and never changes it
        self.commands = loaded

    def invoke(self, ctx: Any) -> Any:
        from commands.trouble import sentences  # it loads the clients of Postgres and Temporal

        with sentences():
            return super().invoke(ctx)
