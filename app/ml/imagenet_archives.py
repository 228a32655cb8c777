"""ImageNet's official archives, read where they lie: the training pictures are a tar of tars."""

import json
import re
import tarfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from app.ml.files import write_atomically
from app.ml.mat_files import read_table
from app.ml.picture_files import Name, Slice

TRAINING, VALIDATION = "ILSVRC2012_img_train.tar", "ILSVRC2012_img_val.tar"
KIT = "ILSVRC2012_devkit_t12.tar.gz"  # its ground truth tells the validation pictures' classes
SYNSETS, TRUTH = "meta.mat", "ILSVRC2012_validation_ground_truth.txt"
NUMBERED = re.compile(r"ILSVRC2012_val_(\d{8})\.JPEG")


def pictures_of(archive: Path, root: Path, cache: Path) -> dict[str, list[Name]]:
    """The pictures of each class by its WordNet number; where they begin in the archive is found
    once, then kept in `cache`.

    ValueError where it is no such archive, or the development kit is not beside it.
    """
    status = archive.stat()
    index = cache / f"{archive.stem}-{status.st_size}-{status.st_mtime_ns}.safetensors"
    if not index.is_file():
        find = training if archive.name == TRAINING else validation
        cache.mkdir(parents=True, exist_ok=True)
        keep(find(archive), index)
    name = archive.relative_to(root).as_posix()
    with safe_open(index, "pt") as kept:
        wnids: list[str] = json.loads(kept.metadata()["wnids"])
        places, counts = kept.get_tensor("places"), kept.get_tensor("counts")
    parts = places.split(counts.tolist())
    return {
        wnid: [Slice(name, offset, size) for offset, size in part.tolist()]
        for wnid, part in zip(wnids, parts, strict=True)
    }


Places = dict[str, list[tuple[int, int]]]  # (offset, bytes) of the pictures of each class


def keep(found: Places, index: Path) -> None:
    rows = [place for places in found.values() for place in places]
    tensors = {
        "places": torch.from_numpy(np.array(rows, np.int64).reshape(-1, 2)),
        "counts": torch.tensor([len(places) for places in found.values()]),
    }
    told = {"wnids": json.dumps(list(found))}
    write_atomically(index, lambda temporary: save_file(tensors, temporary, told))


def training(archive: Path) -> Places:
    """Of the tars of the classes within it."""
    found: Places = {}
    with reading(archive) as file:
        for inner in members(file, 0, archive.stat().st_size):
            wnid, is_tar, _ = inner.name.partition(".tar")
            if is_tar:
                end = inner.offset_data + inner.size
                pictures = members(file, inner.offset_data, end)
                found[wnid] = [(each.offset_data, each.size) for each in pictures]
    return found


def validation(archive: Path) -> Places:
    """By the ground truth of the development kit, which lies beside it."""
    classes = ground_truth(archive.with_name(KIT))
    found: Places = defaultdict(list)
    with reading(archive) as file:
        for member in members(file, 0, archive.stat().st_size):
            number = NUMBERED.search(member.name)
            if number and 1 <= int(number[1]) <= len(classes):
                wnid = classes[int(number[1]) - 1]
                found[wnid].append((member.offset_data, member.size))
    return found


def ground_truth(kit: Path) -> list[str]:
    """WordNet's number of each validation picture."""
    if not kit.is_file():
        raise ValueError(f"{kit} is missing: it tells the classes of the validation pictures")
    texts: dict[str, bytes] = {}
    with reading(kit) as file, tarfile.open(fileobj=file, mode="r:gz") as archive:
        for member in archive:
            name = member.name.rpartition("/")[2]
            content = archive.extractfile(member) if name in (SYNSETS, TRUTH) else None
            if content is not None:
                texts[name] = content.read()
    try:
        rows = read_table(texts[SYNSETS], "synsets")
        wnids = {int(row["ILSVRC2012_ID"][0]): str(row["WNID"]) for row in rows}
        return [wnids[int(line)] for line in texts[TRUTH].split()]
    except (KeyError, IndexError, ValueError) as error:
        raise ValueError(f"{kit} is not ImageNet's development kit of 2012: {error}") from error


def members(file: BinaryIO, start: int, end: int) -> list[tarfile.TarInfo]:
    """Files of the tar that begins at `start`, by name; nothing is unpacked."""
    file.seek(start)
    found = (each for each in tarfile.TarFile(fileobj=file) if each.isreg())
    return sorted((each for each in found if each.offset_data < end), key=lambda one: one.name)


@contextmanager
def reading(archive: Path) -> Iterator[BinaryIO]:
    try:
        with archive.open("rb") as file:
            yield file
    except (tarfile.TarError, EOFError) as error:
        raise ValueError(f"{archive} is no whole archive: {error}") from error
