"""A copy of the start script in a folder of its own, with a tiny lock and wheels made on the spot.

pip really runs; nothing comes from the network.
"""

import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCK = "torch==2.13.0\ninky==1.0\n"


@dataclass(frozen=True)
class Tree:
    """Enough of Inkling to start `run`, and a folder of wheels as the only package index."""

    folder: Path
    wheels: Path

    @property
    def venv(self) -> Path:
        return self.folder / ".venv"

    def site_packages(self) -> Path:
        return next(self.venv.glob("lib/python3.*/site-packages"))

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.wheels)}
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return subprocess.run(
            [sys.executable, self.folder / "run", *arguments],
            env=kept | offline | {"PIP_CONFIG_FILE": os.devnull} | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )


def make_tree(folder: Path) -> Tree:
    shutil.copy(ROOT / "run", folder)
    shutil.copytree(ROOT / "app", folder / "app", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "requirements.lock").write_text(LOCK)
    (folder / "requirements-dev.lock").write_text("inky-tests==1.0\n")
    (folder / "wheels").mkdir()
    return Tree(folder, folder / "wheels")


def make_wheel(folder: Path, name: str, version: str, requires: str = "") -> None:
    """A wheel with one module that holds its version; a stand-in for a package of many MB."""
    record = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += f"Requires-Dist: {requires}\n" if requires else ""
    tag = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}.py", f"version = {version!r}\n")
        wheel.writestr(f"{record}/METADATA", metadata)
        wheel.writestr(f"{record}/WHEEL", tag)
        wheel.writestr(f"{record}/RECORD", f"{name}.py,,\n{record}/RECORD,,\n")


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """Nothing is installed in it yet."""
    return make_tree(tmp_path)


@pytest.fixture(scope="module")
def installed_tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """Installed once for all tests of a file; each leaves it whole."""
    tree = make_tree(tmp_path_factory.mktemp("installed"))
    for name, version in (("torch", "2.13.0+cpu"), ("inky", "1.0"), ("inky_tests", "1.0")):
        make_wheel(tree.wheels, name, version)
    made = tree.run("install")
    assert made.returncode == 0, made.stdout + made.stderr
    assert "INKLING_TORCH_INDEX" not in made.stdout  # a CPU build is taken without a word
    return tree
