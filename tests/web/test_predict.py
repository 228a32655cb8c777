"""One way for every picture: bytes, forms, base64, strokes and pixels all get the same answer."""

import io
import json
from base64 import b64decode, b64encode
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw
from starlette.testclient import TestClient

from app.ml.preprocessing import STEP_KEYS
from app.settings import LIMITS
from tests.conftest import HERE, MakeApp, save_small_model
from tests.web.hostile import SEEDS, black_webp, jpeg_with_many_scans, saved, seven

PREDICT = "/api/v1/models/small/predict"
PNG = {"Content-Type": "image/png"}
STROKES = [[[20, 10], [80, 10], [40, 95]], [[35, 50], [75, 50]]]


def ask(client: TestClient, content: bytes, query: str = "", kind: str = "image/png") -> Any:
    answer = client.post(PREDICT + query, content=content, headers={"Content-Type": kind})
    assert answer.status_code == 200, answer.text
    return answer.json()


def ask_json(client: TestClient, query: str = "", **fields: Any) -> Any:
    return ask(client, json.dumps(fields).encode(), query, "application/json")


def pixels_of(url: str) -> np.ndarray:
    """The picture of a data URL, as numbers."""
    head, text = url.split(",")
    assert head == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(b64decode(text)))).astype(int)


def probabilities(answer: Any) -> list[float]:
    """In the order of the classes."""
    found = {entry["index"]: entry["probability"] for entry in answer["predictions"]}
    return [found[index] for index in sorted(found)]


def test_raw_bytes_get_a_whole_answer(running_client: TestClient) -> None:
    answer = ask(running_client, SEEDS["PNG"])
    assert set(answer) == {"model", "version", "predictions", "rejected", "input", "timings_ms"}
    assert answer["model"] == "small" and len(answer["version"]) == 12
    assert answer["rejected"] is None
    assert len(answer["predictions"]) == 5
    values = [entry["probability"] for entry in answer["predictions"]]
    assert values == sorted(values, reverse=True)
    assert all(entry["label"] == str(entry["index"]) for entry in answer["predictions"])
    assert set(answer["timings_ms"]) == {"decode", "preprocess", "infer"}
    assert pixels_of(answer["input"]).shape == (28, 28)


def test_all_probabilities_sum_to_one(running_client: TestClient) -> None:
    answer = ask(running_client, SEEDS["PNG"], "?top_k=1000")
    assert len(answer["predictions"]) == 10
    assert sum(probabilities(answer)) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("kind", ["image/png", "image/x-whatever", "application/octet-stream"])
def test_the_content_decides_not_its_type(running_client: TestClient, kind: str) -> None:
    assert ask(running_client, SEEDS["GIF"], kind=kind)["predictions"]


def test_every_form_of_one_picture_gets_one_answer(running_client: TestClient) -> None:
    expected = ask(running_client, SEEDS["PNG"])
    text = b64encode(SEEDS["PNG"]).decode()
    large = saved(Image.fromarray(seven(280)))  # decoded in a process
    long = b64encode(saved(seven(28 * 30), "BMP")).decode()  # as text, too
    answers = [
        *(ask(running_client, SEEDS[format]) for format in ("WEBP", "GIF", "BMP")),
        ask_json(running_client, image=text),
        ask_json(running_client, image=f"data:image/png;base64,{text}"),
        ask(running_client, large),
        ask_json(running_client, image=long),
        ask_json(running_client, pixels=pixels_of(expected["input"]).tolist()),
    ]
    for answer in answers:
        assert probabilities(answer) == pytest.approx(probabilities(expected), abs=0.02)
        assert np.abs(pixels_of(answer["input"]) - pixels_of(expected["input"])).mean() < 6


def test_pixels_are_shown_to_the_network_as_they_are(running_client: TestClient) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (28, 28))
    answer = ask_json(running_client, pixels=pixels.tolist())
    assert (pixels_of(answer["input"]) == pixels).all()


