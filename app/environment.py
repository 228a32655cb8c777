"""Make the environment that the product runs in: venv, then pip with the lock files.

Standard library alone: this runs before anything is installed. Every failure ends in a sentence.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, NoReturn

DISK_GB = 2.0  # the CPU build of torch and all the rest take 1.4 GB, unpacking a little more
CUDA_NOTE = """NOTE: this machine has no NVIDIA GPU, but pip would take PyTorch's CUDA build:
     about 2.7 GB to download, where the CPU build is 0.2 GB. To take the CPU build, stop with
     Ctrl-C, set INKLING_TORCH_INDEX to PyTorch's index of CPU wheels (pytorch.org, Get started:
     Pip, CPU; it is the address after --index-url) and start again."""
ALONE = ("torchvision",)  # without what it depends on: pip would exchange torch for another build
NO_INDEX = ("NewConnection", "name resolution", "timed out", "Max retries", "ProxyError")


def install(venv: str, python: str, locks: Sequence[str]) -> None:
    """Bring the environment at `venv` up to the locks; one that is half done is repaired."""
    packages = packages_folder(python) or make_venv(Path(venv), python)
    forget_what_is_half_unpacked(packages)
    if not list(packages.glob("torch-*.dist-info")):
        warn_of_cuda(python, Path(locks[0]).read_text(encoding="utf-8"))
    pip_install(python, locks)
    say("installed; the next start skips this")


def only_one_installs(path: str) -> BinaryIO:
    """Lock the file at `path` until it is closed: of two starts at once the second waits."""
    file = open(path, "rb")  # noqa: SIM115 (the caller's `with` closes it)
    if sys.platform != "win32":
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("another ./run is installing; waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
    return file


def packages_folder(python: str) -> Path | None:
    """site-packages of the environment; None where its Python or its pip does not run."""
    script = "import pip._internal.cli.main, sysconfig; print(sysconfig.get_path('purelib'))"
    try:
        asked = subprocess.run([python, "-I", "-c", script], capture_output=True, text=True)
    except OSError:
        return None
    return Path(asked.stdout.strip()) if asked.returncode == 0 else None


def make_venv(venv: Path, python: str) -> Path:
    if os.path.lexists(venv):
        say(f"{venv} does not run (interrupted, or its Python is gone): making it anew")
        shutil.rmtree(venv)
    say(f"making an environment in {venv} with Python {sys.version.split()[0]}")
    made = subprocess.run([sys.executable, "-m", "venv", venv], capture_output=True, text=True)
    said = (made.stdout + made.stderr).strip()
    if "ensurepip" in said or "No module named venv" in said:
        shutil.rmtree(venv, ignore_errors=True)
        fail("this Python lacks venv. On Debian and Ubuntu: sudo apt-get install python3-venv")
    if made.returncode:
        fail(f"no environment could be made in {venv}: {said[-500:]}")
    return packages_folder(python) or fail(f"{venv} does not run. Remove it and start again.")


def forget_what_is_half_unpacked(packages: Path) -> None:
    """Remove the records of packages whose installation was cut, so that pip installs them."""
    for record in packages.glob("*.dist-info"):
        if not (record / "INSTALLER").exists():  # which pip writes when the files are all there
            say(f"{record.stem} was only half installed: once more")
            shutil.rmtree(record)


def warn_of_cuda(python: str, lock: str) -> None:
    """Say it first when pip would bring several GB for a graphics card that is not there."""
    has_gpu = shutil.which("nvidia-smi") or os.path.exists("/dev/nvidia0")
    if sys.platform != "linux" or has_gpu or not takes_cuda_build(python, lock):
        return
    say(CUDA_NOTE)
    if sys.stdin.isatty():
        say("it goes on in 10 seconds")
        time.sleep(10)


def takes_cuda_build(python: str, lock: str) -> bool:
    """On Linux a build without a local version, or with +cu..., depends on the CUDA packages."""
    pin = next(line for line in lock.splitlines() if line.startswith("torch==")).partition("==")[2]
    ask = [python, "-m", "pip", "index", "versions", "torch", *torch_index()]
    offered = subprocess.run(ask, capture_output=True, text=True).stdout.replace(",", " ").split()
    builds = [version for version in offered if version.partition("+")[0] == pin]  # best first
    return bool(builds) and not builds[0].endswith("+cpu")


def torch_index() -> list[str]:
    index = os.environ.get("INKLING_TORCH_INDEX")
    return ["--extra-index-url", index] if index else []


def pip_install(python: str, locks: Sequence[str]) -> None:
    """pip is seen at work; what it says on stderr chooses the sentence when it fails."""
    if shutil.disk_usage(Path(python).parent).free < DISK_GB * 1e9:
        fail(f"the disk of {python} has less than {DISK_GB} GB free. Make room and start again.")
    say(f"installing what {' and '.join(Path(lock).name for lock in locks)} name")
    pins = [pin for lock in locks for pin in pins_of(Path(lock))]
    alone = [pin for pin in pins if pin.partition("==")[0] in ALONE]
    pip(python, [pin for pin in pins if pin not in alone])
    if alone:
        pip(python, ["--no-deps", *alone])


def pins_of(lock: Path) -> list[str]:
    lines = lock.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def pip(python: str, wanted: Sequence[str]) -> None:
    options = ["--disable-pip-version-check", "--only-binary", ":all:", *torch_index()]
    command = [python, "-m", "pip", "install", *options, *wanted]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, errors="replace") as at_work:
        said = ""
        for line in at_work.stderr or ():
            sys.stderr.write(line)
            said += line
    if at_work.returncode < 0:
        fail("pip was stopped. The same command goes on from there.")
    if at_work.returncode:
        fail(reason(said) + " The same command goes on from there.")


def reason(said: str) -> str:
    """The sentence for what pip wrote on stderr before it gave up."""
    if "No space left" in said:
        return "the disk is full, perhaps that of temporary files (TMPDIR). Make room."
    if any(sign in said for sign in NO_INDEX):
        return "pip reached no package index. Check the network (a proxy is named by HTTPS_PROXY)."
    if "No matching distribution found for " in said:
        missing = said.split("No matching distribution found for ")[-1].split()[0]
        version = sys.version.split()[0]
        return f"pip finds no {missing} for Python {version}. Check the network, or use 3.11."
    return "pip could not install the packages; its reason is above."


def say(sentence: str) -> None:
    print(f"run: {sentence}", flush=True)


def fail(sentence: str) -> NoReturn:
    sys.exit(f"run: {sentence}")
