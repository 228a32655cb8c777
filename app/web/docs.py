"""/openapi.json, and /docs: our own page made from it, without a script."""

import json
import shlex
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from app.settings import Settings
from app.web.errors import STATUS_ERRORS
from app.web.pages import render
from app.web.roles import Role, RoleRouter
from app.web.security import EVERY_ADDRESS, bracketed

router = RoleRouter()

DESCRIPTION = (
    "Send a picture of a digit and get what a network reads in it. "
    "Answers are JSON, and so are errors."
)
TAGS = [
    {"name": "predict", "description": "A picture, strokes or pixels in, labels out."},
    {"name": "models", "description": "The networks that can predict, and their cards."},
    {
        "name": "my-digits",
        "description": "Pictures that you kept with their right label: yours to see, download and "
        "delete. They belong to you by a cookie, to the teacher by the token.",
    },
    {"name": "datasets", "description": "What networks learn from here, to look at."},
    {"name": "runs", "description": "Trainings on this server: start, watch, steer, publish."},
    {"name": "health", "description": "For scripts that start and watch the server."},
]
METHODS = ("get", "post", "put", "patch", "delete")
Operation = dict[str, Any]  # as OpenAPI has it


@dataclass(frozen=True)
class Call:
    """One way to use a route, as a command to copy."""

    title: str
    curl: str


@dataclass(frozen=True)
class Parameter:
    name: str
    place: str  # path or query
    rule: str
    default: str
    description: str


@dataclass(frozen=True)
class Answer:
    status: str
    description: str
    example: str


@dataclass(frozen=True)
class RouteDoc:
    """A route as the page shows it."""

    method: str
    path: str
    anchor: str
    role: str
    summary: str
    description: str
    parameters: list[Parameter]
    calls: list[Call]
    answers: list[Answer]


@dataclass(frozen=True)
class Section:
    name: str
    description: str
    routes: list[RouteDoc]


@router.page("/docs", role=Role.ANYONE)
def show_docs(request: Request) -> HTMLResponse:
    openapi = request.app.openapi()
    sections = make_sections(openapi, request.app.state.settings)
    errors = [(status, *error) for status, error in STATUS_ERRORS.items()]
    description = openapi["info"]["description"]
    return render(request, "docs.html", description=description, sections=sections, errors=errors)


@router.page("/openapi.json", role=Role.ANYONE)
def show_openapi(request: Request) -> Response:
    return Response(json.dumps(request.app.openapi()), media_type="application/json")


def make_sections(openapi: dict[str, Any], settings: Settings) -> list[Section]:
    """Every route of the OpenAPI document, under its first tag."""
    sections = {tag["name"]: Section(**tag, routes=[]) for tag in openapi["tags"]}
    for path, item in openapi["paths"].items():
        for method in METHODS:
            if method in item:
                operation = item[method]
                route = describe(method, path, operation, settings)
                sections[operation["tags"][0]].routes.append(route)
    return list(sections.values())


def describe(method: str, path: str, operation: Operation, settings: Settings) -> RouteDoc:
    return RouteDoc(
        method=method.upper(),
        path=path,
        anchor=operation["operationId"],
        role=operation["x-role"],
        summary=operation["summary"],
        description=operation.get("description", ""),
        parameters=[_parameter(parameter) for parameter in operation.get("parameters", [])],
        calls=[
            Call(title, curl(method, path, operation, settings, body))
            for title, body in body_options(operation)
        ],
        answers=[_answer(status, answer) for status, answer in operation["responses"].items()],
    )


def _parameter(parameter: dict[str, Any]) -> Parameter:
    schema = parameter["schema"]
    return Parameter(
        name=parameter["name"],
        place=parameter["in"],
        rule=rule_of(schema),
        default=json.dumps(schema["default"]) if "default" in schema else "",
        description=parameter.get("description", ""),
    )


def rule_of(schema: dict[str, Any]) -> str:
    """A schema in words: `integer, 1 to 100`."""
    choices = [choice for choice in schema.get("anyOf", []) if choice.get("type") != "null"]
    schema = choices[0] if choices else schema
    if "enum" in schema:
        return "one of " + ", ".join(map(str, schema["enum"]))
    kind = str(schema.get("type", "any"))
    if "minimum" in schema and "maximum" in schema:
        return f"{kind}, {schema['minimum']} to {schema['maximum']}"
    return kind


def _answer(status: str, answer: dict[str, Any]) -> Answer:
    content = answer.get("content", {}).get("application/json", {})
    example = content.get("example")
    text = "" if example is None else json.dumps(example, indent=2, ensure_ascii=False)
    return Answer(status.replace("default", "other"), answer["description"], text)


def body_options(operation: Operation) -> list[tuple[str, list[str]]]:
    """(title, curl options) for each form of body that a route takes; one without any if none."""
    content = operation.get("requestBody", {}).get("content")
    if content is None:
        return [("Try it", [])]
    options: list[tuple[str, list[str]]] = []
    for media_type, body in content.items():
        options += _options_of(media_type, body.get("examples", {}))
    return options


def _options_of(media_type: str, examples: dict[str, Any]) -> list[tuple[str, list[str]]]:
    if media_type == "application/json":
        return [
            (example.get("summary", name), _json_options(example["value"]))
            for name, example in examples.items()
        ]
    if media_type == "multipart/form-data":
        return [("Several pictures in a form", ["-F", "file=@one.png", "-F", "file=@two.png"])]
    kind = media_type.replace("*", "png")
    options = ["-H", f"Content-Type: {kind}", "--data-binary", f"@digit.{kind.split('/')[1]}"]
    return [(f"The bytes of a picture ({media_type})", options)]


def _json_options(value: object) -> list[str]:
    return ["-H", "Content-Type: application/json", "-d", json.dumps(value)]


def curl(
    method: str, path: str, operation: Operation, settings: Settings, options: list[str]
) -> str:
    """A command that works as it stands, once the files it names are there."""
    words = ["curl", *options]
    if method not in ("get", "post") or (method == "post" and not options):
        words += ["-X", method.upper()]
    if path.endswith("/download"):
        words.append("-OJ")
    line = shlex.join([*words, origin(settings) + _filled(path, operation)])
    needs_token = settings.token is not None and operation["x-role"] != Role.ANYONE.name.lower()
    return line + (' -H "Authorization: Bearer $INKLING_TOKEN"' if needs_token else "")


def origin(settings: Settings) -> str:
    host = "127.0.0.1" if settings.host in EVERY_ADDRESS else bracketed(settings.host)
    return f"http://{host}:{settings.port}"


def _filled(path: str, operation: Operation) -> str:
    """The path with each parameter's example in its place, and the query that it needs."""
    query = {}
    for parameter in operation.get("parameters", []):
        name = parameter["name"]
        example = parameter["schema"].get("examples", [name])[0]
        if parameter["in"] == "path":
            path = path.replace("{" + name + "}", example)
        elif parameter.get("required"):
            query[name] = example
    return f"{path}?{urlencode(query, safe=':,')}" if query else path