def test_strokes_are_drawn_as_a_canvas_would_draw_them(running_client: TestClient) -> None:
    canvas = Image.new("L", (400, 400))
    for stroke in STROKES:
        line = [(100 + 2 * x, 80 + 2 * y) for x, y in stroke]
        ImageDraw.Draw(canvas).line(line, fill=255, width=17, joint="curve")
        for x, y in line:  # round ends
            ImageDraw.Draw(canvas).ellipse((x - 8, y - 8, x + 8, y + 8), fill=255)
    drawn = pixels_of(ask(running_client, saved(canvas))["input"])
    sent = pixels_of(ask_json(running_client, strokes=STROKES, pen_width=0.1)["input"])
    assert np.abs(drawn - sent).mean() < 6
    assert (drawn > 0).any()


def test_many_strokes_are_read_beside_the_loop(running_client: TestClient) -> None:
    wave = [[x / 10, 50 + 40 * np.sin(x / 300)] for x in range(20_000)]
    assert "predictions" in ask_json(running_client, strokes=[wave])


def test_steps_are_shown_when_asked_for(running_client: TestClient) -> None:
    answer = ask(running_client, SEEDS["PNG"], "?steps=true")
    assert [step["key"] for step in answer["steps"]] == list(STEP_KEYS["digit"])
    for step in answer["steps"]:
        assert step["sentence"].endswith(".") and pixels_of(step["picture"]).ndim == 2
    large = ask(running_client, saved(seven(560)), "?steps=1")
    assert [step["key"] for step in large["steps"]] == list(STEP_KEYS["digit"])
    assert "steps" not in ask(running_client, SEEDS["PNG"], "?steps=false")


def test_a_step_may_be_skipped(running_client: TestClient) -> None:
    aside = np.zeros((28, 60), np.uint8)
    aside[:, :28] = seven()
    centred = ask(running_client, saved(aside))
    skipped = ask(running_client, saved(aside), "?skip=crop,centre")
    assert centred["input"] != skipped["input"]


def test_the_orientation_may_be_overruled(running_client: TestClient) -> None:
    upright = ask(running_client, SEEDS["PNG"])
    turned = ask(running_client, saved(seven()[::-1, ::-1]), "?orientation=3")
    assert turned["input"] == upright["input"]


@pytest.mark.parametrize("count", [1, 3, 10])
def test_top_k_says_how_many(running_client: TestClient, count: int) -> None:
    assert len(ask(running_client, SEEDS["PNG"], f"?top_k={count}")["predictions"]) == count


@pytest.mark.parametrize(
    "query",
    [
        *("top_k=0", "top_k=1001", "top_k=-1", "top_k=x", "top_k=1e2", "top_k=", "top_k=1&top_k=2"),
        *("steps=maybe", "steps=", "skip=nonsense", "skip=crop,,", "skip=crop%00", "top_k=٣"),
        *("orientation=0", "orientation=9", "orientation=", "orientation=1.0"),
        "&".join(f"x{n}=1" for n in range(50)),
    ],
)
def test_a_query_that_breaks_a_rule_is_refused(running_client: TestClient, query: str) -> None:
    answer = running_client.post(f"{PREDICT}?{query}", content=SEEDS["PNG"], headers=PNG)
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "invalid_request"


def test_a_blank_picture_is_rejected_with_a_reason(running_client: TestClient) -> None:
    answer = ask(running_client, saved(np.full((28, 28), 255, np.uint8)))
    assert answer["predictions"] == []
    assert answer["rejected"]["code"] == "blank" and answer["rejected"]["message"].endswith(".")
    assert ask_json(running_client, strokes=[])["rejected"]["code"] == "blank"


def test_a_form_is_a_batch(running_client: TestClient) -> None:
    contents = [SEEDS["PNG"], saved(seven(560)), saved(np.zeros((30, 30), np.uint8)), SEEDS["BMP"]]
    files = [("file", (f"{n}.png", content)) for n, content in enumerate(contents)]
    answer = running_client.post(PREDICT, files=files).json()
    assert set(answer) == {"model", "version", "results"}
    first, second, blank, last = answer["results"]
    assert "model" not in first
    assert probabilities(first) == pytest.approx(probabilities(last), abs=1e-5)
    assert probabilities(second) == pytest.approx(probabilities(last), abs=0.02)
    assert blank["rejected"]["code"] == "blank"


