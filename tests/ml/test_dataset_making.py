import io
import os
import stat
import struct
import zipfile
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import torch
from PIL import Image

from app.ml import own_datasets
from app.ml.dataset_making import Wanted, make_dataset
from app.ml.datasets import load
from app.ml.own_datasets import Manifest
from app.ml.parts import Options
from app.ml.picture_sources import Bounds, Found, Unreadable, in_folder, in_spool, in_zip
from app.ml.picture_trees import CannotMake
from app.settings import LIMITS
from app.web.formats import BadPicture
from app.web.images import read_picture
from tests.ml.small_files import SHADES, photograph, photograph_bytes

BOUNDS = Bounds(1_000, 64 * 1024, 4 * 1024 * 1024)


def decode(content: bytes):
    try:
        return read_picture(content, LIMITS)
    except BadPicture as bad:
        raise Unreadable(bad.message) from bad


def made(own: Path, source: AbstractContextManager[list[Found]], name: str = "shades") -> Manifest:
    with source as found:
        return make_dataset(own, Wanted(name, licence="CC0"), found, decode, lambda done, of: None)


def write_tree(root: Path, parts: dict[str, int]) -> None:
    for part, count in parts.items():
        for label in SHADES:
            (root / part / label).mkdir(parents=True)
            for number in range(count):
                photograph(label, number).save(root / part / label / f"{number}.png")


def zipped(path: Path, members: dict[str, bytes], **how) -> Path:
    with zipfile.ZipFile(path, "w", **how) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def shades(count: int = 5) -> dict[str, bytes]:
    return {f"{s}/{n}.jpg": photograph_bytes(s, n) for s in SHADES for n in range(count)}


def test_a_folder_becomes_a_dataset_that_can_be_loaded(tmp_path: Path) -> None:
    write_tree(tmp_path / "mine", {"": 10})
    (tmp_path / "mine/sky/broken.jpg").write_bytes(b"\xff\xd8 no picture")
    (tmp_path / "mine/sky/link.jpg").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "mine/sky/pipe.jpg")
    (tmp_path / "mine/.birds/.git").mkdir(parents=True)
    photograph("sky", 0).save(tmp_path / "mine/.birds/1.png")
    (tmp_path / "mine/.birds/.git/config").touch()
    (Path(os.fsdecode(os.fsencode(tmp_path / "mine/sky") + b"/\xff.jpg"))).write_bytes(b"x")
    own = tmp_path / "own"
    manifest = made(own, in_folder(tmp_path / "mine", BOUNDS))
    assert own_datasets.manifest_of(own, "shades") == manifest
    assert manifest.classes == tuple(SHADES) and manifest.licence == "CC0"
    assert (manifest.train, manifest.test, manifest.split_seed) == ((8,) * 3, (2,) * 3, 0)
    assert {each.path: each.reason[:25] for each in manifest.reasons} == {
        ".birds/1.png": "Its folder's name begins ",
        "sky/?.jpg": "This is no picture in a f",
        "sky/broken.jpg": "This is no picture in a f",
        "sky/link.jpg": "It is a link or no plain ",
        "sky/pipe.jpg": "It is a link or no plain ",
    }
    found = load("shades", tmp_path, tmp_path / "cache", Options(size=32), own)
    assert len(found.test) == 6 and found.entry and found.entry.licence == "CC0"
    x = torch.cat(list(found.train.batches(9))).double() / 255
    for measured, real in zip(manifest.mean, x.mean((0, 2, 3)).tolist(), strict=True):
        assert abs(measured - real) < 0.02
    assert sorted(os.listdir(own)) == ["shades"]
    own_datasets.delete(own, "shades", tmp_path)
    assert os.listdir(own) == [] == os.listdir(tmp_path / "cache/folders")


@pytest.mark.parametrize(
    ("different", "copies", "tested"),
    [(10, 1, 2), (9, 2, 2 * 2), (2, 5, 5), (1, 10, 2), (3, 4, 4)],
)
def test_copies_of_a_picture_are_on_one_side_of_the_cut(
    tmp_path: Path, different: int, copies: int, tested: int
) -> None:
    files = {
        f"{label}/{number}-{copy}.png": photograph_bytes(label, number)
        for label in SHADES for number in range(different) for copy in range(copies)
    }  # fmt: skip
    path = zipped(tmp_path / "a.zip", files)
    manifest = made(tmp_path / "own", in_zip(path, BOUNDS))
    assert manifest.test == (tested,) * 3
    if different > 1:
        seen = load(
            "shades", tmp_path, tmp_path, Options(size=32, validation_fraction=0), tmp_path / "own"
        )
        known = {picture.numpy().tobytes() for picture in seen.train.pictures}
        assert not known & {picture.numpy().tobytes() for picture in seen.test.pictures}


