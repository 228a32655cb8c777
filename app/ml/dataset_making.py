"""A person's pictures become a dataset of their own: each one checked, whole or not there."""

import hashlib
import os
import random
import secrets
import shutil
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import torch
from PIL import Image

from app.ml.checkpoints import NAME
from app.ml.colours import opaque
from app.ml.datasets import DATASETS
from app.ml.files import sync_folder
from app.ml.own_datasets import Manifest, class_folders, write_manifest
from app.ml.parts import Options
from app.ml.picture import Picture
from app.ml.picture_files import PictureFiles
from app.ml.picture_sources import Found, Unreadable
from app.ml.picture_trees import CannotMake, LeftOut, Place, arrange, check_counts, left
from app.ml.preprocessing import Preprocessing
from app.ml.samples import folder_of

LONGEST = 512  # pixels: the largest network takes 224
LOSSLESS = 128  # pixels: small pictures that are no photographs stay exact
QUALITY = 90  # of a JPEG
TESTED = 0.2  # of each class, where no test part came with it
MEASURED = 1_000  # training pictures that mean and spread are of
TOLD = 1_000  # files left out that are told one by one
AT_ONCE = 4  # pictures on their way to be decoded
LOOKAHEAD = 32  # pictures; a dataset of millions is not queued at once
ABANDONED = 24 * 3600.0  # seconds after which what a killed process left is removed
NOT_STATED = "not stated"
TEXT = 300  # signs of what people write of it
TAKEN = ("my-digits",)  # has addresses of its own

Decode = Callable[[bytes], Picture]  # Unreadable says why it cannot
Colours = tuple[float, float, float]
Progress = Callable[[int, int], None]  # pictures looked at, of how many; what it raises ends it


@dataclass(frozen=True)
class Wanted:
    """What a person says of the dataset."""

    name: str
    source: str = NOT_STATED
    licence: str = NOT_STATED
    split_seed: int = 0


def check_wanted(own: Path, wanted: Wanted) -> None:
    """CannotMake where the name is none, or is taken, or a text is none that can be shown."""
    name = wanted.name
    if not NAME.fullmatch(name):
        sentence = "A dataset's name is 1 to 64 of a-z, 0-9 and -, not beginning with -."
        raise CannotMake("wrong_name", sentence)
    if name in DATASETS or name in TAKEN:
        sentence = f"{name} is one of Inkling's own datasets; choose another name."
        raise CannotMake("name_taken", sentence)
    if (own / name).exists():
        raise name_taken(name)
    for what, text in (("licence", wanted.licence), ("source", wanted.source)):
        if len(text) > TEXT or not text.isprintable():
            sentence = f"The {what} is one line of at most {TEXT} signs that can be seen."
            raise CannotMake("wrong_text", sentence)


def name_taken(name: str) -> CannotMake:
    return CannotMake("name_taken", f"There is a dataset called {name} already.")


