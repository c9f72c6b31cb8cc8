"""Bodies read by a model; what does not fit is a 400 that names the field."""

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from api.errors import invalid

Model = TypeVar("Model", bound=BaseModel)


def read_model(model: type[Model], body: dict[str, Any]) -> Model:
    try:
        return model.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise invalid(f"{field}: {first['msg']}", field=field, problem=first["msg"]) from None
