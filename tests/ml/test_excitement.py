"""Which pictures excite a unit most."""

from pathlib import Path

import pytest
import torch

from app.ml.excitement import excitement, read_exciting, save_excitement
from app.ml.networks import Network
from app.ml.parts import Dataset
from app.ml.reasons import OfBrightness
from app.ml.residual import Residual
from tests.ml.glass import card_of
from tests.ml.glass import network as network


def test_they_are_those_with_the_highest_output(
    network: Network, small_dataset: Dataset, tmp_path: Path
) -> None:
    part, path = small_dataset.train, tmp_path / "exciting.safetensors"
    found, looked_at = excitement(card_of(network), network, part)
    save_excitement(path, found, part, looked_at)
    name, layer = next(
        (name, layer) for name, layer in network.named_modules() if isinstance(layer, torch.nn.ReLU)
    )
    outputs: list[torch.Tensor] = []
    hook = layer.register_forward_hook(lambda module, _, y: outputs.append(y))
    with torch.no_grad():
        OfBrightness(network, card_of(network).preprocessing)(part.pictures / 255)
    hook.remove()
    peaks = outputs[0][:, 3].reshape(len(part), -1).amax(1)
    n, best = read_exciting(path, name, 3)
    assert n == len(part) and len(best) == 9
    assert [each.value for each in best] == pytest.approx(peaks.topk(9).values.tolist(), rel=1e-4)
    for each in best:
        assert float(peaks[each.row]) == pytest.approx(each.value, rel=1e-4, abs=1e-6)
        assert torch.equal(each.picture, part.pictures[each.row])
        assert each.label == int(part.labels[each.row])
        if outputs[0].ndim == 4 and each.value > 0:
            assert each.at is not None
            height, width = outputs[0].shape[2:]
            x, y = int(each.at[0] * width), int(each.at[1] * height)
            assert float(outputs[0][each.row, 3, y, x]) == pytest.approx(each.value, rel=1e-4)


def test_every_layer_of_the_picture_itself_is_there(
    network: Network, small_dataset: Dataset
) -> None:
    found, looked_at = excitement(card_of(network), network, small_dataset.validation)
    assert looked_at == len(small_dataset.validation)
    assert len(found) >= 4 and all(len(layer.values) for layer in found.values())
    assert ("stages.2" in found) == isinstance(network, Residual)  # a residual branch's sum


def test_a_layer_or_a_unit_that_is_not_there_is_refused(
    network: Network, small_dataset: Dataset, tmp_path: Path
) -> None:
    part, path = small_dataset.validation, tmp_path / "exciting.safetensors"
    found, looked_at = excitement(card_of(network), network, part)
    save_excitement(path, found, part, looked_at)
    with pytest.raises(KeyError):
        read_exciting(path, "nowhere", 0)
    with pytest.raises(IndexError):
        read_exciting(path, next(iter(found)), 100_000)
