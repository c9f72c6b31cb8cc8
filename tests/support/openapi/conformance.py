"""Compares every response in the tests with the OpenAPI document."""

import re
from functools import cached_property
from typing import Any

import httpx2
from jsonschema import Draft202012Validator

from api.openapi.build import Service


class Conformance:
    """Called with each response; fails if its status or the shape of its body is not documented."""

    def __init__(self, app: Service) -> None:
        self._app = app

    @cached_property
    def _operations(self) -> list[tuple[re.Pattern[str], dict[str, Any]]]:
        paths: dict[str, dict[str, Any]] = self._app.openapi()["paths"]
        exact_first = sorted(paths.items(), key=lambda item: "{" in item[0])
        return [
            (re.compile(re.sub(r"\\\{[^}]*\\\}", "[0-9]+", re.escape(path.rstrip("/"))) + "/*"), methods)
            for path, methods in exact_first
        ]

    @cached_property
    def _validators(self) -> dict[str, Draft202012Validator]:
        components = self._app.openapi()["components"]
        return {
            name: Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": components})
            for name in components["schemas"]
        }

    def _operation(self, request: httpx2.Request) -> dict[str, Any] | None:
        path = request.url.path
        methods = next((methods for pattern, methods in self._operations if pattern.fullmatch(path)), {})
        operation: dict[str, Any] | None = methods.get(request.method.lower())
        return operation

    async def __call__(self, response: httpx2.Response) -> None:
        operation = self._operation(response.request)
        if operation is None:
            return
        documented = operation["responses"].get(str(response.status_code))
        where = f"{response.status_code} of {response.request.method} {response.request.url.path}"
        assert documented is not None, f"{where} is not documented"
        for name in documented.get("headers", ()):
            assert name in response.headers, f"{where} has no {name}"
        for content in documented.get("content", {}).values():
            await response.aread()
            name = content["schema"]["$ref"].rsplit("/", 1)[1]
            problems = [error.message for error in self._validators[name].iter_errors(response.json())]
            content = response.json()
            if isinstance(content, dict) and "message" in content:
                assert response.headers["content-language"] in ("fa", "en"), where
                assert "Accept-Language" in response.headers["vary"], where
            assert not problems, f"{where} is no {name}: {problems}"
