"""POST .../explain with reasons, and with a broken network."""

import base64
import io
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

STROKES = [[[20, 10], [80, 10], [40, 95]], [[35, 50], [75, 50]]]


def ask(client: TestClient, query: str, **beside: Any) -> Any:
    answer = post(client, query, **beside)
    assert answer.status_code == 200, answer.text
    return answer.json()


def post(client: TestClient, query: str, **beside: Any) -> Any:
    body = json.dumps({"strokes": STROKES, **beside})
    headers = {"Content-Type": "application/json"}
    return client.post(f"/api/v1/models/small/explain{query}", content=body, headers=headers)


def refusal(client: TestClient, query: str, **beside: Any) -> tuple[int, str]:
    answer = post(client, query, **beside)
    return answer.status_code, answer.json()["error"]["code"]


def greys(url: str) -> Any:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))), float)


def test_maps_are_those_of_the_network_at_the_pictures_pixels(running_client: TestClient) -> None:
    whole = ask(running_client, "?reasons=saliency,occlusion,gradcam&layers=false")
    reasons = whole["reasons"]
    assert reasons["of"] == whole["predictions"][0]["label"] and whole["layers"] == []
    assert reasons["gradcam"] is None  # an MLP has no feature maps
    for name in ("saliency", "occlusion"):
        assert greys(reasons[name]["picture"]).shape == (28, 28)
    saliency = reasons["saliency"]
    slopes = (greys(saliency["picture"]) - saliency["zero"]) / 127 * saliency["maximum"]
    row, column = np.unravel_index(np.abs(slopes).argmax(), slopes.shape)
    pixels = greys(whole["input"])
    step = -25 if pixels[row, column] > 200 else 25
    pixels[row, column] += step
    logits = []
    for picture in (greys(whole["input"]), pixels):
        body = json.dumps({"pixels": picture.tolist()})
        answer = running_client.post(
            "/api/v1/models/small/explain?layers=false",
            content=body, headers={"Content-Type": "application/json"},
        )  # fmt: skip
        logits.append(answer.json()["logits"][whole["predictions"][0]["index"]])
    rise = (logits[1] - logits[0]) / (step / 255)
    assert rise == pytest.approx(slopes[row, column], rel=0.15)  # ReLU bends within the step


def test_reasons_speak_of_the_class_that_is_asked_for(running_client: TestClient) -> None:
    first, second = (ask(running_client, f"?reasons=saliency&of={of}")["reasons"] for of in (3, 4))
    assert (first["of"], second["of"]) == ("3", "4") and first != second
    assert refusal(running_client, "?reasons=saliency&of=10") == (422, "not_there")


def test_a_change_is_shown_with_what_is_read_then(running_client: TestClient) -> None:
    whole = ask(running_client, "?reasons=change,pixels&pixels=3")
    for name, most in (("change", 12), ("pixels", 3)):
        change = whole["reasons"][name]
        assert 1 <= len(change["edits"]) <= most and change["tried"] > 0
        assert change["before"] == whole["predictions"][0]["label"]
        assert change["after"] == change["predictions"][0]["label"]
        assert change["reached"] == (change["after"] != change["before"])
        assert not np.array_equal(greys(change["picture"]), greys(whole["input"]))


def test_a_broken_network_answers_for_itself_and_the_model_stays_whole(
    running_client: TestClient,
) -> None:
    whole = ask(running_client, "")
    silent = ask(running_client, "", broken={"units": {"layers.2": [0, 1, 2, 3]}})
    assert silent["layers"][2]["values"] == [0, 0, 0, 0]
    assert silent["logits"] != whole["logits"]
    noisy = [ask(running_client, "", broken={"noise": 0.5, "seed": 3}) for _ in range(2)]
    assert noisy[0]["logits"] == noisy[1]["logits"] != whole["logits"]
    assert ask(running_client, "")["logits"] == whole["logits"]


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        ({"units": {"nowhere": [0]}}, "not_there"),
        ({"units": {"layers.2": [4]}}, "not_there"),
        ({"kernels": {"layers.2": [0]}}, "not_there"),
        ({"units": {"layers.2": [-1]}}, "out_of_range"),
        ({"noise": "much"}, "wrong_type"),
        ({"hammer": 1}, "unknown_key"),
        (7, "wrong_type"),
    ],
)
def test_what_cannot_be_broken_so_is_refused(
    running_client: TestClient, broken: Any, code: str
) -> None:
    assert refusal(running_client, "", broken=broken) == (422, code)


def test_unknown_reasons_are_refused_and_a_rejected_picture_has_none(
    running_client: TestClient,
) -> None:
    assert refusal(running_client, "?reasons=because") == (422, "invalid_request")
    body = json.dumps({"strokes": []})
    answer = running_client.post(
        "/api/v1/models/small/explain?reasons=saliency,neighbours",
        content=body, headers={"Content-Type": "application/json"},
    ).json()  # fmt: skip
    assert answer["rejected"]["code"] == "blank" and "reasons" not in answer


def test_predict_takes_nothing_broken(running_client: TestClient) -> None:
    body = json.dumps({"strokes": STROKES, "broken": {}})
    headers = {"Content-Type": "application/json"}
    answer = running_client.post("/api/v1/models/small/predict", content=body, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "unknown_key")


@pytest.mark.parametrize("path", ["map", "picture", "exciting?layer=layers.1"])
def test_without_the_datasets_files_it_is_said_what_to_do(
    running_client: TestClient, path: str
) -> None:
    answer = running_client.get(f"/api/v1/models/small/{path}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "no_dataset")
    assert "./run datasets download mnist" in answer.json()["error"]["message"]
    assert str(running_client.get("/api/v1/models/none/map").status_code) == "404"


def test_other_methods_than_these_are_405(running_client: TestClient) -> None:
    for verb in ("map", "picture", "exciting"):
        assert running_client.post(f"/api/v1/models/small/{verb}").status_code == 405
    assert running_client.get("/api/v1/models/small/resilience").status_code == 405
