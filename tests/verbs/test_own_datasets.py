"""`./run datasets add` and `remove`, in this process: the pictures are decoded in others."""

import json
from pathlib import Path

import pytest

from app.cli import main
from app.settings import Settings
from tests.ml.small_files import SHADES, photograph


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("INKLING_DATA_DIR", str(tmp_path / "data"))
    for label in SHADES:
        (tmp_path / "mine" / label).mkdir(parents=True)
        for number in range(5):
            photograph(label, number).save(tmp_path / "mine" / label / f"{number}.png")
    (tmp_path / "mine/sky/broken.png").write_bytes(b"broken")
    return tmp_path / "mine"


def test_a_folder_is_added_listed_and_removed(
    mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["datasets", "add", "shades", str(mine), "--licence", "CC0", "--json"]) == 0
    said = capsys.readouterr().out
    assert "left out: sky/broken.png: This is no picture" in said
    assert "3 classes, 12 training and 3 test pictures" in said
    made = json.loads(said.splitlines()[-1])
    assert (made["train"], made["test"], made["left_out"]) == ([4, 4, 4], [1, 1, 1], 1)
    assert main(["datasets", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out.splitlines()[-1])["datasets"]
    assert {"name": "shades", "title": "shades", "present": True, "licence": "CC0"} in rows
    assert main(["datasets", "remove", "shades"]) == 0
    assert not list(Settings().own_datasets_dir.iterdir())


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["add", "shades"], "needs a name and a folder or zip"),
        (["add", "mnist", "."], "mnist is one of Inkling's own datasets"),
        (["add", "a b", "."], "a dataset's name is 1 to 64"),
        (["add", "shades", "nowhere.zip"], "nowhere.zip is no folder and no zip"),
        (["add", "shades", "/dev/zero"], "/dev/zero is no folder and no zip"),
        (["remove"], "remove needs a name"),
        (["remove", "mnist"], "mnist is one of Inkling's own datasets, which stay"),
        (["remove", "shades"], "no own dataset called 'shades'; there is none"),
    ],
)
def test_what_cannot_be_added_or_removed_ends_in_a_sentence_and_2(
    mine: Path, words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["datasets", *words]) == 2
    assert sentence.lower() in capsys.readouterr().err.lower()
