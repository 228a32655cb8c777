"""A model's card: how it was made, what it scored, what it cannot do."""

import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from app.ml.preprocessing import PREPROCESSING, Preprocessing

CARD_BYTES = 1 << 20


@dataclass(frozen=True)
class Card:
    """Everything in card.json; `accuracy` maps a dataset's part to accuracy and n."""

    name: str
    title: str
    network: str
    hyperparameters: dict[str, Any]
    classes: tuple[str, ...]
    preprocessing: Preprocessing
    dataset: str
    seed: int
    precision: str  # of the training; predicting is float32
    recipe: str  # a command that makes this model again
    parameters: int
    sha256: str  # of model.safetensors
    accuracy: dict[str, Any]
    licence: str  # of the data it learnt from
    attribution: str
    limits: str  # in words a student can read
    training: dict[str, Any] = field(default_factory=dict)  # the spec and what it took
    created: str = ""

    @property
    def version(self) -> str:
        return self.sha256[:12]

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of the network's input."""
        size = self.preprocessing.size
        return self.preprocessing.channels, size, size

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, text: bytes) -> "Card":
        """ValueError with a sentence when the text is not a card."""
        if len(text) > CARD_BYTES:
            raise ValueError("card.json is larger than 1 MiB")
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ValueError("card.json is not JSON") from error
        names = {f.name for f in fields(cls)}
        if not isinstance(values, dict) or not names - {"training", "created"} <= set(values):
            raise ValueError("card.json lacks fields; make the model again")
        values = {name: value for name, value in values.items() if name in names}
        values["classes"] = tuple(values["classes"])
        values["preprocessing"] = preprocessing_of(values["preprocessing"])
        return cls(**values)


def preprocessing_of(values: Any) -> Preprocessing:
    try:
        values = values | {"mean": tuple(values["mean"]), "std": tuple(values["std"])}
        preprocessing = Preprocessing(**values)
    except (TypeError, KeyError) as error:
        raise ValueError("card.json has no usable preprocessing") from error
    if preprocessing.pipeline not in PREPROCESSING:
        raise ValueError(f"no preprocessing called {preprocessing.pipeline!r} in this version")
    return preprocessing
