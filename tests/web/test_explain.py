"""POST .../explain: what happens in each layer, for a picture in any form."""

import io
import json
from base64 import b64decode, b64encode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from app.ml.checkpoints import ModelEntry
from app.ml.glass import DETAIL, OVERVIEW
from app.web.glass import MOST_WAITING
from tests.web.hostile import SEEDS

STROKES = [[[20, 10], [80, 10], [40, 95]], [[35, 50], [75, 50]]]
DRAWING = json.dumps({"strokes": STROKES}).encode()


def post(client: TestClient, query: str = "", content: bytes = DRAWING, **more: str) -> Any:
    kind = more.get("kind", "application/json")
    address = f"/api/v1/models/{more.get('model', 'small')}/explain{query}"
    return client.post(address, content=content, headers={"Content-Type": kind})


def ask(client: TestClient, query: str = "", content: bytes = DRAWING, **more: str) -> Any:
    answer = post(client, query, content, **more)
    assert answer.status_code == 200, answer.text
    return answer.json()


def refusal(client: TestClient, query: str, content: bytes = DRAWING, **more: str) -> Any:
    answer = post(client, query, content, **more)
    assert answer.status_code >= 400
    return answer.status_code, answer.json()["error"]["code"]


def test_each_layer_is_told_from_the_input_to_the_logits(running_client: TestClient) -> None:
    answer = ask(running_client)
    assert answer["model"] == "small" and answer["rejected"] is None
    layers = answer["layers"]
    assert [layer["name"] for layer in layers] == [f"layers.{i}" for i in range(4)]
    assert [layer["kind"] for layer in layers] == ["Flatten", "Linear", "ReLU", "Linear"]
    assert [layer["shape"] for layer in layers] == [[784], [4], [4], [10]]
    assert [layer["parameters"] for layer in layers] == [0, 3140, 0, 50]
    assert layers[-1]["title"] == "Logits" and layers[-1]["values"] == answer["logits"]
    assert not any("detail" in layer for layer in layers) and "unit" not in answer


def test_logits_and_predictions_are_one_softmax_and_those_of_predict(
    running_client: TestClient,
) -> None:
    answer = ask(running_client)
    powers = np.exp(np.array(answer["logits"]) - max(answer["logits"]))
    shares = {each["index"]: each["probability"] for each in answer["predictions"]}
    assert list(powers / powers.sum()) == pytest.approx([shares[i] for i in range(10)], rel=1e-4)
    assert list(shares.values()) == sorted(shares.values(), reverse=True)
    headers = {"Content-Type": "application/json"}
    path = "/api/v1/models/small/predict?top_k=10"
    predicted = running_client.post(path, content=DRAWING, headers=headers).json()
    assert predicted["input"] == answer["input"]
    for one, other in zip(predicted["predictions"], answer["predictions"], strict=True):
        assert one["label"] == other["label"]
        assert one["probability"] == pytest.approx(other["probability"], abs=1e-5)


def test_every_form_of_one_picture_is_taken(running_client: TestClient) -> None:
    expected = ask(running_client, content=SEEDS["PNG"], kind="image/png")
    text = b64encode(SEEDS["PNG"]).decode()
    pixels = np.asarray(Image.open(io.BytesIO(b64decode(expected["input"].split(",")[1]))))
    for body in ({"image": text}, {"pixels": pixels.tolist()}):
        answer = ask(running_client, content=json.dumps(body).encode())
        assert answer["logits"] == pytest.approx(expected["logits"], rel=1e-4)
    raw = ask(running_client, content=SEEDS["GIF"], kind="application/octet-stream")
    assert raw["input"] == expected["input"]


def test_a_rejected_picture_has_a_reason_and_no_layers(running_client: TestClient) -> None:
    answer = ask(running_client, content=b'{"strokes": []}')
    assert answer["rejected"]["code"] == "blank"
    assert answer["layers"] == answer["predictions"] == answer["logits"] == []


