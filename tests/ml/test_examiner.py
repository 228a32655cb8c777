"""The process that looks at parts of datasets, by its own pipe."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.ml.examiner import room_for
from app.settings import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture
def process() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-P", "-m", "app.ml.examiner"]
    with subprocess.Popen(
        command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, text=True, bufsize=1,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        yield process
        process.kill()


def say(process: subprocess.Popen[str], question: dict[str, Any]) -> None:
    assert process.stdin
    print(json.dumps(question), file=process.stdin, flush=True)


def hear(process: subprocess.Popen[str]) -> Any:
    assert process.stdout
    return json.loads(process.stdout.readline())


def test_a_question_is_given_up_and_the_process_stays(
    process: subprocess.Popen[str], tmp_path: Path
) -> None:
    slow = tmp_path / "own/slow"
    slow.mkdir(parents=True)
    os.mkfifo(slow / "card.json")  # a model that takes as long to read as we like
    library = [str(tmp_path / name) for name in ("shipped", "own", "runs")]
    question = {
        "what": "hidden", "library": library, "reference": "slow", "version": "0", "part": "test",
        "path": str(tmp_path / "out"), "datasets": str(tmp_path), "cache": str(tmp_path),
    }  # fmt: skip
    say(process, question)
    writing = os.open(slow / "card.json", os.O_WRONLY)  # it is reading now
    process.send_signal(signal.SIGINT)
    assert hear(process)["error"] == "given_up"
    os.close(writing)
    process.send_signal(signal.SIGINT)  # between two questions it means nothing
    say(process, question | {"reference": "none"})
    assert hear(process)["error"] == "unknown_checkpoint"
    assert process.poll() is None


def test_what_was_looked_at_longest_ago_makes_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.ml.examiner.KEPT_BYTES", 100)
    for age, name in enumerate(("new", "middle", "old")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "test.hidden.safetensors").write_bytes(bytes(60))
        os.utime(tmp_path / name, (1000 - age, 1000 - age))
    assert room_for(tmp_path / "fresh/test.hidden.safetensors").parent.is_dir()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fresh", "new"]
