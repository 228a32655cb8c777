"""One labelled picture that somebody kept: its files, and the folder of its label.

ID.png; for a drawing ID.strokes.json; and ID.json with what had been read in it. The last is
written last and goes first: a sample is there when its facts are there.
"""

import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from app.ml.identities import ID, time_of
from app.ml.picture import Picture
from app.ml.strokes import Stroke

LONGEST = 512  # pixels: all that preprocessing can use
LABEL_LENGTH = 40  # characters
FACTS, STROKES, PICTURE = ".json", ".strokes.json", ".png"


@dataclass(frozen=True)
class Reading:
    """What a model had read in the picture; read is None when it was rejected."""

    read: str | None = None
    model: str | None = None
    version: str | None = None


@dataclass(frozen=True)
class Drawing:
    """Strokes as they were sent, and the pen's width as a fraction of their longest side."""

    strokes: Sequence[Stroke]
    pen_width: float


@dataclass(frozen=True)
class Sample:
    id: str
    folder: Path

    @property
    def label(self) -> str:
        return label_of(self.folder.name)

    @property
    def created(self) -> datetime:
        return time_of(self.id)

    @property
    def is_drawing(self) -> bool:
        return self.file(STROKES).exists()

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        files = (self.file(kind) for kind in (FACTS, PICTURE, STROKES))
        return sum(file.stat().st_size for file in files if file.exists())

    def file(self, kind: str) -> Path:
        return self.folder / (self.id + kind)

    def reading(self) -> Reading:
        """ValueError or OSError when the sample is broken or gone."""
        fields = json.loads(self.file(FACTS).read_bytes())
        if not isinstance(fields, dict) or not all(is_text(value) for value in fields.values()):
            raise ValueError("a sample's facts are words")
        try:
            return Reading(**fields)
        except TypeError as error:
            raise ValueError("a sample has other facts") from error

    def drawing(self) -> dict[str, Any]:
        """strokes and pen_width; nothing for a picture. Errors as reading()."""
        return json.loads(self.file(STROKES).read_bytes()) if self.is_drawing else {}


def is_text(value: object) -> bool:
    return value is None or isinstance(value, str)


def samples_in(folder: Path, broken: bool = False) -> Iterator[Sample]:
    """Those whose facts and picture are there; `broken`: also without the picture."""
    try:
        names = set(os.listdir(folder))
    except FileNotFoundError:  # the last one has just been deleted
        return
    for name in filter(is_facts, names):
        identity = name.removesuffix(FACTS)
        if broken or identity + PICTURE in names:
            yield Sample(identity, folder)


def is_facts(name: str) -> bool:
    return bool(ID.fullmatch(name.removesuffix(FACTS))) and name.endswith(FACTS)


def contents(picture: Picture, reading: Reading, drawing: Drawing | None) -> dict[str, bytes]:
    """What each file of a sample holds, in the order in which they are written."""
    files = {PICTURE: png(picture)}
    if drawing:
        files[STROKES] = compact(asdict(drawing))
    return {**files, FACTS: compact(asdict(reading))}


def compact(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, separators=(",", ":")).encode()


def png(picture: Picture) -> bytes:
    """(H, W), (H, W, 3) RGB or (H, W, 4) RGBA, at most LONGEST on a side; nothing but pixels."""
    height, width = picture.shape[:2]
    scale = LONGEST / max(height, width)
    if scale < 1:
        size = max(1, round(width * scale)), max(1, round(height * scale))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    if picture.ndim == 3:  # OpenCV wants blue first
        picture = cv2.cvtColor(picture, TO_BLUE_FIRST[picture.shape[2]])
    _, content = cv2.imencode(".png", np.ascontiguousarray(picture))
    return content.tobytes()


TO_BLUE_FIRST = {3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}

# --- labels and their folders ----------------------------------------------------------------


def check_label(label: str) -> None:
    """ValueError unless it has 1 to 40 characters that can be seen, and spaces only between."""
    if not 1 <= len(label) <= LABEL_LENGTH or not label.isprintable() or label.strip() != label:
        sentence = "characters that can be seen, and spaces only between them"
        raise ValueError(f"a label has 1 to {LABEL_LENGTH} {sentence}")


def is_label_folder(folder: Path) -> bool:
    try:
        check_label(label_of(folder.name))
    except ValueError:
        return False
    return folder_of(label_of(folder.name)) == folder.name and folder.is_dir()


SIGN = re.compile(r"[\x00-\x7f]")
PLAIN = re.compile(r"[A-Za-z0-9_ -]")
QUOTED = re.compile(r"%([0-9A-F]{2})")


def folder_of(label: str) -> str:
    """A name for each label that means nothing to a file system: `.`, `/` and their like are
    written as in addresses, %2E."""
    return SIGN.sub(lambda sign: sign[0] if PLAIN.match(sign[0]) else f"%{ord(sign[0]):02X}", label)


def label_of(folder: str) -> str:
    return QUOTED.sub(lambda sign: chr(int(sign[1], 16)), folder)
