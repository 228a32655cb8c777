"""Classifier: pictures in, probabilities out."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from app.ml.cards import Card
from app.ml.checkpoints import ModelEntry, UnavailableModel, read_familiarity, read_weights
from app.ml.familiarity import Familiarity
from app.ml.fusion import Fused, fuse, mean_look
from app.ml.networks import Network, build, channels_last
from app.ml.readings import Readings, linear_head, pooled, read


class Classifier:
    """A trained network, ready to predict in float32."""

    def __init__(
        self, card: Card, network: Network, familiarity: Familiarity | None = None
    ) -> None:
        """ValueError when the familiarity is not of this network's last layer."""
        self.card, self.version = card, card.version
        tensors = [*network.parameters(), *network.buffers()]
        self.memory_bytes = sum(t.numel() * t.element_size() for t in tensors)
        self.head, self.cells = linear_head(network)
        self.familiarity = familiarity
        if familiarity and (
            self.head is None or self.head.in_features != self.cells * len(familiarity.axes)
        ):
            raise ValueError("the familiarity does not fit the network's last layer")
        self.network = fuse(channels_last(network), card.shape)
        self.sharpness = 1 / card.temperature
        shape = (1, -1, 1, 1)
        std = torch.tensor(card.preprocessing.std).view(shape)
        self.scale = 1 / (255 * std)  # (pixel / 255 - mean) / std in one multiply and one add
        self.offset = -torch.tensor(card.preprocessing.mean).view(shape) / std

    def logits(self, pixels: NDArray[np.uint8]) -> Tensor:
        """uint8 (N, C, S, S) -> float32 (N, classes)."""
        with torch.inference_mode():
            return self.network(self.normalised(pixels))

    def normalised(self, pixels: NDArray[np.uint8]) -> Tensor:
        """uint8 (N, C, S, S) -> what the network takes, channels last."""
        x = torch.from_numpy(pixels) * self.scale + self.offset
        return x.contiguous(memory_format=torch.channels_last)

    def readings(self, pixels: NDArray[np.uint8]) -> Readings:
        """uint8 (N, C, S, S) -> logits, and what the last layer was given."""
        with torch.inference_mode():
            x = self.normalised(pixels)
            if not isinstance(self.network, Fused):
                assert isinstance(self.network, Network)
                return read(self.network, [x])
            given = self.network.body(x)
            return Readings(self.network.head(given), pooled(mean_look(given), self.cells))

    def read(self, pixels: NDArray[np.uint8]) -> tuple[NDArray[np.float32], list[bool]]:
        """uint8 (N, C, S, S) -> float32 (N, classes), each row summing to 1, and for each picture
        whether it is unfamiliar; an empty list where nothing tells that."""
        if self.familiarity is None:
            return self.probabilities(pixels), []
        found = self.readings(pixels)
        assert found.hidden is not None
        with torch.inference_mode():
            scores = self.familiarity.scores(found.hidden, found.logits)
            return (found.logits * self.sharpness).softmax(1).numpy(), (scores < 0).tolist()

    def probabilities(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """uint8 (N, C, S, S) -> float32 (N, classes), each row summing to 1."""
        logits = self.logits(pixels) * self.sharpness
        result: NDArray[np.float32] = logits.softmax(1).numpy()
        return result


def load_classifier(entry: ModelEntry) -> Classifier:
    """UnavailableModel with the reason when card and weights do not fit together."""
    network, familiarity = load_network(entry), read_familiarity(entry)
    assert entry.card is not None
    try:
        return Classifier(entry.card, network, familiarity)
    except ValueError as error:
        raise UnavailableModel(f"{error}") from error


def load_network(entry: ModelEntry) -> Network:
    """The network itself, layer by layer, in eval mode; errors as load_classifier."""
    if entry.card is None:
        raise UnavailableModel(entry.unavailable or "no card")
    card, weights = entry.card, read_weights(entry)
    try:
        network = build(card.network, card.hyperparameters, card.shape, len(card.classes))
        network.load_state_dict(weights)
    except (ValueError, RuntimeError) as error:
        raise UnavailableModel("the weights do not fit the network of the card") from error
    if not all(torch.isfinite(t).all() for t in weights.values() if t.is_floating_point()):
        raise UnavailableModel("the weights hold values that are not finite")
    return network.eval()
