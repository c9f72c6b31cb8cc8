"""The OpenAPI document is complete and describes our own error responses."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from api.openapi.build import REFUSED_WITHOUT
from tests.support.openapi.document import DOCUMENT

SCHEMAS = DOCUMENT["components"]["schemas"]


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


OPERATIONS = dict(operations())


def fitting(schema: dict[str, Any], example: object) -> None:
    """Raises if the example does not fit the schema."""
    where = {**schema, "components": DOCUMENT["components"]}
    jsonschema.validate(example, where, cls=jsonschema.Draft202012Validator)


def contents(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields the content of every request and response body, with its status or `body`."""
    content = {**operation["responses"], "body": operation.get("requestBody", {})}
    for name, response in content.items():
        for kind, content in response.get("content", {}).items():
            assert kind == "application/json"
            yield name, content


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_example_fits_its_schema(name: str) -> None:
    """All examples of all schemas."""
    for example in SCHEMAS[name].get("examples", ()):
        fitting(SCHEMAS[name], example)


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_body_has_a_schema_and_a_fitting_example(name: str) -> None:
    """Request bodies, responses and errors, in JSON."""
    for where, content in contents(OPERATIONS[name]):
        schema = SCHEMAS[content["schema"]["$ref"].rsplit("/", 1)[1]]
        assert "example" in content or schema["examples"], where
        if "example" in content:
            fitting(schema, content["example"])


@pytest.mark.parametrize("name", OPERATIONS)
def test_errors_have_one_shape(name: str) -> None:
    """`{"detail"}` with 401, `{"error"}` with all others, and never FastAPI's 422.

    OpenAI's protocol and UCP's have shapes of their own.
    """
    refused = [status for status in OPERATIONS[name]["responses"] if status[0] in "45"]
    assert "422" not in refused
    for status, content in contents(OPERATIONS[name]):
        if status in refused and name != "GET /readyz":
            shape = SCHEMAS[content["schema"]["$ref"].rsplit("/", 1)[1]]
            shown = content["example"] if "example" in content else shape["examples"][0]
            if "/ucp" in name and status == "400":
                assert shown["ucp"]["status"] == "error"
            elif "/vector_stores/" in name:
                assert set(shown["error"]) == {"message", "type", "param", "code"}
            else:
                assert ("detail" in shown, "error" in shown) == (status == "401", status != "401")


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_described(name: str) -> None:
    """It has a summary, a description and a tag with a description."""
    operation = OPERATIONS[name]
    assert operation["summary"]
    assert operation["description"]
    assert set(operation["tags"]) <= {tag["name"] for tag in DOCUMENT["tags"]}


@pytest.mark.parametrize("name", OPERATIONS)
def test_routes_with_a_token_list_its_errors(name: str) -> None:
    """401 and 429 for every kind of token, 403 for admins, 503 while Postgres is down."""
    responses = set(OPERATIONS[name]["responses"])
    for who in OPERATIONS[name].get("security", ()):
        for scheme in who:
            assert {str(status) for status in REFUSED_WITHOUT[scheme]} <= responses


def test_every_schema_is_valid_and_used() -> None:
    """No schema is left over."""
    for name, schema in SCHEMAS.items():
        jsonschema.Draft202012Validator.check_schema(schema)
        assert f'"#/components/schemas/{name}"' in json.dumps(DOCUMENT), name