def test_one_layer_comes_in_detail_alone_or_among_all(running_client: TestClient) -> None:
    among = ask(running_client, "?layer=layers.1")["layers"]
    (alone,) = ask(running_client, "?layer=layers.1&layers=false")["layers"]
    assert len(among) == 4 and among[1] == alone
    assert alone["detail"]["weights"]["kind"] == "rows"
    assert alone["detail"]["weights"]["shape"] == [4, 784]
    assert len(alone["detail"]["numbers"]["bias"]) == 4
    assert sum(alone["detail"]["outputs"]["counts"]) == 4
    sheet = np.asarray(Image.open(io.BytesIO(b64decode(sheet_of(alone["detail"]["weights"])))))
    assert sheet.shape == (28, 4 * 28)


def sheet_of(fields: dict[str, Any]) -> str:
    return str(fields["picture"]).removeprefix("data:image/png;base64,")


def test_a_unit_comes_with_its_formula(running_client: TestClient) -> None:
    answer = ask(running_client, "?layer=layers.1&unit=2&layers=false")
    unit = answer["unit"]
    assert (unit["layer"], unit["unit"], unit["place"]) == ("layers.1", 2, None)
    formula = unit["formula"]
    total = sum(term["product"] for term in formula["terms"]) + formula["rest"]["sum"]
    assert total + formula["bias"] == pytest.approx(unit["value"], rel=1e-4, abs=1e-5)
    assert unit["value"] == answer["layers"][0]["values"][2]
    assert unit["looks_at"] == {"top": 0, "left": 0, "height": 28, "width": 28}
    assert unit["weights"]["tile"] == 28


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("?layer=none", "not_there"),
        ("?layer=layers.1&unit=4", "not_there"),
        ("?unit=1", "invalid_request"),
        ("?layer=layers.1&unit=-1", "invalid_request"),
        ("?layer=layers.1&unit=1&row=3", "invalid_request"),
        ("?layers=perhaps", "invalid_request"),
        ("?orientation=9", "invalid_request"),
        ("?layer=a&layer=b", "invalid_request"),
    ],
)
def test_what_is_not_there_is_refused(running_client: TestClient, query: str, code: str) -> None:
    assert refusal(running_client, query) == (422, code)


def test_what_predict_refuses_is_refused(running_client: TestClient) -> None:
    form = "multipart/form-data; boundary=x"
    assert refusal(running_client, "", kind=form) == (415, "unsupported_media_type")
    assert refusal(running_client, "", kind="text/plain") == (415, "unsupported_media_type")
    assert refusal(running_client, "", b"no picture", kind="image/png")[0] == 415
    assert refusal(running_client, "", b'{"pixels": [[1]]}') == (422, "wrong_size")
    assert refusal(running_client, "", model="none") == (404, "unknown_model")
    assert refusal(running_client, "", b"{}") == (422, "wrong_form")


def test_a_crowd_gets_answers_or_is_asked_to_wait(running_client: TestClient) -> None:
    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda _: post(running_client), range(40)))
    statuses = {answer.status_code for answer in answers}
    assert 200 in statuses and statuses <= {200, 503}
    assert all(answer.headers["retry-after"] for answer in answers if answer.status_code == 503)
    assert MOST_WAITING < 40
    assert ask(running_client)["layers"]


@pytest.mark.parametrize("model", ["mnist-cnn", "mnist-mlp", "fashion-cnn"])
def test_shipped_models_stay_within_the_bounds(running_client: TestClient, model: str) -> None:
    for layer in ask(running_client, model=model)["layers"]:
        maps = layer.get("maps")
        if maps:
            assert maps["shown"] <= OVERVIEW.channels and maps["tile"] <= OVERVIEW.side
        else:
            assert len(layer["values"]) <= OVERVIEW.values
        query = f"?layers=false&layer={layer['name']}&unit=0"
        found = ask(running_client, query, model=model)
        assert found["unit"]["value"] is not None
        if maps:
            assert found["layers"][0]["maps"]["shown"] <= DETAIL.channels
        assert len(json.dumps(found)) < 600_000


def test_a_model_whose_weights_are_broken_is_unavailable(
    client: TestClient, small_model: ModelEntry
) -> None:
    broken(small_model.folder)
    with client:
        assert refusal(client, "")[0] == 503


def broken(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"no weights")
