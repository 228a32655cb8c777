"""Schemathesis: whatever the OpenAPI document allows or forbids, no 5xx and no other shape."""

import time
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
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


schemathesis.serializer.alias("application/zip", "application/octet-stream")
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


@schema.include(path_regex=r"reference}(?!.*{tensor)").parametrize()
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


@pytest.fixture(scope="session")
def failed_run(running_client: TestClient) -> str:
    """One whose dataset is not there; its id."""
    body = {"dataset": "mnist", "network": "mlp"}
    run: str = running_client.post("/api/v1/runs", json=body).json()["id"]
    deadline = time.monotonic() + 60
    while (found := running_client.get(f"/api/v1/runs/{run}").json())["state"] != "failed":
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
    return run


@schema.include(path_regex="runs/{identifier}", method="GET").parametrize()
@BOUNDED
def test_the_api_keeps_its_word_on_a_run_that_is_there(
    case: Case, running_client: TestClient, failed_run: str
) -> None:
    if case.method != "GET":  # schemathesis tries every method, and some would change it
        return
    case.path_parameters["identifier"] = failed_run
    case.validate_response(send(running_client, case, HERE), checks=CHECKS)
