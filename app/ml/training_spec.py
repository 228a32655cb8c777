"""What to train, and how: every choice of a training in one table."""

from dataclasses import asdict, dataclass, field, replace
from typing import Any

from app.ml.hyperparameters import Hyperparameter
from app.ml.optimisation import OPTIMIZERS, SCHEDULES
from app.ml.precision import DEVICES, PRECISIONS, WEIGHTS
from app.ml.preprocessing import Preprocessing


@dataclass(frozen=True)
class TrainingSpec:
    """One training, whole: the same spec on the same machine gives the same weights."""

    dataset: str
    network: str
    hyperparameters: dict[str, Any] = field(default_factory=dict)
    dataset_options: dict[str, Any] = field(default_factory=dict)
    dataset_version: str = ""  # of a person's own, which another one may replace
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
    device: str = "auto"
    precision: str = "auto"
    threads: int = 0  # 0: all cores
    weights: str = "float32"  # as which they are published
    report_every: int = 20  # steps
    start_from: str = ""  # a model's reference: its weights are the beginning; "": fresh ones
    frozen_epochs: int = 0  # the first ones, in which the last layer alone learns
    thawed_rate: float = 0.1  # the share of the learning rate that the whole network then gets
    start: dict[str, Any] = field(default_factory=dict)  # of that model, what a card must tell

    @property
    def preprocessing(self) -> Preprocessing | None:
        """That of the model which it starts from, where the dataset holds photographs."""
        given = self.start.get("preprocessing")
        if not given:
            return None
        return Preprocessing(**{**given, "mean": tuple(given["mean"]), "std": tuple(given["std"])})

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def fitted(self, pictures: int) -> "TrainingSpec":
        """To so many training pictures: a batch is at most all of them. ValueError with a sentence
        when a number is out of its range, or there is none to learn from."""
        for parameter in TRAINING:
            parameter.check(getattr(self, parameter.name))
        if not pictures:
            raise ValueError("no training pictures are left; hold fewer back for validation")
        return replace(self, batch_size=min(self.batch_size, pictures))


TRAINING = (
    Hyperparameter(
        "epochs", "integer", 10, "How often every training picture is seen.",
        minimum=1, maximum=10_000,
    ),
    Hyperparameter(
        "frozen_epochs", "integer", 0,
        "The first epochs, in which the last layer alone learns, from what the rest makes of each "
        "picture.",
        minimum=0, maximum=10_000,
    ),
    Hyperparameter(
        "thawed_rate", "number", 0.1,
        "After frozen epochs the whole network learns, with this share of the learning rate.",
        minimum=0, maximum=1,
    ),
    Hyperparameter(
        "batch_size", "integer", 256,
        "Pictures whose gradients are averaged for one step; at most all that there are.",
        minimum=1, maximum=65_536,
    ),
    Hyperparameter(
        "learning_rate", "number", 0.003, "How far a step goes down the gradient: its peak.",
        minimum=1e-12, maximum=1e30,
    ),
    Hyperparameter(
        "optimizer", "choice", "adamw", "How a gradient becomes a step.", choices=OPTIMIZERS
    ),
    Hyperparameter(
        "schedule", "choice", "one_cycle", "How the learning rate changes over the training.",
        choices=SCHEDULES,
    ),
    Hyperparameter(
        "warmup", "number", 0.2, "The share of the steps over which the learning rate rises.",
        minimum=0, maximum=1,
    ),
    Hyperparameter(
        "momentum", "number", 0.9, "How much of the last step goes into the next one (sgd alone).",
        minimum=0, maximum=0.9999,
    ),
    Hyperparameter(
        "weight_decay", "number", 0.01, "How strongly weights are pulled towards 0.",
        minimum=0, maximum=10,
    ),
    Hyperparameter(
        "label_smoothing", "number", 0.0, "The share of certainty that is given to other classes.",
        minimum=0, maximum=0.9,
    ),
    Hyperparameter(
        "ema", "number", 0.0, "Averaged weights: how much of the average stays at each step.",
        minimum=0, maximum=0.99999,
    ),
    Hyperparameter(
        "fade", "number", 0.0, "The last share of the training, in which augmentation fades.",
        minimum=0, maximum=1,
    ),
    Hyperparameter(
        "patience", "integer", 0, "Epochs without a better validation loss before it ends; 0: off.",
        minimum=0, maximum=10_000,
    ),
    Hyperparameter(
        "seed", "integer", 0, "The same seed gives the same weights.", minimum=0, maximum=2**53
    ),
    Hyperparameter(
        "threads", "integer", 0, "Cores that it uses; 0: all of them.", minimum=0, maximum=1024
    ),
    Hyperparameter(
        "report_every", "integer", 20, "Steps from one point of the curve to the next.",
        minimum=1, maximum=1_000_000,
    ),
    Hyperparameter(
        "device", "choice", "auto", "What computes; auto takes the GPU where there is one.",
        choices=DEVICES,
    ),
    Hyperparameter(
        "weights", "choice", "float32", "How the weights are stored; float16 is half as large.",
        choices=WEIGHTS,
    ),
    Hyperparameter(
        "precision", "choice", "auto", "The number format; auto takes the quicker one.",
        choices=PRECISIONS,
    ),
)  # fmt: skip
