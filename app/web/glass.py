"""One thread that looks into networks, beside the engine's: predictions never wait for it."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from app.ml.checkpoints import ModelEntry, UnavailableModel
from app.web.errors import ApiError, standard_error

if TYPE_CHECKING:
    from app.ml.networks import Network

MOST_WAITING = 8  # questions, the one on its way too; beyond: 503 busy
MOST_LOADED = 3  # networks, not fused; the least used leave first
MOST_PARAMETERS = 64 * 1024 * 1024  # of all that are loaded, in float32: 256 MiB
Found = TypeVar("Found")


class Glass:
    """Owned by one event loop; its thread starts with the first question."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "glass", initializer=begin)
        self._networks: OrderedDict[tuple[Path, str | None], Network] = OrderedDict()
        self._waiting = 0

    def stop(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def ask(self, entry: ModelEntry, look: Callable[["Network"], Found]) -> Found:
        """What `look` finds in the network, in eval mode and layer by layer. What it changes in
        it, it must change back. ApiError 503 when too many wait or the model is unavailable."""
        if self._waiting >= MOST_WAITING:
            raise standard_error(503, {"Retry-After": "1"})
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._thread, lambda: look(self._network(entry)))
        finally:
            self._waiting -= 1

    def _network(self, entry: ModelEntry) -> "Network":
        from app.ml.inference import load_network

        key = entry.folder, entry.version
        if key not in self._networks:
            try:
                self._networks[key] = load_network(entry)
            except UnavailableModel as error:
                sentence = f"This model cannot be used: {error}."
                raise ApiError(503, "model_unavailable", sentence) from None
            while len(self._networks) > 1 and self._is_full():
                self._networks.popitem(last=False)
        self._networks.move_to_end(key)
        return self._networks[key]

    def _is_full(self) -> bool:
        from app.ml.networks import parameter_count

        held = sum(map(parameter_count, self._networks.values()))
        return len(self._networks) > MOST_LOADED or held > MOST_PARAMETERS


def begin() -> None:
    """In the thread, before its first question."""
    import torch

    torch.set_num_threads(1)
