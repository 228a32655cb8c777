"""What is kept is whole or not there, whatever happens."""

import errno
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.ml.kept import Bounds, CannotKeep, KeptStore, UnknownSample, disk_errors_told
from app.ml.samples import Drawing, Reading, Sample
from app.ml.strokes import rasterise

ROOT = Path(__file__).parents[2]
BOUNDS = Bounds(owner_samples=100, owner_bytes=10**7, all_samples=150, all_bytes=10**8)
SEVEN = Drawing([[[20, 10], [80, 10], [40, 95]]], 0.1)
PICTURE = rasterise(SEVEN.strokes)
READ = Reading("1", "digits-cnn", "0123456789ab")
OTHER = "0" * 64


@pytest.fixture
def store(tmp_path: Path) -> KeptStore:
    return KeptStore(tmp_path / "kept", BOUNDS)


def keep(store: KeptStore, label: str = "7", owner: str = "local") -> Sample:
    return store.keep(owner, label, PICTURE, READ, SEVEN)


def files(store: KeptStore) -> list[str]:
    return sorted(path.name for path in store.root.rglob("*") if path.is_file())


def labels(store: KeptStore, owner: str = "local") -> list[str]:
    return [sample.label for sample in store.samples(owner)]


def test_a_drawing_is_kept_with_all_that_a_training_needs(store: KeptStore) -> None:
    keep(store)
    [sample] = KeptStore(store.root, BOUNDS).samples("local")
    assert sample.label == "7" and sample.reading() == READ
    assert sample.drawing() == {"strokes": SEVEN.strokes, "pen_width": 0.1}
    assert sample.file(".png").read_bytes().startswith(b"\x89PNG")
    assert sample.folder == store.root / "local" / "7"


def test_a_picture_has_no_strokes(store: KeptStore) -> None:
    sample = store.keep("local", "7", np.zeros((9, 9, 3), np.uint8), Reading())
    assert not sample.is_drawing and sample.drawing() == {} and sample.reading() == Reading()


def test_the_newest_comes_first_whatever_its_label(store: KeptStore) -> None:
    for label in "3141592":
        keep(store, label)
    assert labels(store) == list("2951413")


def test_each_owner_has_their_own(store: KeptStore) -> None:
    sample = keep(store)
    assert store.samples(OTHER) == []
    for change in (store.find, store.delete):
        with pytest.raises(UnknownSample):
            change(OTHER, sample.id)
    store.delete_all(OTHER)
    assert store.samples("local") == [sample]


@pytest.mark.parametrize("owner", ["", ".", "..", "../local", "LOCAL", "0" * 63])
def test_no_other_folder_is_an_owners(store: KeptStore, owner: str) -> None:
    with pytest.raises(ValueError, match="owner"):
        store.samples(owner)


def test_a_label_can_be_corrected(store: KeptStore) -> None:
    sample = keep(store, "1")
    corrected = store.relabel("local", sample.id, "7")
    assert store.samples("local") == [corrected] and corrected.id == sample.id
    assert corrected.reading() == READ and corrected.drawing()["pen_width"] == 0.1
    assert len(files(store)) == 3 and not sample.folder.exists()
    assert store.relabel("local", sample.id, "7") == corrected


@pytest.mark.parametrize("identity", ["", "x", "../../etc", "0" * 26, "0" * 27, "\0", "*"])
def test_what_is_no_id_is_an_unknown_sample(store: KeptStore, identity: str) -> None:
    keep(store)
    for change in (store.find, store.delete):
        with pytest.raises(UnknownSample):
            change("local", identity)
    with pytest.raises(UnknownSample):
        store.relabel("local", identity, "1")


def test_a_sample_that_lost_its_picture_goes_with_all_the_others(
    store: KeptStore, tmp_path: Path
) -> None:
    broken = keep(store)
    keep(store, "3")
    broken.file(".png").unlink()
    store.delete_all("local")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_what_is_deleted_leaves_nothing_behind(store: KeptStore) -> None:
    sample = keep(store)
    keep(store, "1")
    store.delete("local", sample.id)
    assert labels(store) == ["1"] and len(files(store)) == 3
    store.delete_all("local")
    assert list(store.root.iterdir()) == []


# Room


def test_an_owner_may_keep_only_so_many(tmp_path: Path) -> None:
    store = KeptStore(tmp_path, replace(BOUNDS, owner_samples=2))
    first = keep(store)
    keep(store)
    with pytest.raises(CannotKeep, match="owner_full"):
        keep(store)
    keep(store, owner=OTHER)
    store.delete("local", first.id)
    keep(store)


