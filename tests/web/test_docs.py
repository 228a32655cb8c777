"""/docs and /openapi.json say what is so."""

import re
import shlex
from html import unescape

import pytest
from fastapi import FastAPI
from markupsafe import escape
from starlette.testclient import TestClient

from app.web.docs import make_sections, rule_of
from app.web.pages import marked
from app.web.roles import RoleRoute
from tests.conftest import TOKEN, MakeApp


@pytest.fixture
def docs_page(client: TestClient) -> str:
    return client.get("/docs").text


def test_every_route_of_the_api_is_on_the_page(app: FastAPI, docs_page: str) -> None:
    for route in app.routes:
        if isinstance(route, RoleRoute) and not route.page:
            assert f"<code>{route.path_format}</code>" in docs_page
            assert escape(str(route.summary)) in docs_page
            assert f"For {route.role.name.lower()}" in docs_page


def test_every_route_has_a_command_to_copy(app: FastAPI) -> None:
    for section in make_sections(app.openapi(), app.state.settings):
        for route in section.routes:
            assert route.calls, route.path
            for call in route.calls:
                words = shlex.split(call.curl)
                assert words[0] == "curl"
                assert "{" not in words[-1]


def test_commands_without_a_body_work_as_they_stand(
    app: FastAPI, running_client: TestClient
) -> None:
    for section in make_sections(app.openapi(), app.state.settings):
        for route in section.routes:
            address = shlex.split(route.calls[0].curl)[-1]
            if route.method == "GET" and address.startswith("http://127.0.0.1:8000/"):
                assert running_client.get(address).status_code in (200, 404, 409, 503), address


def test_every_tag_and_every_parameter_is_told_in_words(app: FastAPI) -> None:
    for section in make_sections(app.openapi(), app.state.settings):
        assert section.description.endswith(".")
        assert section.routes, section.name
        for route in section.routes:
            for parameter in route.parameters:
                assert parameter.description, (route.path, parameter.name)


def test_every_answer_of_the_api_has_a_schema_or_no_body(app: FastAPI) -> None:
    for path, item in app.openapi()["paths"].items():
        for method, operation in item.items():
            assert "default" in operation["responses"], (method, path)
            for status, answer in operation["responses"].items():
                if status == "200":
                    assert answer["content"], (method, path)


def test_teacher_routes_show_the_token_where_one_is_needed(make_app: MakeApp) -> None:
    app = make_app(host="0.0.0.0", token=TOKEN)
    page = unescape(TestClient(app, base_url="http://127.0.0.1:8000").get("/docs").text)
    assert '-H "Authorization: Bearer $INKLING_TOKEN"' in page
    assert TOKEN not in page


def test_the_openapi_document_is_served_and_names_roles(client: TestClient) -> None:
    document = client.get("/openapi.json")
    assert document.headers["content-type"] == "application/json"
    delete = document.json()["paths"]["/api/v1/models/{name}"]["delete"]
    assert delete["x-role"] == "teacher"


def test_the_frameworks_own_pages_are_off(client: TestClient) -> None:
    assert client.get("/redoc").status_code == 404
    assert "swagger" not in client.get("/docs").text.lower()


def test_anchors_on_the_page_lead_somewhere(docs_page: str) -> None:
    targets = set(re.findall(r'id="([^"]+)"', docs_page))
    links = re.findall(r'href="#([^"]+)"', docs_page)
    assert len(links) > 5
    assert set(links) <= targets


def test_words_in_backticks_become_code_and_the_rest_stays_text() -> None:
    assert marked("<b> is `<i>` not `") == "&lt;b&gt; is <code>&lt;i&gt;</code> not `"


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 9}, "integer, 1 to 9"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "string"),
        ({"enum": [1, 3]}, "one of 1, 3"),
        ({}, "any"),
    ],
)
def test_a_schema_is_said_in_words(schema: dict[str, object], words: str) -> None:
    assert rule_of(schema) == words
