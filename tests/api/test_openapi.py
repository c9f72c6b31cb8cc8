"""The API's document is complete, and nothing in it is FastAPI's own guess."""

from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from api.app import create_app
from settings import Settings
from tests.conftest import SECRET_KEY

DOCUMENT = create_app(Settings.model_validate({"secret_key": SECRET_KEY})).openapi()
SCHEMAS = DOCUMENT["components"]["schemas"]


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


OPERATIONS = dict(operations())


def fitting(schema: dict[str, Any], example: object) -> None:
    """Raises where the example is not what the schema says."""
    where = {**schema, "components": DOCUMENT["components"]}
    jsonschema.validate(example, where, cls=jsonschema.Draft202012Validator)


def contents(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every body an operation takes or gives: status or `body` -> its content."""
    told = {**operation["responses"], "body": operation.get("requestBody", {})}
    for name, response in told.items():
        for kind, content in response.get("content", {}).items():
            assert kind == "application/json"
            yield name, content


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_example_is_true(name: str) -> None:
    """It fits the schema it stands in."""
    for example in SCHEMAS[name].get("examples", ()):
        fitting(SCHEMAS[name], example)


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_refusal_has_a_shape_and_a_true_example(name: str) -> None:
    """`{"detail"}` with 401, `{"error"}` with all others, and never FastAPI's 422."""
    operation = OPERATIONS[name]
    refused = {status: content for status, content in contents(operation) if status[0] in "45"}
    assert "422" not in refused
    for status, content in refused.items():
        fitting(content["schema"], content["example"])
        assert ("detail" in content["example"]) == (status == "401"), status
