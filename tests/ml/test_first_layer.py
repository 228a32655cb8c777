from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import save_file

from app.ml.first_layer import ZERO, first_weights, sheet
from app.ml.networks import build

BLOCKS = [{"channels": 5, "kernel": 3, "pool": 2}, {"channels": 4, "kernel": 3}]


@pytest.mark.parametrize(
    ("network", "choices", "shape"),
    [
        ("cnn", {"blocks": BLOCKS, "hidden": [7]}, (5, 3, 3)),
        ("mlp", {"hidden": [6, 4], "batch_norm": True}, (6, 28, 28)),
        ("mlp", {"hidden": []}, (10, 28, 28)),
        ("residual", {"widths": [4, 8], "whitening": False}, (4, 3, 3)),
    ],
)
def test_the_first_layer_is_found_in_every_network(
    tmp_path: Path, network: str, choices: dict[str, object], shape: tuple[int, ...]
) -> None:
    built = build(network, choices, (1, 28, 28), 10)
    tensors = {f"network.{name}": value for name, value in built.state_dict().items()}
    save_file(
        tensors | {f"averaged.{n}": t * 0 for n, t in built.state_dict().items()}, tmp_path / "1"
    )
    found = first_weights(tmp_path / "1", "network.", (1, 28, 28))
    first = next(iter(built.parameters())).detach().numpy()
    assert found.shape == shape
    assert np.array_equal(found.ravel(), first.ravel())
    assert not first_weights(tmp_path / "1", "averaged.", (1, 28, 28)).any()


def test_a_sheet_keeps_sign_and_size_of_each_weight() -> None:
    tiles = np.array([[[-2.0, 0.0], [1.0, 2.0]]] * 9, np.float32)
    pixels, columns, largest = sheet(tiles)
    assert (pixels.shape, columns, largest) == ((4, 16), 8, 2.0)
    assert pixels[:2, :2].tolist() == [[1, ZERO], [192, 255]]
    assert (pixels[2:, 2:] == ZERO).all(), "there is no tenth"
