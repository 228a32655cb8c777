"""A person's own datasets over REST: made of what is sent, looked at, learnt from, deleted."""

import io
import os
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from tests.conftest import HERE, LAN, TOKEN, raw_request
from tests.ml.small_files import SHADES, photograph_bytes

DATASETS = "/api/v1/datasets"
ZIP = {"Content-Type": "application/zip"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(data_dir=folder)), base_url=HERE) as client:
        yield client


def pictures(count: int) -> dict[str, bytes]:
    return {f"mine/{s}/{n}.jpg": photograph_bytes(s, n) for s in SHADES for n in range(count)}


def zipped(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def send(client: TestClient, name: str, content: Any, **more: Any) -> Any:
    return client.post(DATASETS, params={"name": name, **more}, content=content, headers=ZIP)


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def left_behind(folder: Path) -> list[str]:
    return [name for name in os.listdir(folder / "datasets-own") if name.startswith(".")]


def test_a_zip_becomes_a_dataset_that_is_listed_shown_learnt_from_and_deleted(
    served: TestClient, folder: Path
) -> None:
    sent = pictures(10) | {"mine/sky/bad.png": b"\x89PNG\r\n\x1a\n" + b"0" * 60, "mine/a.txt": b"a"}
    answer = send(served, "shades", zipped(sent), licence="CC0", source="drawn here")
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["train"], made["test"], made["own"]) == ([8, 8, 8], [2, 2, 2], True)
    assert [each["path"] for each in made["reasons"]] == ["mine/a.txt", "mine/sky/bad.png"]
    listed = {each["name"]: each for each in served.get(DATASETS).json()["datasets"]}
    assert (listed["shades"]["pictures"], listed["shades"]["licence"]) == (30, "CC0")
    shown = served.get(f"{DATASETS}/shades", params={"part": "test"}).json()
    assert shown["counts"] == [2, 2, 2] and shown["tile"] == 64
    page = served.get(f"{DATASETS}/shades/samples", params={"part": "train", "label": "sky"}).json()
    assert page["total"] == len(page["samples"]) == 7  # a tenth is held out
    choices = served.get("/api/v1/networks").json()["datasets"]
    assert {"name": "shades", "title": "shades", "photographs": True} in choices
    assert trained(served) > 0.9
    (run,) = served.get("/api/v1/runs").json()["runs"]
    assert served.get(f"/api/v1/runs/{run['id']}/confusion").status_code == 200
    assert list((folder / "runs").glob("*/examined/*pictures*"))
    within = [*(folder / "glass").rglob("*.hidden.*"), *(folder / "glass").rglob("*.excitement.*")]
    assert len(within) == 2
    assert served.delete(f"{DATASETS}/shades").status_code == 204
    assert code(served.get(f"{DATASETS}/shades")) == (404, "unknown_dataset")
    assert code(served.delete(f"{DATASETS}/shades")) == (404, "unknown_dataset")
    assert left_behind(folder) == [] == list((folder / "cache").rglob("shades*"))
    assert not list((folder / "runs").rglob("*pictures*"))
    assert not any(path.exists() for path in within)
    other_pictures_are_not_taken_for_its_own(served)


def other_pictures_are_not_taken_for_its_own(client: TestClient) -> None:
    """The run of a dataset that is gone has nothing to do with another one of its name."""
    (run,) = client.get("/api/v1/runs").json()["runs"]
    address = f"/api/v1/runs/{run['id']}"
    assert send(client, "shades", zipped(pictures(4))).status_code == 201
    answer = client.get(f"{address}/confusion")
    assert (
        code(answer) == (409, "no_dataset") and "another one" in answer.json()["error"]["message"]
    )
    answer = client.post(f"{address}/continue", json={"epochs": 2})
    assert answer.status_code == 422 and answer.json()["error"]["field"] == "dataset"
    assert client.delete(f"{DATASETS}/shades").status_code == 204


@pytest.mark.parametrize("text", ["a\nb", "\x1b[31m", "turned \u202e round"])
def test_what_is_said_of_the_pictures_can_be_seen(served: TestClient, text: str) -> None:
    for what in ("licence", "source"):
        answer = send(served, "seen", zipped(pictures(4)), **{what: text})
        assert code(answer) == (422, "wrong_text")