def test_all_together_may_keep_only_so_many_also_after_a_restart(tmp_path: Path) -> None:
    bounds = replace(BOUNDS, all_samples=2)
    first = keep(KeptStore(tmp_path, bounds))
    store = KeptStore(tmp_path, bounds)
    keep(store, owner=OTHER)
    with pytest.raises(CannotKeep, match="store_full"):
        keep(store)
    store.delete("local", first.id)
    keep(store)


@pytest.mark.parametrize(("bound", "reason"), [("owner_bytes", "owner"), ("all_bytes", "store")])
def test_bytes_are_bounded_too(tmp_path: Path, bound: str, reason: str) -> None:
    size = keep(KeptStore(tmp_path / "a", BOUNDS)).size
    store = KeptStore(tmp_path / "b", replace(BOUNDS, **{bound: 2 * size + 1}))
    keep(store)
    keep(store)
    with pytest.raises(CannotKeep, match=f"{reason}_full"):
        keep(store)
    assert len(files(store)) == 6


def test_a_hundred_writers_at_once_do_not_pass_the_bound(store: KeptStore) -> None:
    def try_to_keep(number: int) -> str:
        try:
            return keep(store, str(number % 10)).id
        except CannotKeep as error:
            return error.reason

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(try_to_keep, range(110)))
    assert outcomes.count("owner_full") == 10
    assert len(set(outcomes)) == 101 and len(store.samples("local")) == 100


# Disks and processes that fail


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """As on a full disk: the kernel refuses to write more into any file of this process."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("room", [0, 60])
def test_a_full_disk_leaves_nothing_half_written(store: KeptStore, room: int) -> None:
    with files_of_at_most(room), pytest.raises(CannotKeep, match="disk_full"):
        keep(store)
    assert files(store) == [] and store.samples("local") == []
    keep(store)
    with files_of_at_most(room), pytest.raises(CannotKeep, match="disk_full"):
        store.relabel("local", store.samples("local")[0].id, "1")
    assert labels(store) == ["7"] and len(files(store)) == 3


@pytest.mark.parametrize(
    ("number", "reason"),
    [(errno.ENOSPC, "disk_full"), (errno.EDQUOT, "disk_full"), (errno.EIO, "disk_error")],
)
def test_what_the_disk_says_is_told(number: int, reason: str) -> None:
    with pytest.raises(CannotKeep, match=reason), disk_errors_told():
        raise OSError(number, "")


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotKeep, match="disk_error"):
        keep(KeptStore(tmp_path / "file" / "kept", BOUNDS))


KILLED = """
import signal, sys
from pathlib import Path
from tests.ml.test_kept import BOUNDS, KeptStore, keep

renames = 0
def die(event, arguments):
    global renames
    renames += event == "os.rename"
    if renames == int(sys.argv[2]):
        signal.raise_signal(signal.SIGKILL)

store = KeptStore(Path(sys.argv[1]), BOUNDS)
relabelled = store.samples("local")
sys.addaudithook(die)
store.relabel("local", relabelled[0].id, "1") if relabelled else keep(store)
"""


def killed_at_rename(store: KeptStore, number: int) -> None:
    command = [sys.executable, "-c", KILLED, str(store.root), str(number)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr


def grow_old(store: KeptStore) -> None:
    for path in store.root.rglob("*"):
        os.utime(path, (time.time() - 1000,) * 2)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_writer_that_is_killed_has_kept_nothing_and_its_leftovers_go(
    store: KeptStore, number: int
) -> None:
    killed_at_rename(store, number)
    assert store.samples("local") == [] and len(files(store)) == number
    grow_old(store)
    keep(store, "1")
    assert labels(store) == ["1"] and len(files(store)) == 3


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_correction_that_is_killed_loses_nothing(store: KeptStore, number: int) -> None:
    sample = keep(store)
    killed_at_rename(store, number)
    assert store.samples("local") == [sample]
    grow_old(store)
    again = KeptStore(store.root, BOUNDS)
    keep(again, "3")
    assert labels(again) == ["3", "7"] and len(files(again)) == 6


def test_what_is_not_ours_is_left_alone(store: KeptStore) -> None:
    sample = keep(store)
    (sample.folder / "notes.txt").write_text("mine")
    (store.root / "local" / "notes.txt").write_text("mine")
    (store.root / "elsewhere").mkdir()
    grow_old(store)
    again = KeptStore(store.root, BOUNDS)
    keep(again)
    assert len(again.samples("local")) == 2 and files(store).count("notes.txt") == 2


@pytest.mark.parametrize("facts", ["", "{", "[]", "null", '{"read": 7}', '{"other": "1"}', "\xff"])
def test_a_broken_sample_is_told_by_a_value_error(store: KeptStore, facts: str) -> None:
    sample = keep(store)
    sample.file(".json").write_text(facts)
    with pytest.raises(ValueError):
        sample.reading()
