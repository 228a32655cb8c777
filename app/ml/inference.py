"""Classifier: pictures in, probabilities out."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from app.ml.cards import Card
from app.ml.checkpoints import ModelEntry, UnavailableModel, read_weights
from app.ml.fusion import fuse
from app.ml.networks import Network, build, channels_last


class Classifier:
    """A trained network, ready to predict in float32."""

    def __init__(self, card: Card, network: Network) -> None:
        self.card, self.version = card, card.version
        tensors = [*network.parameters(), *network.buffers()]
        self.memory_bytes = sum(t.numel() * t.element_size() for t in tensors)
        self.network = fuse(channels_last(network), card.shape)
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

    def probabilities(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """uint8 (N, C, S, S) -> float32 (N, classes), each row summing to 1."""
        result: NDArray[np.float32] = self.logits(pixels).softmax(1).numpy()
        return result


def load_classifier(entry: ModelEntry) -> Classifier:
    """UnavailableModel with the reason when card and weights do not fit together."""
    network = load_network(entry)
    assert entry.card is not None
    return Classifier(entry.card, network)


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