def trained(client: TestClient) -> float:
    """The accuracy of a small network, on a test of six pictures; it predicts too."""
    wanted = {
        "dataset": "shades", "network": "mlp",
        "hyperparameters": {
            "hidden": [8], "epochs": 8, "batch_size": 8, "threads": 1,
            "dataset_options": {"size": 32},
        },
    }  # fmt: skip
    run = client.post("/api/v1/runs", json=wanted)
    assert run.status_code == 201, run.text
    address = f"/api/v1/runs/{run.json()['id']}"
    assert code(client.delete(f"{DATASETS}/shades")) == (409, "in_use")
    deadline = time.monotonic() + 120
    while (state := client.get(address).json()["state"]) not in ("finished", "failed"):
        assert time.monotonic() < deadline, state
        time.sleep(0.2)
    model = client.post(f"{address}/publish", json={"name": "shades"}).json()
    picture = photograph_bytes("grass", 77)
    read = client.post(
        "/api/v1/models/shades/predict", content=picture, headers={"Content-Type": "image/jpeg"}
    ).json()
    assert read["predictions"][0]["label"] == "grass"
    assert client.get("/api/v1/models/shades/map").status_code == 200
    exciting = client.get("/api/v1/models/shades/exciting?layer=layers.1&unit=0")
    assert exciting.status_code == 200, exciting.text
    return float(model["accuracy"]["shades test"]["accuracy"])


def test_the_files_of_a_folder_are_sent_as_a_form(served: TestClient, folder: Path) -> None:
    files = [("file", (path, content, "image/jpeg")) for path, content in pictures(2).items()]
    files.append(("file", ("mine/../../x/1.jpg", photograph_bytes("sky", 9), "image/jpeg")))
    answer = served.post(DATASETS, params={"name": "form"}, files=files)
    assert answer.status_code == 201, answer.text
    assert (answer.json()["train"], answer.json()["left_out"]) == ([1, 1, 1], 1)
    assert code(served.post(DATASETS, params={"name": "form"}, files=files)) == (409, "name_taken")
    other = [("picture", ("a/1.jpg", b"x", "image/jpeg"))]
    refused = served.post(DATASETS, params={"name": "other"}, files=other)
    assert code(refused) == (422, "unknown_field")
    assert sorted(os.listdir(folder / "datasets-own")) == ["form"]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("mnist", zipped(pictures(2)), (409, "name_taken")),
        ("Shades", zipped(pictures(2)), (422, "wrong_name")),
        ("cut", zipped(pictures(2))[:999], (422, "damaged_zip")),
        ("one", zipped({"sky/1.jpg": b"", "sky/2.jpg": b""}), (422, "too_few_classes")),
        ("none", b"", (422, "damaged_zip")),
    ],
)
def test_what_cannot_be_made_leaves_nothing(
    served: TestClient, folder: Path, name: str, content: bytes, expected: tuple[int, str]
) -> None:
    assert code(send(served, name, content)) == expected
    assert not left_behind(folder) and not (folder / "datasets-own" / name).exists()


def test_a_body_of_another_kind_or_without_an_end_is_refused(served: TestClient) -> None:
    picture = served.post(DATASETS, params={"name": "a"}, content=b"x")
    assert code(picture) == (415, "unsupported_media_type")
    form = {"Content-Type": "multipart/form-data; boundary=b"}
    start = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a/1.jpg"\r\n\r\nx'
    answer = served.post(DATASETS, params={"name": "a"}, content=start, headers=form)
    assert code(answer) == (400, "invalid_multipart")


def test_only_the_teacher_makes_and_deletes(tmp_path: Path) -> None:
    listening = Settings(host="0.0.0.0", token=TOKEN, data_dir=tmp_path)
    student = TestClient(create_app(listening), base_url=LAN)
    assert code(send(student, "shades", zipped(pictures(2)))) == (401, "token_needed")
    assert code(student.delete(f"{DATASETS}/shades")) == (401, "token_needed")
    assert not (tmp_path / "datasets-own").exists()


def test_whoever_leaves_before_the_end_leaves_nothing(tmp_path: Path) -> None:
    sent = [{"type": "http.request", "body": zipped(pictures(2))[:5000], "more_body": True}]

    async def receive() -> dict[str, Any]:
        return sent.pop() if sent else {"type": "http.disconnect"}

    headers = [(b"host", b"127.0.0.1"), (b"content-type", b"application/zip")]
    scope = {"method": "POST", "query_string": b"name=shades"}
    status = raw_request(
        create_app(Settings(data_dir=tmp_path)), DATASETS, headers, receive, **scope
    )
    assert status == 400 and os.listdir(tmp_path / "datasets-own") == []
