"""Zip archives that are sent while they are made, never whole in memory."""

import json
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from app.ml.samples import PICTURE, Sample
from app.settings import KIB

CHUNK = 64 * KIB


def zip_of_folder(folder: Path, name: str) -> Iterator[bytes]:
    """The plain files of a folder as `name/...` in a zip, made as it is sent, never whole in
    memory; links are left out, for they may lead anywhere."""
    sink = Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(folder.iterdir()):
            if path.is_symlink() or not path.is_file() or path.name.startswith("."):
                continue
            with path.open("rb") as file, archive.open(f"{name}/{path.name}", "w") as member:
                while piece := file.read(CHUNK):
                    member.write(piece)
                    yield sink.take()
    yield sink.take()


def zip_of_samples(samples: Sequence[Sample]) -> Iterator[bytes]:
    """LABEL/ID.png of each, then samples.jsonl with what is known of them, one line at a time;
    what is broken, or deleted meanwhile, is left out."""
    sink = Sink()
    with zipfile.ZipFile(sink, "w") as archive:
        lines = []
        for sample in reversed(samples):
            with suppress(OSError):
                archive.writestr(member(sample), sample.file(PICTURE).read_bytes())
                lines.append(sample)
            yield sink.take()
        with archive.open("samples.jsonl", "w") as file:
            for sample in lines:
                with suppress(OSError, ValueError):
                    file.write(json.dumps(known(sample)).encode() + b"\n")
                yield sink.take()
    yield sink.take()


def member(sample: Sample) -> zipfile.ZipInfo:
    time = max(sample.created.timetuple()[:6], (1980, 1, 1, 0, 0, 0))  # a zip knows none before
    return zipfile.ZipInfo(f"{sample.folder.name}/{sample.id}.png", time)


def known(sample: Sample) -> dict[str, Any]:
    return {
        "picture": member(sample).filename,
        "label": sample.label,
        **asdict(sample.reading()),
        "created": sample.created.isoformat(),
        **sample.drawing(),
    }


class Sink:
    """A file that only grows and hands out what it has; no tell(), so ZipFile never seeks back."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: bytes) -> int:
        self._pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None: ...

    def close(self) -> None: ...

    def take(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)
