import io
import subprocess
import tarfile
import zipfile
from pathlib import Path

from app.ml.pen_digits import read_writings
from app.ml.pen_sources import convert
from app.ml.unipen import Unipen

UCI_TEXT = """.VERSION 1.0
.SEGMENT DIGIT ? "8"
.COMMENT  8  3  0
.DT 100
.PEN_DOWN
   10   20
   30   40
.PEN_UP
.PEN_DOWN
   50   60
.PEN_UP
.SEGMENT DIGIT ? "0"
.COMMENT  0  4  1
.PEN_DOWN
   1   2
.PEN_UP
"""
INK = """.COORD T X Y
.PEN_DOWN
0 1 2
1 3 4
2 5 6
.PEN_UP
3 9 9
.PEN_DOWN
4 7 8
"""
LABELS = """.COMMENT isolated digits
written by hand
.INCLUDE aga/ink.dat
.SEGMENT CHARACTER 0-2 OK "4"
.SEGMENT CHARACTER 0:1-0:1 OK "1"
.SEGMENT CHARACTER 0 OK "a"
.SEGMENT WORD 0-2 OK "41"
.SEGMENT CHARACTER 1 OK "7"
"""


def test_segments_without_ranges_take_what_follows_them() -> None:
    assert list(Unipen(lambda _: "").read(UCI_TEXT).digits()) == [
        (8, [[(10, 20), (30, 40)], [(50, 60)]]),
        (0, [[(1, 2)]]),
    ]


def test_segments_with_ranges_take_components_and_points_of_included_files() -> None:
    found = list(Unipen({"aga/ink.dat": INK}.__getitem__).read(LABELS).digits())
    assert found == [(4, [[(1, 2), (3, 4), (5, 6)], [(7, 8)]]), (1, [[(3, 4)]])]


def test_a_file_that_includes_itself_ends() -> None:
    assert list(Unipen(lambda _: ".INCLUDE me\n").read(".INCLUDE me\n").digits()) == []


FILES = {
    "data/1a/aga/one.dat": LABELS,
    "include/aga/ink.dat": INK,
    "data/1a/xyz/two.dat": LABELS,  # not one of the six contributors
    "data/2/aga/no.dat": LABELS,  # not isolated digits
}


def compress(text: str) -> bytes:
    """gzip stands in for compress: `gzip -dc` reads both by their magic numbers."""
    return subprocess.run(["gzip", "-c"], input=text.encode(), capture_output=True).stdout


def test_both_collections_become_our_own_file(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "uci.zip", "w") as files:
        files.writestr("pendigits-orig.tra.Z", compress(UCI_TEXT))
    with tarfile.open(tmp_path / "unipen.tgz", "w:gz") as files:
        for name, text in FILES.items():
            member = tarfile.TarInfo(f"CDROM/train_r01_v07/{name}")
            member.size = len(text)
            files.addfile(member, io.BytesIO(text.encode()))
    target = tmp_path / "train.jsonl.gz"
    convert(tmp_path / "uci.zip", tmp_path / "unipen.tgz", target)
    writings = read_writings(target)
    assert [(writing.label, writing.writer) for writing in writings] == [
        (8, "pendigits-tra-3"),
        (0, "pendigits-tra-4"),
        (4, "unipen-aga/one"),
        (1, "unipen-aga/one"),
    ]
    assert writings[0].strokes[0] == [[10, -20], [30, -40]]
