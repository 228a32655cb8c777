"""Every error has one shape, is small, and says nothing of what was sent."""

import json
import logging
from typing import Annotated, Any

import pytest
from fastapi import Body, FastAPI, Query
from pydantic import BaseModel, ConfigDict
from starlette.testclient import TestClient

from app.settings import LIMITS
from app.web.errors import STATUS_ERRORS, ApiError, error_json, standard_error
from app.web.roles import Role, RoleRouter

SECRET = "never-to-be-seen-again"


class Lesson(BaseModel):
    model_config = ConfigDict(extra="forbid")
    epochs: Annotated[int, Query(ge=1, le=10)]
    name: str


router = RoleRouter(prefix="/api/test")


@router.get("/crash", role=Role.ANYONE)
def crash() -> None:
    raise ZeroDivisionError(SECRET)


@router.get("/refuse", role=Role.ANYONE)
def refuse() -> None:
    raise ApiError(409, "reserved_name", "This name is taken.", {"X-Reason": "name"})


@router.post("/lessons", role=Role.ANYONE)
def make_lessons(lessons: Annotated[list[Lesson], Body()], top: int = 1) -> int:
    return len(lessons)


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    app.router.routes.extend(router.routes)
    return TestClient(app, base_url="http://127.0.0.1:8000")


def post_json(client: TestClient, text: str | bytes) -> Any:
    return client.post(
        "/api/test/lessons", content=text, headers={"Content-Type": "application/json"}
    )


def error_of(answer: Any) -> dict[str, str]:
    body = answer.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message", "request_id"}
    assert body["error"]["request_id"] == answer.headers["x-request-id"]
    assert len(answer.content) <= LIMITS.error_bytes
    return dict(body["error"])


def test_an_error_of_our_own_keeps_code_message_and_headers(client: TestClient) -> None:
    answer = client.get("/api/test/refuse")
    assert answer.status_code == 409
    assert error_of(answer)["code"] == "reserved_name"
    assert answer.headers["x-reason"] == "name"


def test_an_unknown_address_is_404_in_the_one_shape(client: TestClient) -> None:
    answer = client.get(f"/api/{SECRET}")
    assert answer.status_code == 404
    assert error_of(answer)["code"] == "not_found"
    assert SECRET not in answer.text


def test_a_wrong_method_is_405_and_says_which_are_right(client: TestClient) -> None:
    answer = client.put("/healthz")
    assert answer.status_code == 405
    assert error_of(answer)["code"] == "method_not_allowed"
    assert answer.headers["allow"] == "GET"


def test_a_crash_answers_with_an_id_alone_and_is_logged_once(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "inkling"):
        answer = client.get("/api/test/crash")
    assert answer.status_code == 500
    error = error_of(answer)
    assert error["code"] == "internal_error"
    assert SECRET not in answer.text
    [record] = caplog.records
    line = json.loads(record.getMessage())
    assert line["request_id"] == error["request_id"]
    assert "ZeroDivisionError" in line["error"]
    assert "\n" not in record.getMessage()


@pytest.mark.parametrize(
    "text",
    [
        '[{"epochs": NaN, "name": "a"}]',
        '[{"epochs": 1e999, "name": "a"}]',
        '[{"epochs": -Infinity, "name": "a"}]',
        '[{"epochs": "\\ud800", "name": "\\ud800"}]',
        '[{"epochs": 0, "name": 1, "\\ud800": 1}]',
        '{"\\ud800": "\\ud800"}',
        f'[{{"epochs": "{SECRET}", "name": ["{SECRET}"], "{SECRET}": 1}}]',
        f'{{"{SECRET}": ',
        '"\\ud800"',
    ],
)
def test_a_wrong_body_is_422_and_never_comes_back(client: TestClient, text: str) -> None:
    answer = post_json(client, text)
    assert answer.status_code == 422
    assert error_of(answer)["code"] == "invalid_request"
    assert SECRET not in answer.text
    assert "ud800" not in answer.text


def test_a_wrong_field_is_named_with_its_rule(client: TestClient) -> None:
    message = error_of(post_json(client, '[{"epochs": 11, "name": "a"}]'))["message"]
    assert message == "body.0.epochs: Input should be less than or equal to 10"


def test_thousands_of_wrong_fields_make_a_small_answer(client: TestClient) -> None:
    answer = post_json(client, json.dumps([{"epochs": "x" * 9} for _ in range(2000)]))
    message = error_of(answer)["message"]
    assert message.count(";") == LIMITS.error_entries
    assert message.endswith("and 3990 more")


def test_broken_utf8_is_refused(client: TestClient) -> None:
    assert post_json(client, b'["\xff"]').status_code in (400, 422)


def test_a_wrong_query_is_named(client: TestClient) -> None:
    answer = client.get("/api/v1/models", params={"limit": SECRET})
    assert answer.status_code == 422
    assert "query.limit" in error_of(answer)["message"]
    assert SECRET not in answer.text


@pytest.mark.parametrize("status", STATUS_ERRORS)
def test_each_standard_error_says_what_to_do(status: int) -> None:
    error = standard_error(status)
    assert error.message.endswith(".")
    assert len(error.message) > 20


def test_a_status_without_a_sentence_has_its_common_name() -> None:
    error = standard_error(429)
    assert (error.code, error.message) == ("too_many_requests", "Too Many Requests.")


@pytest.mark.parametrize("letter", ["a", "\ud800", "\U0001f600", "\x00", '"'])
def test_a_long_message_is_cut_to_the_limit(letter: str) -> None:
    body = error_json(ApiError(400, "bad", letter * 100_000), "1")
    assert len(body) <= LIMITS.error_bytes
    assert json.loads(body)["error"]["message"].endswith("...")


def test_a_browser_that_opens_a_wrong_address_gets_a_page(client: TestClient) -> None:
    answer = client.get(f"/{SECRET}", headers={"Accept": "text/html,*/*;q=0.8"})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert 'href="/"' in answer.text
    assert SECRET not in answer.text


def test_the_api_answers_json_even_to_a_browser(client: TestClient) -> None:
    answer = client.get("/api/nothing", headers={"Accept": "text/html"})
    assert error_of(answer)["code"] == "not_found"
