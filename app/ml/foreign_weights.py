"""Weights from elsewhere, checked against the network that they are for.

`python -m app.ml.foreign_weights ARCHITECTURE FILE TARGET` is a process with little memory and
time: a .pth file is a pickle, which may hold anything. It reads plain tensors alone, compares them
with the network's, and writes them to TARGET as safetensors. Its last line is JSON: {} or
{"unfit": a sentence}.
"""

import json
import resource
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from app.ml.torchvision_models import build_architecture, published

ROOT = Path(__file__).parents[2]
SURPLUS = 1.25  # of a file over its tensors: names, padding, second outputs of the training
SURPLUS_BYTES = 64 * 1024 * 1024
ROOM_BYTES = 256 * 1024 * 1024  # of memory, beside three times the file
SECONDS = 120
WRAPPED = ("state_dict", "model")  # where training scripts put the weights in a larger table
ONLY_TRAINING = ("aux", "AuxLogits")  # how the names of second outputs begin
HALVES = (torch.float16, torch.bfloat16)


class Unfit(ValueError):
    """The file cannot be these weights; the message is a sentence."""


def read_foreign(architecture: str, file: Path, target: Path) -> None:
    """Check FILE and write its tensors to TARGET as safetensors, in a process that is killed when
    it takes too much. Unfit with the reason; OSError when FILE cannot be read."""
    if file.exists() and not file.is_file():
        raise Unfit(f"{file} is no file")
    check_size(architecture, file)
    paths = str(file.absolute()), str(target.absolute())
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "app.ml.foreign_weights", architecture, *paths],
            capture_output=True, text=True, timeout=SECONDS, env={"PYTHONPATH": str(ROOT)},
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise Unfit(f"reading {file.name} took longer than {SECONDS} seconds") from None
    try:
        answer = json.loads((done.stdout.splitlines() or [""])[-1])
    except ValueError:
        raise Unfit(f"reading {file.name} took more memory than such weights need") from None
    if answer:
        raise Unfit(answer["unfit"])


def check_size(architecture: str, file: Path) -> None:
    have, wanted = file.stat().st_size, bytes_of(shapes_of(architecture))
    most = int(wanted * SURPLUS) + SURPLUS_BYTES
    if have > most:
        raise Unfit(
            f"{file.name} has {have / 1e6:,.0f} MB; the weights of {architecture} have "
            f"{wanted / 1e6:,.0f} MB, so it must be something else"
        )


Shapes = Mapping[str, Tensor]  # tensors of which only shape and dtype count


def shapes_of(architecture: str) -> Shapes:
    """What the network wants to be given, without memory for it."""
    shape, classes = input_of(architecture)
    try:
        with torch.device("meta"):
            return build_architecture(architecture, shape, classes).state_dict()
    except NotImplementedError:  # some compute their widths with tensors
        return build_architecture(architecture, shape, classes).state_dict()


def input_of(architecture: str) -> tuple[tuple[int, int, int], int]:
    """((channels, height, width), classes) of its first published weights."""
    first = published(architecture)[0]
    size = first.preprocessing.size
    return (3, size, size), len(first.classes)


def bytes_of(tensors: Shapes) -> int:
    return sum(t.numel() * t.element_size() for t in tensors.values())


# --- in the process ------------------------------------------------------------------------------


def main(architecture: str, file: Path, target: Path) -> dict[str, str]:
    wanted = shapes_of(architecture)
    bound_resources(file.stat().st_size)
    try:
        save_file(fitted(tensors_in(file), wanted), target)
    except Unfit as unfit:
        return {"unfit": f"{unfit}"}
    except MemoryError:
        return {"unfit": "it asks for more memory than such weights need"}
    return {}


def bound_resources(size: int) -> None:
    """Address space beyond what is held already, processor time, no core dump."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    most = used + 3 * size + ROOM_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    torch.set_num_threads(1)


def tensors_in(file: Path) -> dict[str, Tensor]:
    """Of a safetensors file, or of a pickle that holds tensors alone."""
    if is_safetensors(file):
        try:
            return load_file(file)
        except (OSError, SafetensorError) as error:
            raise Unfit("it is a damaged safetensors file") from error
    try:
        found = torch.load(file, map_location="cpu", weights_only=True)
    except MemoryError:
        raise
    except Exception as error:  # whatever a pickle can do wrong
        raise Unfit(reason_of(str(error))) from error
    return unwrapped(found)


def is_safetensors(file: Path) -> bool:
    """It begins with its header's length in 8 bytes, then that header, which is JSON."""
    with file.open("rb") as opened:
        return opened.read(9)[8:] == b"{"


def reason_of(error: str) -> str:
    if "memory" in error or "DefaultCPUAllocator" in error:
        return "it asks for more memory than such weights need"
    if "weights_only" in error or "WeightsUnpickler" in error or "GLOBAL" in error:
        return "it holds more than weights (code, perhaps), and Inkling reads weights alone"
    return "it is no file of weights that torch can read, or it was cut off"


def unwrapped(found: Any) -> dict[str, Tensor]:
    for name in WRAPPED:
        if isinstance(found, Mapping) and isinstance(found.get(name), Mapping):
            found = found[name]
    if not isinstance(found, Mapping) or not all(
        isinstance(name, str) and isinstance(value, Tensor) for name, value in found.items()
    ):
        raise Unfit("it is not a table of named tensors, as state_dict() gives it")
    prefix = "module." if all(name.startswith("module.") for name in found) else ""
    return {name.removeprefix(prefix): value for name, value in found.items()}


def fitted(given: Mapping[str, Tensor], wanted: Shapes) -> dict[str, Tensor]:
    """The tensors in the network's own order and number format. Unfit names the first that does
    not fit."""
    given = {name if name in wanted else modern(name): value for name, value in given.items()}
    for name, want in wanted.items():
        if name not in given and not name.endswith("num_batches_tracked"):
            raise Unfit(f"it has no tensor {name}; is it another architecture's?")
        if name in given:
            check_tensor(name, given[name], want)
    for name in given:
        if name not in wanted and not name.startswith(ONLY_TRAINING):
            raise Unfit(f"it has a tensor {name[:100]} that this network does not have")
    return {
        name: given[name].detach().to(want.dtype).clone(memory_format=torch.contiguous_format)
        if name in given
        else torch.zeros(want.shape, dtype=want.dtype)
        for name, want in wanted.items()
    }


def check_tensor(name: str, tensor: Tensor, want: Tensor) -> None:
    if tensor.layout is not torch.strided or tensor.device.type != "cpu":
        raise Unfit(f"its tensor {name} is no plain table of numbers")
    if tensor.shape != want.shape:
        raise Unfit(f"its tensor {name} is {by(tensor)}; this network's is {by(want)}")
    if tensor.dtype != want.dtype and not (tensor.dtype in HALVES and want.is_floating_point()):
        raise Unfit(f"its tensor {name} holds {tensor.dtype}; this network's holds {want.dtype}")
    if tensor.is_floating_point() and not torch.isfinite(tensor).all():
        raise Unfit(f"its tensor {name} holds values that are not numbers (NaN or infinite)")


def by(tensor: Tensor) -> str:
    return " x ".join(map(str, tensor.shape)) or "a single number"


def modern(name: str) -> str:
    """DenseNet's first files have points within names, `norm.1`, that modules cannot have."""
    for part in ("norm", "relu", "conv"):
        for number in "12":
            name = name.replace(f".{part}.{number}.", f".{part}{number}.")
    return name


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))))  # noqa: T201
