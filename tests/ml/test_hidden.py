"""The last hidden layer of many pictures: neighbours and a map."""

import copy
from pathlib import Path
from typing import Any

import pytest
import torch

from app.ml.cards import Card
from app.ml.gallery import smaller
from app.ml.hidden import (
    Hidden,
    batch_of,
    features_of,
    hidden,
    last_linear,
    principal_axes,
    sample,
)
from app.ml.networks import Network, build
from app.ml.parts import Dataset, Part
from app.ml.reasons import OfBrightness
from app.ml.residual import Residual
from tests.ml.glass import card_of

NETWORKS: dict[str, dict[str, Any]] = {
    "mlp": {"hidden": [20]},
    "cnn": {"blocks": [{"channels": 4, "pool": 2}], "hidden": []},
    "residual": {"widths": [8], "mirror": True, "shifted": True, "whitening": False},
}


@pytest.fixture(params=NETWORKS)
def network(request: pytest.FixtureRequest) -> Network:
    torch.manual_seed(4)
    return build(request.param, NETWORKS[request.param], (1, 28, 28), 10).eval()


@pytest.fixture
def card(network: Network) -> Card:
    return card_of(network)


@pytest.fixture
def found(card: Card, network: Network, small_dataset: Dataset) -> Hidden:
    return hidden(card, copy.deepcopy(network), small_dataset.test)


def test_the_last_layer_of_them_is_the_logits(
    card: Card, network: Network, found: Hidden, small_dataset: Dataset
) -> None:
    seen, x = OfBrightness(network, card.preprocessing), small_dataset.test.pictures / 255
    with torch.no_grad():
        logits = seen(x)
        means = logits
        if isinstance(network, Residual):  # it answers by the looks' probabilities
            looks = network.looks((x - card.preprocessing.mean[0]) / card.preprocessing.std[0])
            means = torch.stack([network.once(look) for look in looks]).mean(0)
        assert torch.allclose(last_linear(network)(features_of(seen, x)), means, atol=1e-5)
    assert torch.equal(found.predicted, logits.argmax(1))
    assert torch.equal(found.labels, small_dataset.test.labels)


def test_each_picture_is_its_own_nearest(found: Hidden) -> None:
    rows, distances = found.nearest(found.features[5].float(), 3)
    assert (int(rows[0]), float(distances[0])) == (5, 0.0)
    assert distances.tolist() == sorted(distances.tolist()) and len(rows) == 3
    brute = [float((row - found.features[5].float()).norm()) for row in found.features.float()]
    assert sorted(brute)[:3] == pytest.approx(distances.tolist(), abs=1e-3)


def test_the_map_is_that_of_a_singular_value_decomposition(found: Hidden) -> None:
    away = found.features.float() - found.features.float().mean(0)
    _, values, axes = torch.linalg.svd(away, full_matrices=False)
    theirs = away @ axes[:2].T
    assert torch.allclose(found.places.abs(), theirs.abs(), atol=0.02 * float(theirs.abs().max()))
    shares = values.square()[:2] / values.square().sum()
    assert torch.allclose(found.explained, shares, atol=0.01)


def test_more_numbers_than_pictures_make_the_same_map() -> None:
    features = torch.randn(40, 60, generator=torch.Generator().manual_seed(1))
    _, axes, explained = principal_axes(features)
    away = features - features.mean(0)
    _, values, theirs = torch.linalg.svd(away, full_matrices=False)
    assert torch.allclose(axes.abs(), theirs[:2].T.abs(), atol=1e-4)
    assert torch.allclose(explained, values.square()[:2] / values.square().sum(), atol=1e-4)


def test_it_is_the_same_map_each_time(card: Card, network: Network, small_dataset: Dataset) -> None:
    first, second = (hidden(card, copy.deepcopy(network), small_dataset.test) for _ in range(2))
    assert torch.equal(first.places, second.places)


def test_it_is_kept_in_a_file(found: Hidden, tmp_path: Path) -> None:
    assert len(found.places) == len(found.labels)
    found.save(tmp_path / "hidden.safetensors")
    again = Hidden.load(tmp_path / "hidden.safetensors")
    assert torch.allclose(again.places, found.places, atol=1e-5) and torch.equal(
        again.rows, found.rows
    )


def test_what_is_kept_is_bounded() -> None:
    digit, photograph = torch.zeros(1, 28, 28), torch.zeros(3, 224, 224)
    assert len(sample(60_000, 256, digit)) == 10_000
    assert len(sample(60_000, 12_544, digit)) == 64 * 1024 * 1024 // (2 * 12_544 + 784)
    assert len(sample(60_000, 512, photograph)) == 64 * 1024 * 1024 // (1024 + 3 * 64 * 64)
    assert sorted(sample(50, 4, digit).tolist()) == list(range(50))
    assert smaller(photograph[None].byte()).shape == (1, 3, 64, 64)


def test_large_pictures_come_in_small_batches() -> None:
    sides = (28, 32, 224, 1024)
    parts = [Part(torch.zeros(1, 3, side, side), torch.zeros(1)) for side in sides]
    assert [batch_of(part) for part in parts] == [256, 256, 5, 1]


def test_one_unit_makes_a_line() -> None:
    mean, axes, explained = principal_axes(torch.arange(6.0)[:, None])
    assert axes.tolist() == [[1.0, 0.0]] and explained.tolist() == [1.0, 0.0]
    assert float(mean) == 2.5


def test_an_empty_part_is_refused(card: Card, network: Network, small_dataset: Dataset) -> None:
    nobody = small_dataset.test.take(torch.arange(0))
    with pytest.raises(ValueError, match="empty"):
        hidden(card, network, nobody)
