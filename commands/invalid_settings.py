"""What is wrong with settings, in sentences that name them."""

from typing import Any

from pydantic import SecretStr, ValidationError

from commands.setting_names import setting_name
from settings import Settings

LONGEST_VALUE = 80

LOGGED_IN = ("_url",)
"""How names of settings end that may hold a password."""

SENTENCES = {
    "int_parsing": "takes a whole number, and {value} is none",
    "int_from_float": "takes a whole number, and {value} is none",
    "float_parsing": "takes a number, and {value} is none",
    "finite_number": "takes a number, and {value} is none",
    "bool_parsing": "takes true or false, and {value} is neither",
    "greater_than_equal": "is {value}; the least is {ge}",
    "greater_than": "is {value}; it has to be more than {gt}",
    "less_than_equal": "is {value}; the most is {le}",
    "less_than": "is {value}; it has to be less than {lt}",
    "literal_error": "is {value}; write {expected}",
    "string_too_long": "is longer than {max_length} characters",
    "string_pattern_mismatch": "is {value}; write letters, digits, full stops, - and _ only, such as 0.2.0",
    "url_parsing": "is no address; write one such as https://sync.example",
    "url_scheme": "is no address; write one that begins with http:// or https://",
    "url_type": "is no address; write one such as https://sync.example",
}
"""Type of a problem of pydantic -> what is wrong and what to write; the setting stands before it."""


def sentences(error: ValidationError) -> list[str]:
    """Returns a sentence for each invalid setting, without secrets and without addresses."""
    return [_sentence(problem) for problem in error.errors(include_url=False)]


def _sentence(problem: Any) -> str:
    said = problem["msg"].removeprefix("Value error, ")
    if not problem["loc"]:
        return f"{said}."
    field = _field(str(problem["loc"][0]))
    form = SENTENCES.get(problem["type"])
    if form is not None:
        said = form.format(**{**problem.get("ctx", {}), "value": _shown(field, problem["input"])})
    return f"{setting_name(field)}: {said}."


def _field(location: str) -> str:
    """Returns the field that a place in the settings belongs to: its name, or that of its variable."""
    if location in Settings.model_fields:
        return location
    return next(name for name in Settings.model_fields if setting_name(name).lower() == location.lower())


def _shown(field: str, value: object) -> str:
    if SecretStr.__name__ in str(Settings.model_fields[field].annotation) or field.endswith(LOGGED_IN):
        return "this value"
    text = repr(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"
