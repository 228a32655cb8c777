"""No sentence in the README that is not so: its tree, its curl lines, its links."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from bench.server import running_server
from tests.ml.conftest import SEVEN, on_canvas

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def sources() -> list[Path]:
    folders = ("app", "bench", "static", "templates")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]
    return [p for p in files if p.name != "__init__.py" and "__pycache__" not in p.parts]


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_tree_names_every_file(path: Path) -> None:
    tree = README.split("## The tree")[1]
    assert re.search(rf"(^|[\s/]){re.escape(path.name)}\b", tree) or path.name == "__main__.py"


def test_the_tree_names_no_file_twice_in_one_folder() -> None:
    folder, seen = "", list[tuple[str, str]]()
    for line in README.split("## The tree")[1].splitlines():
        found = re.match(r"( *)(\S+\.(?:py|js)|\w+/)", line)
        if found and found[2].endswith("/"):
            folder = found[2]
        elif found:
            seen.append((folder, found[2]))
    assert len(seen) > 100 and sorted(set(seen)) == sorted(seen)


def test_every_link_leads_somewhere() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    assert links and [link for link in links if not (ROOT / link).exists()] == []


def curl_lines() -> list[str]:
    section = README.split("## The API in three lines")[1].split("\n## ")[0]
    return [line for line in section.splitlines() if line.startswith("curl ")]


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_the_three_curl_lines_answer(tmp_path: Path) -> None:
    Image.fromarray(255 - on_canvas(SEVEN, 900)).save(tmp_path / "photo.jpg")
    assert len(curl_lines()) == 3
    with running_server() as (address, _):
        answers = [
            subprocess.run(
                shlex.split(line.replace("http://127.0.0.1:8000", address)),
                cwd=tmp_path, capture_output=True, check=True,
            ).stdout
            for line in curl_lines()
        ]  # fmt: skip
    models, photo, strokes = (json.loads(answer) for answer in answers)
    assert {model["name"] for model in models["models"]} >= {"digits-cnn", "mnist-cnn", "mnist-mlp"}
    for answer in (photo, strokes):
        assert answer["predictions"][0]["label"] == "7"
        assert list(answer) == [
            "model",
            "version",
            "predictions",
            "rejected",
            "input",
            "timings_ms",
        ]


def test_the_verbs_it_names_exist() -> None:
    named = set(re.findall(r"\./run ([a-z]+)", README))
    help_text = subprocess.run(
        [sys.executable, "run", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert {verb for verb in named if verb not in help_text} == set()
