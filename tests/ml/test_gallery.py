"""What the pictures of a class have in common, and which are strange."""

from pathlib import Path

import torch
from safetensors.torch import load_file

from app.ml.gallery import make_gallery
from app.ml.parts import Part
from app.ml.shifting import pushed, read_shifted
from tests.ml.conftest import small_part


def test_mean_and_spread_are_torchs_class_by_class() -> None:
    part = small_part(64, 0)
    gallery = make_gallery(part, 10)
    for label in (0, 1, 5, 7):
        mine = part.pictures[part.labels == label].double()
        assert gallery.counts[label] == len(mine)
        assert torch.allclose(gallery.means[label].double(), mine.mean(0), atol=1e-4)
        spread = mine.std(0, correction=0)
        assert torch.allclose(gallery.spreads[label].double(), spread, atol=1e-3)
    assert gallery.counts[3] == 0 and gallery.means[3].max() == 0


def test_a_wrong_label_is_the_strangest() -> None:
    part = small_part(64, 0)
    labels = part.labels.clone()
    labels[17] = 0 if labels[17] == 1 else 1
    assert make_gallery(Part(part.pictures, labels), 10).hard[0] == 17


def test_large_pictures_are_kept_small(tmp_path: Path) -> None:
    part = Part(torch.full((3, 3, 224, 224), 7, dtype=torch.uint8), torch.tensor([0, 1, 1]))
    make_gallery(part, 2).save(tmp_path / "new" / "gallery.safetensors")
    found = load_file(tmp_path / "new" / "gallery.safetensors")
    assert found["pictures"].shape == (3, 3, 64, 64) and found["pictures"].unique().tolist() == [7]


def test_an_empty_part_has_a_gallery() -> None:
    part = small_part(4, 0).take(torch.tensor([], dtype=torch.int64))
    assert make_gallery(part, 10).counts.sum() == 0


def test_a_pushed_picture_loses_what_leaves() -> None:
    picture = torch.arange(1, 5, dtype=torch.uint8).view(1, 1, 1, 4)
    assert pushed(picture, 1).tolist() == [[[[0, 1, 2, 3]]]]
    assert torch.equal(pushed(picture, 0), picture)


def test_a_reader_of_one_column_is_lost_when_it_is_pushed() -> None:
    pictures = torch.zeros(2, 1, 8, 8, dtype=torch.uint8)
    pictures[1, 0, :, 0] = 255
    part = Part(pictures, torch.tensor([0, 1]))

    def read(batch):  # type: ignore[no-untyped-def]
        ink = (torch.from_numpy(batch)[:, 0, :, 0] > 0).any(1).float()
        return torch.stack((1 - ink, ink), 1).numpy()

    found = read_shifted(read, part)
    assert (found.n, found.accuracy[:2]) == (2, (1.0, 0.5))
