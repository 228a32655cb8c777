"""Schemathesis: whatever the OpenAPI document allows or forbids, no 5xx and no undocumented shape."""

from typing import Any

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
from tests.conftest import HERE, LAN

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


def send(client: TestClient, case: Case, address: str) -> Any:
    """The case, byte for byte, into the running app."""
    request = requests.Request(**case.as_transport_kwargs(base_url=address)).prepare()
    assert request.method and request.url
    body = request.body.encode() if isinstance(request.body, str) else request.body
    headers = {**request.headers, "Host": address.removeprefix("http://")}
    r = client.request(request.method, request.url, content=body, headers=headers)
    open('/tmp/c1/log','a').write(f'{r.status_code} {request.method} {request.url[:90]} {headers.get("Content-Type")} {r.text[:110]!r}\n')
    return r


@schema.parametrize()
@BOUNDED
def test_the_api_keeps_its_word_to_the_teacher(case: Case, running_client: TestClient) -> None:
    case.validate_response(send(running_client, case, HERE), checks=CHECKS)


@schema.parametrize()
@BOUNDED
def test_the_api_keeps_its_word_to_a_stranger(case: Case, running_client: TestClient) -> None:
    case.validate_response(send(running_client, case, LAN), checks=CHECKS)


@schema.include(path_regex="reference").parametrize()
@BOUNDED
def test_the_api_keeps_its_word_on_a_model_that_is_there(
    case: Case, running_client: TestClient
) -> None:
    case.path_parameters["reference"] = "small"
    answer = send(running_client, case, HERE)
    assert answer.status_code != 404
    case.validate_response(answer, checks=CHECKS)
