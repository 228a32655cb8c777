import io
import pickle
import struct
import tarfile
from pathlib import Path

import numpy as np
import pytest

from app.ml.cifar import CIFAR10_SOURCE, CIFAR100_SOURCE, FINE
from app.ml.datasets import DATASETS, load
from app.ml.old_pickles import BadPickle, read_pickle
from app.ml.parts import Options


def word(text: bytes) -> bytes:
    return b"U" + bytes([len(text)]) + text


def as_python_2(batch: dict[bytes, object]) -> bytes:
    """Protocol 2 as cPickle wrote it for CIFAR: words are byte strings, arrays numpy's of 2009."""
    written = b"\x80\x02}q\x01("
    for place, (key, value) in enumerate(batch.items()):
        written += word(key) + b"q" + bytes([2 + place])
        if isinstance(value, np.ndarray):
            content = value.tobytes()
            written += b"cnumpy.core.multiarray\n_reconstruct\nq\x20cnumpy\nndarray\nq\x21K\x00\x85"
            written += word(b"b") + b"\x87Rq\x22(K\x01"
            written += b"".join(b"J" + struct.pack("<i", size) for size in value.shape)
            written += b"\x86cnumpy\ndtype\nq\x23" + word(b"u1") + b"K\x00K\x01\x87Rq\x24"
            written += b"(K\x03" + word(b"|") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
            written += b"\x89T" + struct.pack("<i", len(content)) + content + b"tb"
        elif isinstance(value, list):
            items = (word(v) if isinstance(v, bytes) else b"K" + bytes([v]) for v in value)
            written += b"](" + b"".join(items) + b"e"
        else:
            written += word(bytes(value))  # type: ignore[call-overload]
    return written + b"u."


def batch(count: int, labels: bytes = b"labels", classes: int = 10) -> dict[bytes, object]:
    rows = np.arange(count * 3072, dtype=np.uint32).reshape(count, 3072) % 251
    return {
        b"data": rows.astype(np.uint8), labels: [row % classes for row in range(count)],
        b"filenames": [b"s_000001.png"] * count, b"batch_label": b"training batch 1 of 5",
    }  # fmt: skip


def archive(path: Path, folder: str, files: dict[str, bytes]) -> None:
    with tarfile.open(path, "w:gz") as tar:
        for name, content in {**files, "readme.html": b"<html>"}.items():
            member = tarfile.TarInfo(f"{folder}/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


def test_what_python_2_wrote_is_what_python_itself_reads() -> None:
    written = as_python_2(batch(3))
    real = pickle.loads(written, encoding="bytes")
    found = read_pickle(written)
    assert np.array_equal(found["data"], real[b"data"]) and found["labels"] == real[b"labels"]
    for protocol in (2, 3, 4):  # as Python 3 writes such a file
        again = read_pickle(pickle.dumps(real, protocol))
        assert np.array_equal(again["data"], real[b"data"])


def test_cifar_10_is_read_packed_and_unpacked(tmp_path: Path) -> None:
    names = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]
    files = {name: as_python_2(batch(10)) for name in names}
    archive(tmp_path / CIFAR10_SOURCE.path, CIFAR10_SOURCE.unpacked, files)
    packed = load("cifar10", tmp_path, tmp_path, Options(validation_fraction=0.2))
    assert (len(packed.train), len(packed.validation), len(packed.test)) == (40, 10, 10)
    assert packed.shape == (3, 32, 32) and packed.test.pictures[0, 1, 0, 0] == 1024 % 251
    (tmp_path / "other" / CIFAR10_SOURCE.unpacked).mkdir(parents=True)
    for name, content in files.items():
        (tmp_path / "other" / CIFAR10_SOURCE.unpacked / name).write_bytes(content)
    unpacked = load("cifar10", tmp_path / "other", tmp_path, Options(validation_fraction=0.2))
    assert unpacked.test.labels.tolist() == packed.test.labels.tolist() == list(range(10))
    assert not DATASETS["cifar10"].missing(tmp_path / "other")


def test_cifar_100_has_its_fine_labels(tmp_path: Path) -> None:
    sizes = {"train": 200, "test": 100}
    fine = {name: batch(count, b"fine_labels", 100) for name, count in sizes.items()}
    files = {
        name: as_python_2({**each, b"coarse_labels": [7] * sizes[name]})
        for name, each in fine.items()
    }
    archive(tmp_path / CIFAR100_SOURCE.path, CIFAR100_SOURCE.unpacked, files)
    found = load("cifar100", tmp_path, tmp_path)
    assert found.classes == FINE and sorted(FINE) == list(FINE) and len(set(FINE)) == 100
    assert found.test.labels.tolist() == list(range(100)) and found.classes[88] == "tiger"


class Hostile:
    def __init__(self, *call: object) -> None:
        self.call = call

    def __reduce__(self) -> tuple:
        return self.call[0], self.call[1:]  # type: ignore[return-value]


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_pickle_calls_nothing(tmp_path: Path, protocol: int) -> None:
    import os

    canary = tmp_path / "canary"
    for call in ((os.system, f"touch {canary}"), (eval, "1"), (np.zeros, 10**12), (bytes, 10**12)):
        with pytest.raises(BadPickle):
            read_pickle(pickle.dumps({"data": Hostile(*call)}, protocol))
    assert not canary.exists()


@pytest.mark.parametrize(
    "written",
    [
        b"", b".", b"\x80\x02", b"\x80\x02}", b"\x80\x02].", b"\x80\x02(u.", b"\x80\x02e.",
        b"\x80\x02}X\xff\xff\xff\xff.", b"\x80\x02}]]s.", b"\x80\x02h\x07.", b"\x80\x02R.",
        b"\x80\x02cnumpy\nndarray\n(K\x01tR.", b"\x80\x02U\x0breconstruct)R.", b"\x80\x02\x85.",
        pickle.dumps({"data": np.zeros(3, object)}, 2), pickle.dumps({"data": np.zeros(3)}, 2),
        as_python_2({b"data": np.zeros((4, 4), np.uint8)}).replace(b"J\x04\0\0\0", b"J\x40\0\0\0"),
    ],
)  # fmt: skip
def test_a_damaged_or_other_pickle_is_refused(written: bytes) -> None:
    with pytest.raises(BadPickle):
        read_pickle(written)


def test_files_that_are_not_as_their_makers_wrote_them_are_named(tmp_path: Path) -> None:
    def sentence(files: dict[str, bytes]) -> str:
        archive(tmp_path / CIFAR10_SOURCE.path, "x", files)
        with pytest.raises(ValueError) as refused:
            load("cifar10", tmp_path, tmp_path)
        return str(refused.value)

    good = as_python_2(batch(10))
    assert "no test pictures" in sentence({"data_batch_1": good})
    assert "test_batch in" in sentence({"data_batch_1": good, "test_batch": good[:-100]})
    far = as_python_2(batch(20, classes=20))
    assert "labels do not fit" in sentence({"data_batch_1": far, "test_batch": good})
