"""The two public collections of pen digits -> our train.jsonl.gz."""

import gzip
import json
import re
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.ml.downloads import Progress, fetch
from app.ml.files import write_atomically
from app.ml.sources import Source
from app.ml.unipen import Unipen

UCI = Source(
    "pen-digits/uci-pendigits.zip",
    "",
    (
        "https://archive.ics.uci.edu/static/public/81/"
        "pen+based+recognition+of+handwritten+digits.zip",
    ),
)
UNIPEN = Source(
    "pen-digits/unipen-CDROM-train_r01_v07.tgz",
    "",
    ("https://zenodo.org/records/1195803/files/unipen-CDROM-train_r01_v07.tgz",),
)
WRITER = re.compile(r"^\.COMMENT\s+\d\s+(\d+)", re.MULTILINE)  # "digit writer" before each digit
CONTRIBUTORS = ("aga", "apa", "app", "ced", "gmd", "syn")  # whose digits are whole and labelled


def download_pens(root: Path, progress: Progress) -> None:
    """Bring both collections and write root/pen-digits/train.jsonl.gz. DownloadFailed."""
    target = root / "pen-digits/train.jsonl.gz"
    if target.is_file():
        return
    for source in (UCI, UNIPEN):
        if not (root / source.path).is_file():
            fetch(source, root / source.path, progress)
    convert(root / UCI.path, root / UNIPEN.path, target)


def convert(uci: Path, unipen: Path, target: Path) -> None:
    def write(temporary: str) -> None:
        with gzip.open(temporary, "wt", encoding="utf-8") as file:
            for row in (*uci_digits(uci), *unipen_digits(unipen)):
                file.write(f"{json.dumps(row)}\n")

    write_atomically(target, write)


def uci_digits(archive: Path) -> Iterator[dict[str, Any]]:
    """pendigits-orig.tra.Z, compress'ed UNIPEN text: the 30 writers of its training part."""
    with zipfile.ZipFile(archive) as files:
        packed = files.read("pendigits-orig.tra.Z")
    text = subprocess.run(["gzip", "-dc"], input=packed, capture_output=True, check=True).stdout
    pieces = re.split(r"(?m)^(?=\.SEGMENT )", text.decode("latin-1"))
    for piece in pieces:
        found = WRITER.search(piece)
        for label, strokes in Unipen(lambda _: "").read(piece).digits():
            yield row(label, f"pendigits-tra-{found[1] if found else 0}", strokes)


def unipen_digits(archive: Path) -> Iterator[dict[str, Any]]:
    """Isolated digits (data/1a) of train_r01_v07; their ink lies in the files they include."""
    texts: dict[str, str] = {}
    with tarfile.open(archive) as files:
        for member in files:
            if member.isfile() and re.search(r"(^|/)(data/1a|include)/", member.name):
                content = files.extractfile(member)
                assert content is not None
                texts[re.split(r"(?:^|/)(?=(?:data/1a|include)/)", member.name)[-1]] = (
                    content.read().decode("latin-1")
                )
    for name in sorted(texts):
        contributor = Path(name).parts[2] if name.startswith("data/1a/") else ""
        if contributor in CONTRIBUTORS:
            writer = f"unipen-{contributor}/{Path(name).stem}"
            file = Unipen(lambda wanted: texts.get(f"include/{wanted}", ""))
            for label, strokes in file.read(texts[name]).digits():
                yield row(label, writer, strokes)


def row(label: int, writer: str, strokes: list[list[tuple[float, float]]]) -> dict[str, Any]:
    return {"label": label, "writer": writer, "strokes": strokes}
