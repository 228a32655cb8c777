"""Schemathesis: whatever the OpenAPI document allows or forbids, no 5xx and no other shape."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from tests.conftest import HERE, LAN, TOKEN, save_small_model, wait_until_ready

CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
BOUNDED = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


schema = schemathesis.openapi.from_dict(create_app(Settings()).openapi())


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Someone of the class, without the token; the server is started and has a model."""
    folder = tmp_path_factory.mktemp("class")
    save_small_model(folder / "models", "small")
    listening = Settings(host="0.0.0.0", token=TOKEN, data_dir=folder, default_model="small")
    with TestClient(create_app(listening), base_url=LAN) as client:
        wait_until_ready(client)
        yield client


def send(client: TestClient, case: Case, address: str) -> Any:
    """The case, byte for byte, into the running app."""
    request = requests.Request(**case.as_transport_kwargs(base_url=address)).prepare()
    assert request.method and request.url
    body = request.body.encode() if isinstance(request.body, str) else request.body
    headers = {**request.headers, "Host": address.removeprefix("http://")}
    return client.request(request.method, request.url, content=body, headers=headers)


@schema.parametrize()
@BOUNDED
def test_the_api_keeps_its_word_to_the_teacher(case: Case, running_client: TestClient) -> None:
    case.validate_response(send(running_client, case, HERE), checks=CHECKS)


@schema.parametrize()
@BOUNDED
def test_the_api_keeps_its_word_to_a_stranger(case: Case, stranger: TestClient) -> None:
    case.validate_response(send(stranger, case, LAN), checks=CHECKS)


@schema.include(path_regex="reference").parametrize()
@BOUNDED
def test_the_api_keeps_its_word_on_a_model_that_is_there(
    case: Case, running_client: TestClient
) -> None:
    if case.method == "DELETE":  # schemathesis tries every method, and this one would work
        return
    case.path_parameters["reference"] = "small"
    answer = send(running_client, case, HERE)
    assert answer.status_code != 404
    case.validate_response(answer, checks=CHECKS)
