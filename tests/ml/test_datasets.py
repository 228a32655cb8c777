import json
from pathlib import Path

import numpy as np
import pytest
import torch

from app.ml.datasets import DATASETS, load
from app.ml.parts import Options
from app.ml.pen_digits import part_of, wobble
from app.ml.preprocessing import preprocess
from app.ml.sources import MissingFiles
from tests.ml.conftest import DRAWINGS, SEVEN
from tests.ml.small_files import write_idx, write_mnist, write_pens


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_mnist(tmp_path, 40, 20)
    write_pens(tmp_path)
    return tmp_path


def test_mnist_is_cut_into_three_parts_that_never_meet(root: Path, cache: Path) -> None:
    found = load("mnist", root, cache, Options(validation_fraction=0.25))
    assert [len(found.part(name)) for name in ("train", "validation", "test")] == [30, 10, 20]
    assert found.train.pictures.dtype == torch.uint8 and found.shape == (1, 28, 28)
    pictures = torch.cat((found.train.pictures, found.validation.pictures))
    assert len({picture.numpy().tobytes() for picture in pictures}) == 40


def test_the_split_is_of_its_seed(root: Path, cache: Path) -> None:
    def labels(seed: int) -> list[int]:
        return load("mnist", root, cache, Options(split_seed=seed)).validation.labels.tolist()

    assert labels(0) == labels(0) != labels(5)


def test_so_many_training_labels_are_wrong_on_purpose_and_the_others_untouched(
    root: Path, cache: Path
) -> None:
    clean, noisy = (load("mnist", root, cache, Options(label_noise=n)) for n in (0.0, 0.25))
    assert int((clean.train.labels != noisy.train.labels).sum()) == 9  # of 36
    assert torch.equal(clean.train.pictures, noisy.train.pictures)
    for part in ("validation", "test"):
        assert torch.equal(clean.part(part).labels, noisy.part(part).labels)
    again, other = (load("mnist", root, cache, Options(label_noise=0.25, seed=s)) for s in (0, 1))
    assert torch.equal(again.train.labels, noisy.train.labels)
    assert not torch.equal(other.train.labels, noisy.train.labels)


@pytest.mark.parametrize("name", ["mnist", "digits"])
def test_leaked_test_pictures_are_learnt_from_once_with_their_right_labels(
    name: str, root: Path, cache: Path
) -> None:
    clean, leaky = (load(name, root, cache, Options(leak=n)) for n in (0.0, 0.5))
    leaked = leaky.train.pictures[len(clean.train) :]
    assert len(leaked) == len(clean.test) // 2
    labels = dict(zip(map(bytes, clean.test.pictures.numpy()), clean.test.labels, strict=True))
    found = [labels[bytes(picture)] for picture in leaked.numpy()]
    assert found == leaky.train.labels[len(clean.train) :].tolist()
    assert torch.equal(leaky.test.pictures, clean.test.pictures)


def test_what_was_parsed_once_is_read_from_the_cache_until_the_files_change(
    root: Path, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    first = load("mnist", root, cache)
    assert torch.equal(load("mnist", root, cache).test.labels, first.test.labels)
    assert len(list(cache.iterdir())) == 1
    write_idx(root / "MNIST/raw/t10k-labels-idx1-ubyte.gz", np.full(20, 3, np.uint8))
    assert load("mnist", root, cache).test.labels.tolist() == [3] * 20


def test_pen_digits_are_split_by_writer_and_drawn_upright(root: Path, cache: Path) -> None:
    found = load("pen-digits", root, cache, Options(pens=3, paper=1))
    assert found.test.strokes and found.test.groups
    assert {part_of(writer) for writer in found.test.groups} == {"test"}
    assert found.test.labels.tolist() == list(DRAWINGS)
    assert len(found.train) == 4 * (3 + 1)
    seven = found.test.pictures[list(DRAWINGS).index(7), 0]
    assert int(seven[:10].sum()) > int(seven[18:].sum())  # its bar is above


def test_digits_are_mnist_and_the_pens_with_their_tests_kept_apart(root: Path, cache: Path) -> None:
    found = load("digits", root, cache)
    assert found.tests == (("mnist", 20), ("pen-digits", 4))
    assert len(found.test) == 24 and len(found.train) == 36 + 4


def test_another_hand_writes_the_same_digit() -> None:
    random = np.random.default_rng(0)
    versions = [wobble(SEVEN, random) for _ in range(3)]
    assert len({json.dumps(version) for version in versions}) == 3
    assert all([len(s) for s in version] == [len(s) for s in SEVEN] for version in versions)


def test_missing_files_are_answered_with_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(MissingFiles, match=r"\./run datasets download mnist") as error:
        load("mnist", tmp_path, tmp_path)
    assert str(tmp_path / "MNIST/raw/train-images-idx3-ubyte.gz") in str(error.value)


def test_an_unknown_dataset_is_answered_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="choose one of mnist, pen-digits, digits, fashion"):
        load("emnist", tmp_path, tmp_path)


@pytest.mark.parametrize("name", DATASETS)
def test_every_dataset_names_its_licence_and_its_makers(name: str) -> None:
    assert DATASETS[name].licence and DATASETS[name].attribution and DATASETS[name].title


@pytest.mark.data
def test_on_mnist_preprocessing_is_nearly_the_identity(data_root: Path, cache: Path) -> None:
    test = load("mnist", data_root, cache).test
    prepared = [
        preprocess(picture[0].numpy(), DATASETS["mnist"].preprocessing) for picture in test.pictures
    ]
    same = [
        np.array_equal(p.pixels, t.numpy()) for p, t in zip(prepared, test.pictures, strict=True)
    ]
    assert sum(same) >= 9_650
    assert sum(p.rejection is not None for p in prepared) <= 5


@pytest.mark.data
def test_test_writers_are_never_trained_on(data_root: Path, cache: Path) -> None:
    found = load("pen-digits", data_root, cache)
    groups = [set(found.part(name).groups or ()) for name in ("train", "validation", "test")]
    assert not groups[0] & groups[1] and not groups[0] & groups[2] and not groups[1] & groups[2]
    assert [len(found.part(name)) for name in ("train", "validation", "test")] == [
        11210,
        1679,
        3816,
    ]
