"""The store of what people kept: ROOT/OWNER/LABEL/, the files of samples."""

import errno
import os
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from app.ml.files import sync_folder, write_atomically
from app.ml.identities import ID, Identities
from app.ml.picture import Picture
from app.ml.samples import (
    FACTS,
    PICTURE,
    STROKES,
    Drawing,
    Reading,
    Sample,
    check_label,
    contents,
    folder_of,
    is_facts,
    is_label_folder,
    samples_in,
)

OWNER = re.compile(r"local|[0-9a-f]{64}")
LEFTOVER_SECONDS = 60  # younger files without their facts may still be in the making


class UnknownSample(KeyError):
    """This owner has no sample of that id."""


class CannotKeep(RuntimeError):
    """Nothing was changed. reason: owner_full, store_full, disk_full or disk_error."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Bounds:
    """How much one owner may keep, and all of them together."""

    owner_samples: int
    owner_bytes: int
    all_samples: int
    all_bytes: int


class KeptStore:
    """All owners' samples. The disk is read whenever they are asked for; writers take turns."""

    def __init__(self, root: Path, bounds: Bounds) -> None:
        self.root, self.bounds = root, bounds
        self._identities = Identities()
        self._writing = Lock()
        self._used: Counter[str] | None = None  # by all owners; counted once

    def samples(self, owner: str) -> list[Sample]:
        """The owner's, newest first."""
        found = {s.id: s for folder in self._folders(owner) for s in samples_in(folder)}
        return [found[identity] for identity in sorted(found, reverse=True)]

    def find(self, owner: str, identity: str) -> Sample:
        if ID.fullmatch(identity):
            for folder in self._folders(owner):
                sample = Sample(identity, folder)
                if sample.file(FACTS).is_file():
                    return sample
        raise UnknownSample(identity)

    def keep(
        self,
        owner: str,
        label: str,
        picture: Picture,
        reading: Reading,
        drawing: Drawing | None = None,
    ) -> Sample:
        """ValueError for a label that is none; CannotKeep."""
        check_label(label)
        files = contents(picture, reading, drawing)
        size = sum(map(len, files.values()))
        with self._writing, disk_errors_told():
            self._check_room(owner, size)
            sample = Sample(self._identities.new(), self._home(owner) / folder_of(label))
            write_sample(sample, files)
            self._count(1, size)
        return sample

    def relabel(self, owner: str, identity: str, label: str) -> Sample:
        """The pictures are copied, then one rename makes them count there and no longer here."""
        check_label(label)
        with self._writing, disk_errors_told():
            before = self.find(owner, identity)
            after = Sample(identity, self._home(owner) / folder_of(label))
            if before == after:
                return before
            files = {kind: before.file(kind) for kind in (PICTURE, STROKES)}
            write_sample(
                after, {k: file.read_bytes() for k, file in files.items() if file.exists()}
            )
            os.replace(before.file(FACTS), after.file(FACTS))
            sync_folder(after.folder)
            remove_sample(before)
        return after

    def delete(self, owner: str, identity: str) -> None:
        with self._writing, disk_errors_told():
            self._delete(self.find(owner, identity))

    def delete_all(self, owner: str) -> None:
        with self._writing, disk_errors_told():
            for folder in self._folders(owner):
                for sample in samples_in(folder, broken=True):
                    self._delete(sample)

    def _delete(self, sample: Sample) -> None:
        size = sample.size
        remove_sample(sample)
        self._count(-1, -size)

    def _home(self, owner: str) -> Path:
        if not OWNER.fullmatch(owner):
            raise ValueError("an owner is `local` or a sha256")
        return self.root / owner

    def _folders(self, owner: str) -> list[Path]:
        """Those of the owner's labels."""
        home = self._home(owner)
        return sorted(filter(is_label_folder, home.iterdir())) if home.is_dir() else []

    # --- room ---

    def _check_room(self, owner: str, size: int) -> None:
        own, used, bounds = self._usage(owner), self._all(), self.bounds
        if own["samples"] >= bounds.owner_samples or own["bytes"] + size > bounds.owner_bytes:
            raise CannotKeep("owner_full")
        if used["samples"] >= bounds.all_samples or used["bytes"] + size > bounds.all_bytes:
            raise CannotKeep("store_full")

    def _usage(self, owner: str) -> Counter[str]:
        """Samples and bytes."""
        found = Counter(samples=0, bytes=0)
        for folder in self._folders(owner):
            with os.scandir(folder) as files:
                for file in files:
                    found["samples"] += is_facts(file.name)
                    found["bytes"] += file.stat().st_size
        return found

    def _all(self) -> Counter[str]:
        """The first call also removes what killed writers have left."""
        if self._used is None:
            names = os.listdir(self.root) if self.root.is_dir() else []
            owners = [name for name in names if OWNER.fullmatch(name)]
            for owner in owners:
                remove_leftovers(self._folders(owner))
            self._used = sum(map(self._usage, owners), Counter[str]())
        return self._used

    def _count(self, samples: int, size: int) -> None:
        if self._used is not None:
            self._used.update(samples=samples, bytes=size)


def write_sample(sample: Sample, files: dict[str, bytes]) -> None:
    """In the order given; on an error nothing is left."""
    try:
        make_folder(sample.folder)
        for kind, content in files.items():
            write_file(sample.file(kind), content)
    except OSError:
        remove_sample(sample)
        raise


def write_file(path: Path, content: bytes) -> None:
    def write(temporary: str) -> None:
        Path(temporary).write_bytes(content)

    write_atomically(path, write)


def make_folder(folder: Path) -> None:
    """LABEL in OWNER in the store's root, each safely entered in the one above."""
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        for parent in (folder.parent, folder.parent.parent):
            sync_folder(parent)


def remove_sample(sample: Sample) -> None:
    """And its folders, once they are empty."""
    for kind in (FACTS, PICTURE, STROKES):
        sample.file(kind).unlink(missing_ok=True)
    for folder in (sample.folder, sample.folder.parent):
        try:
            folder.rmdir()
        except FileNotFoundError:
            continue
        except OSError:  # others are in it
            sync_folder(folder)
            return


def remove_leftovers(folders: Sequence[Path]) -> None:
    """Temporary files, and pictures and strokes without their facts, unless they are new."""
    for folder in folders:
        names = set(os.listdir(folder))
        for name in names:
            identity = name.removeprefix(".").partition(".")[0]
            is_whole = not name.startswith(".") and identity + FACTS in names
            if not is_whole and ID.fullmatch(identity) and age(folder / name) > LEFTOVER_SECONDS:
                (folder / name).unlink()


def age(path: Path) -> float:
    """Seconds since it was written."""
    return time.time() - path.lstat().st_mtime


@contextmanager
def disk_errors_told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        raise CannotKeep("disk_full" if full else "disk_error") from error
