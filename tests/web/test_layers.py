"""The shape of a network over REST."""

from typing import Any

import pytest
from starlette.testclient import TestClient


def shape(client: TestClient, network: str, **hyperparameters: Any) -> dict[str, Any]:
    body = {"dataset": "mnist", "hyperparameters": hyperparameters}
    answer = client.post(f"/api/v1/networks/{network}/layers", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_network_is_told_layer_by_layer(client: TestClient) -> None:
    found = shape(client, "mlp", hidden=[100], activation="sigmoid", epochs=3)
    assert found["refused"] is None
    assert found["input"] == [1, 28, 28]
    assert [(layer["kind"], layer["output"], layer["parameters"]) for layer in found["layers"]] == [
        ("flatten", [784], 0),
        ("fully_connected", [100], 78_500),
        ("sigmoid", [100], 0),
        ("fully_connected", [10], 1010),
    ]
    assert found["parameters"] == 79_510


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"blocks": [{"channels": 4}, {"channels": 4, "kernel": "x"}]}, "blocks.1.kernel"),
        ({"epochs": 0}, "epochs"),
        ({"hidden": [4096] * 16}, "hidden"),
        ({"depth": 3}, "depth"),
    ],
)
def test_what_cannot_work_is_an_answer_that_names_the_field(
    client: TestClient, wrong: dict[str, Any], field: str
) -> None:
    found = shape(client, "cnn", **wrong)
    assert found["refused"]["field"] == field
    assert found["refused"]["message"].endswith(".")
    assert found["layers"] == []
