"""How much a broken network still reads right."""

from typing import Any

import torch

from app.ml.cards import Card
from app.ml.damage import Damage, broken
from app.ml.evaluation import evaluate
from app.ml.networks import Network, channels_last
from app.ml.parts import Part
from app.ml.picture import Picture
from app.ml.reasons import OfBrightness


@torch.no_grad()
def resilience(card: Card, network: Network, damage: Damage, part: Part) -> dict[str, Any]:
    """{n, right, accuracy, per_class: [[n, right], ...], read_as: how often each class was read}.

    ValueError when the part is empty, Misfit when the damage does not fit.
    """
    hurt = channels_last(broken(network, damage, card.shape))
    seen = OfBrightness(hurt, card.preprocessing)

    def probabilities(pixels: Picture) -> Picture:
        logits = seen(torch.from_numpy(pixels).float() / 255) / card.temperature
        return logits.softmax(1).numpy()  # type: ignore[no-any-return]

    found = evaluate(probabilities, part)
    classes = len(card.classes)
    counts = torch.bincount(found.labels, minlength=classes)
    right = torch.bincount(found.labels[found.right], minlength=classes)
    return {
        "n": len(found.labels),
        "right": int(found.right.sum()),
        "accuracy": found.accuracy,
        "per_class": torch.stack((counts, right), 1).tolist(),
        "read_as": torch.bincount(found.predicted, minlength=classes).tolist(),
    }
