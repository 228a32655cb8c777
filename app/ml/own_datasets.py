"""A person's own datasets: a folder each, with its pictures and a manifest of what they are."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from app.ml.checkpoints import NAME
from app.ml.files import sync_folder
from app.ml.parts import Dataset, Options
from app.ml.picture_folders import load_folders
from app.ml.picture_trees import LeftOut
from app.ml.preprocessing import Preprocessing
from app.ml.samples import folder_of
from app.ml.sources import Entry, MissingFiles

MANIFEST = "dataset.json"
MANIFEST_BYTES = 4 << 20  # a thousand files left out, by names that are all quoted
PARTS = ("train", "test")
UNSURE = (
    "It knows only the classes of its own pictures and takes everything else for one of them. It "
    "reads best what looks like those pictures; a high probability is not a proof."
)


@dataclass(frozen=True)
class Manifest:
    """Everything in dataset.json; counts are of each class, in the order of the classes."""

    name: str
    version: str
    classes: tuple[str, ...]
    train: tuple[int, ...]
    test: tuple[int, ...]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    source: str
    licence: str
    split_seed: int | None  # of the test part; None where it came with one
    left_out: int
    reasons: tuple[LeftOut, ...]  # of the first of them
    bytes: int
    created: str


def names(own: Path) -> Iterator[str]:
    """Of those whose manifest can be read."""
    if own.is_dir():
        yield from sorted(each.name for each in own.iterdir() if find(own, each.name))


def find(own: Path, name: str) -> Entry | None:
    manifest = manifest_of(own, name)
    return entry_of(own, manifest) if manifest else None


def manifest_of(own: Path, name: str) -> Manifest | None:
    """None where there is no such dataset, or a broken one."""
    if not NAME.fullmatch(name):
        return None
    try:
        with (own / name / MANIFEST).open("rb") as file:
            found = TypeAdapter(Manifest).validate_json(file.read(MANIFEST_BYTES))
    except (OSError, ValidationError):
        return None
    return found if found.name == name else None


def entry_of(own: Path, manifest: Manifest) -> Entry:
    return Entry(
        name=manifest.name,
        title=manifest.name,
        load=load_own,
        sources=(),
        licence=manifest.licence,
        attribution=manifest.source,
        classes=manifest.classes,
        preprocessing=Preprocessing("photo", Options.size, 3, manifest.mean, manifest.std),
        limits=UNSURE,
        pictures=sum(manifest.train) + sum(manifest.test),
        folder=own / manifest.name,
        version=manifest.version,
    )


def load_own(entry: Entry, root: Path, cache: Path, options: Options) -> Dataset:
    assert entry.folder is not None
    folders = {part: class_folders(part, entry.classes) for part in PARTS}
    try:
        return load_folders(entry, entry.folder, cache, options, folders)
    except FileNotFoundError as error:  # removed meanwhile
        gone = f"The dataset {entry.name} is not there any more."
        raise MissingFiles(gone, gone) from error


def class_folders(part: str, classes: tuple[str, ...]) -> list[str]:
    return [f"{part}/{folder_of(label)}" for label in classes]


def write_manifest(folder: Path, manifest: Manifest) -> None:
    with (folder / MANIFEST).open("w", encoding="utf-8") as file:
        json.dump(asdict(manifest), file)
        file.flush()
        os.fsync(file.fileno())


def delete(own: Path, name: str, data: Path) -> None:
    """With every copy of its pictures in the data folder. KeyError where there is none.

    The copies go first, so that what was cut short can be asked for again; and once more at the
    end, with what somebody looked at meanwhile.
    """
    if not NAME.fullmatch(name) or not (own / name).is_dir():
        raise KeyError(name)
    delete_copies(name, data)
    doomed = Path(tempfile.mkdtemp(dir=own, prefix=".deleted-"))
    os.rename(own / name, doomed / name)  # one rename: gone for every reader at once
    shutil.rmtree(doomed)
    delete_copies(name, data)
    sync_folder(own)


def delete_copies(name: str, data: Path) -> None:
    shutil.rmtree(data / "cache/folders" / name, ignore_errors=True)
    for examined in examined_on(name, data / "runs"):
        shutil.rmtree(examined, ignore_errors=True)
    galleries = data.glob(f"cache/galleries-*/{name}.*")
    under_glass = data.glob("glass/*/*.safetensors")  # other models' are soon found again
    for pictures in (*galleries, *under_glass):
        pictures.unlink(missing_ok=True)


def examined_on(name: str, runs: Path) -> Iterator[Path]:
    """Where runs that learnt from this dataset keep the pictures that their pages show."""
    for run in runs.glob("*"):
        for card in run.glob("checkpoints*/card.json"):
            with suppress(OSError, ValueError, AttributeError):  # deleted meanwhile, or damaged
                if json.loads(card.read_bytes()).get("dataset") == name:
                    yield from run.glob("examined*")
                    break
