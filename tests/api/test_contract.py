"""The app has the routes of the contract, and no other."""

import pytest

from api.app import create_app
from api.openapi.build import Service
from settings import Settings
from tests.support.environment import SECRET_KEY
from tests.support.openapi.contract import CONTRACT, Route, generic, routes_of
from tests.support.system import System

SECURITY: dict[str, list[dict[str, list[str]]]] = {
    "anyone": [],
    "token": [{"integrationToken": []}],
    "user": [{"session": []}],
    "admin": [{"adminSession": []}],
    "owner or admin": [{"session": []}],
    "user or token": [{"integrationToken": []}, {"session": []}],
    "owner, admin or token": [{"integrationToken": []}, {"session": []}],
    "signed": [],
    "public or token": [{"integrationToken": []}, {}],
}


@pytest.fixture(scope="module")
def app() -> Service:
    return create_app(Settings.model_validate({"secret_key": SECRET_KEY}))


def test_every_route_of_the_contract_is_there_and_no_other(app: Service) -> None:
    """Missing and unexpected routes fail here."""
    assert routes_of(app) == {(route.method, route.path) for route in CONTRACT}


@pytest.mark.parametrize("route", CONTRACT, ids=str)
def test_the_document_names_the_token_of_every_route(app: Service, route: Route) -> None:
    """An integration token, a session, an admin session, or none; the document does not list itself."""
    operations = {
        (method.upper(), generic(path)): operation
        for path, methods in app.openapi()["paths"].items()
        for method, operation in methods.items()
    }
    if route.path.startswith("/docs") or route.path in ("/openapi.json", "/metrics"):
        assert (route.method, route.path) not in operations
    else:
        assert operations[route.method, route.path].get("security", []) == SECURITY[route.who]


@pytest.mark.parametrize("route", CONTRACT, ids=str)
async def test_every_path_answers_with_and_without_its_slash(system: System, route: Route) -> None:
    """Never with a redirect, which would turn a POST into a GET."""
    bare = route.at(1).rstrip("/")
    answers = [await system.http.request(route.method, path) for path in (bare, f"{bare}/")]
    first, second = answers
    assert first.status_code == second.status_code
    assert first.status_code not in (301, 302, 303, 307, 308, 405)
    assert first.content != b'{"error":"Not Found"}'
    assert first.content == second.content or route.who == "anyone"
