"""How long one picture takes each model on this machine, measured once and kept."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from threading import Lock

from app.ml.checkpoints import ModelEntry, UnavailableModel
from app.ml.files import write_atomically

WARM, TIMES = 5, 30  # predictions before, and those whose median is kept


class Latency:
    """Milliseconds by a model's version, in one file; unknown ones are measured in a thread, one
    after the other, so that nobody waits. `known` is called on any thread."""

    def __init__(self, path: Path) -> None:
        self._path, self._lock = path, Lock()
        self._known: dict[str, float] | None = None
        self._asked: set[str] = set()
        self._thread = ThreadPoolExecutor(1, "latency")

    def stop(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    def known(self, entry: ModelEntry) -> float | None:
        """None where it is not known yet; then it is being measured, unless that failed."""
        if entry.version is None:
            return None
        with self._lock:
            if self._known is None:
                self._known = self._read()
            found = self._known.get(entry.version)
            if found is None and entry.version not in self._asked:
                self._asked.add(entry.version)
                self._thread.submit(self._measure, entry, measured)
        return found

    def _measure(self, entry: ModelEntry, measure: Callable[[ModelEntry], float]) -> None:
        try:
            milliseconds = measure(entry)
        except UnavailableModel:
            return
        assert self._known is not None and entry.version is not None
        known = {**self._known, entry.version: round(milliseconds, 4)}

        def write(name: str) -> None:
            Path(name).write_text(json.dumps(known))

        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(self._path, write)
        with self._lock:  # this thread alone changes it
            self._known = known

    def _read(self) -> dict[str, float]:
        try:
            found = json.loads(self._path.read_text())
            return {str(version): float(milliseconds) for version, milliseconds in found.items()}
        except (OSError, ValueError, AttributeError, TypeError):
            return {}  # never written, or not by us: measured anew


def measured(entry: ModelEntry) -> float:
    """The median of one picture at a time, in one thread; UnavailableModel when it cannot."""
    from time import perf_counter

    import numpy as np
    import torch

    from app.ml.inference import load_classifier

    torch.set_num_threads(1)
    classifier = load_classifier(entry)
    shape = classifier.card.shape
    pixels = np.random.default_rng(0).integers(0, 256, (1, *shape), np.uint8)
    times = []
    for _ in range(WARM + TIMES):
        began = perf_counter()
        classifier.read(pixels)
        times.append(1000 * (perf_counter() - began))
    return median(times[WARM:])
