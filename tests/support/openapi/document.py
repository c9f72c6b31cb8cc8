"""The request bodies of the OpenAPI document, as valid requests for tests."""

from typing import Any

from api.app import create_app
from settings import Settings
from tests.support.environment import SECRET_KEY
from tests.support.openapi.contract import Route, generic

DOCUMENT = create_app(Settings.model_validate({"secret_key": SECRET_KEY})).openapi()

BODIES: dict[tuple[str, str], str] = {
    (method.upper(), generic(path)): operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
    if "requestBody" in operation
}


def takes_a_body(route: Route) -> bool:
    return (route.method, route.path) in BODIES


def example(route: Route) -> dict[str, Any] | None:
    """Returns the example of a route's body; None without a body."""
    if not takes_a_body(route):
        return None
    name = BODIES[route.method, route.path].rsplit("/", 1)[1]
    shown: dict[str, Any] = DOCUMENT["components"]["schemas"][name]["examples"][0]
    return shown
