"""A dataset as folders of picture files, one folder for each class of a part."""

import hashlib
import os
from dataclasses import replace
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from app.ml.files import write_atomically
from app.ml.parts import Dataset, Options, Part, cut
from app.ml.picture_files import Name, PictureFiles, path_of
from app.ml.sources import PARSER_VERSION, Entry

WHOLE_BYTES = 512 * 1024 * 1024  # of decoded pictures; more are decoded as they are asked for


def load_folders(
    entry: Entry, tree: Path, cache: Path, options: Options, folders: dict[str, list[str]]
) -> Dataset:
    """`folders` names, for `train` and `test`, the folder of each class below `tree`."""
    classes = {
        part: [files_in(tree, folder) for folder in names] for part, names in folders.items()
    }
    return load_files(entry, tree, cache, options, classes)


def load_files(
    entry: Entry, tree: Path, cache: Path, options: Options, classes: dict[str, list[list[Name]]]
) -> Dataset:
    """`classes` names, for `train` and `test`, the files of each class below `tree`."""
    files, labels = {}, {}
    for part, each in classes.items():
        names = tuple(name for of_class in each for name in of_class)
        files[part] = PictureFiles(tree, names, entry.preprocessing)
        counts = torch.tensor([len(of_class) for of_class in each], dtype=torch.int64)
        labels[part] = torch.arange(len(each)).repeat_interleave(counts)
    whole = sum(each.shape.numel() for each in files.values()) <= WHOLE_BYTES
    pictures = kept(entry, files, cache) if whole else files
    parts = {name: Part(pictures[name], labels[name]) for name in classes}
    train, validation = cut(parts["train"], options.validation_fraction, options.split_seed)
    return Dataset(entry.name, entry.classes, entry.preprocessing, train, validation, parts["test"])


def files_in(tree: Path, folder: str) -> list[Name]:
    """By name; hidden ones are passed over."""
    with os.scandir(tree / folder) as found:
        names = sorted(each.name for each in found if not each.name.startswith("."))
    return [f"{folder}/{name}" for name in names]


def kept(entry: Entry, files: dict[str, PictureFiles], cache: Path) -> dict[str, Tensor]:
    """All decoded, in one file named by what they were made from."""
    how = replace(entry.preprocessing, mean=(), std=())  # of these the pixels know nothing
    digest = hashlib.sha256(f"{PARSER_VERSION} {entry.version} {how}".encode())
    for part, each in files.items():
        for name in each.names:
            status = (each.folder / path_of(name)).stat()
            digest.update(f"{part} {name} {status.st_size} {status.st_mtime_ns}\n".encode())
    folder = cache / "folders" / entry.name
    path = folder / f"{digest.hexdigest()[:12]}.safetensors"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        tensors = {part: each[:] for part, each in files.items()}
        write_atomically(path, lambda temporary: save_file(tensors, temporary))
    with safe_open(path, "pt") as tensors_file:  # memory-mapped
        return {part: tensors_file.get_tensor(part) for part in files}
