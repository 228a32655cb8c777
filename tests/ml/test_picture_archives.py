import io
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.ml.datasets import DATASETS, load
from app.ml.parts import Options
from app.ml.picture_archives import load_archive

ENTRY = DATASETS["cifar10-jpeg"]


def add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def picture(shade: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.full((32, 32, 3), shade, np.uint8)).save(file, "PNG")
    return file.getvalue()


def test_folders_are_classes_and_names_give_the_order(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / ENTRY.sources[0].path, "w:xz") as archive:
        for part, count in (("train", 10), ("test", 4)):
            for number in reversed(range(count)):
                label = ENTRY.classes[number % 2]
                add(archive, f"{part}/{label}/{number:04}.png", picture(20 * number))
        add(archive, "test/unicorn/0000.png", picture(9))
        add(archive, "README", b"no picture")
    entry = replace(ENTRY, load=load_archive)
    found = load_archive(entry, tmp_path, tmp_path / "cache", Options(validation_fraction=0.2))
    assert found.shape == (3, 32, 32)
    assert (len(found.train), len(found.validation), len(found.test)) == (8, 2, 4)
    assert found.test.labels.tolist() == [0, 0, 1, 1]
    assert found.test.pictures[:, 0, 0, 0].tolist() == [0, 40, 20, 60]


@pytest.mark.data
@pytest.mark.slow
def test_the_real_archive_holds_60000_pictures(data_root: Path, cache: Path) -> None:
    found = load("cifar10-jpeg", data_root, cache, Options(validation_fraction=0))
    assert found.train.pictures.shape == (50_000, 3, 32, 32)
    assert found.test.labels.bincount().tolist() == [1_000] * 10