@contextmanager
def workshop(own: Path) -> Iterator[Path]:
    """A folder beside the datasets, gone at the end with all that is left in it."""
    own.mkdir(parents=True, exist_ok=True)
    for old in own.glob(".*-*"):
        if time.time() - old.stat().st_mtime > ABANDONED:
            shutil.rmtree(old, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(dir=own, prefix=".new-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def make_dataset(
    own: Path, wanted: Wanted, found: Sequence[Found], decode: Decode, progress: Progress
) -> Manifest:
    """Check every picture, then give the whole its name by one rename.

    CannotMake says what is in the way; then nothing is left. Files that cannot be in it are in the
    manifest with their reasons.
    """
    check_wanted(own, wanted)
    arrangement = arrange([each.path for each in found])
    left_out = list(arrangement.left_out)
    with workshop(own) as shop:
        folder = shop / wanted.name
        kept = []
        for place, reason in stored(folder, arrangement.places, found, decode, progress):
            if reason is None:
                kept.append(place)
            else:
                left_out.append(left(found[place.row].path, reason))
        labels = sorted({place.label for place in arrangement.places})
        counts = Counter(place.label for place in kept)
        check_counts({label: counts[label] for label in labels}, left_out)
        seed = None
        if not any(place.part == "test" for place in kept):
            seed = wanted.split_seed
            cut_test(folder, labels, seed)
        manifest = describe(folder, wanted, labels, seed, left_out)
        write_manifest(folder, manifest)
        os.sync()
        give_name(folder, own / wanted.name)
    sync_folder(own)
    return manifest


def stored(
    folder: Path, places: Sequence[Place], found: Sequence[Found], decode: Decode,
    progress: Progress,
) -> Iterator[tuple[Place, str | None]]:  # fmt: skip
    """Each place with the reason why its picture is not kept, or None."""

    def store(place: Place) -> str | None:
        try:
            content = found[place.row].read()
            suffix, write = packed(decode(content), is_photograph(content))
        except Unreadable as error:
            return str(error)
        except OSError as error:
            return f"It cannot be read ({error.strerror or type(error).__name__})."
        target = folder / place.part / folder_of(place.label)
        target.mkdir(parents=True, exist_ok=True)
        write(target / f"{place.row:07}{suffix}")
        return None

    done = 0
    with ThreadPoolExecutor(AT_ONCE, "making") as pool:
        for start in range(0, len(places), LOOKAHEAD):
            some = places[start : start + LOOKAHEAD]
            for place, reason in zip(some, pool.map(store, some), strict=True):
                done += 1
                progress(done, len(places))
                yield place, reason


def is_photograph(content: bytes) -> bool:
    """A JPEG or WebP, which has lost something already."""
    return content.startswith(b"\xff\xd8") or content[8:12] == b"WEBP"


def packed(picture: Picture, photograph: bool) -> tuple[str, Callable[[Path], None]]:
    """(suffix, what writes it): nothing of the file but its pixels, at most LONGEST on a side."""
    image = Image.fromarray(opaque(picture))
    image.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
    if photograph or max(image.size) > LOSSLESS:
        return ".jpg", lambda path: image.save(path, "JPEG", quality=QUALITY)
    return ".png", lambda path: image.save(path, "PNG")


def cut_test(folder: Path, labels: Sequence[str], seed: int) -> None:
    """Some of each class move from train to test: one at least, and never all. Copies of a picture
    stay together: the test is of what was not seen."""
    for number, label in enumerate(labels):
        train, test = (folder / part / folder_of(label) for part in ("train", "test"))
        copies = same_content(sorted(train.iterdir()))
        count = max(1, round(TESTED * sum(map(len, copies))))
        random.Random(f"{seed} {number}").shuffle(copies)
        moved: list[Path] = []
        for files in copies:
            if len(moved) + len(files) <= count:
                moved += files
        test.mkdir(parents=True)
        if not moved:  # every picture has many copies, or there is only one
            moved = min(copies, key=len) if len(copies) > 1 else copies[0][:count]
        for file in moved:
            os.rename(file, test / file.name)


def same_content(files: Sequence[Path]) -> list[list[Path]]:
    """Files of which each list holds all that are byte for byte the same."""
    found = defaultdict(list)
    for file in files:
        found[hashlib.sha256(file.read_bytes()).digest()].append(file)
    return list(found.values())


def describe(
    folder: Path, wanted: Wanted, labels: Sequence[str], seed: int | None,
    left_out: Sequence[LeftOut],
) -> Manifest:  # fmt: skip
    classes, files = tuple(labels), {}
    for part in ("train", "test"):
        places = [folder / each for each in class_folders(part, classes)]
        for each in places:
            each.mkdir(parents=True, exist_ok=True)
        files[part] = [sorted(each.iterdir()) for each in places]
    if not all(files["train"]):
        raise CannotMake("too_few_pictures", "A class has no readable picture to learn from.")
    training = [file.relative_to(folder).as_posix() for each in files["train"] for file in each]
    mean, std = measured(folder, training)
    everything = [file for part in files.values() for each in part for file in each]
    return Manifest(
        name=wanted.name,
        version=secrets.token_hex(6),
        classes=classes,
        train=tuple(map(len, files["train"])),
        test=tuple(map(len, files["test"])),
        mean=mean,
        std=std,
        source=wanted.source,
        licence=wanted.licence,
        split_seed=seed,
        left_out=len(left_out),
        reasons=tuple(left_out[:TOLD]),
        bytes=sum(file.stat().st_size for file in everything),
        created=datetime.now(UTC).date().isoformat(),
    )


def measured(folder: Path, names: Sequence[str]) -> tuple[Colours, Colours]:
    """Mean and standard deviation of each colour, from 0 to 1, of some of the pictures."""
    some = random.Random(0).sample(names, min(MEASURED, len(names)))
    how = Preprocessing("photo", Options.size, 3, (0.0,) * 3, (1.0,) * 3)
    pictures = PictureFiles(folder, some, how)
    sums = torch.zeros(2, 3, dtype=torch.float64)
    for start in range(0, len(some), 100):
        x = pictures[start : start + 100].double() / 255
        sums += torch.stack((x.sum((0, 2, 3)), (x * x).sum((0, 2, 3))))
    mean, square = sums / (len(some) * how.size**2)
    std = (square - mean**2).clamp(min=1e-6).sqrt()  # one even colour has no spread
    return rounded(mean), rounded(std)


def rounded(values: torch.Tensor) -> Colours:
    red, green, blue = (round(value, 4) for value in values.tolist())
    return red, green, blue


def give_name(folder: Path, target: Path) -> None:
    folder.chmod(0o755)
    try:
        os.rename(folder, target)
    except OSError as error:
        if target.exists():
            raise name_taken(target.name) from error
        raise
