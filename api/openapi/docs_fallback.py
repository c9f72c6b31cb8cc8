"""The OpenAPI document as plain HTML: what `/docs` shows until Swagger UI has loaded, or without a script."""

from collections.abc import Iterator
from html import escape
from typing import Any

import orjson

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
summary { cursor: pointer; padding: .3rem 0; }
summary b { display: inline-block; min-width: 4.5rem; }
details > :not(summary) { margin-left: 1.2rem; }
pre { background: #8881; padding: .8rem; overflow-x: auto; }
td, th { text-align: left; padding: .2rem .8rem .2rem 0; }
"""


def _pretty(value: object) -> str:
    return f"<pre>{escape(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())}</pre>"


def _parameters(rows: list[dict[str, Any]]) -> Iterator[str]:
    yield "<table><tr><th>parameter<th>in<th>required<th>schema"
    for row in rows:
        schema = escape(orjson.dumps(row.get("schema", {})).decode())
        required = "yes" if row.get("required") else "no"
        yield f"<tr><td><code>{escape(row['name'])}</code><td>{escape(row['in'])}<td>{required}"
        yield f"<td><code>{schema}</code>"
    yield "</table>"


def _operation(method: str, path: str, operation: dict[str, Any]) -> Iterator[str]:
    yield f"<details><summary><b>{escape(method.upper())}</b><code>{escape(path)}</code> "
    yield f"{escape(operation.get('summary', ''))}</summary>"
    yield f"<p>{escape(operation.get('description', ''))}</p>"
    if operation.get("parameters"):
        yield from _parameters(operation["parameters"])
    if "requestBody" in operation:
        yield f"<p>Body</p>{_pretty(operation['requestBody'].get('content', {}))}"
    for status, response in operation.get("responses", {}).items():
        yield f"<p>{escape(status)}: {escape(response.get('description', ''))}</p>"
        if response.get("content"):
            yield _pretty(response["content"])
    yield "</details>"


def reference(document: dict[str, Any]) -> str:
    """Returns the operations and schemas of an OpenAPI document as HTML, without `<html>` and `<body>`."""
    parts = [
        f"<h1>{escape(document['info']['title'])} {escape(document['info']['version'])}</h1>",
        '<p>For tools: <a href="/openapi.json">openapi.json</a></p>',
    ]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            parts.extend(_operation(method, path, operation))
    for name, schema in document["components"]["schemas"].items():
        parts.append(f"<details><summary><code>{escape(name)}</code></summary>{_pretty(schema)}</details>")
    return "\n".join(parts)
