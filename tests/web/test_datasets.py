"""Datasets over REST: a whole server with small files, and the process that looks at them."""

import io
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from app.main import create_app
from app.ml.datasets import load
from app.ml.mnist import read_idx
from app.ml.parts import Options
from app.settings import Settings
from tests.conftest import HERE
from tests.ml.small_files import write_idx, write_mnist, write_pens

MNIST = "/api/v1/datasets/mnist"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("datasets")
    write_mnist(folder, 400, 80)
    return folder


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Iterator[TestClient]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("data"), datasets_dir=folder)
    with TestClient(create_app(settings), base_url=HERE) as client:
        yield client


def asked(client: TestClient, address: str, **query: Any) -> Any:
    answer = client.get(address, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(client: TestClient, address: str, **query: Any) -> tuple[int, str]:
    answer = client.get(address, params=query)
    return answer.status_code, answer.json()["error"]["code"]


def pixels(url: str) -> np.ndarray:
    with Image.open(io.BytesIO(b64decode(url.partition(",")[2]))) as image:
        return np.asarray(image)


def tile(url: str, number: int, side: int = 28) -> np.ndarray:
    top, left = side * (number // 10), side * (number % 10)
    return pixels(url)[top : top + side, left : left + side]


def test_all_are_listed_and_those_missing_say_how_they_come(served: TestClient) -> None:
    found = {each["name"]: each for each in asked(served, "/api/v1/datasets")["datasets"]}
    assert found["mnist"]["present"] and found["mnist"]["bring"] == ""
    assert found["fashion-mnist"]["bring"].startswith("./run datasets download fashion-mnist")
    assert "cifar10-jpeg.tar.xz" in found["cifar10-jpeg"]["bring"]
    for name in ("imagenet/train", "imagenet/val", "ILSVRC2012_img_train.tar"):
        assert name in found["imagenet"]["bring"]
    assert (found["cifar10-jpeg"]["channels"], found["cifar10-jpeg"]["side"]) == (3, 32)
    assert refused(served, "/api/v1/datasets/fashion-mnist/samples") == (409, "no_dataset")


def test_pictures_in_training_and_test_are_found_by_their_pixels(
    tmp_path: Path,
) -> None:
    write_mnist(tmp_path / "sets", 40, 12)
    raw = tmp_path / "sets/MNIST/raw"
    train, test = (read_idx(raw / f"{part}-images-idx3-ubyte.gz") for part in ("train", "t10k"))
    test[3], test[5] = train[30], train[31]  # a leak
    write_idx(raw / "t10k-images-idx3-ubyte.gz", test)
    settings = Settings(data_dir=tmp_path / "data", datasets_dir=tmp_path / "sets")
    with TestClient(create_app(settings), base_url=HERE) as client:
        found = asked(client, f"{MNIST}/duplicates")
    assert (found["found"], found["tests"], found["learnt"]) == (2, 12, 40)
    assert [each["test"]["index"] for each in found["pairs"]] == [3, 5]
    assert np.array_equal(tile(found["sheet"], 1), train[31])


def test_a_page_shows_the_parts_own_pictures(
    served: TestClient, folder: Path, tmp_path: Path
) -> None:
    part = load("mnist", folder, tmp_path).part("train")
    page = asked(served, f"{MNIST}/samples", part="train", page=2)
    assert (page["total"], page["pages"], len(page["samples"])) == (360, 6, 60)
    for place in (0, 17, 59):
        sample = page["samples"][place]
        assert sample["index"] == 60 + place
        assert sample["label"] == str(int(part.labels[60 + place])) and sample["given"] is None
        assert np.array_equal(tile(page["sheet"], place), part.pictures[60 + place, 0])


def test_pages_of_one_class_hold_it_alone(served: TestClient) -> None:
    page = asked(served, f"{MNIST}/samples", part="test", label="7")
    assert {sample["label"] for sample in page["samples"]} == {"7"}
    assert page["total"] == 20
    beyond = asked(served, f"{MNIST}/samples", part="test", label="7", page=2)
    assert (beyond["samples"], beyond["sheet"]) == ([], "")


def test_the_mean_picture_is_the_classes_own(
    served: TestClient, folder: Path, tmp_path: Path
) -> None:
    part = load("mnist", folder, tmp_path).part("test")
    found = asked(served, MNIST, part="test")
    assert (found["n"], found["counts"][7]) == (80, 20)
    sevens = part.pictures[part.labels == 7, 0].double()
    assert np.abs(tile(found["means"], 7) - sevens.mean(0).numpy()).max() <= 0.51
    spread = sevens.std(0, correction=0).numpy()
    assert np.abs(tile(found["spreads"], 7) / 255 * found["widest"] - spread).max() <= 0.51


def test_wrong_labels_are_those_that_a_run_would_learn(
    served: TestClient, folder: Path, tmp_path: Path
) -> None:
    spoilt = load("mnist", folder, tmp_path, Options(label_noise=0.3)).part("train").labels
    page = asked(served, f"{MNIST}/samples", part="train", label_noise=0.3)
    told = [sample["given"] or sample["label"] for sample in page["samples"]]
    assert told == [str(int(label)) for label in spoilt[:60]]
    assert any(sample["given"] for sample in page["samples"])
    honest = asked(served, f"{MNIST}/samples", part="test", label_noise=0.3)
    assert not any(sample["given"] for sample in honest["samples"])


def test_hard_ones_come_first(served: TestClient) -> None:
    rows = [
        [sample["index"] for sample in asked(
            served, f"{MNIST}/samples", part="test", order=order)["samples"]]
        for order in ("file", "hard")
    ]  # fmt: skip
    assert rows[0] == list(range(60)) and sorted(rows[1]) != rows[1]


def test_what_is_not_there_is_refused(served: TestClient) -> None:
    assert refused(served, "/api/v1/datasets/none") == (404, "unknown_dataset")
    assert refused(served, "/api/v1/datasets/my-digits") == (404, "unknown_dataset")
    assert refused(served, f"{MNIST}/samples", label="x") == (422, "wrong_choice")
    assert refused(served, f"{MNIST}/samples", part="all") == (422, "invalid_request")
    assert refused(served, f"{MNIST}/samples", page=0) == (422, "invalid_request")


def test_other_files_are_seen_at_once(tmp_path: Path) -> None:
    write_mnist(tmp_path / "files", 40, 8)
    write_pens(tmp_path / "files")
    settings = Settings(data_dir=tmp_path / "data", datasets_dir=tmp_path / "files")
    with TestClient(create_app(settings), base_url=HERE) as client:
        assert asked(client, MNIST, part="test")["n"] == 8
        assert asked(client, "/api/v1/datasets/digits", part="test")["n"] == 12
        write_mnist(tmp_path / "files", 40, 12)
        assert asked(client, MNIST, part="test")["n"] == 12