def test_a_batch_never_fails_whole(running_client: TestClient) -> None:
    bad = {
        "invalid_image": SEEDS["PNG"][:50],
        "unsupported_format": b"%PDF-1.7",
        "image_too_large": black_webp(16_000, 16_000),
        "too_many_scans": jpeg_with_many_scans(64, 500),
        "too_large": SEEDS["BMP"] + bytes(LIMITS.picture_bytes),
    }
    files = [("file", ("x", content)) for content in (*bad.values(), SEEDS["PNG"])]
    results = running_client.post(PREDICT, files=files).json()["results"]
    assert [result["error"]["code"] for result in results[:-1]] == list(bad)
    assert results[-1]["predictions"]


def test_a_full_batch_of_photographs_is_not_too_busy_for_itself(running_client: TestClient) -> None:
    files = [("file", ("x", saved(seven(280)))) for _ in range(LIMITS.pictures)]
    results = running_client.post(PREDICT, files=files).json()["results"]
    assert len(results) == LIMITS.pictures
    assert all(result.get("predictions") for result in results)


@pytest.mark.parametrize(
    "reference",
    [
        "nobody",
        "%2e%2e%2fx",
        "..%5cx",
        "a%00b",
        "x" * 3000,
        "runs/1/checkpoints/2",
        "SMALL",
    ],
)
def test_every_unknown_model_is_the_same_404(running_client: TestClient, reference: str) -> None:
    answer = running_client.post(f"/api/v1/models/{reference}/predict", content=b"x", headers=PNG)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "unknown_model"
    unknown = running_client.post("/api/v1/models/nobody/predict", content=b"x", headers=PNG)
    assert answer.json()["error"]["message"] == unknown.json()["error"]["message"]


def test_a_broken_model_says_why_it_cannot_predict(make_app: MakeApp, tmp_path: Any) -> None:
    save_small_model(tmp_path / "models", "broken")
    (tmp_path / "models" / "broken" / "model.safetensors").write_bytes(b"nothing")
    save_small_model(tmp_path / "models", "cardless")
    (tmp_path / "models" / "cardless" / "card.json").write_text("{")
    with TestClient(make_app(default_model="broken"), base_url=HERE) as client:
        for name in ("broken", "cardless"):
            path = f"/api/v1/models/{name}/predict"
            answer = client.post(path, content=SEEDS["PNG"], headers=PNG)
            assert answer.status_code == 503
            assert answer.json()["error"]["code"] == "model_unavailable"


def test_many_at_once_get_the_answers_of_one_by_one(running_client: TestClient) -> None:
    contents = [saved(np.roll(seven(), shift, axis=0)) for shift in range(-2, 3)]
    expected = [probabilities(ask(running_client, content)) for content in contents]
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda n: ask(running_client, contents[n % 5]), range(200)))
    for number, answer in enumerate(answers):
        assert probabilities(answer) == pytest.approx(expected[number % 5], abs=1e-5)


def test_the_document_describes_every_form(running_client: TestClient) -> None:
    document = running_client.get("/openapi.json").json()
    operation = document["paths"]["/api/v1/models/{reference}/predict"]["post"]
    content = operation["requestBody"]["content"]
    assert set(content) == {"image/*", "multipart/form-data", "application/json"}
    names = {parameter["name"] for parameter in operation["parameters"]}
    assert names == {"reference", "top_k", "steps", "skip", "orientation"}
    for example in content["application/json"]["examples"].values():
        ask_json(running_client, **example["value"])


@pytest.mark.parametrize("value", [0, 255])
def test_pixels_of_one_even_colour_are_blank_and_not_guessed(
    value: int, running_client: TestClient
) -> None:
    body = {"pixels": [[value] * 28] * 28}
    answer = running_client.post("/api/v1/models/small/predict", json=body).json()
    assert answer["predictions"] == [] and answer["rejected"]["code"] == "blank"
