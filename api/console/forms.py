"""Forms of pages, read with the models of the API; what is refused is shown with its field."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from persiantools import digits
from pydantic import BaseModel, ValidationError

from api.errors import ApiError
from contracts.errors import InvalidField

Model = TypeVar("Model", bound=BaseModel)
Form = Mapping[str, str]


class FormProblem(ApiError):
    """A field that is refused; `said` is the reason in English, and the texts have one for each field.

    A page that does not show the problem with the field answers with a 400.
    """

    def __init__(self, field: str, said: str = "", *, status: int = 400) -> None:
        super().__init__(status, {"error": f"{field}: {said}" if said else field, "field": field})
        self.field = field
        self.said = said


@contextmanager
def refused() -> Iterator[None]:
    """Raise FormProblem for a field that a model or an action refuses; other errors pass."""
    try:
        yield
    except ValidationError as error:
        first = error.errors()[0]
        raise FormProblem(_name(first["loc"]), first["msg"].removeprefix("Value error, ")) from None
    except InvalidField as error:
        raise FormProblem(error.field, error.problem) from None
    except FormProblem:
        raise
    except ApiError as error:
        field = error.content.get("field")
        if not field:
            raise
        raise FormProblem(str(field), str(error.content.get("problem") or error.content["error"])) from None


def read(model: type[Model], values: Mapping[str, Any]) -> Model:
    """Returns the model of the values; raises FormProblem."""
    with refused():
        return model(**values)


def _name(place: tuple[int | str, ...]) -> str:
    """Returns the name of the field that an error is about; fields of a schedule have names of their own."""
    names = [part for part in place if isinstance(part, str)]
    return names[1] if names[:1] == ["schedule"] and len(names) > 1 else names[0] if names else ""


def filled(form: Form, *names: str) -> dict[str, str]:
    """Returns the fields that are not empty, without white space around them."""
    given = {name: form.get(name, "").strip() for name in names}
    return {name: value for name, value in given.items() if value}


def latin(value: str) -> str:
    """Returns a number as a program reads it, for a person who typed Persian or Arabic digits."""
    return digits.fa_to_en(digits.ar_to_fa(value)).strip()


def whole(value: str) -> int | str | None:
    """Returns a whole number, None for an empty field, and any other text as it is, for a model to refuse."""
    written = latin(value)
    if not written:
        return None
    return int(written) if written.isascii() and written.isdigit() and len(written) < 16 else written


def is_checked(form: Form, name: str) -> bool:
    """Returns whether a box is ticked."""
    return form.get(name, "") not in ("", "0")


def lines(value: str) -> list[str]:
    """Returns the entries of a field with one on each line, or with commas between them."""
    parts = value.replace("،", "\n").replace(",", "\n").splitlines()
    return [part.strip() for part in parts if part.strip()]
