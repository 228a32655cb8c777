"""Small networks of each kind, untrained, and a card for them."""

from typing import Any

import pytest
import torch

from app.ml.cards import Card
from app.ml.datasets import DIGIT, DIGITS
from app.ml.networks import NETWORKS, Network, build

SMALL: dict[str, dict[str, Any]] = {
    "mlp": {"hidden": [20], "batch_norm": True},
    "cnn": {"blocks": [{"channels": 4, "pool": 2}], "hidden": [6]},
    "residual": {"widths": [8, 8], "mirror": True, "shifted": True},
}


def card_of(network: Network) -> Card:
    kind = next(name for name, made in NETWORKS.items() if type(network) is made)
    return Card(
        name="small", title="", network=kind, hyperparameters={}, classes=DIGITS,
        preprocessing=DIGIT, dataset="mnist", seed=0, precision="float32", recipe="", parameters=0,
        sha256="", accuracy={}, licence="", attribution="", limits="",
    )  # fmt: skip


@pytest.fixture(params=SMALL)
def network(request: pytest.FixtureRequest) -> Network:
    torch.manual_seed(6)
    made = build(request.param, SMALL[request.param], (1, 28, 28), 10)
    if request.param == "residual":
        made.whitening.fit(torch.randn(8, 1, 28, 28))  # type: ignore[union-attr, operator]
    return made.eval()
