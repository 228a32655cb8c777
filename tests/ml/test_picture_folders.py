from dataclasses import replace
from pathlib import Path

import pytest
import torch

from app.ml import picture_folders
from app.ml.datasets import DATASETS, IMAGENET, UnknownDataset, find, load
from app.ml.evaluation import Evaluation
from app.ml.parts import Options
from app.ml.picture_files import PictureFiles
from app.ml.preprocessing import Preprocessing
from app.ml.training import train
from app.ml.training_spec import TrainingSpec
from app.ml.training_state import TrainingState
from tests.ml.small_files import SHADES, photograph, write_own

SMALL = Options(size=32, validation_fraction=0.2)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    own = tmp_path_factory.mktemp("own")
    write_own(own, "shades", 20, 4)
    return own


def test_an_own_dataset_is_found_and_loaded_by_its_name(own: Path, tmp_path: Path) -> None:
    found = load("shades", tmp_path, tmp_path, SMALL, own)
    assert found.classes == tuple(SHADES) == find("shades", own).classes
    assert found.shape == (3, 32, 32) and found.preprocessing.mean == (0.4, 0.45, 0.4)
    assert (len(found.train), len(found.validation), len(found.test)) == (48, 12, 12)
    red, green, _ = found.test.pictures[:4].float().mean((0, 2, 3)).tolist()
    assert found.test.labels[:4].tolist() == [0] * 4 and red > 2 * green  # bricks
    with pytest.raises(UnknownDataset, match="no dataset called 'shade'"):
        find("shade", own)


def test_a_learning_network_brings_its_own_preprocessing(own: Path, tmp_path: Path) -> None:
    how = Preprocessing("photo", 40, 3, (0.5,) * 3, (0.2,) * 3, {"resize": 46})
    found = load("shades", tmp_path, tmp_path, SMALL, own, how)
    assert found.preprocessing == how and found.shape == (3, 40, 40)
    with pytest.raises(ValueError, match="small pictures already prepared"):
        load("mnist", tmp_path, tmp_path, preprocessing=how)


def streamed(own: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple:
    """The same dataset in memory, and decoded as it is asked for."""
    whole = load("shades", folder, folder, SMALL, own)
    monkeypatch.setattr(picture_folders, "WHOLE_BYTES", 0)
    files = load("shades", folder, folder, SMALL, own)
    assert isinstance(files.train.pictures, PictureFiles)
    return whole, files


def test_files_decoded_one_by_one_are_the_tensors_in_memory(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, files = streamed(own, tmp_path, monkeypatch)
    rows = torch.tensor([5, 0, 5, 30])
    assert torch.equal(files.train.pictures[rows], whole.train.pictures[rows])
    assert torch.equal(files.train.pictures[rows], files.train.pictures[rows])
    assert torch.equal(torch.cat(list(files.test.batches(5))), whole.test.pictures[:])
    leaky = load("shades", tmp_path, tmp_path, replace(SMALL, leak=0.5), own)
    assert (len(leaky.train), len(leaky.train.sample(3))) == (54, 3)


def test_a_training_on_files_is_that_on_tensors_and_goes_on_exactly(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, files = streamed(own, tmp_path, monkeypatch)
    spec = TrainingSpec(
        "shades", "mlp", {"hidden": [8]}, epochs=3, batch_size=16, device="cpu", threads=1,
        precision="float32", report_every=1,
    )  # fmt: skip

    def losses(dataset, state: TrainingState | None = None) -> tuple[list[float], list]:
        events = list(train(spec, dataset, state))
        return [e.values["loss"] for e in events if e.kind == "step"], events

    in_memory, _ = losses(whole)
    from_files, events = losses(files)
    assert from_files == in_memory
    middle = next(e.state for e in events if e.state and e.step == 3)
    assert losses(files, middle)[0] == from_files[3:]
    test: Evaluation = events[-1].trained.test
    assert test.accuracy == 1.0


def test_a_file_that_is_no_picture_is_named(own: Path, tmp_path: Path) -> None:
    broken = tmp_path / "train/brick/1.jpg"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"no picture")
    files = PictureFiles(tmp_path, ["train/brick/1.jpg"], find("shades", own).preprocessing)
    with pytest.raises(ValueError, match=r"brick/1\.jpg cannot be decoded"):
        files[:]


def test_imagenet_is_a_tree_of_wordnet_numbers_decoded_batch_by_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_folders, "WHOLE_BYTES", 0)
    for part, count in (("train", 4), ("val", 2)):
        for label, wnid in zip(SHADES, ("n03", "n01", "n02"), strict=True):
            (tmp_path / "imagenet" / part / wnid).mkdir(parents=True)
            for number in range(count):
                picture = photograph(label, number)
                picture.save(tmp_path / "imagenet" / part / wnid / f"{number}.JPEG", "JPEG")
    assert not DATASETS["imagenet"].missing(tmp_path)
    monkeypatch.setitem(DATASETS, "imagenet", replace(IMAGENET, classes=("a", "b", "c")))
    found = load("imagenet", tmp_path, tmp_path, replace(SMALL, validation_fraction=0.25))
    assert found.classes == ("n01", "n02", "n03")
    assert (len(found.train), len(found.validation), len(found.test)) == (9, 3, 6)
    green, blue, red = found.test.pictures[::2].float().mean((2, 3)).argmax(1).tolist()
    assert (green, blue, red) == (1, 2, 0)  # the numbers' order, not that of the names
    monkeypatch.setitem(DATASETS, "imagenet", IMAGENET)
    with pytest.raises(ValueError, match=r"must each hold the same 1,000 classes.*3 and 3"):
        load("imagenet", tmp_path, tmp_path)