def test_parts_that_came_are_kept_and_the_cut_is_the_same_each_time(tmp_path: Path) -> None:
    write_tree(tmp_path / "mine", {"train": 3, "test": 2})
    manifest = made(tmp_path / "own", in_folder(tmp_path / "mine", BOUNDS))
    assert (manifest.train, manifest.test, manifest.split_seed) == ((3,) * 3, (2,) * 3, None)
    path = zipped(tmp_path / "a.zip", shades())
    for name in ("first", "second"):
        made(tmp_path / "own", in_zip(path, BOUNDS), name)
    first, second = (
        sorted(p.relative_to(tmp_path / "own" / name) for p in (tmp_path / "own" / name).rglob("*"))
        for name in ("first", "second")
    )
    assert first == second


def test_only_pixels_are_kept_and_at_most_512_of_them_on_a_side(tmp_path: Path) -> None:
    large = io.BytesIO()
    image = Image.new("RGBA", (1500, 700), (0, 0, 255, 0))
    image.save(large, "PNG")
    polyglot = photograph_bytes("sky", 1, "PNG") + b"<script>alert(1)</script>"
    members = shades(2) | {"sky/large.png": large.getvalue(), "sky/script.png": polyglot}
    made(tmp_path, in_zip(zipped(tmp_path / "a.zip", members), BOUNDS))
    files = [path for path in (tmp_path / "shades").rglob("*") if path.suffix in (".jpg", ".png")]
    assert len(files) == 8
    for path in files:
        assert b"script" not in path.read_bytes()
        with Image.open(path) as kept:
            assert max(kept.size) <= 512 and kept.mode == "RGB"
    exact = [path for path in files if path.suffix == ".png"]  # small and lossless as it came
    assert len(exact) == 1


def test_a_hostile_zip_gives_nothing_but_its_pictures(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("sky/link.jpg")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in shades(2).items():
            archive.writestr(name, content)
        archive.writestr("../../sky/out.jpg", photograph_bytes("sky", 9))
        archive.writestr("sky/bomb.png", bytes(BOUNDS.picture_bytes + 1))
        archive.writestr(link, "/etc/passwd")
        archive.writestr("sky/odd.jpg", b"x" * 99, zipfile.ZIP_LZMA)
    manifest = made(tmp_path / "own", in_zip(tmp_path / "a.zip", BOUNDS))
    reasons = {each.path: each.reason for each in manifest.reasons}
    assert set(reasons) == {"../../sky/out.jpg", "sky/bomb.png", "sky/link.jpg", "sky/odd.jpg"}
    assert reasons["sky/bomb.png"] == "It is larger than 0 MiB."
    assert "packed in a way" in reasons["sky/odd.jpg"]
    assert sorted(os.listdir(tmp_path)) == ["a.zip", "own"]


def test_what_is_in_the_way_of_the_whole_leaves_nothing(tmp_path: Path) -> None:
    own = tmp_path / "own"
    whole = zipped(tmp_path / "a.zip", shades()).read_bytes()

    def refused(content: bytes, bounds: Bounds = BOUNDS, name: str = "shades") -> str:
        (tmp_path / "b.zip").write_bytes(content)
        with pytest.raises(CannotMake) as cannot:
            made(own, in_zip(tmp_path / "b.zip", bounds), name)
        assert not own.exists() or os.listdir(own) == []
        return cannot.value.code

    assert refused(whole[: len(whole) // 2]) == "damaged_zip" == refused(b"") == refused(b"PK\5\6")
    assert refused(whole, Bounds(10, 99_999, 10**9)) == "too_many_pictures"
    assert refused(whole, Bounds(99, 99_999, 10_000)) == "too_large"
    assert refused(whole, name="../x") == refused(whole, name="") == "wrong_name"
    assert refused(whole, name="mnist") == refused(whole, name="my-digits") == "name_taken"
    liar = bytearray(whole)
    struct.pack_into("<L", liar, whole.rindex(b"PK\5\6") + 12, 17 << 20)
    assert refused(bytes(liar)) == "too_many_pictures"
    few = zipped(tmp_path / "c.zip", shades(2) | {"sky/1.jpg": b"broken"}).read_bytes()
    assert refused(few) == "too_few_pictures"


def test_whoever_leaves_meanwhile_leaves_nothing(tmp_path: Path) -> None:
    def leave(done: int, of: int) -> None:
        raise InterruptedError

    source = in_zip(zipped(tmp_path / "a.zip", shades()), BOUNDS)
    with source as found, pytest.raises(InterruptedError):
        make_dataset(tmp_path / "own", Wanted("shades"), found, decode, leave)
    assert os.listdir(tmp_path / "own") == []


def test_a_spool_holds_many_files_and_no_two_datasets_one_name(tmp_path: Path) -> None:
    spool, pieces = io.BytesIO(), []
    for name, content in shades(3).items():
        pieces.append((f"mine/{name}", spool.tell(), len(content)))
        spool.write(content)
    (tmp_path / "spool").write_bytes(spool.getvalue())
    pieces.append(("mine/sky/large.jpg", 0, BOUNDS.picture_bytes + 1))
    manifest = made(tmp_path / "own", in_spool(tmp_path / "spool", pieces, BOUNDS))
    assert sum(manifest.train) == 6 and manifest.left_out == 1
    with pytest.raises(CannotMake, match="There is a dataset called shades already"):
        made(tmp_path / "own", in_spool(tmp_path / "spool", pieces, BOUNDS))
