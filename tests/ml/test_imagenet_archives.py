"""ImageNet's official archives: pictures are read out of tars where they lie."""

import io
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from app.ml import imagenet_archives, picture_folders
from app.ml.datasets import DATASETS, IMAGENET, load
from app.ml.imagenet_archives import KIT, TRAINING, VALIDATION
from app.ml.parts import Options
from tests.ml.small_files import photograph
from tests.ml.test_mat_files import META

SMALL = Options(size=32, validation_fraction=0)
KINDS = {"n01": "brick", "n02": "sky", "n03": "grass"}
WNIDS = {1: "n02", 2: "n03", 3: "n01"}  # as META has them
IDS = (3, 1, 2, 2, 1, 3)  # of the validation pictures


def add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def jpeg(label: str, number: int) -> bytes:
    buffer = io.BytesIO()
    photograph(label, number).save(buffer, "JPEG")
    return buffer.getvalue()


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "imagenet"
    folder.mkdir()
    with tarfile.open(folder / TRAINING, "w") as outer:
        for wnid, label in reversed(KINDS.items()):
            buffer = io.BytesIO()
            with tarfile.open(fileobj=buffer, mode="w") as inner:
                for number in (2, 0, 1):
                    add(inner, f"{wnid}_{number}.JPEG", jpeg(label, number))
            add(outer, f"{wnid}.tar", buffer.getvalue())
    with tarfile.open(folder / VALIDATION, "w") as archive:
        for row, identity in reversed(list(enumerate(IDS))):
            content = jpeg(KINDS[WNIDS[identity]], 10 + row)
            add(archive, f"ILSVRC2012_val_{row + 1:08}.JPEG", content)
    write_kit(folder / KIT, META, "\n".join(map(str, IDS)) + "\n")
    monkeypatch.setitem(DATASETS, "imagenet", replace(IMAGENET, classes=tuple(KINDS)))
    return tmp_path


def write_kit(place: Path, meta: bytes, truth: str) -> None:
    with tarfile.open(place, "w:gz") as kit:
        add(kit, "ILSVRC2012_devkit_t12/data/meta.mat", meta)
        name = "ILSVRC2012_devkit_t12/data/ILSVRC2012_validation_ground_truth.txt"
        add(kit, name, truth.encode())


@pytest.mark.parametrize("whole", [0, 2**30])
def test_the_pictures_are_those_of_an_unpacked_tree(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: int
) -> None:
    monkeypatch.setattr(picture_folders, "WHOLE_BYTES", whole)
    found = load("imagenet", root, tmp_path / "cache", SMALL)
    tree = tmp_path / "unpacked" / "imagenet"
    for wnid, label in KINDS.items():
        for part in ("train", "val"):
            (tree / part / wnid).mkdir(parents=True)
        for number in range(3):
            (tree / "train" / wnid / f"{wnid}_{number}.JPEG").write_bytes(jpeg(label, number))
    for row, identity in enumerate(IDS):
        wnid = WNIDS[identity]
        (tree / "val" / wnid / f"{row}.JPEG").write_bytes(jpeg(KINDS[wnid], 10 + row))
    same = load("imagenet", tmp_path / "unpacked", tmp_path / "cache", SMALL)
    assert found.classes == same.classes == ("n01", "n02", "n03")
    for ours, theirs in ((found.train, same.train), (found.test, same.test)):
        assert len(ours) in (9, 6) and ours.labels.tolist() == theirs.labels.tolist()
        assert torch.equal(ours.pictures[:], theirs.pictures[:])


def test_an_archive_is_gone_through_once(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = load("imagenet", root, tmp_path / "cache", SMALL)
    monkeypatch.setattr(imagenet_archives, "members", None)
    again = load("imagenet", root, tmp_path / "cache", SMALL)
    assert torch.equal(first.test.pictures[:], again.test.pictures[:])


def test_validation_needs_the_development_kit(root: Path, tmp_path: Path) -> None:
    kit = root / "imagenet" / KIT
    kit.unlink()
    with pytest.raises(ValueError, match=f"{KIT} is missing"):
        load("imagenet", root, tmp_path / "cache", SMALL)
    for meta, truth in ((b"no table", "1\n"), (META, "7\n"), (META, "one\n")):
        write_kit(kit, meta, truth)
        with pytest.raises(ValueError, match="is not ImageNet's development kit"):
            load("imagenet", root, tmp_path / "cache", SMALL)


@pytest.mark.parametrize("name", [TRAINING, VALIDATION, KIT])
def test_a_damaged_archive_is_named(root: Path, tmp_path: Path, name: str) -> None:
    place = root / "imagenet" / name
    place.write_bytes(b"no tar at all" * 100)
    with pytest.raises(ValueError, match=f"{name} is no whole archive"):
        load("imagenet", root, tmp_path / "cache", SMALL)
