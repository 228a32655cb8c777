"""What to train, and how: every choice of a training in one table."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class TrainingSpec:
    """One training, whole: the same spec on the same machine gives the same weights."""

    dataset: str
    network: str
    hyperparameters: dict[str, Any] = field(default_factory=dict)
    dataset_options: dict[str, Any] = field(default_factory=dict)
    epochs: int = 10
    batch_size: int = 256
    optimizer: str = "adamw"
    learning_rate: float = 0.003
    weight_decay: float = 0.01
    momentum: float = 0.9
    schedule: str = "one_cycle"
    warmup: float = 0.2  # of all steps, for one_cycle and cosine
    label_smoothing: float = 0.0
    ema: float = 0.0  # decay per step of the averaged weights; 0 trains without
    augmentation: dict[str, float] = field(default_factory=dict)
    fade: float = 0.0  # the last share of the training, over which augmentation fades to nothing
    patience: int = 0  # epochs without a better validation loss before an early stop; 0: never
    seed: int = 0
    precision: str = "auto"
    threads: int = 0  # 0: all cores
    report_every: int = 20  # steps

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def check(self, pictures: int) -> None:
        """ValueError with a sentence when a number is out of its range."""
        for name, (low, high) in RANGES.items():
            value, is_whole = getattr(self, name), isinstance(getattr(TrainingSpec, name), int)
            if isinstance(value, bool) or not isinstance(value, int if is_whole else int | float):
                raise ValueError(f"{name} must be a {'whole ' if is_whole else ''}number")
            if not low <= value <= high:
                raise ValueError(f"{name} must be between {low:g} and {high:g}")
        if self.batch_size > pictures:
            raise ValueError(
                f"batch_size is {self.batch_size}; there are fewer training pictures: {pictures}"
            )


RANGES: dict[str, tuple[float, float]] = {
    "epochs": (1, 10_000),
    "batch_size": (1, 65_536),
    "learning_rate": (1e-12, 1e30),
    "weight_decay": (0, 10),
    "momentum": (0, 0.9999),
    "warmup": (0, 1),
    "label_smoothing": (0, 0.9),
    "ema": (0, 0.99999),
    "fade": (0, 1),
    "patience": (0, 10_000),
    "seed": (0, 2**53),
    "threads": (0, 1024),
    "report_every": (1, 1_000_000),
}
