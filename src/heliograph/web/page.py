"""The description of the API as one page for people: no script, nothing from any other host.

It is made of the OpenAPI document itself, so that what it shows is what the application answers by.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any, Final

CONTENT_TYPE: Final = "text/html; charset=utf-8"
# The browser itself sees to it that nothing is fetched and nothing runs.
HEADERS: Final = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"}
_STYLE: Final = """
:root { color-scheme: light dark; --line: #8886; --soft: #8881; --mark: #06c; }
@media (prefers-color-scheme: dark) { :root { --mark: #6bf; } }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 62rem; padding: 1.5rem; }
code { font: 0.9em ui-monospace, monospace; }
details { border: 1px solid var(--line); border-radius: 6px; margin: 0.5rem 0; padding: 0.4rem 0.8rem; }
summary { cursor: pointer; }
summary b { display: inline-block; min-width: 5em; color: var(--mark); }
summary span { opacity: 0.75; margin-left: 0.8em; }
table { border-collapse: collapse; width: 100%; margin: 0.4rem 0 0.8rem; }
td, th { border-bottom: 1px solid var(--line); padding: 0.25rem 0.6rem 0.25rem 0; text-align: left; }
td, th { vertical-align: top; }
h2 { margin-top: 2rem; } h3 { margin: 0.9rem 0 0.2rem; font-size: 1rem; }
:target { background: var(--soft); }
"""
Node = dict[str, Any]


def render(document: Node) -> bytes:
    """The whole page, UTF-8. `document` is OpenAPI 3.1 in plain values."""
    info = document["info"]
    pieces = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(info['title'])} API</title><style>{_STYLE}</style></head><body>",
        f"<h1>{escape(info['title'])} API <small>{escape(info['version'])}</small></h1>",
        '<p>The same as a document for programs: <a href="/openapi.json">/openapi.json</a>.</p>',
        "<p>A key of <code>heliograph key create</code> goes into the header <code>Authorization: App KEY</code>.</p>",
        "<h2>Endpoints</h2>",
        *_endpoints(document["paths"]),
        "<h2>Shapes</h2>",
        *_shapes(document["components"]["schemas"]),
        "</body></html>",
    ]
    return "".join(pieces).encode()


def _endpoints(paths: dict[str, dict[str, Node]]) -> Iterator[str]:
    for path, methods in paths.items():
        for method, operation in methods.items():
            yield f"<details><summary><b>{method.upper()}</b><code>{escape(path)}</code>"
            yield f"<span>{escape(operation['summary'])}</span></summary>"
            yield f"<p>{escape(operation.get('description', ''))}</p>" if operation.get("description") else ""
            yield from _parameters(operation.get("parameters", []))
            body = operation.get("requestBody")
            yield f"<h3>Body</h3><p>{_media(body)}</p>" if body else ""
            yield "<h3>Answers</h3><table>"
            for status, answer in operation["responses"].items():
                yield f"<tr><td><code>{status}</code></td><td>{escape(answer['description'])}</td>"
                yield f"<td>{_media(answer)}</td></tr>"
            yield "</table></details>"


def _parameters(parameters: list[Node]) -> Iterator[str]:
    if not parameters:
        return
    yield "<h3>Parameters</h3><table>"
    for row in parameters:
        must = " <em>required</em>" if row.get("required") else ""
        yield f"<tr><td><code>{escape(row['name'])}</code>{must}</td><td>{row['in']}</td>"
        yield f"<td>{_type(row['schema'])}</td><td>{escape(row.get('description', ''))}</td></tr>"
    yield "</table>"


def _media(body: Node) -> str:
    """What a body may be written in, and its shape."""
    content = body.get("content", {})
    shapes = {_type(one["schema"]) for one in content.values() if "schema" in one}
    return " ".join([*sorted(shapes), *(f"<code>{escape(media)}</code>" for media in content)])


def _shapes(schemas: dict[str, Node]) -> Iterator[str]:
    for name, schema in schemas.items():
        yield f'<details open id="{escape(name)}"><summary><code>{escape(name)}</code>'
        yield f"<span>{escape(schema.get('description', ''))}</span></summary><table>"
        required = schema.get("required", [])
        for field, type_ in schema.get("properties", {}).items():
            must = " <em>required</em>" if field in required else ""
            yield f"<tr><td><code>{escape(field)}</code>{must}</td><td>{_type(type_)}</td>"
            yield f"<td>{escape(type_.get('description', ''))}</td></tr>"
        yield "</table></details>"


def _type(schema: Node) -> str:
    """A type in a word or two; a shape is a link to where it stands."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"] if one != {"type": "null"})
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}"
    words = [str(schema.get("format") or schema.get("type", "anything"))]
    if "enum" in schema:
        words.append("one of " + ", ".join(map(str, schema["enum"])))
    if "minimum" in schema or "maximum" in schema:
        words.append(f"{schema.get('minimum', '')} to {schema.get('maximum', '')}")
    if schema.get("default") is not None:
        words.append(f"{schema['default']} when absent")
    return escape(", ".join(words))
