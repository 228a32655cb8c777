"""Where a person's pictures come from: a folder, a zip, or one file with all that was uploaded."""

import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.ml.picture_trees import CannotMake, may_be_picture

ELSEWHERE = 0xFFFFFFFF  # a size that stands in the larger record
DIRECTORY_BYTES = 16 * 1024 * 1024  # of a zip's list of files, which is read whole
PLAIN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others may ask for gigabytes to unpack
DAMAGED = "The zip is damaged or not whole. Make it again, then send it once more."


class Unreadable(ValueError):
    """A file that cannot be in a dataset; the message says why."""


@dataclass(frozen=True)
class Bounds:
    """How much a dataset may be made of; bytes of one picture, and of all once unpacked."""

    pictures: int
    picture_bytes: int
    bytes: int


@dataclass(frozen=True)
class Found:
    """A file by its path; read() gives its content. Unreadable or OSError where it cannot."""

    path: str
    size: int
    read: Callable[[], bytes]


@contextmanager
def in_folder(folder: Path, bounds: Bounds) -> Iterator[list[Found]]:
    """All files below the folder, in hidden folders what may be pictures; links are named and not
    followed."""
    found = list[Found]()
    for top, folders, names in os.walk(folder):
        folders.sort()
        is_hidden = any(each.startswith(".") for each in Path(top).relative_to(folder).parts)
        for name in sorted(filter(may_be_picture, names) if is_hidden else names):
            path = Path(top) / name
            found.append(in_place(path, path.relative_to(folder).as_posix(), bounds))
        if len(found) > bounds.pictures:
            break
    check(found, bounds)
    yield found


def in_place(path: Path, name: str, bounds: Bounds) -> Found:
    status = path.lstat()

    def read() -> bytes:
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable("It is a link or no plain file.")
        with path.open("rb") as file:
            return bounded(file.read(bounds.picture_bytes + 1), bounds)

    return Found(name, status.st_size if stat.S_ISREG(status.st_mode) else 0, read)


@contextmanager
def in_zip(path: Path, bounds: Bounds) -> Iterator[list[Found]]:
    """Open meanwhile. CannotMake for what is no zip, or would unpack to more than the bounds."""
    try:
        check_directory(path)
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, struct.error, ValueError, OverflowError) as error:
        if isinstance(error, CannotMake):
            raise
        raise CannotMake("damaged_zip", DAMAGED) from error
    with archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        found = [packed(archive, member, bounds) for member in members]
        check(found, bounds)
        yield found


def check_directory(path: Path) -> None:
    """The list of files is read whole and believed: it must be small. Its size stands in the last
    record, or in the larger one that a zip beyond 4 GiB has before it (APPNOTE 4.3.14, 4.3.16);
    whatever looks like one of them counts."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 22 - 65_535 - 20 - 56))
        end = file.read()
    sizes = [read_at(end, found.start() + 12, "<L") for found in re.finditer(b"PK\5\6", end)]
    sizes += [read_at(end, found.start() + 40, "<Q") for found in re.finditer(b"PK\6\6", end)]
    if max(size for size in sizes if size != ELSEWHERE) > DIRECTORY_BYTES:
        raise CannotMake("too_many_pictures", "The zip's list of files is too long.")


def read_at(content: bytes, place: int, format: str) -> int:
    """0 where it would lie past the end."""
    enough = place + struct.calcsize(format) <= len(content)
    return int(struct.unpack_from(format, content, place)[0]) if enough else 0


def packed(archive: zipfile.ZipFile, member: zipfile.ZipInfo, bounds: Bounds) -> Found:
    def read() -> bytes:
        if stat.S_ISLNK(member.external_attr >> 16):
            raise Unreadable("It is a link or no plain file.")
        if member.flag_bits & 1:
            raise Unreadable("It is locked by a password.")
        if member.compress_type not in PLAIN:
            raise Unreadable("It is packed in a way that is not read here; pack it as usual.")
        if member.file_size > bounds.picture_bytes:
            raise Unreadable(too_large(bounds))
        try:
            with archive.open(member) as file:
                return bounded(file.read(bounds.picture_bytes + 1), bounds)
        except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError) as error:
            if isinstance(error, Unreadable):
                raise
            raise Unreadable("The zip is damaged here.") from error

    return Found(member.filename, member.file_size, read)


@contextmanager
def in_spool(
    path: Path, pieces: list[tuple[str, int, int]], bounds: Bounds
) -> Iterator[list[Found]]:
    """pieces: each file's path, where it begins in the spool, and its size."""
    found = [piece_of(path, *piece, bounds) for piece in pieces]
    check(found, bounds)
    yield found


def piece_of(spool: Path, path: str, start: int, size: int, bounds: Bounds) -> Found:
    def read() -> bytes:
        if size > bounds.picture_bytes:
            raise Unreadable(too_large(bounds))
        with spool.open("rb") as file:
            file.seek(start)
            return file.read(size)

    return Found(path, size, read)


def check(found: list[Found], bounds: Bounds) -> None:
    if len(found) > bounds.pictures:
        sentence = f"There are more than {bounds.pictures:,} files in it. Take fewer."
        raise CannotMake("too_many_pictures", sentence)
    if sum(each.size for each in found) > bounds.bytes:
        sentence = f"Unpacked it would have more than {bounds.bytes >> 20:,} MiB. Take fewer."
        raise CannotMake("too_large", sentence)


def bounded(content: bytes, bounds: Bounds) -> bytes:
    if len(content) > bounds.picture_bytes:
        raise Unreadable(too_large(bounds))
    return content


def too_large(bounds: Bounds) -> str:
    return f"It is larger than {bounds.picture_bytes >> 20} MiB."
