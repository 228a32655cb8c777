"""The verbs as a person types them: real processes, small files in the real formats."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from app.ml.datasets import DATASETS
from app.ml.training_state import TrainingState
from tests.ml.conftest import ONE, SEVEN, on_canvas
from tests.ml.small_files import write_mnist

ROOT = Path(__file__).parents[2]
QUICK = [
    "--set", "epochs=4", "--set", "batch_size=32", "--set", "precision=float32",
    "--set", "threads=1", "--set", "learning_rate=0.01",
]  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("place")
    write_mnist(folder / "datasets", 320, 80)
    return folder


def environment(place: Path) -> dict[str, str]:
    folders = {
        "INKLING_DATA_DIR": str(place / "data"),
        "INKLING_DATASETS_DIR": str(place / "datasets"),
    }
    return {**os.environ, **folders, "PYTHONWARNINGS": "ignore"}


def inkling(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *words],
        cwd=ROOT, env=environment(place), capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def last_line(done: subprocess.CompletedProcess[str]) -> dict[str, object]:
    assert done.returncode == 0, done.stderr
    answer: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return answer


@pytest.fixture(scope="module")
def trained(place: Path) -> Path:
    words = ["--dataset", "mnist", "--network", "cnn", "--name", "mine", "--json"]
    answer = last_line(inkling(place, "train", *words, *QUICK))
    assert answer["model"] == "mine"
    return place


def test_a_trained_model_reads_what_it_learnt(trained: Path) -> None:
    answer = last_line(inkling(trained, "evaluate", "mine", "--json"))
    assert (answer["model"], answer["dataset"], answer["part"], answer["n"]) == (
        "mine", "mnist", "test", 80,
    )  # fmt: skip
    assert float(str(answer["accuracy"])) > 0.9


def test_files_are_read_by_the_way_the_server_takes(trained: Path) -> None:
    for name, strokes in (("seven.png", SEVEN), ("one.jpg", ONE)):
        Image.fromarray(255 - on_canvas(strokes)).save(trained / name)
    Image.new("L", (90, 90), 255).save(trained / "empty.png")
    files = [str(trained / name) for name in ("seven.png", "one.jpg", "empty.png")]
    answer = last_line(inkling(trained, "predict", "mine", *files, "--json"))
    seven, one, empty = answer["results"]  # type: ignore[misc]
    assert seven["predictions"][0]["label"] == "7" and one["predictions"][0]["label"] == "1"
    assert empty["predictions"] == [] and "nothing drawn" in empty["rejected"]


def test_what_is_no_picture_is_named_and_the_others_are_read(trained: Path) -> None:
    (trained / "no.png").write_text("hello")
    Image.fromarray(on_canvas(SEVEN)).save(trained / "yes.png")
    files = [str(trained / name) for name in ("no.png", "gone.png", "yes.png")]
    done = inkling(trained, "predict", "mine", *files)
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 3 and "No such file" in done.stdout


def test_the_card_holds_a_command_that_makes_the_same_weights_again(trained: Path) -> None:
    card = json.loads((trained / "data/models/mine/card.json").read_text())
    command, *words = shlex.split(card["recipe"])
    assert command == "./run"
    words[words.index("--name") + 1] = "again"
    last_line(inkling(trained, *words, "--json"))
    again = json.loads((trained / "data/models/again/card.json").read_text())
    assert again["sha256"] == card["sha256"]


def test_a_killed_training_goes_on_where_it_stood(place: Path) -> None:
    words = ["train", "--dataset", "mnist", "--network", "mlp", "--name", "killed", *QUICK]
    words += ["--set", "epochs=3000"]
    state = place / "data/training/killed.safetensors"
    command = [sys.executable, "-m", "app.cli", *words]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment(place), stderr=subprocess.DEVNULL
    ) as run:
        deadline = time.monotonic() + 60
        while not state.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.5)
        run.send_signal(signal.SIGKILL)
    first = TrainingState.load(str(state)).place["step"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment(place), stderr=subprocess.DEVNULL
    ) as run:
        before = state.stat().st_mtime_ns
        while state.stat().st_mtime_ns == before and time.monotonic() < deadline + 60:
            time.sleep(0.05)
        run.send_signal(signal.SIGKILL)
    second = TrainingState.load(str(state)).place["step"]
    assert 0 < first < second < first + 200


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["train"], "name a recipe"),
        (["train", "souffle"], "There is no such recipe; choose one of"),
        (["train", "mnist-mlp", "--set", "speed=9"], "its name is one of"),
        (["train", "mnist-mlp", "--set", "epochs=0"], "epochs must be between 1 and"),
        (["train", "mnist-mlp", "--set", "epochs=many"], "epochs must be a whole number"),
        (["train", "--dataset", "mnist", "--network", "rnn"], "choose one of mlp, cnn"),
        (["train", "--dataset", "pens", "--network", "mlp"], "choose one of mnist, pen-digits"),
        (["train", "digits-cnn"], "./run datasets download pen-digits"),
        (["train", "mnist-mlp", "--name", "mnist-mlp"], "ships with Inkling"),
        (["train", "mnist-mlp", "--name", "Ä"], "a model's name is"),
        (["evaluate", "nobody"], "no model called 'nobody'; there are"),
        (["evaluate", "mnist-mlp", "--dataset", "letters"], "no dataset called 'letters'"),
        (["predict", "nobody", "a.png"], "no model called 'nobody'"),
        (["datasets", "download"], "name a dataset to download: mnist"),
    ],
)
def test_what_cannot_work_ends_in_a_sentence_and_2(
    words: list[str], sentence: str, place: Path
) -> None:
    done = inkling(place, *words)
    assert done.returncode == 2 and sentence in done.stderr, done.stderr
    assert "Traceback" not in done.stderr


def test_an_existing_model_is_not_lost(trained: Path) -> None:
    words = ["--dataset", "mnist", "--network", "mlp", "--name", "mine", *QUICK]
    done = inkling(trained, "train", *words)
    assert done.returncode == 2 and "a model called mine exists" in done.stderr


def test_the_datasets_are_listed_with_what_is_here(place: Path) -> None:
    answer = last_line(inkling(place, "datasets", "--json"))
    rows = {row["name"]: row["present"] for row in answer["datasets"]}  # type: ignore[attr-defined]
    assert set(rows) == set(DATASETS)
    assert [name for name, present in rows.items() if present] == ["mnist"]
