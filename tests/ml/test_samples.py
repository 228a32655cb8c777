"""A sample's files, and the folder of its label."""

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from app.ml.samples import check_label, folder_of, is_label_folder, label_of, png


def read(content: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(content))
    picture.load()
    return picture


@pytest.mark.parametrize("shape", [(20, 30), (20, 30, 3), (20, 30, 4)])
def test_a_small_picture_is_kept_exactly(shape: tuple[int, ...]) -> None:
    picture = np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)
    assert (np.asarray(read(png(picture))) == picture).all()


def test_a_large_picture_is_shrunk_and_holds_nothing_but_pixels() -> None:
    kept = read(png(np.full((300, 1024, 3), 200, np.uint8)))
    assert kept.size == (512, 150) and kept.info == {}
    assert kept.getpixel((100, 100)) == (200, 200, 200)


@pytest.mark.parametrize(
    "label", ["7", "cat", "a b", "..", ".", "a/b", "ä", "猫" * 40, "CON", "%2E"]
)
def test_every_label_has_a_folder_of_its_own_that_leads_nowhere_else(
    label: str, tmp_path: Path
) -> None:
    check_label(label)
    folder = tmp_path / folder_of(label)
    assert folder.parent == tmp_path and ".." not in folder.name and "/" not in folder.name
    folder.mkdir()
    assert is_label_folder(folder) and label_of(folder.name) == label


@given(st.text(min_size=1, max_size=40))
def test_label_and_folder_are_one_to_one(label: str) -> None:
    try:
        check_label(label)
    except ValueError:
        return
    assert label_of(folder_of(label)) == label
    assert len(folder_of(label).encode()) <= 255


@pytest.mark.parametrize(
    "label",
    [
        "",
        " ",
        " 7",
        "7 ",
        "a\nb",
        "a\0",
        "\x7f",
        "\u202e7",
        "\u200b",
        "\ud800",
        "x" * 41,
        "a\u00a0b",
    ],
)
def test_what_cannot_be_seen_is_no_label(label: str) -> None:
    with pytest.raises(ValueError, match="a label has 1 to 40 characters"):
        check_label(label)


@pytest.mark.parametrize("name", [".hidden", "%00", "%2e", "a.b", "%37"])
def test_a_strange_folder_is_no_label(name: str, tmp_path: Path) -> None:
    (tmp_path / name).mkdir()
    assert not is_label_folder(tmp_path / name)
