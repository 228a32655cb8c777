"""A network says that it does not know what it never learnt from."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from app.ml.checkpoints import FAMILIARITY, ModelLibrary, UnavailableModel
from app.ml.confidence import find_confidence
from app.ml.evaluation import evaluate_reading
from app.ml.familiarity import Familiarity, allowed, fit
from app.ml.inference import Classifier, load_classifier
from app.ml.networks import build
from app.ml.parts import Dataset, Part
from app.ml.publishing import publish
from app.ml.readings import Readings, read
from app.ml.training import train
from app.ml.training_spec import TrainingSpec
from tests.ml.conftest import small_part

CLUSTERS = 4


def clusters(count: int, seed: int) -> tuple[Readings, Tensor]:
    """Four clusters in eight features, one of which never varies; logits speak for the nearest."""
    random = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % CLUSTERS
    hidden = torch.randn(count, 8, generator=random) * torch.tensor([1.0, 3, 1, 1, 1, 1, 1, 0])
    hidden[torch.arange(count), labels + 2] += 10
    return Readings(hidden[:, 2:6] - 5, hidden), labels


def test_so_many_true_pictures_are_wronged_and_strangers_are_told() -> None:
    seen, labels = clusters(4000, 0)
    found = fit(seen, labels, clusters(2000, 1)[0])
    assert found is not None
    fresh, _ = clusters(20_000, 2)
    assert fresh.hidden is not None
    wronged = (found.scores(fresh.hidden, fresh.logits) < 0).double().mean()
    assert 0.003 < wronged < 0.015
    between = torch.full((1, 8), 5.0)  # as far from each
    assert found.scores(between, between[:, 2:6] - 5) < 0


def test_fewer_may_be_wronged_than_the_share_where_few_are_held_back() -> None:
    assert [allowed(n, 0.01) for n in (50, 300, 1000, 10_000)] == [0, 0, 5, 86]


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    from app.ml.datasets import DIGIT

    parts = (small_part(400, 0), small_part(120, 1), small_part(80, 2))
    return Dataset("mnist", tuple("0123456789"), DIGIT, *parts)


@pytest.mark.parametrize("network", ["cnn", "residual", "mlp"])
def test_a_training_ends_with_both_and_the_published_model_knows_them(
    network: str, dataset: Dataset, tmp_path: Path
) -> None:
    spec = TrainingSpec("mnist", network, SMALL[network], epochs=6, batch_size=20, threads=1)
    trained = next(e.trained for e in train(spec, dataset) if e.trained)
    assert trained.confidence.familiarity is not None
    library = ModelLibrary(tmp_path / "none", tmp_path / "own")
    entry = publish(trained, dataset, "one", "./run train one", library)
    assert entry.card is not None and entry.card.temperature == trained.confidence.temperature
    assert entry.size_bytes == sum(f.stat().st_size for f in entry.folder.glob("*.safetensors"))
    classifier = load_classifier(library.resolve("one"))
    found = evaluate_reading(classifier.read, dataset.test, entry.card.temperature)
    facts = entry.card.accuracy["mnist test"]
    assert found.accuracy == pytest.approx(facts["accuracy"])
    assert found.strangers() == facts["unfamiliar"]
    random = np.random.default_rng(0)
    noise = random.integers(0, 256, (40, 1, 28, 28), np.uint8)
    if network != "residual":  # eight features of a hardly trained one tell nothing of noise
        assert sum(classifier.read(noise)[1]) > 30
    again = find_confidence(lambda part: readings(classifier, part), dataset)
    assert again.temperature == pytest.approx(entry.card.temperature, abs=1e-3)
    copied = library.adopt(entry.folder, "two")
    assert copied.card is not None and copied.card.familiarity == entry.card.familiarity
    assert load_classifier(copied).read(noise)[1] == classifier.read(noise)[1]


SMALL = {
    "cnn": {"blocks": [{"channels": 8, "pool": 4}, {"channels": 8, "pool": 2}], "hidden": []},
    "residual": {"widths": [8, 8], "mirror": True, "shifted": True},
    "mlp": {"hidden": [32]},
}


def readings(classifier: Classifier, part: Part) -> Readings:
    return classifier.readings(part.pictures.numpy())


@pytest.mark.parametrize("network", ["cnn", "residual", "mlp"])
@torch.no_grad()
def test_the_quick_network_hands_out_what_the_plain_one_does(network: str) -> None:
    torch.manual_seed(0)
    plain = build(network, SMALL[network], (1, 28, 28), 10).eval()
    from tests.ml.test_checkpoints import CARD

    card = replace(CARD, network=network, hyperparameters=SMALL[network])
    pixels = np.random.default_rng(0).integers(0, 256, (5, 1, 28, 28), np.uint8)
    expected = read(plain, [(torch.from_numpy(pixels) / 255 - 0.1307) / 0.3081])
    found = Classifier(card, plain).readings(pixels)
    assert expected.hidden is not None and found.hidden is not None
    torch.testing.assert_close(found.hidden, expected.hidden, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(found.logits, expected.logits, rtol=1e-3, atol=1e-4)


def test_a_familiarity_that_was_changed_or_does_not_fit_is_refused(tmp_path: Path) -> None:
    from tests.ml.test_checkpoints import CARD

    classes, library = len(CARD.classes), ModelLibrary(tmp_path / "none", tmp_path)
    torch.manual_seed(0)
    network = build(CARD.network, CARD.hyperparameters, CARD.shape, classes)
    alien = Familiarity(torch.ones(3, 2), torch.ones(classes, 2), 1.0, 1.0, 0.0)
    entry = library.save(CARD, network.state_dict(), familiarity=alien)
    with pytest.raises(UnavailableModel, match="does not fit"):
        load_classifier(entry)
    with (entry.folder / FAMILIARITY).open("ab") as file:
        file.write(b"x")
    with pytest.raises(UnavailableModel, match="strangers are not those of the card"):
        load_classifier(entry)
    (entry.folder / FAMILIARITY).unlink()
    assert "cannot read" in (library.entries()[0].unavailable or "")
