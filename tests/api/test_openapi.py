"""The API's document is complete, and nothing in it is FastAPI's own guess."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from api.app import create_app
from api.openapi.build import REFUSED_WITHOUT
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
def test_every_body_has_a_shape_and_a_true_example(name: str) -> None:
    """What is taken, what is answered and what is refused, in JSON."""
    for where, content in contents(OPERATIONS[name]):
        schema = SCHEMAS[content["schema"]["$ref"].rsplit("/", 1)[1]]
        assert "example" in content or schema["examples"], where
        if "example" in content:
            fitting(schema, content["example"])


@pytest.mark.parametrize("name", OPERATIONS)
def test_refusals_have_one_shape(name: str) -> None:
    """`{"detail"}` with 401, `{"error"}` with all others, and never FastAPI's 422."""
    refused = [status for status in OPERATIONS[name]["responses"] if status[0] in "45"]
    assert "422" not in refused
    for status, content in contents(OPERATIONS[name]):
        if status in refused and name != "GET /readyz":
            shape = SCHEMAS[content["schema"]["$ref"].rsplit("/", 1)[1]]
            shown = content["example"] if "example" in content else shape["examples"][0]
            assert ("detail" in shown, "error" in shown) == (
                status == "401",
                status != "401",
            )


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_says_what_it_is(name: str) -> None:
    """A summary, a description and a group that is described as well."""
    operation = OPERATIONS[name]
    assert operation["summary"]
    assert operation["description"]
    assert set(operation["tags"]) <= {tag["name"] for tag in DOCUMENT["tags"]}


@pytest.mark.parametrize("name", OPERATIONS)
def test_whoever_must_say_who_they_are_may_be_refused(name: str) -> None:
    """401 with every token, 403 where only admins may, 429 where tokens are counted, 503 without Postgres."""
    responses = set(OPERATIONS[name]["responses"])
    for who in OPERATIONS[name].get("security", ()):
        (scheme,) = who
        assert {str(status) for status in REFUSED_WITHOUT[scheme]} <= responses


def test_every_schema_is_one() -> None:
    """And each is used."""
    for name, schema in SCHEMAS.items():
        jsonschema.Draft202012Validator.check_schema(schema)
        assert f'"#/components/schemas/{name}"' in json.dumps(DOCUMENT), name
