"""A model's card: how it was made, what it scored, what it cannot do."""

from dataclasses import asdict, dataclass, field
from typing import Any

from pydantic import TypeAdapter, ValidationError

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
    temperature: float = 1.0  # logits are divided by it before softmax
    familiarity: str = ""  # sha256 of familiarity.safetensors; none: it never says "unfamiliar"
    notes: tuple[str, ...] = ()  # what else there is to know of how it was made, as sentences

    @property
    def version(self) -> str:
        return self.sha256[:12]

    @property
    def dataset_version(self) -> str:
        """Of the own dataset that it learnt from; "" of any other."""
        return str(self.training.get("dataset_version", ""))

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
            card = TypeAdapter(cls).validate_json(text)
        except ValidationError as error:
            wrong = error.errors(include_url=False, include_input=False, include_context=False)[0]
            place = ".".join(str(part) for part in wrong["loc"]) or "the whole"
            raise ValueError(f"card.json cannot be used ({place[:80]}: {wrong['msg']})") from error
        if card.preprocessing.pipeline not in PREPROCESSING:
            raise ValueError("card.json names a preprocessing that this version does not have")
        if not 0 < card.temperature < float("inf"):
            raise ValueError("card.json names a temperature that is no number above 0")
        return card
