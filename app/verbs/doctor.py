"""Look at the installation: what is here, what is missing, and the command that mends it.

Imports the standard library alone; each look imports what it needs, and reports its absence.
"""

import importlib.metadata
import json
import os
import platform
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from app import __version__
from app.verbs.serve import wrong_setting

ROOT = Path(__file__).resolve().parents[2]
CPU_FLAGS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "asimd", "bf16")  # that training uses
LOW_DISK_GB = 2.0  # a training run with its checkpoints, and the caches of the datasets
BROWSERS = (
    "chromium-headless-shell",  # no window, no tabs: two thirds of the processor time
    *("google-chrome", "google-chrome-stable", "chromium", "chromium-browser", "microsoft-edge"),
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)


@dataclass(frozen=True)
class Finding:
    """One line of the report; `mend` is the next step where something is missing, else empty."""

    subject: str
    found: str
    mend: str = ""
    needed: bool = False  # Inkling does not serve without it


def doctor(as_json: bool) -> int:
    """Print the report; 1 where something is missing that serving needs, else 0."""
    findings = list(examine())
    for finding in findings:
        print(f"{finding.subject:<22} {finding.found}")
    for finding in findings:
        if finding.mend:
            print(f"\n{finding.subject} {finding.found}. To mend it:\n  {finding.mend}")
    if as_json:
        rows = [asdict(finding) for finding in findings]
        missing = [row["subject"] for row in rows if row["mend"]]
        print(json.dumps({"version": __version__, "findings": rows, "missing": missing}))
    return int(any(finding.mend and finding.needed for finding in findings))


def examine() -> Iterator[Finding]:
    yield Finding("Inkling", f"{__version__} in {ROOT}")
    yield Finding("Python", f"{platform.python_version()} on {platform.platform()}")
    yield processor()
    yield from packages()
    yield from arithmetic()
    yield from settings()
    yield browser_for_tests()


def processor() -> Finding:
    """Cores that this process may use, and the flags that decide on bf16."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    cpuinfo = Path("/proc/cpuinfo")  # Linux alone has it
    words = set(cpuinfo.read_text(encoding="utf-8").split()) if cpuinfo.exists() else set()
    flags = " ".join(flag for flag in CPU_FLAGS if flag in words) or "flags unknown"
    return Finding("processor", f"{cores} cores, {platform.machine()}, {flags}")


def packages() -> Iterator[Finding]:
    """Every pin of both lock files against what is installed."""
    for lock, command, needed in (
        ("requirements.lock", "./run install", True),
        ("requirements-dev.lock", "./run install tests", False),
    ):
        pins = [line.split(";")[0].strip().partition("==") for line in lock_lines(lock)]
        wrong = [name for name, _, version in pins if installed_version(name) != version]
        name = "packages" if needed else "packages for tests"
        found = f"{len(pins) - len(wrong)} of {len(pins)} as in {lock}"
        yield Finding(name, found, command if wrong else "", needed)


def lock_lines(lock: str) -> list[str]:
    lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if "==" in line]


def installed_version(name: str) -> str | None:
    """Without the local part: torch 2.13.0+cpu is the lock's 2.13.0."""
    try:
        return importlib.metadata.version(name).partition("+")[0]
    except importlib.metadata.PackageNotFoundError:
        return None


def arithmetic() -> Iterator[Finding]:
    try:
        import torch
    except (ImportError, OSError) as error:
        yield Finding("torch", f"cannot be imported ({error})", "./run install", needed=True)
        return
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU in use"
    capability = torch.backends.cpu.get_cpu_capability()
    yield Finding(
        "torch", f"{torch.__version__}, {torch.get_num_threads()} threads, {capability}, {gpu}"
    )


def settings() -> Iterator[Finding]:
    """The data folder, the datasets and the models, as the settings name them."""
    try:
        from pydantic import ValidationError

        from app.settings import Settings
    except ImportError as error:
        yield Finding("data", f"unknown, {error.name} is missing", "./run install", needed=True)
        return
    try:
        known = Settings()
    except ValidationError as invalid:
        yield Finding("settings", wrong_setting(invalid), "correct that variable", needed=True)
        return
    yield data_folder(known.data_dir)
    yield from datasets(known.dataset_files_dir)
    yield from models(known.own_models_dir)


def data_folder(folder: Path) -> Finding:
    exists = next(path for path in (folder, *folder.parents) if path.exists())
    if not os.access(exists, os.W_OK):
        mend = "INKLING_DATA_DIR=FOLDER ./run serve"
        return Finding("data folder", f"{folder} cannot be written to", mend, needed=True)
    free = shutil.disk_usage(exists).free / 1e9
    state = "" if exists == folder else ", made at the first start"
    mend = "make room, or name another folder: INKLING_DATA_DIR" if free < LOW_DISK_GB else ""
    return Finding("data folder", f"{folder}{state}, {free:.1f} GB free", mend)


def datasets(root: Path) -> Iterator[Finding]:
    try:
        from app.ml.datasets import DATASETS
    except (ImportError, OSError):
        return  # torch is missing, as said above
    yield Finding("datasets folder", str(root))
    for name, entry in DATASETS.items():
        lacking = entry.missing(root)
        found = "missing (only training and evaluation need it)" if lacking else "here"
        mend = entry.bring if lacking else ""
        yield Finding(f"dataset {name}", found, mend)


def models(own: Path) -> Iterator[Finding]:
    try:
        from app.ml.checkpoints import ModelLibrary
    except (ImportError, OSError):
        return
    for entry in ModelLibrary(ROOT / "models", own).entries():
        state = entry.unavailable or f"{entry.origin}, version {entry.version}"
        mend = f"restore or remove {entry.folder}" if entry.unavailable else ""
        yield Finding(f"model {entry.name}", state, mend)


def browser_for_tests() -> Finding:
    path = installed_browser()
    return Finding("browser for tests", path or "none", "" if path else "./run test installs one")


def installed_browser() -> str | None:
    """INKLING_CHROMIUM, else the first Chrome, Chromium or Edge that is there."""
    named = os.environ.get("INKLING_CHROMIUM")
    return named or next(filter(None, map(shutil.which, BROWSERS)), None)
