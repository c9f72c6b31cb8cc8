"""Variables that look like settings and set nothing, such as misspelt ones."""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from dotenv import dotenv_values

from settings import Settings

PREFIX = "PILITO_"

OF_EXAMPLES = {"PILITO_TOKEN", "PILITO_URL"}
"""Variables of the examples for assistants, which this program does not read."""

OF_PLUGIN = "PILITO_PS_"
"""How the constants of the WordPress plugin begin."""

OF_KUBERNETES = re.compile(r".*_SERVICE_(HOST|PORT(_\w+)?)|.*_PORT_\d+_(TCP|UDP)(_\w+)?")
"""Variables that Kubernetes adds for services."""

NEAR, NEARER = 0.75, 0.9
"""How alike two names have to be, from 0 to 1; variables of other programs begin with OPENAI_ too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Misspelt:
    """A variable that sets nothing, and the setting that is spelled most alike; empty if none is."""

    name: str
    nearest: str

    @property
    def sentence(self) -> str:
        meant = f"; {self.nearest} is one" if self.nearest else ""
        return f"{self.name} is no setting{meant}"


def setting_name(field: str) -> str:
    """Returns the variable of a field of the settings."""
    return str(Settings.model_fields[field].validation_alias or f"{PREFIX}{field.upper()}")


def misspelt() -> list[Misspelt]:
    """Returns variables of the environment and of `.env` that look like settings and set nothing."""
    known = sorted(map(setting_name, Settings.model_fields))
    found = {name.upper(): name for name in (*_names_of_file(), *os.environ)}
    unknown = [
        found[name]
        for name in sorted(found.keys() - {*known, *OF_EXAMPLES})
        if not OF_KUBERNETES.fullmatch(name)
    ]
    nearest = {name: _nearest(name, known) for name in unknown}
    return [
        Misspelt(name=name, nearest=near)
        for name, near in nearest.items()
        if near or (name.upper().startswith(PREFIX) and not name.upper().startswith(OF_PLUGIN))
    ]


def _names_of_file() -> Iterable[str]:
    """Returns the names in `.env`; none if it cannot be read, which stops the command later."""
    try:
        return dotenv_values(".env", interpolate=False)
    except (OSError, UnicodeDecodeError):
        return ()


def _nearest(name: str, known: list[str]) -> str:
    upper = name.upper()
    if upper.startswith(OF_PLUGIN):
        return ""
    near = get_close_matches(upper, known, n=1, cutoff=NEAR if upper.startswith(PREFIX) else NEARER)
    return near[0] if near else ""
