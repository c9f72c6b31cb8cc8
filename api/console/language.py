"""The two languages of the console: its words, and how each writes numbers, times and prices."""

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

TEXTS = Path(__file__).parent / "texts"


class Language(StrEnum):
    """A language, by its code in HTML."""

    PERSIAN = "fa"
    ENGLISH = "en"

    @property
    def direction(self) -> str:
        """The direction of text: `rtl` or `ltr`."""
        return "rtl" if self is Language.PERSIAN else "ltr"

    @property
    def other(self) -> "Language":
        """The language to switch to."""
        return Language.ENGLISH if self is Language.PERSIAN else Language.PERSIAN


@cache
def texts(language: Language) -> Mapping[str, str]:
    """Returns the words of a language: key -> text, where a key joins the names of its tables by dots."""
    with (TEXTS / f"{language}.toml").open("rb") as file:
        return dict(_flat(tomllib.load(file)))


def text(language: Language, key: str, **values: object) -> Markup:
    """Returns the text of a key, safe for HTML, with its `{names}` replaced; raises KeyError.

    Where the language has a text `KEY_one`, that one is for an `n` of 1.
    """
    is_one = str(values.get("n")) == "1" and f"{key}_one" in texts(language)
    found = _escaped(language, f"{key}_one" if is_one else key)
    if not values:
        return found
    written = str(found).format(**{name: escape(value) for name, value in values.items()})
    return Markup(written)  # noqa: S704 - the text and its values are escaped


@cache
def _escaped(language: Language, key: str) -> Markup:
    return escape(texts(language)[key])


def _flat(table: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    rows = []
    for name, value in table.items():
        if isinstance(value, dict):
            rows += _flat(value, f"{prefix}{name}.")
        else:
            rows.append((f"{prefix}{name}", str(value)))
    return rows
