"""Alive, and ready to predict, are two things."""

import re

from starlette.testclient import TestClient

from tests.conftest import HERE, MakeApp


def test_the_process_is_there_before_any_model_is(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


def test_a_server_that_has_not_loaded_its_model_is_not_ready(client: TestClient) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert answer.json()["error"]["code"] == "not_ready"


def test_a_started_server_becomes_ready(running_client: TestClient) -> None:
    assert running_client.get("/readyz").json() == {"status": "ok"}


def test_a_missing_default_model_is_said(make_app: MakeApp) -> None:
    with TestClient(make_app(default_model="nowhere"), base_url=HERE) as client:
        message = client.get("/readyz").json()["error"]["message"]
    assert message == "The default model is not there."


def test_metrics_count_the_pictures_that_were_predicted(running_client: TestClient) -> None:
    def pictures() -> int:
        found = re.findall(r'pictures="(\d+)"} (\d+)', running_client.get("/metrics").text)
        return sum(int(size) * int(count) for size, count in found)

    before = pictures()
    for _ in range(3):
        body = {"pixels": [[0, 9] * 14] * 28}
        running_client.post("/api/v1/models/small/predict", json=body).raise_for_status()
    assert pictures() == before + 3
    assert "inkling_models_bytes" in running_client.get("/metrics").text
