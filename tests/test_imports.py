"""Imports point one way, and what must never be in the code is not."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FILES = sorted((ROOT / "app").rglob("*.py"))

MAY_IMPORT = {  # room -> the rooms of app it may know; main and cli join everything
    "ml": {"ml"},
    "runs": {"runs", "ml", "settings"},
    "web": {"web", "runs", "ml", "settings"},
    "settings": set(),
}
WEB_FRAMEWORKS = {"fastapi", "starlette", "uvicorn"}
DATABASES = {"sqlalchemy", "sqlite3", "psycopg"}
PICKLES = {"pickle", "_pickle", "cPickle", "joblib", "dill", "cloudpickle", "shelve", "marshal"}


def room(path: Path) -> str:
    return path.relative_to(ROOT / "app").parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, anywhere in it, by its full name."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: write imports in full"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def packages(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imports(path)}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_room_knows_only_the_rooms_below_it(path: Path) -> None:
    known = {name.split(".")[1] for name in imports(path) if name.startswith("app.")}
    known -= {"__version__"}
    assert known <= MAY_IMPORT.get(room(path), known)


def test_ml_knows_neither_web_nor_database() -> None:
    for path in FILES:
        if room(path) == "ml":
            assert not packages(path) & (WEB_FRAMEWORKS | DATABASES | {"jinja2"}), path


def test_only_web_and_main_import_fastapi() -> None:
    users = {room(path) for path in FILES if packages(path) & {"fastapi", "starlette"}}
    assert users == {"web", "main"}


def test_the_supervisor_knows_no_torch() -> None:
    for path in FILES:
        if path.name == "supervisor.py":
            assert not {"torch", "app.ml.training"} & set(imports(path)), path


def test_torchvision_is_imported_in_one_place() -> None:
    users = [path.name for path in FILES if "torchvision" in packages(path)]
    assert users == []  # it is imported by name there, and only when it is asked for
    names = [p.name for p in FILES if 'import_module("torchvision' in p.read_text()]
    assert names == ["torchvision_models.py"]


def test_no_pickle_is_read_or_written() -> None:
    for path in FILES:
        assert not packages(path) & PICKLES, path
        assert not list(pickling_calls(path)), path


READS_PICKLES = "foreign_weights.py"  # tensors alone, in a process with little memory


def pickling_calls(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        if path.name == READS_PICKLES and "weights_only=True" in ast.unparse(node):
            continue
        if ast.unparse(node.func) in ("torch.load", "torch.save", "torch.jit.load"):
            yield ast.unparse(node)
        for keyword in node.keywords:
            if keyword.arg == "allow_pickle" and ast.unparse(keyword.value) != "False":
                yield ast.unparse(node)


def test_a_pickling_call_would_be_found(tmp_path: Path) -> None:
    file = tmp_path / "careless.py"
    file.write_text("def f(p):\n    return torch.load(p), np.load(p, allow_pickle=True)\n")
    assert len(list(pickling_calls(file))) == 2


def test_shipped_models_predict_without_torchvision() -> None:
    script = (
        "import sys; import numpy as np; from pathlib import Path;"
        "from app.ml.checkpoints import ModelLibrary; from app.ml.inference import load_classifier;"
        "library = ModelLibrary(Path('models'), Path('nowhere'));"
        "found = [load_classifier(entry) for entry in library.entries()];"
        "[each.probabilities(np.zeros((1, *each.card.shape), np.uint8)) for each in found];"
        "print(len(found), 'torchvision' in sys.modules)"
    )
    made = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert made.stdout.split()[1:] == ["False"], made.stderr
    assert int(made.stdout.split()[0]) > 2


def test_the_web_app_is_made_without_torch_or_torchvision() -> None:
    script = (
        "import sys; from app.main import create_app; create_app();"
        "print(sorted({'torch', 'torchvision'} & set(sys.modules)))"
    )
    made = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert made.stdout.strip() == "[]", made.stderr
