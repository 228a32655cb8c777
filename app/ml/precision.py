"""Where a training computes, and in which number format: what is quicker here."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from time import process_time

import torch
from torch import Tensor, nn

PRECISIONS = ("auto", "float32", "bfloat16")
WEIGHTS = ("float32", "float16")  # how they are stored
DEVICES = ("auto", "cpu", "cuda")
PROBE_PIXELS = 512 * 32 * 32  # of a batch, at most: fewer pictures where they are larger
PROBE_SECONDS = 0.5  # of steps, then no more


def resolve_device(wanted: str) -> torch.device:
    """`auto` is the GPU where torch sees one. ValueError when there is none and it is wanted."""
    there = torch.cuda.is_available()
    if wanted == "cuda" and not there:
        raise ValueError("torch sees no GPU here; take device auto or cpu")
    return torch.device("cuda" if there and wanted != "cpu" else "cpu")


def as_stored(weights: Mapping[str, Tensor], wanted: str) -> dict[str, Tensor]:
    """A network's state as `wanted` of WEIGHTS; biases and batch norm's numbers stay float32."""
    half = wanted == "float16"
    return {name: t.half() if half and t.ndim > 1 else t for name, t in weights.items()}


def autocast(precision: str, device: str = "cpu") -> AbstractContextManager[None]:
    """Layers inside compute in `precision`; weights and losses stay float32."""
    on = precision == "bfloat16"
    return torch.autocast(device, torch.bfloat16, enabled=on, cache_enabled=False)


def resolve_precision(
    wanted: str, network: nn.Module, shape: tuple[int, int, int], batch_size: int,
    device: str = "cpu",
) -> str:  # fmt: skip
    """`auto` becomes what is quicker here, once per run; on a CPU it is measured on this network
    and batches of this size, for it depends on both."""
    if wanted not in PRECISIONS:
        raise ValueError(f"no precision {wanted!r}; choose one of {', '.join(PRECISIONS)}")
    if wanted != "auto":
        return wanted
    if device == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported() else "float32"
    if not torch.cpu._is_avx512_bf16_supported():
        return "float32"  # bfloat16 would be emulated
    with torch.random.fork_rng():
        size = max(1, min(batch_size, PROBE_PIXELS // (shape[1] * shape[2])))
        x = torch.rand(size, *shape).to(memory_format=torch.channels_last)
        weights = {name: value.clone() for name, value in network.state_dict().items()}
        times = {name: seconds_per_step(network, x, name) for name in ("float32", "bfloat16")}
        network.load_state_dict(weights)  # batch norm has counted the probe
        network.zero_grad()
    return min(times, key=lambda name: times[name])


def seconds_per_step(network: nn.Module, x: torch.Tensor, precision: str) -> float:
    """Of the processor, forward and backward, the better of two after a warm-up, which alone counts
    where it takes long: what else the machine does meanwhile does not count."""
    times: list[float] = []
    while len(times) < 3 and sum(times) < PROBE_SECONDS:
        start = process_time()
        with autocast(precision):
            loss = network(x).float().sum()
        loss.backward()
        times.append(process_time() - start)
    return min(times[1:] or times)
