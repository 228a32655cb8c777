"""Where a dataset's files lie, and the tensors parsed from them."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from app.ml.files import write_atomically
from app.ml.parts import Dataset, Options, Part, cut
from app.ml.preprocessing import Preprocessing

PARSER_VERSION = 2  # raise it when what is parsed changes: old caches are left aside


@dataclass(frozen=True)
class Source:
    """One file of a dataset: where it lies under the root, where it comes from, its md5 or the
    beginning of its sha256; and the folder that may lie there instead, unpacked from it."""

    path: str
    md5: str
    urls: tuple[str, ...] = ()
    sha256: str = ""
    unpacked: str = ""

    @property
    def ways(self) -> str:
        """What may lie under the root."""
        return f"{self.path} (or the folder {self.unpacked})" if self.unpacked else self.path

    def place(self, root: Path) -> Path | None:
        """Where it is; None where it is missing."""
        if (root / self.path).is_file():
            return root / self.path
        return root / self.unpacked if self.unpacked and (root / self.unpacked).is_dir() else None


@dataclass(frozen=True)
class Entry:
    """A row of DATASETS."""

    name: str
    title: str
    load: Callable[["Entry", Path, Path, Options], Dataset]
    sources: tuple[Source, ...]
    licence: str
    attribution: str
    classes: tuple[str, ...]
    preprocessing: Preprocessing
    limits: str  # of every model that learns from it, in words a student can read
    pictures: int = 0  # of all its parts together
    is_converted: bool = False  # `datasets download` makes the files from others
    folder: Path | None = None  # of a person's own
    version: str = ""  # another one each time that an own one is made

    @property
    def bring(self) -> str:
        """How its files come to a server that lacks them."""
        if all(source.urls for source in self.sources) or self.is_converted:
            return f"./run datasets download {self.name} on the server brings them."
        names = ", ".join(source.ways for source in self.sources)
        return f"Put {names} into the folder that ./run datasets names."

    @property
    def absent(self) -> str:
        return f"The files of {self.title} are not on this server. {self.bring}"

    def is_another(self, version: str) -> bool:
        """Whether an own dataset was removed, and this one made under its name."""
        return bool(version) and version != self.version

    @property
    def replaced(self) -> str:
        return (
            f"The dataset {self.name} was removed, and another one was given its name; what "
            "belongs to the earlier one cannot go on with it. Start anew."
        )

    def missing(self, root: Path) -> list[str]:
        """The files that are not under `root`."""
        return [source.path for source in self.sources if source.place(root) is None]

    def changed(self, root: Path) -> int:
        """When its files were last changed, in ns. FileNotFoundError where one is missing."""
        if self.folder:
            return self.folder.stat().st_mtime_ns
        places = [source.place(root) or root / source.path for source in self.sources]
        return max(place.stat().st_mtime_ns for place in places)


class MissingFiles(FileNotFoundError):
    """A dataset's files are not there; the message says how to get them, and where they belong.
    `public` says it without the server's folders."""

    def __init__(self, message: str, public: str) -> None:
        super().__init__(message)
        self.public = public


def find(entry: Entry, source: Source, root: Path) -> Path:
    path = source.place(root)
    if path is None:
        raise MissingFiles(
            f"The files of {entry.title} are not in {root}. {entry.bring} Or put this one at "
            f"{root / source.path}, and set INKLING_DATASETS_DIR to {root}.",
            entry.absent,
        )
    return path


def parts_of(entry: Entry, tensors: dict[str, Tensor], options: Options) -> Dataset:
    """Of `train`, `train_labels`, `test`, `test_labels`; validation is cut from the training."""
    known = Part(tensors["train"], tensors["train_labels"])
    train, validation = cut(known, options.validation_fraction, options.split_seed)
    test = Part(tensors["test"], tensors["test_labels"])
    return Dataset(entry.name, entry.classes, entry.preprocessing, train, validation, test)


def digest_of(place: Path) -> bytes:
    """Of a file's content; of a folder's files by name, size and time."""
    if place.is_dir():
        files = sorted((each.name, each.stat()) for each in place.iterdir())
        told = [(name, status.st_size, status.st_mtime_ns) for name, status in files]
        return hashlib.md5(repr(told).encode()).digest()
    with place.open("rb") as file:
        return hashlib.file_digest(file, "md5").digest()


def cached(
    entry: Entry, root: Path, cache: Path, key: str, make: Callable[[], dict[str, Tensor]]
) -> dict[str, Tensor]:
    """The tensors of `make`, kept in one file named by what they were made from."""
    digest = hashlib.sha256(f"{PARSER_VERSION}".encode())
    for source in entry.sources:
        digest.update(digest_of(find(entry, source, root)))
    path = cache / f"{key}-{digest.hexdigest()[:12]}.safetensors"
    if not path.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        write_atomically(path, lambda temporary: save_file(make(), temporary))
    with safe_open(path, "pt") as tensors:  # memory-mapped
        return {name: tensors.get_tensor(name) for name in tensors.keys()}  # noqa: SIM118
